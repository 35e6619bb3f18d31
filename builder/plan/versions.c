/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/versions.h"

#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"
#include "util/text.h"

enum { COLUMNS = 3, MAX_LINES = 256 };

/* Up to COLUMNS words of a line; the number of words that it has. */
static size_t split(const struct line *line, char *ret[static COLUMNS])
{
	const char *pos = line->start, *end = line->start + line->len;
	size_t n = 0;

	for (;;) {
		while (pos < end && strchr(" \t\r", *pos))
			pos++;
		if (pos == end)
			return n;

		const char *word = pos;
		while (pos < end && !strchr(" \t\r", *pos))
			pos++;
		if (n < COLUMNS)
			ret[n] = xstrndup(word, (size_t)(pos - word));
		n++;
	}
}

static void add_line(struct versions *versions, const struct line *line, const struct location *at,
		     struct diags *diags)
{
	char *words[COLUMNS] = { 0 };
	size_t n = split(line, words);

	if (n == COLUMNS && versions->count < MAX_LINES) {
		*ARRAY_ADD(versions->list, versions->count) = (struct version){
			.component = words[0],
			.for_cilium = words[1],
			.version = words[2],
		};
		return;
	}

	for (size_t i = 0; i < COLUMNS; i++)
		free(words[i]);
	if (n) {
		diag_error(diags, at, "not a line of the form COMPONENT FOR VERSION");
		diag_help(diags, "for instance: gateway-api 1.18 1.3.0");
	}
}

void versions_parse(const struct source *source, struct versions *ret, struct diags *diags)
{
	const char *pos = buf_text(&source->text);
	struct location at = { .source = source, .column = 1 };
	struct line line;

	while (text_next_line(&pos, &line)) {
		at.line++;
		if (line.len && line.start[0] == '#')
			continue;
		at.length = (unsigned)line.len;
		add_line(ret, &line, &at, diags);
	}
}

const char *versions_find(const struct versions *versions, const char *component,
			  const char *for_cilium)
{
	for (size_t i = 0; i < versions->count; i++) {
		const struct version *v = &versions->list[i];

		if (strcmp(v->component, component) == 0 && strcmp(v->for_cilium, for_cilium) == 0)
			return v->version;
	}

	return NULL;
}

void versions_free(struct versions *versions)
{
	for (size_t i = 0; i < versions->count; i++) {
		free(versions->list[i].component);
		free(versions->list[i].for_cilium);
		free(versions->list[i].version);
	}
	free(versions->list);
	*versions = (struct versions){ 0 };
}
