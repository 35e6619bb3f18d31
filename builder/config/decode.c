/* SPDX-License-Identifier: Apache-2.0 */
#include "config/decode.h"

#include <string.h>

#include "config/cluster.h"
#include "config/hide.h"
#include "config/scalar.h"
#include "config/typo.h"
#include "util/alloc.h"
#include "util/text.h"

static void *member(void *base, size_t offset)
{
	return (char *)base + offset;
}

const struct field *map_find(const struct map *map, const char *key)
{
	for (size_t i = 0; i < map->count; i++)
		if (strcmp(map->fields[i].key, key) == 0)
			return &map->fields[i];

	return NULL;
}

const struct field *map_find_below(const struct map *map, const char *key, const char **home)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct field *field = &map->fields[i];
		const struct field *found = NULL;

		if (!field->map)
			continue;

		*home = field->key;
		if ((found = map_find(field->map, key)) ||
		    (found = map_find_below(field->map, key, home)))
			return found;
	}

	*home = NULL;
	return NULL;
}

static void list_keys(const struct decoder *d, const struct map *map)
{
	AUTOBUF struct buf all = { 0 };

	for (size_t i = 0; i < map->count; i++)
		buf_addf(&all, "%s%s", i ? ", " : "", map->fields[i].key);
	diag_help(d->diags, "allowed here: %s", buf_text(&all));
}

static void unknown_key(const struct decoder *d, const struct map *map,
			const struct tree_entry *entry)
{
	const char *home, *near = typo_nearest(map, entry->key);
	const struct field *known = map_find_below(map, entry->key, &home);

	if (!known && !near && d->root) {
		known = map_find(d->root, entry->key);
		if (!known)
			known = map_find_below(d->root, entry->key, &home);
	}

	diag_error(d->diags, &entry->key_at, "unknown key '%s'", entry->key);
	if (known || near)
		hide_value(d, known ? known : map_find(map, near), entry->value);
	if (!known)
		hide_unknown(d, entry);

	if (home)
		diag_help(d->diags, "it belongs under '%s:'", home);
	else if (known)
		diag_help(d->diags, "it belongs at the top level");
	else if (near)
		diag_help(d->diags, "did you mean '%s'?", near);
	else
		list_keys(d, map);
}

static void mistyped_key(const struct decoder *d, const struct field *field,
			 const struct tree_entry *entry)
{
	diag_error(d->diags, &entry->key_at, "unknown key '%s'", entry->typed);
	diag_help(d->diags, "did you mean '%s'?", entry->key);
	hide_value(d, field, entry->value);
	hide_unknown(d, entry);
}

static const char *kind_name(enum tree_kind kind)
{
	static const char *const names[] = {
		[TREE_TEXT] = "text", [TREE_LIST] = "a list", [TREE_MAP] = "a mapping"
	};

	return names[kind];
}

/* Is it of that kind?  An empty value is the same mistake for all of them. */
static bool expect(const struct decoder *d, const struct field *field, const struct tree *tree,
		   enum tree_kind kind)
{
	const char *key = field ? field->key : NULL;

	if (tree->kind == kind)
		return true;
	if (tree->kind == TREE_BAD)
		return false;

	if (!key)
		diag_error(d->diags, &tree->at, "expected %s, found %s", kind_name(kind),
			   kind_name(tree->kind));
	else if (tree->kind == TREE_TEXT && tree->plain && !*tree->text)
		diag_error(d->diags, &tree->at, "'%s' has no value", key);
	else
		diag_error(d->diags, &tree->at, "expected %s for '%s', found %s", kind_name(kind),
			   key, kind_name(tree->kind));

	if (key && field->example)
		diag_help(d->diags, "as in '%s: %s'", key, field->example);
	return false;
}

/* A list, neither too long nor empty where something has to be in it. */
static bool expect_list(const struct decoder *d, const struct field *field, const struct tree *tree)
{
	if (!expect(d, field, tree, TREE_LIST))
		return false;

	if (tree->count > DECODE_MAX_LIST)
		diag_error(d->diags, &tree->at, "'%s' has more than %d elements", field->key,
			   DECODE_MAX_LIST);
	else if (!tree->count && field->flags & FIELD_REQUIRED)
		diag_error(d->diags, &tree->at, "'%s' is empty", field->key);
	else
		return true;

	return false;
}

static bool decode_text(const struct decoder *d, const struct field *field, const struct tree *tree,
			struct text *ret)
{
	return expect(d, field, tree, TREE_TEXT) && scalar_text(d, field, tree, ret);
}

static void decode_texts(const struct decoder *d, const struct field *field,
			 const struct tree *tree, struct texts *ret)
{
	/* Starting anew also where the key was given twice. */
	*ret = (struct texts){ .at = tree->at };
	if (!expect_list(d, field, tree))
		return;

	ret->list = arena_alloc(d->arena, tree->count, sizeof(*ret->list));
	for (size_t i = 0; i < tree->count; i++)
		if (decode_text(d, field, tree->entries[i].value, &ret->list[ret->count]))
			ret->count++;
}

static const char *const *decode_strings(const struct decoder *d, const struct field *field,
					 const struct tree *tree)
{
	struct texts texts = { 0 };

	decode_texts(d, field, tree, &texts);

	const char **strings = arena_alloc(d->arena, texts.count + 1, sizeof(*strings));
	for (size_t i = 0; i < texts.count; i++)
		strings[i] = texts.list[i].value;
	return strings;
}

