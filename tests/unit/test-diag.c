/* SPDX-License-Identifier: Apache-2.0 */
#include "util/diag.h"

#include "test.h"
#include "util/alloc.h"

/* What diags_print() prints.  If this is inlined, gcc 12 warns of a dangling pointer. */
static __attribute__((noinline)) char *printed(const struct diags *diags)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	diags_print(diags, to, false, true);
	(void)fclose(to);
	return text;
}

static void points_at_the_place(void **state)
{
	AUTODIAGS struct diags diags = { 0 };
	const struct source *source =
		diags_source(&diags, "c.yaml", buf_from("a: 1\nboard: rpi6\n"));
	const struct location at = { .source = source, .line = 2, .column = 8, .length = 4 };

	(void)state;
	diag_error(&diags, &at, "no board named '%s'", "rpi6");
	diag_help(&diags, "did you mean '%s'?", "rpi5");

	AUTOFREE char *got = printed(&diags);
	assert_text("text", got,
		    "c.yaml:2:8: error: no board named 'rpi6'\n"
		    "     2 | board: rpi6\n"
		    "       |        ^^^^\n"
		    "       = help: did you mean 'rpi5'?\n");
	assert_int_equal(diags.errors, 1);
}

static void marks_tabs_utf8_and_ends(void **state)
{
	static const struct {
		const char *name, *text;
		unsigned column, length;
		const char *want;
	} cases[] = {
		{ "tab", "\tkey: x\n", 2, 3, "       | \t^^^\n" },
		{ "UTF-8 before", "\xc3\xa4: x\n", 5, 1, "       |    ^\n" },
		{ "UTF-8 inside", "x: \xc3\xa4\xc3\xb6\n", 4, 4, "       |    ^^\n" },
		{ "end of line", "x:\n", 3, 1, "       |   ^\n" },
		{ "beyond the end", "x\n", 99, 9, "       |  ^\n" },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTODIAGS struct diags diags = { 0 };
		const struct location at = {
			.source = diags_source(&diags, "f", buf_from(cases[i].text)),
			.line = 1,
			.column = cases[i].column,
			.length = cases[i].length,
		};

		diag_error(&diags, &at, "m");
		AUTOFREE char *got = printed(&diags);
		assert_case(cases[i].name, strstr(got, cases[i].want) != NULL);
	}
}

static void keeps_the_same_finding_once(void **state)
{
	AUTODIAGS struct diags diags = { 0 };
	const struct source *source = diags_source(&diags, "f", buf_from("a\n"));
	const struct location at = { .source = source, .line = 1, .column = 1 };

	(void)state;
	diag_error(&diags, &at, "same");
	diag_help(&diags, "first");
	diag_error(&diags, &at, "same");
	diag_help(&diags, "second");
	diag_warning(&diags, &at, "same");

	assert_int_equal(diags.count, 2);
	assert_int_equal(diags.errors, 1);
	assert_text("help", diags.list[0].help, "first");
}

static void sorts_by_place(void **state)
{
	AUTODIAGS struct diags diags = { 0 };
	const struct source *source = diags_source(&diags, "f", buf_from("a\nb\n"));
	const struct location one = { .source = source, .line = 1, .column = 1 };
	const struct location two = { .source = source, .line = 2, .column = 1 };

	(void)state;
	diag_error(&diags, &two, "later");
	diag_error(&diags, &one, "earlier");

	AUTOFREE char *got = printed(&diags);
	assert_true(strstr(got, "earlier") < strstr(got, "later"));
}

static void shows_no_control_characters(void **state)
{
	AUTODIAGS struct diags diags = { 0 };
	const struct source *source =
		diags_source(&diags, "f\033[2J", buf_from("x\033[31m\ty\xc3\xa4\xe2\x80\xae\n"));
	const struct location at = { .source = source, .line = 1, .column = 1 };

	(void)state;
	diag_error(&diags, &at, "m\nf:9:9: error: forged");
	diag_help(&diags, "h\xc2\x9b");

	AUTOFREE char *got = printed(&diags);
	assert_text("text", got,
		    "f?[2J:1:1: error: m?f:9:9: error: forged\n"
		    "     1 | x?[31m\ty\xc3\xa4?\n"
		    "       | ^\n"
		    "       = help: h?\n");
}

static void shows_part_of_a_long_line(void **state)
{
	AUTODIAGS struct diags diags = { 0 };
	AUTOBUF struct buf text = { 0 };
	const char *mark;

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_adds(&text, "\xc3\xa4");
	buf_adds(&text, "HERE");
	for (int i = 0; i < 1000; i++)
		buf_adds(&text, "\xc3\xa4");

	const struct location at = {
		.source = diags_source(&diags, "f", TAKE_BUF(text)),
		.line = 1,
		.column = 2001,
		.length = 4,
	};

	diag_error(&diags, &at, "m");
	AUTOFREE char *got = printed(&diags);
	assert_true(strlen(got) < 400);
	assert_non_null(strstr(got, "HERE"));
	mark = strstr(got, "^^^^\n");
	assert_non_null(mark);
	/* 80 bytes, 40 characters, stand before it. */
	assert_int_equal(strrchr(got, '|') + 2 + 40 - mark, 0);
}

static void keeps_so_many(void **state)
{
	AUTODIAGS struct diags diags = { 0 };
	const struct source *source = diags_source(&diags, "f", buf_from("a\n"));

	(void)state;
	for (unsigned i = 1; i <= 100000; i++)
		diag_error(&diags, &(struct location){ source, 1, i, 1 }, "wrong");

	AUTOFREE char *got = printed(&diags);
	assert_int_equal(diags.errors, 100000);
	assert_int_equal(diags.count, 200);
	assert_non_null(strstr(got, "nib: 99800 more findings are not shown\n"));
}

static void names_options_without_a_line(void **state)
{
	AUTODIAGS struct diags diags = { 0 };
	const struct location at = { .source = diags_source(&diags, "--board", (struct buf){ 0 }) };

	(void)state;
	diag_error(&diags, &at, "no board named 'x'");

	AUTOFREE char *got = printed(&diags);
	assert_text("option", got, "--board: error: no board named 'x'\n");
}

static void hides_lines_with_secrets(void **state)
{
	AUTODIAGS struct diags diags = { 0 };
	const struct source *source = diags_source(&diags, "f", buf_from("a: hunter2\nb: 1\n"));
	const struct location secret = { .source = source, .line = 1, .column = 4 };
	const struct location key = { .source = source, .line = 1, .column = 1 };
	const struct location other = { .source = source, .line = 2, .column = 1 };

	(void)state;
	diag_error(&diags, &key, "unknown key");
	diags_hide(&diags, &secret);
	diag_error(&diags, &other, "another one");

	AUTOFREE char *got = printed(&diags);
	assert_text("text", got,
		    "f:1:1: error: unknown key\n"
		    "f:2:1: error: another one\n"
		    "     2 | b: 1\n"
		    "       | ^\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(points_at_the_place),
		cmocka_unit_test(marks_tabs_utf8_and_ends),
		cmocka_unit_test(keeps_the_same_finding_once),
		cmocka_unit_test(sorts_by_place),
		cmocka_unit_test(shows_no_control_characters),
		cmocka_unit_test(names_options_without_a_line),
		cmocka_unit_test(shows_part_of_a_long_line),
		cmocka_unit_test(keeps_so_many),
		cmocka_unit_test(hides_lines_with_secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
