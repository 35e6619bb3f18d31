/* SPDX-License-Identifier: Apache-2.0 */
#include "image/ranges.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "test.h"
#include "util/buf.h"

enum { SIZE = 1 << 20 };

static char *describe(const struct ranges *ranges)
{
	AUTOBUF struct buf text = { 0 };

	for (size_t i = 0; i < ranges->count; i++)
		buf_addf(&text, "%s%llu-%llu", i ? " " : "",
			 (unsigned long long)ranges->list[i].start,
			 (unsigned long long)ranges->list[i].end);
	return strdup(buf_text(&text));
}

static void joins_what_touches(void **state)
{
	AUTORANGES struct ranges ranges = { 0 };

	(void)state;
	ranges_add(&ranges, 10, 10);
	ranges_add(&ranges, 10, 20);
	ranges_add(&ranges, 20, 30);
	ranges_add(&ranges, 25, 28);
	ranges_add(&ranges, 40, 50);
	AUTOFREE char *text = describe(&ranges);
	assert_text("joined", text, "10-30 40-50");
	assert_int_equal(ranges_length(&ranges), 30);

	/* In any order. */
	ranges_add(&ranges, 0, 5);
	ranges_add(&ranges, 33, 35);
	AUTOFREE char *more = describe(&ranges);
	assert_text("between", more, "0-5 10-30 33-35 40-50");
	ranges_add(&ranges, 5, 33);
	ranges_add(&ranges, 60, 70);
	AUTOFREE char *less = describe(&ranges);
	assert_text("closed", less, "0-35 40-50 60-70");
	ranges_add(&ranges, 0, 100);
	AUTOFREE char *one = describe(&ranges);
	assert_text("all", one, "0-100");
}

static void finds_what_meets(void **state)
{
	static const struct {
		uint64_t start, end;
		bool want;
	} cases[] = {
		{ 0, 10, false },  { 0, 11, true },   { 29, 31, true },
		{ 30, 40, false }, { 35, 45, true },  { 50, 60, false },
		{ 0, 100, true },  { 15, 15, false }, { 15, 16, true },
	};
	AUTORANGES struct ranges ranges = { 0 };

	(void)state;
	assert_false(ranges_meet(&ranges, 0, 100));
	ranges_add(&ranges, 10, 30);
	ranges_add(&ranges, 40, 50);
	TEST_EACH (i, cases)
		assert_int_equal(ranges_meet(&ranges, cases[i].start, cases[i].end), cases[i].want);
}

static int make_file(void)
{
	int fd = memfd_create("ranges", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, SIZE + 100), 0);
	return fd;
}

static void put(int fd, off_t at, const char *text)
{
	assert_int_equal(pwrite(fd, text, strlen(text), at), strlen(text));
}

static void assert_difference(const char *name, int a, int b, const char *want)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTORANGES struct ranges ranges = { 0 }, within = { 0 };

	ranges_add(&within, 0, SIZE + 100);
	assert_int_equal(ranges_of_difference(a, b, &within, &ranges, &err), 0);
	AUTOFREE char *text = describe(&ranges);
	assert_text(name, text, want);
}

static void finds_differences(void **state)
{
	AUTOCLOSE int a = make_file();
	AUTOCLOSE int b = make_file();

	(void)state;
	assert_difference("empty", a, b, "");
	put(a, 5000, "same");
	put(b, 5000, "same");
	assert_difference("same", a, b, "");
	put(a, 8191, "xy");
	assert_difference("across", a, b, "4096-12288");
	put(b, 300000, "z");
	assert_difference("data in one", b, a, "4096-12288 299008-303104");
	put(b, SIZE + 99, "z");
	assert_difference("last byte", a, b, "4096-12288 299008-303104 1048576-1048676");
	/* Data that is zeros is no difference from a hole. */
	assert_int_equal(pwrite(a, "\0", 1, 700000), 1);
	assert_difference("zeros", a, b, "4096-12288 299008-303104 1048576-1048676");
}

static void looks_only_within(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTORANGES struct ranges ranges = { 0 }, within = { 0 };
	AUTOCLOSE int a = make_file();
	AUTOCLOSE int b = make_file();

	(void)state;
	for (off_t at = 0; at < SIZE; at += 4096)
		put(a, at, "x");
	ranges_add(&within, 5000, 5001);
	ranges_add(&within, 100000, 110000);
	ranges_add(&within, SIZE + 99, SIZE + 100);
	assert_int_equal(ranges_of_difference(a, b, &within, &ranges, &err), 0);
	AUTOFREE char *text = describe(&ranges);
	assert_text("within", text, "4096-8192 98304-110592");
}

static void refuses_other_sizes(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTORANGES struct ranges ranges = { 0 }, within = { 0 };
	AUTOCLOSE int a = make_file();
	AUTOCLOSE int b = make_file();

	(void)state;
	assert_int_equal(ftruncate(b, 5), 0);
	assert_int_equal(ranges_of_difference(a, b, &within, &ranges, &err), -EINVAL);
}

static void finds_data(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTORANGES struct ranges ranges = { 0 };
	AUTOCLOSE int fd = make_file();

	(void)state;
	put(fd, 5000, "x");
	put(fd, 300000, "x");
	assert_int_equal(ranges_of_data(fd, &ranges, &err), 0);
	AUTOFREE char *text = describe(&ranges);
	assert_text("data", text, "4096-8192 299008-303104");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(joins_what_touches), cmocka_unit_test(finds_what_meets),
		cmocka_unit_test(finds_differences),  cmocka_unit_test(refuses_other_sizes),
		cmocka_unit_test(finds_data),         cmocka_unit_test(looks_only_within),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
