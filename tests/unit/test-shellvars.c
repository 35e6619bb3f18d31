/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/shellvars.h"

#include "test.h"
#include "util/alloc.h"

static void reads_values(void **state)
{
	/* clang-format off */
	static const struct {
		const char *name, *text, *want;
	} cases[] = {
		{ "plain",        "VERSION_CODENAME=trixie\n",   "trixie" },
		{ "double quotes", "VERSION_CODENAME=\"a b\"\n", "a b" },
		{ "single quotes", "VERSION_CODENAME='a\\ b'\n", "a\\ b" },
		{ "escapes",      "VERSION_CODENAME=\"\\$a\\\"\"\n", "$a\"" },
		{ "last one",     "VERSION_CODENAME=a\nVERSION_CODENAME=b\n", "b" },
		{ "DOS newline",  "VERSION_CODENAME=a\r\n",      "a" },
		{ "comment",      "#VERSION_CODENAME=a\n",       NULL },
		{ "longer name",  "XVERSION_CODENAME=a\n",       NULL },
		{ "no value",     "VERSION_CODENAME=\n",         "" },
	};
	/* clang-format on */

	(void)state;
	TEST_EACH (i, cases) {
		AUTOFREE char *got = shellvars_get(cases[i].text, "VERSION_CODENAME");

		assert_case(cases[i].name, !got == !cases[i].want);
		if (got)
			assert_text(cases[i].name, got, cases[i].want);
	}
}

static void sets_values(void **state)
{
	/* clang-format off */
	static const struct {
		const char *name, *text, *want;
	} cases[] = {
		{ "replace", "#LANG=C\nLANG=en_GB.UTF-8\nLC_TIME=C\n", "#LANG=C\nLANG=C.UTF-8\nLC_TIME=C\n" },
		{ "append",  "LANGUAGE=en\n",     "LANGUAGE=en\nLANG=C.UTF-8\n" },
		{ "dedupe",  "LANG=a\nLANG=b\n",  "LANG=C.UTF-8\n" },
		{ "empty",   "",                  "LANG=C.UTF-8\n" },
	};
	/* clang-format on */

	(void)state;
	TEST_EACH (i, cases) {
		AUTOFREE char *got = NULL, *again = NULL;

		shellvars_set(cases[i].text, "LANG", "C.UTF-8", &got);
		assert_text(cases[i].name, got, cases[i].want);
		shellvars_set(got, "LANG", "C.UTF-8", &again);
		assert_text(cases[i].name, again, got);
	}
}

static void quotes_for_a_shell(void **state)
{
	AUTOBUF struct buf got = { 0 };

	(void)state;
	shellvars_add(&got, "A", "it's $(x) `y` \"z\"");
	shellvars_add(&got, "B", "");
	assert_text("quoted", buf_text(&got), "A='it'\\''s $(x) `y` \"z\"'\nB=''\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_values),
		cmocka_unit_test(sets_values),
		cmocka_unit_test(quotes_for_a_shell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
