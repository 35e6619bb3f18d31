/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/yamlcheck.h"

#include <errno.h>

#include "test.h"

static const struct {
	const char *name, *text, *message;
} cases[] = {
	{ "nothing", "", NULL },
	{ "a mapping", "a: {b: [c, d]}\n", NULL },
	{ "documents", "a: 1\n---\nb: 2\n---\nc: 3\n", NULL },
	{ "the same key in two documents", "a: 1\n---\na: 2\n", NULL },
	{ "quoted", "a: \"x: y # z\"\n", NULL },
	{ "unclosed", "a: [b\n", "line 2: did not find expected ',' or ']'" },
	{ "text", "hello\n", "line 1: not a mapping" },
	{ "second document is a list", "a: 1\n---\n- b\n", "line 3: not a mapping" },
	{ "twice", "a: 1\nb: 2\na: 3\n", "line 3: a key that is there twice" },
	{ "twice, deep", "a:\n- {b: 1, b: 2}\n", "line 2: a key that is there twice" },
	{ "tab", "a:\n\tb: 1\n", "line 2: found character that cannot start any token" },
	{ "not UTF-8", "a: \"\xff\"\n", "line 1: invalid leading UTF-8 octet" },
};

static void checks(void **state)
{
	(void)state;
	TEST_EACH (i, cases) {
		AUTOERROR struct error err = ERROR_NONE;
		AUTOBUF struct buf text = buf_from(cases[i].text);
		int r = yaml_check(&text, &err);

		assert_case(cases[i].name, r == (cases[i].message ? -EINVAL : 0));
		if (cases[i].message)
			assert_text(cases[i].name, err.message, cases[i].message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(checks) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
