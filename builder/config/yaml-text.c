/* SPDX-License-Identifier: Apache-2.0 */
#include "config/yaml-text.h"

#include <stdint.h>
#include <string.h>

#include "config/yaml.h"
#include "util/text.h"

static const char byte_order_mark[] = "\xef\xbb\xbf";

static size_t text_start(const struct source *source)
{
	return strncmp(buf_text(&source->text), byte_order_mark, 3) == 0 ? 3 : 0;
}

/* What YAML 1.1 calls printable, section 5.1. */
static bool printable(uint32_t c)
{
	if (c < ' ')
		return c == '\t' || c == '\n' || c == '\r';

	return c != 0x7f && (c < 0x80 || c > 0x9f || c == 0x85) && c != 0xfeff && c != 0xfffe &&
	       c != 0xffff;
}

static bool refuse(struct yaml_cursor *cursor, struct diags *diags, const char *what)
{
	struct location at = { .source = cursor->source,
			       .line = cursor->line,
			       .column = (unsigned)(cursor->bytes - cursor->line_start) + 1,
			       .length = 1 };

	diag_error(diags, &at, "%s", what);
	return false;
}

static void step(struct yaml_cursor *cursor, size_t len)
{
	bool newline = buf_text(&cursor->source->text)[cursor->bytes] == '\n';

	cursor->bytes += len;
	cursor->characters++;
	if (newline) {
		cursor->line++;
		cursor->line_start = cursor->bytes;
	}
}

bool yaml_text_check(const struct source *source, struct diags *diags)
{
	struct yaml_cursor cursor = yaml_cursor_start(source);
	const char *text = buf_text(&source->text);

	if (source->text.len > YAML_MAX_SIZE) {
		struct location at = { .source = source };

		diag_error(diags, &at, "file is larger than %zu KiB", YAML_MAX_SIZE / 1024);
		return false;
	}

	while (cursor.bytes < source->text.len) {
		uint32_t value = 0;
		size_t len = text_character(text + cursor.bytes, &value);

		if (len == 0)
			return refuse(&cursor, diags, "this is not UTF-8 text");
		if (!printable(value))
			return refuse(&cursor, diags, "control characters are not allowed");
		step(&cursor, len);
	}

	return true;
}

bool yaml_text_has_control(const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < ' ' || c == 0x7f)
			return true;
		/* U+0080 to U+009f, which terminals may obey too. */
		if (c == 0xc2 && (unsigned char)text[1] < 0xa0)
			return true;
	}

	return false;
}

struct yaml_cursor yaml_cursor_start(const struct source *source)
{
	return (struct yaml_cursor){ .source = source, .bytes = text_start(source), .line = 1 };
}

struct location yaml_cursor_seek(struct yaml_cursor *cursor, size_t to)
{
	size_t end = cursor->source->text.len;

	if (to < cursor->characters)
		*cursor = yaml_cursor_start(cursor->source);

	while (cursor->characters < to && cursor->bytes < end) {
		uint32_t value;
		size_t len =
			text_character(buf_text(&cursor->source->text) + cursor->bytes, &value);

		step(cursor, len ? len : 1);
	}

	return (struct location){ .source = cursor->source,
				  .line = cursor->line,
				  .column = (unsigned)(cursor->bytes - cursor->line_start) + 1,
				  .length = 1 };
}

unsigned yaml_cursor_word(const struct yaml_cursor *cursor)
{
	return (unsigned)strcspn(buf_text(&cursor->source->text) + cursor->bytes, " \t\r\n,[]{}");
}

unsigned yaml_cursor_tab(const struct yaml_cursor *cursor, unsigned column)
{
	const char *line = buf_text(&cursor->source->text) + cursor->line_start;
	size_t tab = strspn(line, " ");

	if (line[tab] == '\t')
		return (unsigned)tab + 1;
	return cursor->bytes < cursor->source->text.len && line[column - 1] == '\t' ? column : 0;
}
