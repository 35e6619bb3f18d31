/* SPDX-License-Identifier: Apache-2.0 */
#include "image/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "util/alloc.h"
#include "util/file.h"
#include "util/text.h"

/*
 * Data goes through memory although copy_file_range() is there: that would keep the
 * zeros of a source that has no holes, and takes as long where no blocks are shared.
 */
enum {
	/** Read at once; with more than the processor's cache holds it takes twice the time. */
	CHUNK = 128 << 10,
	/** Zeros are looked for in pieces of this size, which a hole can have. */
	PIECE = 4096,
	/** Writing to the disk is started, and progress is reported, after so many bytes. */
	STRIDE = 16 << 20,
};

/** A copy on its way. */
struct copy {
	int from, to;
	/** Size of the file, and bytes in it that are not in holes. */
	uint64_t size, data;
	/** Bytes of data copied. */
	uint64_t done;
	/** Writing to the disk was started up to here. */
	uint64_t started;
	/** Bytes of data when progress was reported last. */
	uint64_t reported;
	char *chunk;
	copy_progress *progress;
	void *arg;
};

static int measure(struct copy *copy, struct error *err)
{
	struct stat st;

	if (fstat(copy->from, &st) < 0)
		return error_set_errno(err, -errno, "read");

	copy->size = (uint64_t)st.st_size;
	copy->data = (uint64_t)st.st_blocks * 512;
	if (copy->data > copy->size)
		copy->data = copy->size;
	return 0;
}

static int check_space(const struct copy *copy, struct error *err)
{
	AUTOBUF struct buf need = { 0 }, missing = { 0 };
	struct statvfs fs;

	if (fstatvfs(copy->to, &fs) < 0)
		return error_set_errno(err, -errno, "look for room");

	uint64_t room = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (copy->data <= room)
		return 0;

	text_add_size(&need, copy->data);
	text_add_size(&missing, copy->data - room);
	return error_set(err, -ENOSPC, "no space left: the copy needs %s, %s are missing",
			 buf_text(&need), buf_text(&missing));
}

static int report(struct copy *copy, struct error *err)
{
	uint64_t done = copy->done < copy->data ? copy->done : copy->data;

	copy->reported = copy->done;
	int r = copy->progress ? copy->progress(copy->arg, done, copy->data) : 0;
	return r < 0 ? error_set_errno(err, r, "copy") : 0;
}

/* Without this the whole copy would wait in memory until fsync(); failing is harmless. */
static void start_writeback(struct copy *copy, uint64_t end)
{
	if (end - copy->started < STRIDE)
		return;

	(void)sync_file_range(copy->to, (off_t)copy->started, (off_t)(end - copy->started),
			      SYNC_FILE_RANGE_WRITE);
	copy->started = end;
}

static bool is_zero(const char *data, size_t len)
{
	return data[0] == 0 && memcmp(data, data + 1, len - 1) == 0;
}

/* How far the data goes on as it starts: all zeros, or none. */
static size_t run_length(const char *data, size_t len, bool *zero)
{
	size_t pos = 0;

	do {
		size_t piece = len - pos < PIECE ? len - pos : PIECE;
		bool is = is_zero(data + pos, piece);

		if (pos == 0)
			*zero = is;
		else if (is != *zero)
			break;
		pos += piece;
	} while (pos < len);

	return pos;
}

static int write_chunk(const struct copy *copy, size_t len, uint64_t pos)
{
	for (size_t i = 0; i < len;) {
		bool zero;
		size_t run = run_length(copy->chunk + i, len - i, &zero);

		int r = zero ? 0 : file_write_at(copy->to, copy->chunk + i, run, pos + i);
		if (r < 0)
			return r;
		i += run;
	}

	return 0;
}

static int copy_range(struct copy *copy, uint64_t pos, uint64_t end, struct error *err)
{
	while (pos < end) {
		size_t want = end - pos < CHUNK ? (size_t)(end - pos) : CHUNK;
		ssize_t n = pread(copy->from, copy->chunk, want, (off_t)pos);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_set_errno(err, n < 0 ? -errno : -EIO, "read");

		int r = write_chunk(copy, (size_t)n, pos);
		if (r < 0)
			return error_set_errno(err, r, "write");

		pos += (uint64_t)n;
		copy->done += (uint64_t)n;
		start_writeback(copy, pos);

		if (copy->done - copy->reported >= STRIDE && report(copy, err) < 0)
			return err->code;
	}

	return 0;
}

/* A file system that knows no holes says that all is data. */
static int copy_extents(struct copy *copy, struct error *err)
{
	uint64_t pos = 0;

	while (pos < copy->size) {
		off_t data = lseek(copy->from, (off_t)pos, SEEK_DATA);
		if (data < 0 && errno == ENXIO)
			break;

		off_t hole = data < 0 ? -1 : lseek(copy->from, data, SEEK_HOLE);
		if (hole < 0)
			return error_set_errno(err, -errno, "look for holes");

		int r = copy_range(copy, (uint64_t)data, (uint64_t)hole, err);
		if (r < 0)
			return r;
		pos = (uint64_t)hole;
	}

	return 0;
}

int copy_image(int from, int to, copy_progress *progress, void *arg, struct error *err)
{
	struct copy copy = { .from = from, .to = to, .progress = progress, .arg = arg };

	int r = measure(&copy, err);
	if (r < 0)
		return r;

	if (ioctl(to, FICLONE, from) == 0) {
		copy.done = copy.data;
		return report(&copy, err);
	}

	r = check_space(&copy, err);
	if (r < 0)
		return r;
	if (ftruncate(to, (off_t)copy.size) < 0)
		return error_set_errno(err, -errno, "write");

	AUTOFREE char *chunk = xcalloc(1, CHUNK);
	copy.chunk = chunk;

	r = copy_extents(&copy, err);
	copy.done = copy.data;
	return r < 0 ? r : report(&copy, err);
}