static void decode_maps(const struct decoder *d, const struct field *field, const struct tree *tree,
			void *base)
{
	if (!expect_list(d, field, tree))
		return;

	char *list = arena_alloc(d->arena, tree->count, field->map->size);

	*(void **)member(base, field->offset) = list;
	*(size_t *)member(base, field->count) = tree->count;
	for (size_t i = 0; i < tree->count; i++)
		decode_map(d, field->map, tree->entries[i].value, DECODE_WHOLE,
			   list + i * field->map->size);
}

static void set_place(const struct map *map, const struct tree *tree, void *ret)
{
	if (map->place != NO_PLACE)
		*(struct location *)member(ret, map->place) = tree->at;
}

static void decode_field(const struct decoder *d, const struct field *field,
			 const struct tree *tree, enum decode_mode mode, void *base)
{
	void *to = member(base, field->offset);
	struct text text = { 0 };

	/* Before anything is said about it; the parts of a mapping have fields of their own. */
	if (field->type != FIELD_MAP || tree->kind != TREE_MAP)
		hide_value(d, field, tree);

	switch (field->type) {
	case FIELD_TEXT:
	case FIELD_CONTENT:
	case FIELD_MODE: decode_text(d, field, tree, to); break;
	case FIELD_TEXTS: decode_texts(d, field, tree, to); break;
	case FIELD_STRINGS: *(const char *const **)to = decode_strings(d, field, tree); break;
	case FIELD_STRING:
		if (decode_text(d, field, tree, &text))
			*(const char **)to = text.value;
		break;
	case FIELD_FLAG:
		if (expect(d, field, tree, TREE_TEXT))
			scalar_flag(d, field, tree, to);
		break;
	case FIELD_NUMBER:
		if (expect(d, field, tree, TREE_TEXT))
			scalar_number(d, field, tree, to);
		break;
	case FIELD_MAP:
		set_place(field->map, tree, to);
		if (expect(d, field, tree, TREE_MAP))
			decode_map(d, field->map, tree, mode, to);
		break;
	case FIELD_MAPS: decode_maps(d, field, tree, base); break;
	case FIELD_DEFAULTS:
		if (expect(d, field, tree, TREE_MAP))
			decode_map(d, field->map, tree, DECODE_DEFAULTS,
				   arena_alloc(d->arena, 1, field->map->size));
		break;
	}
}

/* So that no reader of a struct has to think of NULL. */
static void preset(const struct decoder *d, const struct map *map, const struct tree *tree,
		   void *ret)
{
	set_place(map, tree, ret);
	for (size_t i = 0; i < map->count; i++) {
		void *to = member(ret, map->fields[i].offset);

		if (map->fields[i].type == FIELD_STRING)
			*(const char **)to = "";
		else if (map->fields[i].type == FIELD_STRINGS)
			*(const char *const **)to = arena_alloc(d->arena, 1, sizeof(const char *));
	}
}

static void check_required(const struct decoder *d, const struct map *map, const struct tree *tree)
{
	for (size_t i = 0; !tree->partial && i < map->count; i++) {
		const struct field *field = &map->fields[i];

		if (!(field->flags & FIELD_REQUIRED) || tree_find(tree, field->key) ||
		    typo_explains(map, tree, field))
			continue;
		diag_error(d->diags, &tree->at, "'%s' is missing", field->key);
		if (field->example)
			diag_help(d->diags, "as in '%s: %s'", field->key, field->example);
	}
}

void decode_map(const struct decoder *d, const struct map *map, const struct tree *tree,
		enum decode_mode mode, void *ret)
{
	preset(d, map, tree, ret);
	if (!expect(d, NULL, tree, TREE_MAP))
		return;

	hide_content(d, map, tree);
	for (size_t i = 0; i < tree->count; i++) {
		const struct tree_entry *entry = &tree->entries[i];
		const struct field *field = map_find(map, entry->key);

		if (field && entry->typed)
			mistyped_key(d, field, entry);
		if (!field)
			unknown_key(d, map, entry);
		else if (mode == DECODE_DEFAULTS && field->flags & FIELD_OWN && !entry->typed)
			diag_error(d->diags, &entry->key_at, "'%s' cannot be a default",
				   entry->key);
		else
			decode_field(d, field, entry->value, mode, ret);
	}

	if (mode == DECODE_WHOLE)
		check_required(d, map, tree);
}

const struct tree *decode_merge(const struct map *map, const struct tree *lower,
				const struct tree *upper, struct arena *arena)
{
	if (lower->kind != TREE_MAP || upper->kind != TREE_MAP)
		return upper;

	struct tree *merged = arena_alloc(arena, 1, sizeof(*merged));

	*merged = *upper;
	merged->partial |= lower->partial;
	merged->entries = arena_alloc(arena, upper->count + map->count, sizeof(*merged->entries));
	for (size_t i = 0; i < upper->count; i++)
		merged->entries[i] = upper->entries[i];

	for (size_t i = 0; i < map->count; i++) {
		const struct field *field = &map->fields[i];
		const struct tree_entry *below = tree_find(lower, field->key);
		struct tree_entry *above = NULL;

		if (!below || field->flags & FIELD_OWN)
			continue;

		for (size_t j = 0; !above && j < upper->count; j++)
			if (strcmp(merged->entries[j].key, field->key) == 0)
				above = &merged->entries[j];

		if (!above)
			merged->entries[merged->count++] = *below;
		else if (field->type == FIELD_MAP && !(field->flags & FIELD_UNMERGED))
			above->value = decode_merge(field->map, below->value, above->value, arena);
	}

	return merged;
}
