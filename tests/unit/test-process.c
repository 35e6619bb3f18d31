/* SPDX-License-Identifier: Apache-2.0 */
#include "util/process.h"

#include <errno.h>

#include "test.h"
#include "util/alloc.h"
#include "util/file.h"

#define ARGV(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void gives_output_and_takes_input(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTOBUF struct buf input = buf_from("through");
	AUTOBUF struct buf output = { 0 };
	const struct process process = { .argv = ARGV("cat"), .input = &input, .output = &output };

	(void)state;
	assert_int_equal(process_run(&process, NULL, &err), 0);
	assert_text("output", buf_text(&output), "through");
}

static void reports_failures(void **state)
{
	static const struct {
		const char *name, *script;
		int code;
		const char *want;
	} cases[] = {
		{ "status and last line", "echo first >&2; echo last >&2; exit 3", -EIO,
		  "sh failed with status 3: last" },
		{ "what failed",
		  "echo 'age: error: no identity' >&2; echo 'age: report errors' >&2; exit 1", -EIO,
		  "sh failed with status 1: age: error: no identity" },
		{ "empty lines at the end", "echo 'Disk full' >&2; echo >&2; echo ' ' >&2; exit 1",
		  -EIO, "sh failed with status 1: Disk full" },
		{ "signal", "kill -KILL $$", -EINTR, "sh was ended by signal 9 (Killed)" },
		{ "too much output", "head -c 200 /dev/zero", -EFBIG,
		  "sh printed more than 100 bytes" },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTOERROR struct error err = ERROR_NONE;
		const struct process process = {
			.argv = ARGV("sh", "-c", cases[i].script),
			.max_output = 100,
		};

		assert_int_equal(process_run(&process, NULL, &err), cases[i].code);
		assert_text(cases[i].name, err.message, cases[i].want);
	}
}

static void names_a_missing_program(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;
	const struct process process = { .argv = ARGV("nib-no-such-program") };

	(void)state;
	assert_int_equal(process_run(&process, NULL, &err), -ENOENT);
	assert_text("message", err.message, "program 'nib-no-such-program' is not installed");
}

static void closes_the_environment(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTOBUF struct buf output = { 0 };
	const struct process process = {
		.argv = ARGV("env"),
		.env = ARGV("TZ=UTC"),
		.output = &output,
	};

	(void)state;
	setenv("NIB_TEST_LEAK", "1", 1);
	assert_int_equal(process_run(&process, NULL, &err), 0);
	assert_null(strstr(buf_text(&output), "NIB_TEST_LEAK"));
	assert_non_null(strstr(buf_text(&output), "TZ=UTC\n"));
}

static void hands_on_only_chosen_descriptors(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTOBUF struct buf content = buf_from("kept");
	AUTOBUF struct buf output = { 0 };

	(void)state;
	AUTOCLOSE int kept = file_memfd("kept", &content, &err);
	AUTOCLOSE int other = file_memfd("other", &content, &err);
	AUTOFREE char *script =
		xasprintf("cat <&%d; cat <&%d 2>/dev/null || echo closed", kept, other);
	const struct process process = {
		.argv = ARGV("sh", "-c", script),
		.fds = (const int[]){ kept, -1 },
		.output = &output,
	};

	assert_int_equal(process_run(&process, NULL, &err), 0);
	assert_text("output", buf_text(&output), "keptclosed\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_output_and_takes_input),
		cmocka_unit_test(reports_failures),
		cmocka_unit_test(names_a_missing_program),
		cmocka_unit_test(closes_the_environment),
		cmocka_unit_test(hands_on_only_chosen_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
