/* SPDX-License-Identifier: Apache-2.0 */
#include "util/output.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "test.h"
#include "util/alloc.h"
#include "util/file.h"

/* Each test has a directory of its own to write into. */
static int setup(void **state)
{
	char *dir = xstrdup("/tmp/nib-test-output.XXXXXX");

	*state = dir;
	return mkdtemp(dir) && chdir(dir) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
	(void)unlink("out");
	(void)chdir("/");
	int r = rmdir(*state);

	free(*state);
	return r;
}

static void appears_only_when_published(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTOOUTPUT struct output out = OUTPUT_NONE;
	struct stat st;

	(void)state;
	assert_int_equal(output_open("out", &out, &err), 0);
	assert_int_equal(file_write_fd(out.fd, "x", 1), 0);
	assert_int_equal(access("out", F_OK), -1);
	assert_int_equal(fstat(out.fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);

	assert_int_equal(output_publish(&out, false, &err), 0);
	assert_int_equal(stat("out", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void removes_what_is_not_published(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;
	struct output out = OUTPUT_NONE;

	(void)state;
	assert_int_equal(output_open("out", &out, &err), 0);
	AUTOFREE char *tmp = xstrdup(out.tmp);
	output_close(&out);
	assert_int_equal(access(tmp, F_OK), -1);
}

static void replaces_only_on_demand(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTOOUTPUT struct output out = OUTPUT_NONE;

	(void)state;
	AUTOCLOSE int fd = open("out", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(output_open("out", &out, &err), 0);
	assert_int_equal(output_publish(&out, false, &err), -EEXIST);
	error_clear(&err);
	assert_int_equal(output_publish(&out, true, &err), 0);
}

static void follows_its_directory(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;
	struct output removed = OUTPUT_NONE, published = OUTPUT_NONE;

	(void)state;
	assert_int_equal(mkdir("dir", 0700), 0);
	assert_int_equal(output_open("dir/a", &removed, &err), 0);
	assert_int_equal(output_open("dir/b", &published, &err), 0);
	assert_int_equal(rename("dir", "moved"), 0);

	output_close(&removed);
	assert_int_equal(output_publish(&published, false, &err), 0);
	output_close(&published);
	assert_int_equal(unlink("moved/b"), 0);
	assert_int_equal(rmdir("moved"), 0);
}

static void notices_another_file(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTOOUTPUT struct output out = OUTPUT_NONE;

	(void)state;
	assert_int_equal(output_open("out", &out, &err), 0);
	AUTOCLOSE int again = output_reopen(&out, &err);
	assert_true(again >= 0);

	assert_int_equal(unlink(out.tmp), 0);
	AUTOCLOSE int other = open(out.tmp, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(other >= 0);
	assert_int_equal(output_reopen(&out, &err), -ESTALE);
}

static void count(void *arg, const char *leftover)
{
	assert_non_null(strstr(leftover, "out.partial."));
	++*(int *)arg;
}

static void finds_leftovers(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;
	int found = 0;

	(void)state;
	AUTOCLOSE int a = open("out.partial.aaaaaa", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	AUTOCLOSE int b = open("outer.partial.bbbbbb", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(a >= 0 && b >= 0);

	assert_int_equal(output_leftovers("out", false, count, &found, &err), 0);
	assert_int_equal(found, 1);
	assert_int_equal(output_leftovers("out", true, count, &found, &err), 0);
	assert_int_equal(access("out.partial.aaaaaa", F_OK), -1);
	assert_int_equal(access("outer.partial.bbbbbb", F_OK), 0);
	(void)unlink("outer.partial.bbbbbb");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(appears_only_when_published, setup, teardown),
		cmocka_unit_test_setup_teardown(removes_what_is_not_published, setup, teardown),
		cmocka_unit_test_setup_teardown(replaces_only_on_demand, setup, teardown),
		cmocka_unit_test_setup_teardown(follows_its_directory, setup, teardown),
		cmocka_unit_test_setup_teardown(notices_another_file, setup, teardown),
		cmocka_unit_test_setup_teardown(finds_leftovers, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
