/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/hosts.h"

#include <stdbool.h>
#include <string.h>

#include "plan/block.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/text.h"

static bool next_word(struct line *rest, struct line *ret)
{
	while (rest->len && strchr(" \t\r", *rest->start)) {
		rest->start++;
		rest->len--;
	}

	*ret = (struct line){ .start = rest->start };
	while (rest->len && !strchr(" \t\r", *rest->start)) {
		rest->start++;
		rest->len--;
		ret->len++;
	}

	return ret->len > 0;
}

static bool is_loopback(const struct line *address)
{
	return line_is(address, "::1") ||
	       (address->len > 4 && memcmp(address->start, "127.", 4) == 0);
}

static bool is_gone(const struct line *word, const char *const *gone)
{
	for (size_t i = 0; gone[i]; i++)
		if (line_is(word, gone[i]) && strcmp(gone[i], "localhost") != 0)
			return true;

	return false;
}

static bool mentions(struct line rest, const char *const *gone)
{
	struct line word;

	while (next_word(&rest, &word) && word.start[0] != '#')
		if (is_gone(&word, gone))
			return true;

	return false;
}

/* A loopback line without the names that are gone; nothing if no name is left. */
static void add_without(struct buf *out, struct line rest, const char *const *gone)
{
	AUTOBUF struct buf names = { 0 };
	struct line address, word;
	bool any = false;

	next_word(&rest, &address);
	for (struct line next = rest; next_word(&next, &word); rest = next) {
		if (word.start[0] == '#')
			break;
		if (is_gone(&word, gone))
			continue;
		buf_adds(&names, any ? " " : "\t");
		buf_add(&names, word.start, word.len);
		any = true;
	}
	if (!any)
		return;

	buf_add(out, address.start, address.len);
	buf_add(out, names.data, names.len);
	buf_add(out, rest.start, rest.len);
	buf_adds(out, "\n");
}

static void add_name(struct buf *out, const char *name, bool *named)
{
	if (!*named)
		buf_addf(out, "127.0.1.1\t%s\n", name);
	*named = true;
}

static void edit_line(struct buf *out, const struct line *line, const char *name,
		      const char *const *gone, bool *named)
{
	struct line rest = *line, address;
	bool entry = next_word(&rest, &address) && address.start[0] != '#';

	if (entry && line_is(&address, "127.0.1.1")) {
		add_name(out, name, named);
	} else if (entry && is_loopback(&address) && mentions(rest, gone)) {
		add_without(out, *line, gone);
	} else {
		buf_add(out, line->start, line->len);
		buf_adds(out, "\n");
	}
}

int hosts_set(const char *text, const char *name, const char *const *gone,
	      const struct hosts_entry *entries, size_t n_entries, char **ret, struct error *err)
{
	AUTOBUF struct buf out = { 0 }, body = { 0 };
	AUTOFREE char *foreign = NULL;
	bool named = false;
	struct line line;

	int r = block_set(text, "", &foreign, err);
	if (r < 0)
		return r;

	for (const char *pos = foreign; text_next_line(&pos, &line);)
		edit_line(&out, &line, name, gone, &named);
	add_name(&out, name, &named);

	for (size_t i = 0; i < n_entries; i++)
		buf_addf(&body, "%s\t%s\n", entries[i].address, entries[i].name);
	return block_set(buf_text(&out), buf_text(&body), ret, err);
}
