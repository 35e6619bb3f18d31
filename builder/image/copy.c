/* SPDX-License-Identifier: Apache-2.0 */
#include "image/copy.h"

#include <errno.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/sparse.h"
#include "util/alloc.h"

/*
 * Data goes through memory although copy_file_range() is there: that would keep the
 * zeros of a source that has no holes, and takes as long where no blocks are shared.
 */
enum {
	/** Read at once; with more than the processor's cache holds it takes twice the time. */
	CHUNK = 128 << 10,
	/** Progress is reported after so many bytes. */
	STRIDE = 16 << 20,
};

/** A copy on its way. */
struct copy {
	int from;
	struct sparse to;
	/** Size of the file, and bytes in it that are not in holes. */
	uint64_t size, data;
	/** Bytes of data copied. */
	uint64_t done;
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

static int report(struct copy *copy, struct error *err)
{
	uint64_t done = copy->done < copy->data ? copy->done : copy->data;

	copy->reported = copy->done;
	int r = copy->progress ? copy->progress(copy->arg, done, copy->data) : 0;
	return r < 0 ? error_set_errno(err, r, "copy") : 0;
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

		int r = sparse_write(&copy->to, copy->chunk, (size_t)n, pos);
		if (r < 0)
			return error_set_errno(err, r, "write");

		pos += (uint64_t)n;
		copy->done += (uint64_t)n;
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

int copy_image(int from, int to, bool passing, copy_progress *progress, void *arg,
	       struct error *err)
{
	struct copy copy = { .from = from,
			     .to = { .fd = to, .passing = passing },
			     .progress = progress,
			     .arg = arg };

	int r = measure(&copy, err);
	if (r < 0)
		return r;

	if (ioctl(to, FICLONE, from) == 0) {
		copy.done = copy.data;
		return report(&copy, err);
	}

	r = sparse_check_space(to, copy.data, "copy", err);
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
