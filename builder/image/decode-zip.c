/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A zip is read from its end, where its directory is.  To hash it in one pass all the
 * same, its end is read first and kept, and what lies before it is only read onwards:
 * libarchive asks for the files in the order in which they lie there.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>

#include "image/decode-parts.h"
#include "util/alloc.h"
#include "util/file.h"
#include "util/text.h"

enum {
	/** The end that is kept: the directory of a thousand files, or the longest comment. */
	TAIL = 128 << 10,
	/** Size of the record at the end, without the comment behind it (APPNOTE 4.3.16). */
	END_RECORD = 22,
	/** As many entries as that record can say, or more. */
	MANY = 0xffff,
};

/** A zip that libarchive reads. */
struct zip {
	struct source *source;
	struct sink *sink;
	/** Only names and sizes are wanted: read wherever it asks, hash nothing. */
	bool looking;
	/** Where libarchive reads next. */
	uint64_t pos;
	/** The end of the file; owned. */
	uint8_t *tail;
	uint64_t tail_pos;
	size_t tail_len;
	/** Files and directories in it, by the record at its end; MANY says no number. */
	unsigned entries;
	/** What was read last of the rest; in the source. */
	uint64_t window_pos;
	size_t window_len;
	/** Name of the image, once it was met; owned. */
	char *name;
	/** What a callback failed with. */
	struct error err;
};

DEFINE_CLEANUP(struct archive *, archive_read_free)
#define AUTOARCHIVE CLEANUP(archive_read_freep)

static int read_window(struct zip *zip)
{
	struct source *source = zip->source;
	uint64_t rest = zip->tail_pos - zip->pos;

	if (zip->looking) {
		zip->window_pos = zip->pos;
		zip->window_len = rest < 4096 ? (size_t)rest : 4096;
		int r = file_read_at(source->fd, source->chunk, zip->window_len, zip->pos);
		return r < 0 ? error_set_errno(&zip->err, r, "read") : 0;
	}

	if (zip->pos < zip->window_pos)
		return error_set(&zip->err, -EINVAL,
				 "the zip is not in the order of its files, or has too many");
	while (zip->pos >= zip->window_pos + zip->window_len) {
		source->left = 0;
		int r = source_fill(source, &zip->err);
		if (r < 0)
			return r;
		zip->window_len = source->left;
		zip->window_pos = source->pos - source->left;
	}
	return 0;
}

static la_ssize_t read_zip(struct archive *archive, void *arg, const void **ret)
{
	struct zip *zip = arg;
	size_t len;

	(void)archive;
	if (zip->pos >= zip->tail_pos) {
		size_t skip = (size_t)(zip->pos - zip->tail_pos);

		*ret = zip->tail + skip;
		len = zip->tail_len - skip;
	} else {
		if ((zip->pos < zip->window_pos || zip->pos >= zip->window_pos + zip->window_len) &&
		    read_window(zip) < 0)
			return ARCHIVE_FATAL;

		size_t skip = (size_t)(zip->pos - zip->window_pos);
		*ret = zip->source->chunk + skip;
		len = zip->window_len - skip;
	}

	zip->pos += len;
	return (la_ssize_t)len;
}

static la_int64_t seek_zip(struct archive *archive, void *arg, la_int64_t offset, int whence)
{
	struct zip *zip = arg;
	int64_t size = (int64_t)zip->source->size;
	int64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? (int64_t)zip->pos : size;

	(void)archive;
	if (offset < -base || offset > size - base)
		return ARCHIVE_FATAL;

	zip->pos = (uint64_t)(base + offset);
	return base + offset;
}

static int failed(struct zip *zip, struct archive *archive, struct error *err)
{
	if (zip->err.code) {
		*err = zip->err;
		zip->err = ERROR_NONE;
		return err->code;
	}

	const char *why = archive_error_string(archive);
	return error_set(err, -EBADMSG, "the zip cannot be read (%s)", why ? why : "no reason");
}

/* Directories, and what macOS packs beside a file. */
static bool is_ignored(struct archive_entry *entry, const char *name)
{
	const char *slash = strrchr(name, '/');
	const char *base = slash ? slash + 1 : name;

	return archive_entry_filetype(entry) == AE_IFDIR || text_starts(name, "__MACOSX/") ||
	       text_starts(base, "._") || strcmp(base, ".DS_Store") == 0;
}

static char *entry_name(struct archive_entry *entry)
{
	const char *name = archive_entry_pathname_utf8(entry);

	if (!name)
		name = archive_entry_pathname(entry);
	char *copy = xstrdup(name ? name : "?");
	text_make_printable(copy);
	return copy;
}

