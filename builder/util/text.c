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

size_t text_character(const char *text, uint32_t *ret)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const uint8_t *p = (const uint8_t *)text;
	size_t len = p[0] < 0x80 ? 1 : p[0] < 0xc0 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	uint32_t value = len == 1 ? p[0] : p[0] & (0x7fU >> len);

	if (len == 0 || p[0] >= 0xf8)
		return 0;

	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (p[i] & 0x3fU);
	}

	if (value < smallest[len] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;

	*ret = value;
	return len;
}

/* Control characters, ends of lines, and what turns the direction of writing round. */
static bool is_printable(uint32_t c)
{
	return c >= ' ' && (c < 0x7f || c > 0x9f) && c != 0x61c && c != 0x200e && c != 0x200f &&
	       (c < 0x2028 || c > 0x202e) && (c < 0x2066 || c > 0x2069);
}

void text_make_printable(char *text)
{
	char *to = text;

	for (size_t len; *text; text += len ? len : 1) {
		uint32_t c;

		len = text_character(text, &c);
		if (len && is_printable(c)) {
			memmove(to, text, len);
			to += len;
		} else {
			*to++ = '?';
		}
	}
	*to = '\0';
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
