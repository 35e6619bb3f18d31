/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/configtxt.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "plan/block.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/text.h"

static int check_line(const char *line, struct error *err)
{
	for (const char *p = line; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return error_set(err, -EINVAL,
					 "line for config.txt contains a control character");

	return 0;
}

int configtxt_set(const char *text, const char *const *lines, char **ret, struct error *err)
{
	AUTOBUF struct buf body = { 0 };
	bool filtered = false;

	for (size_t i = 0; lines[i]; i++) {
		int r = check_line(lines[i], err);
		if (r < 0)
			return r;

		if (!body.len)
			buf_adds(&body, "[all]\n");
		buf_addf(&body, "%s\n", lines[i]);
		filtered = filtered || lines[i][0] == '[';
	}

	/* What people add below must not fall under a filter of ours. */
	if (filtered)
		buf_adds(&body, "[all]\n");

	return block_set(text, buf_text(&body), ret, err);
}

static struct line trimmed(struct line line)
{
	static const char blanks[] = " \t\r";

	while (line.len && strchr(blanks, line.start[0])) {
		line.start++;
		line.len--;
	}
	while (line.len && strchr(blanks, line.start[line.len - 1]))
		line.len--;

	return line;
}

static bool filter_applies(const struct line *line, const char *const *filters)
{
	struct line name = { .start = line->start + 1, .len = line->len - 2 };

	if (line_is(&name, "all"))
		return true;

	for (size_t i = 0; filters && filters[i]; i++)
		if (line_is(&name, filters[i]))
			return true;

	return false;
}

char *configtxt_get(const char *text, const char *const *filters, const char *key)
{
	AUTOFREE char *value = NULL;
	size_t len = strlen(key);
	bool applies = true;
	struct line line;

	while (text_next_line(&text, &line)) {
		line = trimmed(line);
		if (line.len >= 2 && line.start[0] == '[' && line.start[line.len - 1] == ']') {
			applies = filter_applies(&line, filters);
			continue;
		}
		if (!applies || line.len <= len || memcmp(line.start, key, len) != 0 ||
		    line.start[len] != '=')
			continue;

		free(value);
		value = xstrndup(line.start + len + 1, line.len - len - 1);
	}

	return TAKE(value);
}
