/* SPDX-License-Identifier: Apache-2.0 */
#include "config/yaml.h"

#include <string.h>
#include <yaml.h>

#include "config/yaml-text.h"
#include "util/alloc.h"

/* A document that is being read. */
struct reader {
	yaml_parser_t parser;
	struct yaml_cursor cursor;
	struct arena *arena;
	struct diags *diags;
	unsigned nodes, depth;
};

#define AUTOEVENT CLEANUP(yaml_event_delete)

static struct location place(struct reader *r, const yaml_mark_t *mark)
{
	return yaml_cursor_seek(&r->cursor, mark->index);
}

/* From one mark to another, as far as it is on one line. */
static struct location span(struct reader *r, const yaml_mark_t *start, const yaml_mark_t *end)
{
	struct location at = place(r, start);
	struct location to = place(r, end);

	at.length = to.line == at.line ? to.column - at.column : YAML_REST_OF_LINE;
	return at;
}

static struct location word(struct reader *r, const yaml_mark_t *mark)
{
	struct location at = place(r, mark);

	at.length = yaml_cursor_word(&r->cursor);
	return at;
}

/* What people usually did when libyaml says this. */
/* clang-format off */
static const struct {
	const char *problem, *help;
} advice[] = {
	{ "mapping values are not allowed in this context",
	  "text with ': ' in it needs quotes; if this is a key, check its indentation" },
	{ "could not find expected ':'", "a line of a mapping has the form 'key: value'" },
	{ "did not find expected key", "is the line indented like the ones it belongs to?" },
	{ "did not find expected '-' indicator", "is the line indented like the ones it belongs to?" },
	{ "did not find expected ',' or ']'", "a list has the form '[a, b]'" },
	{ "did not find expected ',' or '}'", "a mapping has the form '{a: 1, b: 2}'" },
	{ "found character that cannot start any token", "text that begins with a special character needs quotes" },
	{ "found unexpected end of stream", "is a closing quote missing?" },
	{ "found unknown escape character", "backslashes are taken as they are in single quotes" },
};
/* clang-format on */

/* Only block indentation can be meant: within brackets libyaml takes a tab as a space. */
static bool tab_error(struct reader *r, const yaml_mark_t *mark)
{
	struct location at = place(r, mark);
	unsigned tab = yaml_cursor_tab(&r->cursor, at.column);

	if (!tab)
		return false;

	at.column = tab;
	at.length = 1;
	diag_error(r->diags, &at, "a tab is used for indentation");
	diag_help(r->diags, "indent with spaces");
	return true;
}

static void syntax_error(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;
	const char *problem = p->problem ? p->problem : "not readable";
	bool open_end = strcmp(problem, "found unexpected end of stream") == 0;
	struct location at = place(r, open_end ? &p->context_mark : &p->problem_mark);

	if (tab_error(r, &p->problem_mark))
		return;

	diag_error(r->diags, &at, "not valid YAML: %s", problem);
	for (size_t i = 0; i < ARRAY_SIZE(advice); i++) {
		if (strcmp(advice[i].problem, problem) != 0)
			continue;
		if (!open_end && p->context && strstr(p->context, "flow"))
			diag_help(r->diags, "%s; this one begins in line %u", advice[i].help,
				  place(r, &p->context_mark).line);
		else
			diag_help(r->diags, "%s", advice[i].help);
	}
}

static bool next(struct reader *r, yaml_event_t *event)
{
	if (yaml_parser_parse(&r->parser, event))
		return true;

	syntax_error(r);
	return false;
}

static const struct tree *parse_node(struct reader *r, const yaml_event_t *event);

static const struct tree *finish(struct reader *r, struct tree *tree,
				 const struct tree_entry *entries)
{
	tree->entries = arena_alloc(r->arena, tree->count, sizeof(*entries));
	if (tree->count)
		memcpy(tree->entries, entries, tree->count * sizeof(*entries));
	r->depth--;
	return tree;
}

