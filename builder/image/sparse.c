/* SPDX-License-Identifier: Apache-2.0 */
#include "image/sparse.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "image/ranges.h"
#include "util/alloc.h"
#include "util/file.h"
#include "util/text.h"

enum {
	/** Zeros are looked for in pieces of this size, which a hole can have. */
	PIECE = 4096,
	/** Read at once; a multiple of the pieces. */
	CHUNK = 128 << 10,
	/** Writing to the disk is started after so many bytes. */
	STRIDE = 16 << 20,
};

bool sparse_is_zero(const void *data, size_t len)
{
	const char *bytes = data;

	return bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0;
}

/* How far the data goes on as it starts: all zeros, or none. */
static size_t run_length(const char *data, size_t len, bool *zero)
{
	size_t pos = 0;

	do {
		size_t piece = len - pos < PIECE ? len - pos : PIECE;
		bool is = sparse_is_zero(data + pos, piece);

		if (pos == 0)
			*zero = is;
		else if (is != *zero)
			break;
		pos += piece;
	} while (pos < len);

	return pos;
}

/* Without this all of it would wait in memory until fsync(); failing is harmless. */
static void start_writeback(struct sparse *to, uint64_t end)
{
	if (to->count_only || to->passing || end - to->started < STRIDE)
		return;

	(void)sync_file_range(to->fd, (off_t)to->started, (off_t)(end - to->started),
			      SYNC_FILE_RANGE_WRITE);
	to->started = end;
}

static void add_number(struct digest *digest, uint64_t number)
{
	const uint64_t bytes = htole64(number);

	digest_add(digest, &bytes, sizeof(bytes));
}

/* Where a run starts counts, not how it came in parts. */
static void add_run(struct sparse *to, const char *data, size_t len, uint64_t pos)
{
	if (pos != to->digested || pos == 0)
		add_number(to->digest, pos);
	digest_add(to->digest, data, len);
	to->digested = pos + len;
}

int sparse_write(struct sparse *to, const void *data, size_t len, uint64_t pos)
{
	const char *from = data;

	for (size_t i = 0; i < len;) {
		bool zero;
		size_t run = run_length(from + i, len - i, &zero);

		int r = zero || to->count_only ? 0 : file_write_at(to->fd, from + i, run, pos + i);
		if (r < 0)
			return r;
		if (!zero && to->digest)
			add_run(to, from + i, run, pos + i);
		to->data += zero ? 0 : run;
		i += run;
	}

	start_writeback(to, pos + len);
	return 0;
}

void sparse_digest_end(struct sparse *to, uint64_t size, uint8_t ret[static DIGEST_SIZE])
{
	add_number(to->digest, size);
	digest_end(to->digest, ret);
}

static uint64_t whole_pieces(uint64_t end, uint64_t size)
{
	end = (end + PIECE - 1) / PIECE * PIECE;
	return end < size ? end : size;
}

static int add_range(struct sparse *to, int fd, const struct range *range, char *chunk)
{
	for (uint64_t pos = range->start; pos < range->end; pos += CHUNK) {
		size_t len = range->end - pos < CHUNK ? (size_t)(range->end - pos) : CHUNK;

		int r = file_read_at(fd, chunk, len, pos);
		if (r == 0)
			r = sparse_write(to, chunk, len, pos);
		if (r < 0)
			return r;
	}

	return 0;
}

int sparse_digest_file(int fd, uint8_t ret[static DIGEST_SIZE], struct error *err)
{
	AUTODIGEST struct digest *digest = digest_new();
	struct sparse to = { .fd = -1, .count_only = true, .digest = digest };
	AUTOFREE char *chunk = xcalloc(1, CHUNK);
	AUTORANGES struct ranges data = { 0 }, pieces = { 0 };
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_set_errno(err, -errno, "read");

	int r = ranges_of_data(fd, &data, err);
	if (r < 0)
		return r;

	/* Holes of some file systems begin anywhere. */
	for (size_t i = 0; i < data.count; i++)
		ranges_add(&pieces, data.list[i].start / PIECE * PIECE,
			   whole_pieces(data.list[i].end, (uint64_t)st.st_size));
	for (size_t i = 0; i < pieces.count && r == 0; i++)
		r = add_range(&to, fd, &pieces.list[i], chunk);
	if (r < 0)
		return error_set_errno(err, r, "read");

	sparse_digest_end(&to, (uint64_t)st.st_size, ret);
	return 0;
}

int sparse_check_space(int fd, uint64_t need, const char *what, struct error *err)
{
	AUTOBUF struct buf needed = { 0 }, missing = { 0 };
	struct statvfs fs;

	if (fstatvfs(fd, &fs) < 0)
		return error_set_errno(err, -errno, "look for free space");

	uint64_t room = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (need <= room)
		return 0;

	text_add_size(&needed, need);
	text_add_size(&missing, need - room);
	return error_set(err, -ENOSPC, "no space left: the %s needs %s, %s are missing", what,
			 buf_text(&needed), buf_text(&missing));
}
