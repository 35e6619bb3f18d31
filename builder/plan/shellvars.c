/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/shellvars.h"

#include <stdbool.h>
#include <string.h>

#include "util/alloc.h"
#include "util/text.h"

static bool assigns(const struct line *line, const char *name)
{
	size_t len = strlen(name);

	return line->len > len && memcmp(line->start, name, len) == 0 && line->start[len] == '=';
}

/* os-release knows quotes of both kinds, and backslashes before what a shell would expand. */
static char *unquoted(const char *start, size_t len)
{
	AUTOBUF struct buf value = { 0 };
	char quote = '\0';

	for (size_t i = 0; i < len; i++) {
		char c = start[i];

		if (quote && c == quote)
			quote = '\0';
		else if (!quote && (c == '"' || c == '\''))
			quote = c;
		else if (c == '\\' && quote != '\'' && i + 1 < len)
			buf_add(&value, &start[++i], 1);
		else if (c != '\r')
			buf_add(&value, &c, 1);
	}

	return xstrdup(buf_text(&value));
}

char *shellvars_get(const char *text, const char *name)
{
	AUTOFREE char *value = NULL;
	size_t len = strlen(name);
	struct line line;

	while (text_next_line(&text, &line)) {
		if (!assigns(&line, name))
			continue;
		free(value);
		value = unquoted(line.start + len + 1, line.len - len - 1);
	}

	return TAKE(value);
}

void shellvars_set(const char *text, const char *name, const char *value, char **ret)
{
	AUTOBUF struct buf out = { 0 };
	bool done = false;
	struct line line;

	while (text_next_line(&text, &line)) {
		if (!assigns(&line, name)) {
			buf_add(&out, line.start, line.len);
			buf_adds(&out, "\n");
		} else if (!done) {
			buf_addf(&out, "%s=%s\n", name, value);
			done = true;
		}
	}
	if (!done)
		buf_addf(&out, "%s=%s\n", name, value);

	*ret = xstrdup(buf_text(&out));
}

void shellvars_add(struct buf *buf, const char *name, const char *value)
{
	buf_addf(buf, "%s='", name);
	for (; *value; value++) {
		if (*value == '\'')
			buf_adds(buf, "'\\''");
		else
			buf_add(buf, value, 1);
	}
	buf_adds(buf, "'\n");
}