static const struct tree *parse_list(struct reader *r, struct tree *tree)
{
	AUTOFREE struct tree_entry *entries = NULL;

	for (;;) {
		AUTOEVENT yaml_event_t event = { 0 };

		if (!next(r, &event))
			return NULL;
		if (event.type == YAML_SEQUENCE_END_EVENT)
			return finish(r, tree, entries);

		const struct tree *value = parse_node(r, &event);
		if (!value)
			return NULL;
		*ARRAY_ADD(entries, tree->count) = (struct tree_entry){ .value = value };
	}
}

static int by_key(const void *a, const void *b)
{
	const struct tree_entry *x = *(const struct tree_entry *const *)a;
	const struct tree_entry *y = *(const struct tree_entry *const *)b;
	int order = strcmp(x->key, y->key);

	return order ? order : (x > y) - (x < y);
}

/* Sorted, because a mapping may have very many keys. */
static void check_duplicates(struct reader *r, const struct tree_entry *entries, size_t count)
{
	AUTOFREE const struct tree_entry **sorted = xcalloc(count, sizeof(struct tree_entry *));

	for (size_t i = 0; i < count; i++)
		sorted[i] = &entries[i];
	qsort(sorted, count, sizeof(struct tree_entry *), by_key);

	for (size_t i = 1; i < count; i++) {
		if (strcmp(sorted[i - 1]->key, sorted[i]->key) != 0)
			continue;
		diag_error(r->diags, &sorted[i]->key_at, "duplicate key '%s'", sorted[i]->key);
		diag_help(r->diags, "it is given in line %u already", sorted[i - 1]->key_at.line);
	}
}

/* May this be a key?  If not, its value is read and dropped. */
static bool check_key(struct reader *r, const struct tree *key)
{
	if (key->kind == TREE_BAD)
		return false;

	if (key->kind != TREE_TEXT || !*key->text || strlen(key->text) > YAML_MAX_KEY ||
	    yaml_text_has_control(key->text)) {
		diag_error(r->diags, &key->at, "this cannot be a key");
		diag_help(r->diags, "keys are short names; text with braces in it needs quotes");
		return false;
	}

	if (key->plain && strcmp(key->text, "<<") == 0) {
		diag_error(r->diags, &key->at, "merge keys are not supported");
		diag_help(r->diags, "write the keys out; 'defaults:' is merged under every node");
		return false;
	}

	return true;
}

static const struct tree *parse_map(struct reader *r, struct tree *tree, bool block)
{
	AUTOFREE struct tree_entry *entries = NULL;

	for (;;) {
		AUTOEVENT yaml_event_t key_event = { 0 }, event = { 0 };

		if (!next(r, &key_event))
			return NULL;
		if (key_event.type == YAML_MAPPING_END_EVENT) {
			check_duplicates(r, entries, tree->count);
			return finish(r, tree, entries);
		}

		const struct tree *key = parse_node(r, &key_event);
		if (!key || !next(r, &event))
			return NULL;

		const struct tree *value = parse_node(r, &event);
		if (!value)
			return NULL;

		/* A block mapping has no bracket: its first key stands for it. */
		if (block && !tree->count)
			tree->at.length = key->at.length;
		if (!check_key(r, key)) {
			tree->partial = true;
			continue;
		}
		*ARRAY_ADD(entries, tree->count) =
			(struct tree_entry){ .key = key->text, .key_at = key->at, .value = value };
	}
}

static bool enter(struct reader *r, const struct tree *tree)
{
	if (++r->depth <= YAML_MAX_DEPTH)
		return true;

	diag_error(r->diags, &tree->at, "nested more than %d deep", YAML_MAX_DEPTH);
	return false;
}

static void refuse_properties(struct reader *r, const yaml_event_t *event, const void *anchor,
			      const void *tag)
{
	struct location at;

	if (!anchor && !tag)
		return;

	at = word(r, &event->start_mark);
	diag_error(r->diags, &at, anchor ? "anchors are not supported" : "tags are not supported");
	diag_help(r->diags,
		  anchor ? "write the value out where it is needed; 'defaults:' is merged "
			   "under every node"
			 : "quoted values are text, and nib knows the type of every key");
}

