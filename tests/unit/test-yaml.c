/* SPDX-License-Identifier: Apache-2.0 */
#include "config/yaml.h"

#include "test.h"

/* Everything about a tree in one line, with the places: "{1:1+4 name=1:7+3 rpi}". */
static void describe(const struct tree *tree, struct buf *ret)
{
	static const char *const open[] = { "<bad", "", "[", "{" }, *const close[] = { ">", "", "]",
										       "}" };

	buf_addf(ret, "%s%u:%u+", open[tree->kind], tree->at.line, tree->at.column);
	if (tree->at.length == ~0U)
		buf_adds(ret, "*");
	else
		buf_addf(ret, "%u", tree->at.length);
	if (tree->kind == TREE_TEXT)
		buf_addf(ret, "%s%s", tree->plain ? " " : " =", tree->text);

	for (size_t i = 0; i < tree->count; i++) {
		const struct tree_entry *entry = &tree->entries[i];

		buf_adds(ret, " ");
		if (entry->key)
			buf_addf(ret, "%s@%u:%u+%u=", entry->key, entry->key_at.line,
				 entry->key_at.column, entry->key_at.length);
		describe(entry->value, ret);
	}
	buf_adds(ret, close[tree->kind]);
}

static void values_know_their_places(void **state)
{
	static const struct {
		const char *name, *text, *want;
	} cases[] = {
		{ "block", "a: b\nccc: dd\n", "{1:1+1 a@1:1+1=1:4+1 b ccc@2:1+3=2:6+2 dd}" },
		{ "flow", "{a: [b, 'c']}", "{1:1+1 a@1:2+1=[1:5+1 1:6+1 b 1:9+3 =c]}" },
		{ "nested", "a:\n  - b: c\n", "{1:1+1 a@1:1+1=[2:3+1 {2:5+1 b@2:5+1=2:8+1 c}]}" },
		{ "bytes, not characters", "\xc3\xa4: {\xe2\x82\xac: \xf0\x9f\x90\xa7, b: c}\n",
		  "{1:1+2 \xc3\xa4@1:1+2={1:5+1 \xe2\x82\xac@1:6+3=1:11+4 \xf0\x9f\x90\xa7 "
		  "b@1:17+1=1:20+1 c}}" },
		{ "byte order mark",
		  "\xef\xbb\xbf"
		  "a: b\n",
		  "{1:4+1 a@1:4+1=1:7+1 b}" },
		{ "line ends of DOS", "a: b\r\nc: d\r\n",
		  "{1:1+1 a@1:1+1=1:4+1 b c@2:1+1=2:4+1 d}" },
		{ "no value", "a:\nb: c\n", "{1:1+1 a@1:1+1=1:3+0  b@2:1+1=2:4+1 c}" },
		{ "block text", "a: |\n  x\n  y\nb: c\n",
		  "{1:1+1 a@1:1+1=1:4+* =x\ny\n b@4:1+1=4:4+1 c}" },
		{ "folded plain text", "a: x\n  y\nb: c\n",
		  "{1:1+1 a@1:1+1=1:4+* x y b@3:1+1=3:4+1 c}" },
		{ "other line ends count as one line", "a: \"x\xe2\x80\xa8y\"\nb: c\n",
		  "{1:1+1 a@1:1+1=1:4+7 =x\xe2\x80\xa8y b@2:1+1=2:4+1 c}" },
		{ "tab within a line", "a:\tb\n", "{1:1+1 a@1:1+1=1:4+1 b}" },
		{ "comments", "# one\na: b # two\n", "{2:1+1 a@2:1+1=2:4+1 b}" },
		{ "quoted", "a: \"true\"\nb: true\n",
		  "{1:1+1 a@1:1+1=1:4+6 =true b@2:1+1=2:4+4 true}" },
		{ "empty mapping", "{}", "{1:1+1}" },
		{ "end of document", "a: b\n...\n", "{1:1+1 a@1:1+1=1:4+1 b}" },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTOARENA struct arena arena = { 0 };
		AUTODIAGS struct diags diags = { 0 };
		AUTOBUF struct buf got = { 0 };
		const struct source *source =
			diags_source(&diags, "x.yaml", buf_from(cases[i].text));
		const struct tree *tree = yaml_parse(source, &arena, &diags);

		assert_case(cases[i].name, tree && !diags.count);
		describe(tree, &got);
		assert_text(cases[i].name, buf_text(&got), cases[i].want);
	}
}

static void add_repeated(struct buf *buf, const char *text, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buf_adds(buf, text);
}

