/* SPDX-License-Identifier: Apache-2.0 */
#include "image/sparse.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/statvfs.h>

#include "util/file.h"
#include "util/text.h"

enum {
	/** Zeros are looked for in pieces of this size, which a hole can have. */
	PIECE = 4096,
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
	if (to->count_only || end - to->started < STRIDE)
		return;

	(void)sync_file_range(to->fd, (off_t)to->started, (off_t)(end - to->started),
			      SYNC_FILE_RANGE_WRITE);
	to->started = end;
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
		to->data += zero ? 0 : run;
		i += run;
	}

	start_writeback(to, pos + len);
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
