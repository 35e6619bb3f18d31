/* SPDX-License-Identifier: Apache-2.0 */
#include "util/text.h"

#include "test.h"
#include "util/alloc.h"

static void suggests_near_words(void **state)
{
	static const char *const words[] = { "podSubnet", "serviceSubnet", "name" };
	static const struct {
		const char *name, *word, *want;
	} cases[] = {
		{ "one letter missing", "podSubet", "podSubnet" },
		{ "wrong case", "podsubnet", "podSubnet" },
		{ "short", "nam", "name" },
		{ "far away", "kubernetes", NULL },
		{ "empty", "", NULL },
	};

	(void)state;
	TEST_EACH (i, cases) {
		const char *got = text_suggest(cases[i].word, words, 3);

		assert_case(cases[i].name, !got == !cases[i].want);
		if (got)
			assert_text(cases[i].name, got, cases[i].want);
	}
}

static void parses_numbers(void **state)
{
	static const struct {
		const char *text;
		uint64_t max;
		bool ok;
	} cases[] = {
		{ "0", 0, true },
		{ "18446744073709551615", UINT64_MAX, true },
		{ "18446744073709551616", UINT64_MAX, false },
		{ "", 9, false },
		{ "-1", 9, false },
		{ "10", 9, false },
		{ "1 ", 9, false },
	};
	uint64_t value;

	(void)state;
	TEST_EACH (i, cases)
		assert_case(cases[i].text,
			    text_parse_number(cases[i].text, cases[i].max, &value) == cases[i].ok);
}

static void steps_through_lines(void **state)
{
	const char *pos = "a\n\nlast";
	struct line line;

	(void)state;
	assert_true(text_next_line(&pos, &line) && line_is(&line, "a"));
	assert_true(text_next_line(&pos, &line) && line_is(&line, ""));
	assert_true(text_next_line(&pos, &line) && line_is(&line, "last"));
	assert_false(text_next_line(&pos, &line));
}

static void formats_sizes(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *want;
	} cases[] = {
		{ 0, "0 B" },        { 1023, "1023 B" },       { 1024, "1 KiB" },
		{ 1536, "1.5 KiB" }, { 536870912, "512 MiB" },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTOBUF struct buf got = { 0 };

		text_add_size(&got, cases[i].bytes);
		assert_text(cases[i].want, buf_text(&got), cases[i].want);
	}
}

static void quotes_for_yaml(void **state)
{
	AUTOBUF struct buf got = { 0 };

	(void)state;
	text_add_quoted(&got, "a\"b\\c\n\x01\xc3\xa4");
	assert_text("quoted", buf_text(&got), "\"a\\\"b\\\\c\\n\\u0001\xc3\xa4\"");
}

static void hides_control_characters(void **state)
{
	static const struct {
		const char *name, *text, *want;
	} cases[] = {
		{ "C0 and DEL", "\033[2Ja\tb\nc\x7f", "?[2Ja?b?c?" },
		{ "C1",
		  "a\xc2\x9b"
		  "31m\xc2\x80",
		  "a?31m?" },
		{ "letters", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
		  "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80" },
		{ "direction",
		  "\xd8\x9c\xe2\x80\x8e\xe2\x80\x8f\xe2\x80\xae\xe2\x81\xa6\xe2\x81\xa9",
		  "??????" },
		{ "ends of lines",
		  "a\xe2\x80\xa8"
		  "b\xe2\x80\xa9"
		  "c",
		  "a?b?c" },
		{ "no UTF-8",
		  "a\x9b"
		  "b\xff\xc3",
		  "a?b??" },
		{ "cut off", "\xe2\x80", "??" },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTOFREE char *text = xstrdup(cases[i].text);

		text_make_printable(text);
		assert_text(cases[i].name, text, cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(suggests_near_words), cmocka_unit_test(parses_numbers),
		cmocka_unit_test(steps_through_lines), cmocka_unit_test(formats_sizes),
		cmocka_unit_test(quotes_for_yaml),     cmocka_unit_test(hides_control_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