static int decode_entry(struct zip *zip, struct archive *archive, struct error *err)
{
	for (;;) {
		size_t room;
		void *to = sink_room(zip->sink, &room);

		la_ssize_t n = archive_read_data(archive, to, room);
		if (n < 0)
			return failed(zip, archive, err);
		if (n == 0)
			return 0;

		int r = sink_add(zip->sink, (size_t)n, err);
		if (r < 0)
			return r;
	}
}

static int take_entry(struct zip *zip, struct archive *archive, struct archive_entry *entry,
		      struct error *err)
{
	AUTOFREE char *name = entry_name(entry);

	if (is_ignored(entry, name))
		return 0;
	if (archive_entry_filetype(entry) != AE_IFREG)
		return error_set(err, -EINVAL, "'%s' in the zip is not a regular file", name);
	if (archive_entry_is_encrypted(entry))
		return error_set(err, -EINVAL, "'%s' in the zip is encrypted", name);
	if (zip->name)
		return error_set(err, -EINVAL, "the zip holds more than one file: '%s' and '%s'",
				 zip->name, name);

	int r = 0;
	zip->name = TAKE(name);
	if (archive_entry_size_is_set(entry))
		r = sink_expect(zip->sink, (uint64_t)archive_entry_size(entry), err);
	return r < 0 || zip->looking ? r : decode_entry(zip, archive, err);
}

static int no_image(struct error *err)
{
	return error_set(err, -EINVAL, "the zip holds no image");
}

/* Over all files of the zip. */
static int walk(struct zip *zip, bool looking, struct error *err)
{
	AUTOARCHIVE struct archive *archive = archive_read_new();
	struct archive_entry *entry;
	unsigned count = 0;
	int r;

	zip->looking = looking;
	zip->pos = zip->window_pos = zip->window_len = 0;
	free(zip->name);
	zip->name = NULL;

	archive_read_support_format_zip_seekable(archive);
	archive_read_set_read_callback(archive, read_zip);
	archive_read_set_seek_callback(archive, seek_zip);
	archive_read_set_callback_data(archive, zip);
	if (archive_read_open1(archive) != ARCHIVE_OK)
		return failed(zip, archive, err);

	/* A warning is about a name. */
	while ((r = archive_read_next_header(archive, &entry)) != ARCHIVE_EOF) {
		if (r < ARCHIVE_WARN)
			return failed(zip, archive, err);
		r = take_entry(zip, archive, entry, err);
		if (r < 0)
			return r;
		count++;
	}

	/* It takes damage in the directory for its end. */
	if (zip->entries < MANY && count != zip->entries)
		return decode_damaged(DECODE_ZIP, "its directory", err);
	return zip->name ? 0 : no_image(err);
}

/* libarchive does not mind what is behind the record at the end, nor what it counts. */
static int check_end(struct zip *zip, struct error *err)
{
	static const uint8_t magic[] = { 'P', 'K', 5, 6 };
	bool trailing = false;

	for (size_t rest = END_RECORD; rest <= zip->tail_len; rest++) {
		const uint8_t *end = zip->tail + zip->tail_len - rest;
		size_t len = END_RECORD + end[20] + ((size_t)end[21] << 8);

		if (memcmp(end, magic, sizeof(magic)) != 0)
			continue;
		zip->entries = end[10] + ((unsigned)end[11] << 8);
		if (len == rest)
			return zip->entries ? 0 : no_image(err);
		trailing |= len < rest;
	}

	return trailing ? decode_trailing(DECODE_ZIP, err) : decode_truncated(DECODE_ZIP, err);
}

static int read_tail(struct zip *zip, struct error *err)
{
	struct source *source = zip->source;

	zip->tail_len = source->size < TAIL ? (size_t)source->size : TAIL;
	zip->tail_pos = source->end = source->size - zip->tail_len;
	zip->tail = xcalloc(1, zip->tail_len);

	int r = file_read_at(source->fd, zip->tail, zip->tail_len, zip->tail_pos);
	return r < 0 ? error_set_errno(err, r, "read") : check_end(zip, err);
}

/* What libarchive did not ask for. */
static int pass_rest(struct zip *zip, struct error *err)
{
	struct source *source = zip->source;

	while (source->pos < source->end) {
		source->left = 0;
		int r = source_fill(source, err);
		if (r < 0)
			return r;
	}

	return source_passed(source, zip->tail, zip->tail_len, err);
}

int decode_zip(struct source *source, struct sink *sink, struct error *err)
{
	struct zip zip = { .source = source, .sink = sink };

	int r = read_tail(&zip, err);
	if (r == 0)
		r = walk(&zip, true, err);
	if (r == 0)
		r = walk(&zip, false, err);
	if (r == 0)
		r = pass_rest(&zip, err);

	error_clear(&zip.err);
	free(zip.tail);
	free(zip.name);
	return r;
}
