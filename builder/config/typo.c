/* SPDX-License-Identifier: Apache-2.0 */
#include "config/typo.h"

#include <string.h>

#include "config/arena.h"
#include "util/alloc.h"
#include "util/text.h"

/* What other programs call it. */
static const char *find_synonym(const struct map *map, const char *key)
{
	static const struct {
		const char *word, *key;
	} synonyms[] = {
		{ "hostname", "name" },
		{ "keyboard", "keymap" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(synonyms); i++)
		if (strcmp(synonyms[i].word, key) == 0 && map_find(map, synonyms[i].key))
			return synonyms[i].key;

	return NULL;
}

static const char *suggest(const struct map *map, const char *key)
{
	const char *synonym = find_synonym(map, key);
	AUTOFREE const char **keys = xcalloc(map->count, sizeof(*keys));

	for (size_t i = 0; i < map->count; i++)
		keys[i] = map->fields[i].key;

	return synonym ? synonym : text_suggest(key, keys, map->count);
}

/* The known key that the unknown one is the beginning of, as "password" is of "passwordFile". */
static const char *find_longer(const struct map *map, const char *key)
{
	for (size_t i = 0; i < map->count; i++)
		if (strlen(key) >= 3 && text_starts(map->fields[i].key, key))
			return map->fields[i].key;

	return NULL;
}

const char *typo_nearest(const struct map *map, const char *key)
{
	const char *near = suggest(map, key);

	return near ? near : find_longer(map, key);
}

static bool fits(const struct field *field, const struct tree *value)
{
	switch (field->type) {
	case FIELD_MAP:
	case FIELD_DEFAULTS: return value->kind == TREE_MAP;
	case FIELD_MAPS:
	case FIELD_TEXTS:
	case FIELD_STRINGS: return value->kind == TREE_LIST;
	default: return value->kind == TREE_TEXT;
	}
}

/* A key that has its place elsewhere is not mistyped, unless it only lacks its end here. */
static const struct field *guess(const struct map *map, const struct tree *tree,
				 const struct tree_entry *entry)
{
	const char *home, *near = suggest(map, entry->key);
	const struct field *field = near ? map_find(map, near) : NULL;

	if (!field || tree_find(tree, near))
		return NULL;
	if (map_find_below(map, entry->key, &home) &&
	    !(text_starts(near, entry->key) && fits(field, entry->value)))
		return NULL;

	return field;
}

static struct tree *copy(const struct tree *tree, struct arena *arena)
{
	struct tree *copied = arena_alloc(arena, 1, sizeof(*copied));

	*copied = *tree;
	copied->entries = arena_alloc(arena, tree->count, sizeof(*copied->entries));
	for (size_t i = 0; i < tree->count; i++)
		copied->entries[i] = tree->entries[i];
	return copied;
}

static const struct tree *repair_value(const struct field *field, const struct tree *value,
				       struct arena *arena)
{
	if (!field->map || value->kind != TREE_LIST)
		return field->map ? typo_repair(field->map, value, arena) : value;

	struct tree *list = copy(value, arena);

	for (size_t i = 0; i < list->count; i++)
		list->entries[i].value = typo_repair(field->map, list->entries[i].value, arena);
	return list;
}

const struct tree *typo_repair(const struct map *map, const struct tree *tree, struct arena *arena)
{
	if (tree->kind != TREE_MAP)
		return tree;

	struct tree *repaired = copy(tree, arena);

	for (size_t i = 0; i < repaired->count; i++) {
		struct tree_entry *entry = &repaired->entries[i];
		const struct field *field = map_find(map, entry->key);

		if (!field && (field = guess(map, repaired, entry))) {
			struct tree *bad = arena_alloc(arena, 1, sizeof(*bad));

			*bad = (struct tree){ .kind = TREE_BAD, .at = entry->value->at };
			entry->typed = entry->key;
			entry->key = field->key;
			entry->value = fits(field, entry->value) ? entry->value : bad;
		}
		if (field)
			entry->value = repair_value(field, entry->value, arena);
	}

	return repaired;
}

bool typo_explains(const struct map *map, const struct tree *tree, const struct field *missing)
{
	for (size_t i = 0; i < tree->count; i++)
		if (!map_find(map, tree->entries[i].key) && fits(missing, tree->entries[i].value))
			return true;

	return false;
}
