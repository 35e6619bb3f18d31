/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of keys against itself, docs/cluster.schema.json and docs/cluster.md.
 * With NIB_UPDATE=1 this program writes the schema anew.
 */
#include "config/schema.h"

#include <regex.h>
#include <stdlib.h>

#include "config/scalar.h"
#include "config/yaml.h"
#include "test.h"
#include "util/alloc.h"
#include "util/file.h"

#define SCHEMA NIB_SOURCEDIR "/docs/cluster.schema.json"
#define MANUAL NIB_SOURCEDIR "/docs/cluster.md"

static struct buf read_text(const char *path)
{
	AUTOERROR struct error err = ERROR_NONE;
	struct buf text = { 0 };

	if (file_read(path, 1 << 20, &text, NULL, &err) < 0)
		fail_msg("%s", err.message);
	return text;
}

static void each_field(const struct map *map, void (*check)(const struct field *field, void *arg),
		       void *arg)
{
	for (size_t i = 0; i < map->count; i++) {
		check(&map->fields[i], arg);
		if (map->fields[i].map)
			each_field(map->fields[i].map, check, arg);
	}
}

static void schema_is_generated(void **state)
{
	AUTOBUF struct buf schema = { 0 };

	(void)state;
	schema_json(&schema);
	if (getenv("NIB_UPDATE")) {
		FILE *file = fopen(SCHEMA, "w");

		assert_non_null(file);
		(void)fputs(buf_text(&schema), file);
		assert_int_equal(fclose(file), 0);
	}

	AUTOBUF struct buf stored = read_text(SCHEMA);
	if (!buf_equal(&schema, &stored))
		fail_msg("%s is out of date: run this test with NIB_UPDATE=1", SCHEMA);
}

static void find_in_manual(const struct field *field, void *arg)
{
	AUTOFREE char *key = xasprintf("`%s`", field->key);

	if (!strstr(buf_text(arg), key))
		fail_msg("%s says nothing about %s", MANUAL, key);
}

static void manual_names_every_key(void **state)
{
	AUTOBUF struct buf manual = read_text(MANUAL);

	(void)state;
	each_field(&schema_cluster, find_in_manual, &manual);
}

static void check_pattern(const struct field *field, void *arg)
{
	regex_t regex;

	(*(size_t *)arg)++;
	assert_case(field->key, field->help && strlen(field->help) > 8);
	assert_case(field->key, field->example && *field->example);
	if (!field->format)
		return;

	/* A pattern that does not compile would refuse everything. */
	assert_case(field->key, regcomp(&regex, field->format->pattern, REG_EXTENDED) == 0);
	regfree(&regex);
	assert_case(field->key, !strstr(field->format->pattern, "[:"));
}

static void fields_are_described(void **state)
{
	size_t count = 0;

	(void)state;
	each_field(&schema_cluster, check_pattern, &count);
	assert_true(count > 60);
}

/* What a message shows as an example must be right. */
static void check_example(const struct field *field, void *arg)
{
	AUTOARENA struct arena arena = { 0 };
	AUTODIAGS struct diags diags = { 0 };
	AUTOFREE char *text = xasprintf("%s: %s\n", field->key, field->example);
	const struct source *source = diags_source(&diags, field->key, buf_from(text));
	const struct tree *tree = yaml_parse(source, &arena, &diags);
	const struct decoder decoder = { .arena = &arena, .diags = &diags, .directory = "." };
	const struct map map = { "example", field, 1, 0, NO_PLACE };
	void *ret = arena_alloc(&arena, 1, 4096);

	(void)arg;
	assert_case(field->key, tree);
	if (strstr(field->example, "..."))
		return;

	decode_map(&decoder, &map, tree, DECODE_WHOLE, ret);
	diags_print(&diags, stderr, false, true);
	assert_case(field->key, diags.count == 0);
}

static void examples_are_right(void **state)
{
	(void)state;
	each_field(&schema_cluster, check_example, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(schema_is_generated),
		cmocka_unit_test(manual_names_every_key),
		cmocka_unit_test(fields_are_described),
		cmocka_unit_test(examples_are_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