static const struct tree *parse_text(struct reader *r, const yaml_event_t *event, struct tree *tree)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length;

	refuse_properties(r, event, event->data.scalar.anchor, event->data.scalar.tag);
	tree->at = span(r, &event->start_mark, &event->end_mark);
	if (memchr(text, '\0', len)) {
		diag_error(r->diags, &tree->at, "text contains a 0 byte");
		tree->kind = TREE_BAD;
		return tree;
	}

	tree->kind = TREE_TEXT;
	tree->text = arena_strndup(r->arena, text, len);
	tree->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	return tree;
}

static const struct tree *parse_node(struct reader *r, const yaml_event_t *event)
{
	struct tree *tree = arena_alloc(r->arena, 1, sizeof(*tree));

	tree->at = place(r, &event->start_mark);
	if (++r->nodes > YAML_MAX_NODES) {
		diag_error(r->diags, &tree->at, "more than %d keys and values", YAML_MAX_NODES);
		return NULL;
	}

	switch (event->type) {
	case YAML_SCALAR_EVENT: return parse_text(r, event, tree);
	case YAML_SEQUENCE_START_EVENT:
		tree->kind = TREE_LIST;
		refuse_properties(r, event, event->data.sequence_start.anchor,
				  event->data.sequence_start.tag);
		return enter(r, tree) ? parse_list(r, tree) : NULL;
	case YAML_MAPPING_START_EVENT:
		tree->kind = TREE_MAP;
		refuse_properties(r, event, event->data.mapping_start.anchor,
				  event->data.mapping_start.tag);
		return enter(r, tree) ? parse_map(r, tree,
						  event->data.mapping_start.style !=
							  YAML_FLOW_MAPPING_STYLE)
				      : NULL;
	default:
		tree->at = word(r, &event->start_mark);
		diag_error(r->diags, &tree->at, "aliases are not supported");
		diag_help(r->diags, "write the value out; 'defaults:' is merged under every node");
		return tree;
	}
}

static const struct tree *parse_document(struct reader *r)
{
	AUTOEVENT yaml_event_t stream = { 0 }, document = { 0 }, root = { 0 };

	if (!next(r, &stream) || !next(r, &document))
		return NULL;

	if (document.type == YAML_STREAM_END_EVENT) {
		struct location at = { .source = r->cursor.source };

		diag_error(r->diags, &at, "file is empty");
		return NULL;
	}

	return next(r, &root) ? parse_node(r, &root) : NULL;
}

static bool check_end(struct reader *r)
{
	AUTOEVENT yaml_event_t end = { 0 }, further = { 0 };
	struct location at;

	if (!next(r, &end) || !next(r, &further))
		return false;

	if (further.type == YAML_STREAM_END_EVENT)
		return true;

	at = span(r, &further.start_mark, &further.end_mark);
	diag_error(r->diags, &at, "a second document begins here");
	diag_help(r->diags, "one file describes one cluster");
	return false;
}

static const struct tree *parse_stream(struct reader *r, const struct buf *text)
{
	size_t start = r->cursor.bytes;

	yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r->parser, (const unsigned char *)buf_text(text) + start,
				     text->len - start);

	const struct tree *tree = parse_document(r);
	return tree && check_end(r) ? tree : NULL;
}

const struct tree *yaml_parse(const struct source *source, struct arena *arena, struct diags *diags)
{
	struct reader r = { .arena = arena, .diags = diags, .cursor = yaml_cursor_start(source) };

	if (!yaml_text_check(source, diags))
		return NULL;

	if (!yaml_parser_initialize(&r.parser)) {
		diag_error(diags, NULL, "no memory for the YAML parser");
		return NULL;
	}

	const struct tree *tree = parse_stream(&r, &source->text);
	yaml_parser_delete(&r.parser);
	return tree;
}
