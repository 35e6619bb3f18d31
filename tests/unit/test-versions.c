/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/versions.h"

#include <stdlib.h>

#include "test.h"
#include "util/alloc.h"
#include "util/file.h"
#include "util/version.h"

static void takes_versions_apart(void **state)
{
	static const struct {
		const char *text, *minor, *full;
	} cases[] = {
		{ "1.34.2", "1.34", "1.34.2" },
		{ "v1.34.2", "1.34", "1.34.2" },
		{ "1.34.2-1.1", "1.34", "1.34.2" },
		{ "1.34", "1.34", NULL },
		{ "1.34.", "1.34", NULL },
		{ "1", NULL, NULL },
		{ "", NULL, NULL },
		{ "1.x", NULL, NULL },
		{ ".1.2", NULL, NULL },
		{ "1.9999999.1", NULL, NULL },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTOFREE char *minor = version_minor(cases[i].text);
		AUTOFREE char *full = version_full(cases[i].text);

		assert_text(cases[i].text, minor ? minor : "-",
			    cases[i].minor ? cases[i].minor : "-");
		assert_text(cases[i].text, full ? full : "-", cases[i].full ? cases[i].full : "-");
	}
}

static void compares_minor_versions(void **state)
{
	static const struct {
		const char *a, *b;
		bool below;
	} cases[] = {
		{ "1.17", "1.18", true }, { "1.18", "1.18", false }, { "1.20", "1.18", false },
		{ "1.9", "1.18", true },  { "2.0", "1.18", false },  { "0.99", "1.0", true },
	};

	(void)state;
	TEST_EACH (i, cases)
		assert_case(cases[i].a,
			    version_minor_below(cases[i].a, cases[i].b) == cases[i].below);
}

static void reads_the_table(void **state)
{
	AUTODIAGS struct diags diags = { 0 };
	AUTOVERSIONS struct versions versions = { 0 };
	const struct source *source = diags_source(
		&diags, "versions",
		buf_from("# x y z\n\ncilium - 1.18.12\r\n gateway-api\t1.18  1.3.0\ntwo words\n"
			 "a b c d\n"));

	(void)state;
	versions_parse(source, &versions, &diags);
	assert_string_equal(versions_find(&versions, "cilium", "-"), "1.18.12");
	assert_string_equal(versions_find(&versions, "gateway-api", "1.18"), "1.3.0");
	assert_null(versions_find(&versions, "gateway-api", "1.19"));
	assert_null(versions_find(&versions, "two", "words"));
	assert_int_equal(versions.count, 2);

	assert_int_equal(diags.errors, 2);
	assert_int_equal(diags.list[0].at.line, 5);
	assert_int_equal(diags.list[1].at.line, 6);
}

/* The table that is installed has to answer whatever the templates ask. */
static void installed_table_is_complete(void **state)
{
	static const char *const wanted[][2] = {
		{ "cilium", "-" },         { "flux-operator", "-" },  { "flux", "-" },
		{ "gateway-api", "1.16" }, { "gateway-api", "1.17" }, { "gateway-api", "1.18" },
		{ "gateway-api", "1.19" }, { "gateway-api", "1.20" },
	};
	AUTOERROR struct error err = ERROR_NONE;
	AUTODIAGS struct diags diags = { 0 };
	AUTOVERSIONS struct versions versions = { 0 };
	AUTOFREE char *path = xasprintf("%s/templates/versions", getenv("NIB_SOURCE_ROOT"));
	AUTOBUF struct buf text = { 0 };

	(void)state;
	assert_int_equal(file_read(path, 1 << 16, &text, NULL, &err), 0);
	versions_parse(diags_source(&diags, path, TAKE_BUF(text)), &versions, &diags);
	assert_int_equal(diags.count, 0);
	TEST_EACH (i, wanted)
		assert_case(wanted[i][1], versions_find(&versions, wanted[i][0], wanted[i][1]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_versions_apart),
		cmocka_unit_test(compares_minor_versions),
		cmocka_unit_test(reads_the_table),
		cmocka_unit_test(installed_table_is_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
