/* SPDX-License-Identifier: Apache-2.0 */
#include "config/hide.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "config/cluster.h"
#include "util/alloc.h"
#include "util/file.h"
#include "util/text.h"

/* Who writes "password: ..." does not want to see it again in a log of CI. */
static bool sounds_secret(const char *text)
{
	static const char *const words[] = { "pass", "secret", "token",   "psk",
					     "key",  "cred",   "private", "identity" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcasestr(text, words[i]))
			return true;

	return false;
}

/* "~/keys" or "keys.txt", but neither a key nor "token.0123456789abcdef". */
static bool looks_like_path(const char *text)
{
	enum { MAX_EXTENSION = 8 };
	const char *dot = strrchr(text, '.');
	size_t len = dot ? strlen(dot + 1) : 0;

	if (strchr("/~.", *text))
		return true;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)dot[i + 1]))
			return false;

	return len > 0 && len <= MAX_EXTENSION;
}

static bool may_be_secret(const struct decoder *d, const struct field *field, const char *text)
{
	AUTOFREE char *path = file_resolve(text, d->directory);

	if (!(field->flags & FIELD_OF_KEYS) && !(field->flags & FIELD_PATH))
		return true;
	if (access(path, F_OK) == 0)
		return false;
	if (field->flags & FIELD_SECRET)
		return true;
	return !looks_like_path(text) && !cluster_is_public_key(text);
}

void hide_value(const struct decoder *d, const struct field *field, const struct tree *tree)
{
	if (!(field->flags & (FIELD_SECRET | FIELD_OF_KEYS)))
		return;
	if (tree->kind == TREE_BAD ||
	    (tree->kind == TREE_TEXT && may_be_secret(d, field, tree->text)))
		diags_hide(d->diags, &tree->at);

	for (size_t i = 0; i < tree->count; i++) {
		if (tree->kind == TREE_MAP)
			diags_hide(d->diags, &tree->entries[i].key_at);
		hide_value(d, field, tree->entries[i].value);
	}
}

void hide_unknown(const struct decoder *d, const struct tree_entry *entry)
{
	static const struct field secret = { .flags = FIELD_SECRET };

	if (sounds_secret(entry->typed ? entry->typed : entry->key))
		hide_value(d, &secret, entry->value);
}

void hide_content(const struct decoder *d, const struct map *map, const struct tree *tree)
{
	static const struct field secret = { .flags = FIELD_SECRET };
	const struct tree_entry *mark = tree_find(tree, "secret");

	if (!mark || (mark->value->kind == TREE_TEXT && strcmp(mark->value->text, "false") == 0))
		return;

	for (size_t i = 0; i < map->count; i++) {
		const struct tree_entry *entry = tree_find(tree, map->fields[i].key);

		if (entry && map->fields[i].type == FIELD_CONTENT)
			hide_value(d, &secret, entry->value);
	}
}

/* A value may go on in the lines below, as far as they are indented more than its key. */
void hide_lines(const struct source *source, struct diags *diags)
{
	struct location at = { .source = source };
	size_t key = SIZE_MAX;
	struct line line;

	for (const char *pos = buf_text(&source->text); text_next_line(&pos, &line);) {
		AUTOFREE char *text = xstrndup(line.start, line.len);
		size_t indent = strspn(text, " -");

		at.line++;
		if (text[indent] && indent <= key)
			key = sounds_secret(text) ? indent : SIZE_MAX;
		if (key != SIZE_MAX)
			diags_hide(diags, &at);
	}
}
