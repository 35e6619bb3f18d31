/* SPDX-License-Identifier: Apache-2.0 */
#include "util/error.h"

#include <errno.h>

#include "test.h"

static void names_a_path_once(void **state)
{
	static const struct {
		const char *message, *want;
	} cases[] = {
		{ "no space left", "write '/x': no space left" },
		{ "'/x': no space left", "write '/x': no space left" },
		{ "'/x' is a directory", "write: '/x' is a directory" },
		{ "open '/x': no such file", "write: open '/x': no such file" },
		{ "'/x/y' is missing", "write '/x': '/x/y' is missing" },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTOERROR struct error err = ERROR_NONE;

		error_set(&err, -EIO, "%s", cases[i].message);
		assert_int_equal(error_prefix_path(&err, "write", "/x"), -EIO);
		assert_text(cases[i].message, err.message, cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_a_path_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