static void limits_are_kept(void **state)
{
	static const struct {
		const char *name, *open, *element, *close;
		size_t count;
		const char *message;
	} cases[] = {
		{ "nodes", "[", "a,", "]", YAML_MAX_NODES - 1, NULL },
		{ "one node more", "[", "a,", "]", YAML_MAX_NODES,
		  "more than 100000 keys and values" },
		{ "size", "#", "123456789012345\n#", "x", YAML_MAX_SIZE / 17, "file is empty" },
		{ "larger", "", "a: 12345678901234\n", "", YAML_MAX_SIZE / 18 + 1,
		  "file is larger than 1024 KiB" },
		{ "key", "", "k", ": v", YAML_MAX_KEY, NULL },
		{ "longer key", "", "k", ": v", YAML_MAX_KEY + 1, "this cannot be a key" },
		{ "deep", "", "[", "", YAML_MAX_DEPTH + 1, "nested more than 32 deep" },
		{ "very deep", "", "[", "", 100000, "nested more than 32 deep" },
		{ "deep mappings", "", "{a: ", "", 100000, "nested more than 32 deep" },
		{ "deep blocks", "", "- ", "", 100000, "nested more than 32 deep" },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTOARENA struct arena arena = { 0 };
		AUTODIAGS struct diags diags = { 0 };
		struct buf text = buf_from(cases[i].open);

		add_repeated(&text, cases[i].element, cases[i].count);
		buf_adds(&text, cases[i].close);
		yaml_parse(diags_source(&diags, "x.yaml", text), &arena, &diags);
		assert_case(cases[i].name, diags.count == (cases[i].message ? 1 : 0));
		if (cases[i].message)
			assert_text(cases[i].name, diags.list[0].message, cases[i].message);
	}
}

/* 30 000 keys, the last of them twice: found, and without comparing each with each. */
static void duplicates_are_found_in_large_mappings(void **state)
{
	AUTOARENA struct arena arena = { 0 };
	AUTODIAGS struct diags diags = { 0 };
	struct buf text = { 0 };

	(void)state;
	for (unsigned i = 0; i < 30000; i++)
		buf_addf(&text, "key%u: a\n", i);
	buf_adds(&text, "key29999: b\n");

	const struct tree *tree = yaml_parse(diags_source(&diags, "x.yaml", text), &arena, &diags);

	assert_non_null(tree);
	assert_int_equal(diags.count, 1);
	assert_text("message", diags.list[0].message, "duplicate key 'key29999'");
	assert_text("help", diags.list[0].help, "it is given in line 30000 already");
	assert_int_equal(diags.list[0].at.line, 30001);
}

static void broken_text_is_refused(void **state)
{
	static const struct {
		const char *name, *text;
		size_t len;
		unsigned line, column;
		const char *message;
	} cases[] = {
		{ "0 byte", "a: b\nc: \0d\n", 12, 2, 4, "control characters are not allowed" },
		{ "escape", "a: \x1b[1m\n", 8, 1, 4, "control characters are not allowed" },
		{ "delete", "a: \x7f\n", 5, 1, 4, "control characters are not allowed" },
		{ "C1 control", "a: \xc2\x9b\n", 6, 1, 4, "control characters are not allowed" },
		{ "Latin-1", "a: \xe4\n", 5, 1, 4, "this is not UTF-8 text" },
		{ "too long form", "a: \xc0\xaf\n", 6, 1, 4, "this is not UTF-8 text" },
		{ "surrogate", "a: \xed\xa0\x80\n", 7, 1, 4, "this is not UTF-8 text" },
		{ "beyond Unicode", "a: \xf4\x90\x80\x80\n", 8, 1, 4, "this is not UTF-8 text" },
		{ "cut off", "a: \xe2\x82", 5, 1, 4, "this is not UTF-8 text" },
		{ "UTF-16",
		  "\xff\xfe"
		  "a\0",
		  4, 1, 1, "this is not UTF-8 text" },
		{ "mark in the middle", "a: \xef\xbb\xbf\n", 7, 1, 4,
		  "control characters are not allowed" },
		{ "only a mark", "\xef\xbb\xbf", 3, 0, 0, "file is empty" },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTOARENA struct arena arena = { 0 };
		AUTODIAGS struct diags diags = { 0 };
		struct buf text = { 0 };

		buf_add(&text, cases[i].text, cases[i].len);
		assert_null(yaml_parse(diags_source(&diags, "x.yaml", text), &arena, &diags));
		assert_case(cases[i].name, diags.count == 1);
		assert_text(cases[i].name, diags.list[0].message, cases[i].message);
		assert_case(cases[i].name, diags.list[0].at.line == cases[i].line);
		assert_case(cases[i].name, diags.list[0].at.column == cases[i].column);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_know_their_places),
		cmocka_unit_test(limits_are_kept),
		cmocka_unit_test(duplicates_are_found_in_large_mappings),
		cmocka_unit_test(broken_text_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
