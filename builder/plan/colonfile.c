/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/colonfile.h"

#include <errno.h>
#include <string.h>

#include "util/alloc.h"
#include "util/text.h"

void colonfile_parse(struct colonfile *file, const char *text)
{
	struct line line;

	while (text_next_line(&text, &line))
		buf_add(ARRAY_ADD(file->rows, file->count), line.start, line.len);
}

void colonfile_format(const struct colonfile *file, struct buf *ret)
{
	for (size_t i = 0; i < file->count; i++) {
		buf_add(ret, file->rows[i].data, file->rows[i].len);
		buf_adds(ret, "\n");
	}
}

static unsigned count_fields(const struct buf *row)
{
	unsigned n = 1;

	for (size_t i = 0; i < row->len; i++)
		n += row->data[i] == ':';

	return n;
}

int colonfile_find(const struct colonfile *file, const char *name, struct buf **ret,
		   struct error *err)
{
	size_t len = strlen(name);

	*ret = NULL;
	for (size_t i = 0; i < file->count; i++) {
		struct buf *row = &file->rows[i];

		if (row->len <= len || memcmp(row->data, name, len) != 0 || row->data[len] != ':')
			continue;
		if (*ret)
			return error_set(err, -EINVAL, "'%s' has more than one line for '%s'",
					 file->path, name);
		*ret = row;
	}

	if (*ret && count_fields(*ret) != file->fields)
		return error_set(err, -EINVAL,
				 "'%s' has %u fields instead of %u in the line for '%s'",
				 file->path, count_fields(*ret), file->fields, name);
	return 0;
}

static struct line find_field(const struct buf *row, unsigned field)
{
	const char *p = buf_text(row);

	for (; field && *p; p++)
		field -= *p == ':';

	return (struct line){ .start = p, .len = field ? 0 : strcspn(p, ":") };
}

struct buf colonfile_get(const struct buf *row, unsigned field)
{
	struct line value = find_field(row, field);
	struct buf copy = { 0 };

	buf_add(&copy, value.start, value.len);
	return copy;
}

static int check_value(const struct colonfile *file, const char *value, struct error *err)
{
	/* The value itself is not quoted: it may be a password's hash. */
	for (const char *p = value; *p; p++)
		if (*p == ':' || (unsigned char)*p < ' ' || *p == 0x7f)
			return error_set(err, -EINVAL,
					 "a value for '%s' contains ':' or a control character",
					 file->path);

	return 0;
}

int colonfile_set(const struct colonfile *file, struct buf *row, unsigned field, const char *value,
		  struct error *err)
{
	struct line old = find_field(row, field);
	struct buf changed = { 0 };

	int r = check_value(file, value, err);
	if (r < 0)
		return r;

	buf_add(&changed, row->data, (size_t)(old.start - row->data));
	buf_adds(&changed, value);
	buf_adds(&changed, old.start + old.len);
	buf_free(row);
	*row = changed;
	return 0;
}

int colonfile_add(struct colonfile *file, const char *const *values, struct error *err)
{
	AUTOBUF struct buf row = { 0 };

	for (unsigned i = 0; i < file->fields; i++) {
		int r = check_value(file, values[i], err);
		if (r < 0)
			return r;
		buf_addf(&row, "%s%s", i ? ":" : "", values[i]);
	}

	*ARRAY_ADD(file->rows, file->count) = TAKE_BUF(row);
	return 0;
}

void colonfile_free(struct colonfile *file)
{
	for (size_t i = 0; i < file->count; i++)
		buf_free(&file->rows[i]);

	free(file->rows);
	file->rows = NULL;
	file->count = 0;
}
