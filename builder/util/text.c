/* SPDX-License-Identifier: Apache-2.0 */
#include "util/text.h"

#include <ctype.h>
#include <string.h>

#include "util/alloc.h"

bool text_next_line(const char **pos, struct line *ret)
{
	if (**pos == '\0')
		return false;

	size_t len = strcspn(*pos, "\n");

	*ret = (struct line){ .start = *pos, .len = len };
	*pos += len + ((*pos)[len] == '\n');
	return true;
}

bool line_is(const struct line *line, const char *text)
{
	return strlen(text) == line->len && memcmp(line->start, text, line->len) == 0;
}

bool text_starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool text_ends(const char *text, const char *suffix)
{
	size_t len = strlen(text), n = strlen(suffix);

	return len >= n && strcmp(text + len - n, suffix) == 0;
}

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* Levenshtein distance, case ignored: "podsubnet" is near to "podSubnet". */
static size_t distance(const char *a, const char *b)
{
	size_t n = strlen(b);
	AUTOFREE size_t *row = xcalloc(n + 1, sizeof(*row));

	for (size_t j = 0; j <= n; j++)
		row[j] = j;

	for (size_t i = 0; a[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 1; j <= n; j++) {
			bool differ =
				tolower((unsigned char)a[i]) != tolower((unsigned char)b[j - 1]);
			size_t best = min3(row[j] + 1, row[j - 1] + 1, diagonal + differ);

			diagonal = row[j];
			row[j] = best;
		}
	}

	return row[n];
}

const char *text_suggest(const char *word, const char *const *candidates, size_t count)
{
	const char *best = NULL;
	size_t best_distance = (strlen(word) + 2) / 3;

	/* Nothing a person mistyped is that long, and the search is quadratic. */
	if (strlen(word) > 64)
		return NULL;

	for (size_t i = 0; i < count; i++) {
		size_t d = distance(word, candidates[i]);

		if (d < best_distance || (d == best_distance && !best)) {
			best = candidates[i];
			best_distance = d;
		}
	}

	return best;
}

bool text_parse_number(const char *text, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;

	if (!*text)
		return false;

	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;

		uint64_t digit = (uint64_t)(*text - '0');
		if (value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}

	if (value > max)
		return false;

	*ret = value;
	return true;
}

void text_make_printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

void text_add_quoted(struct buf *buf, const char *text)
{
	buf_adds(buf, "\"");
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			buf_addf(buf, "\\%c", c);
		else if (c == '\n')
			buf_adds(buf, "\\n");
		else if (c == '\t')
			buf_adds(buf, "\\t");
		else if (c < ' ' || c == 0x7f)
			buf_addf(buf, "\\u%04x", c);
		else
			buf_add(buf, text, 1);
	}
	buf_adds(buf, "\"");
}

void text_add_size(struct buf *buf, uint64_t bytes)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB" };
	double value = (double)bytes;
	size_t unit = 0;

	if (bytes < 1024) {
		buf_addf(buf, "%u B", (unsigned)bytes);
		return;
	}

	for (value /= 1024; value >= 1024 && unit + 1 < ARRAY_SIZE(units); unit++)
		value /= 1024;

	buf_addf(buf, value < 10 && value != (double)(unsigned)value ? "%.1f %s" : "%.0f %s", value,
		 units[unit]);
}
