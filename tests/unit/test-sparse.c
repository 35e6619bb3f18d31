/* SPDX-License-Identifier: Apache-2.0 */
#include "image/sparse.h"

#include <sys/mman.h>
#include <unistd.h>

#include "test.h"
#include "util/file.h"

enum { SIZE = 1 << 20 };

static int make_file(off_t size)
{
	int fd = memfd_create("sparse", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	return fd;
}

static void put_at(int fd, const char *text, uint64_t pos)
{
	assert_int_equal(file_write_at(fd, text, strlen(text), pos), 0);
}

static bool same_digest(int a, int b)
{
	AUTOERROR struct error err = ERROR_NONE;
	uint8_t x[DIGEST_SIZE], y[DIGEST_SIZE];

	assert_int_equal(sparse_digest_file(a, x, &err), 0);
	assert_int_equal(sparse_digest_file(b, y, &err), 0);
	return memcmp(x, y, DIGEST_SIZE) == 0;
}

static void digest_is_that_of_the_content(void **state)
{
	AUTOCLOSE int a = make_file(SIZE);
	AUTOCLOSE int b = make_file(SIZE);

	(void)state;
	assert_true(same_digest(a, b));
	/* Data that is zeros is no data. */
	assert_int_equal(file_write_at(b, "\0\0\0", 3, 300000), 0);
	assert_true(same_digest(a, b));

	put_at(a, "x", 100000);
	assert_false(same_digest(a, b));
	/* Somewhere else it is something else. */
	put_at(b, "x", 100000 + 4096);
	assert_false(same_digest(a, b));
	put_at(b, "x", 100000);
	put_at(a, "x", 100000 + 4096);
	assert_true(same_digest(a, b));
}

static void digest_tells_sizes_apart(void **state)
{
	AUTOCLOSE int a = make_file(SIZE);
	AUTOCLOSE int b = make_file(SIZE + 4096);

	(void)state;
	assert_false(same_digest(a, b));
}

/* As it is when it is written in parts of any size that holds whole pieces. */
static void digest_does_not_depend_on_parts(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTOCLOSE int from = make_file(SIZE + 100);
	static char content[SIZE + 100];
	uint8_t want[DIGEST_SIZE];

	(void)state;
	for (int pos = 5000; pos < SIZE; pos += 7 * pos / 5)
		put_at(from, "some text that is not zero", (uint64_t)pos);
	put_at(from, "end", SIZE + 97);
	assert_int_equal(file_read_at(from, content, sizeof(content), 0), 0);
	assert_int_equal(sparse_digest_file(from, want, &err), 0);

	for (size_t part = 4096; part < SIZE; part *= 3) {
		AUTODIGEST struct digest *digest = digest_new();
		struct sparse to = { .fd = -1, .count_only = true, .digest = digest };
		uint8_t got[DIGEST_SIZE];

		part = part / 4096 * 4096;
		for (size_t pos = 0; pos < sizeof(content); pos += part) {
			size_t left = sizeof(content) - pos;

			assert_int_equal(
				sparse_write(&to, content + pos, left < part ? left : part, pos),
				0);
		}
		sparse_digest_end(&to, sizeof(content), got);
		assert_memory_equal(got, want, DIGEST_SIZE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digest_is_that_of_the_content),
		cmocka_unit_test(digest_tells_sizes_apart),
		cmocka_unit_test(digest_does_not_depend_on_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
