/* SPDX-License-Identifier: Apache-2.0 */
#include "image/ranges.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/alloc.h"
#include "util/file.h"

enum {
	/** Differences are rounded out to this, which is what file systems write at least. */
	GRAIN = 4096,
	/** Compared at once: twice this stays in the processor's cache. */
	CHUNK = 128 << 10,
};

void ranges_add(struct ranges *ranges, uint64_t start, uint64_t end)
{
	struct range *last = ranges->count ? &ranges->list[ranges->count - 1] : NULL;

	if (start >= end)
		return;
	if (!last || start > last->end)
		*ARRAY_ADD(ranges->list, ranges->count) = (struct range){ start, end };
	else if (end > last->end)
		last->end = end;
}

bool ranges_meet(const struct ranges *ranges, uint64_t start, uint64_t end)
{
	size_t low = 0, high = ranges->count;

	/* The first that does not end before start. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ranges->list[middle].end <= start)
			low = middle + 1;
		else
			high = middle;
	}

	return start < end && low < ranges->count && ranges->list[low].start < end;
}

uint64_t ranges_length(const struct ranges *ranges)
{
	uint64_t length = 0;

	for (size_t i = 0; i < ranges->count; i++)
		length += ranges->list[i].end - ranges->list[i].start;
	return length;
}

/* The next data at or behind pos; both at the end of the file if there is none. */
static int next_data(int fd, uint64_t pos, uint64_t size, struct range *ret)
{
	off_t data = lseek(fd, (off_t)pos, SEEK_DATA);
	off_t hole = data < 0 ? -1 : lseek(fd, data, SEEK_HOLE);

	*ret = (struct range){ size, size };
	if (data < 0 && errno == ENXIO)
		return 0;
	if (hole < 0)
		return -errno;

	*ret = (struct range){ (uint64_t)data, (uint64_t)hole };
	return 0;
}

static int file_size(int fd, uint64_t *ret, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_set_errno(err, -errno, "look at a file");
	*ret = (uint64_t)st.st_size;
	return 0;
}

int ranges_of_data(int fd, struct ranges *ret, struct error *err)
{
	struct range data;
	uint64_t size;

	int r = file_size(fd, &size, err);
	if (r < 0)
		return r;

	for (uint64_t pos = 0; pos < size; pos = data.end) {
		r = next_data(fd, pos, size, &data);
		if (r < 0)
			return error_set_errno(err, r, "look for holes");
		ranges_add(ret, data.start, data.end);
	}

	return 0;
}

/** Two files that are compared. */
struct comparison {
	int a, b;
	uint64_t size;
	char *chunk_a, *chunk_b;
	struct ranges *differences;
};

static void compare_chunk(const struct comparison *c, uint64_t pos, size_t len)
{
	if (memcmp(c->chunk_a, c->chunk_b, len) == 0)
		return;

	for (size_t i = 0; i < len; i += GRAIN) {
		size_t grain = len - i < GRAIN ? len - i : GRAIN;

		if (memcmp(c->chunk_a + i, c->chunk_b + i, grain) != 0)
			ranges_add(c->differences, pos + i, pos + i + grain);
	}
}

static int compare(const struct comparison *c, uint64_t pos, uint64_t end)
{
	while (pos < end) {
		size_t len = end - pos < CHUNK ? (size_t)(end - pos) : CHUNK;

		int r = file_read_at(c->a, c->chunk_a, len, pos);
		if (r == 0)
			r = file_read_at(c->b, c->chunk_b, len, pos);
		if (r < 0)
			return r;
		compare_chunk(c, pos, len);
		pos += len;
	}

	return 0;
}

/* Data of either, rounded out: holes need not lie on the grain. */
static int compare_data(const struct comparison *c)
{
	struct range a = { 0 }, b = { 0 };

	for (uint64_t pos = 0; pos < c->size;) {
		int r = a.end <= pos ? next_data(c->a, pos, c->size, &a) : 0;
		if (r == 0 && b.end <= pos)
			r = next_data(c->b, pos, c->size, &b);
		if (r < 0)
			return r;

		uint64_t start = a.start < b.start ? a.start : b.start;
		uint64_t end = a.start < b.start ? a.end : b.end;

		start = start / GRAIN * GRAIN;
		if (start < pos)
			start = pos;
		end = (end + GRAIN - 1) / GRAIN * GRAIN;
		if (end > c->size)
			end = c->size;

		r = compare(c, start, end);
		if (r < 0)
			return r;
		pos = end;
	}

	return 0;
}

int ranges_of_difference(int a, int b, struct ranges *ret, struct error *err)
{
	uint64_t size_a, size_b;

	int r = file_size(a, &size_a, err);
	if (r == 0)
		r = file_size(b, &size_b, err);
	if (r < 0)
		return r;
	if (size_a != size_b)
		return error_set(err, -EINVAL, "the images differ in size");

	AUTOFREE char *chunks = xcalloc(2, CHUNK);
	const struct comparison c = {
		.a = a,
		.b = b,
		.size = size_a,
		.chunk_a = chunks,
		.chunk_b = chunks + CHUNK,
		.differences = ret,
	};

	r = compare_data(&c);
	return r < 0 ? error_set_errno(err, r, "compare images") : 0;
}

void ranges_free(struct ranges *ranges)
{
	free(ranges->list);
	*ranges = (struct ranges){ 0 };
}
