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

/* The first range that ends at or behind pos. */
static size_t find(const struct ranges *ranges, uint64_t pos)
{
	size_t low = 0, high = ranges->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ranges->list[middle].end < pos)
			low = middle + 1;
		else
			high = middle;
	}

	return low;
}

void ranges_add(struct ranges *ranges, uint64_t start, uint64_t end)
{
	size_t first = find(ranges, start), last = first;

	if (start >= end)
		return;

	/* All of these become one. */
	while (last < ranges->count && ranges->list[last].start <= end) {
		struct range *range = &ranges->list[last++];

		start = range->start < start ? range->start : start;
		end = range->end > end ? range->end : end;
	}

	if (first == last)
		(void)ARRAY_ADD(ranges->list, ranges->count);
	size_t behind = first == last ? ranges->count - 1 - last : ranges->count - last;

	memmove(&ranges->list[first + 1], &ranges->list[last], behind * sizeof(struct range));
	ranges->list[first] = (struct range){ start, end };
	if (last > first)
		ranges->count -= last - first - 1;
}

bool ranges_meet(const struct ranges *ranges, uint64_t start, uint64_t end)
{
	size_t i = find(ranges, start + 1);

	return start < end && i < ranges->count && ranges->list[i].start < end;
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

static uint64_t round_up(uint64_t pos, uint64_t size)
{
	pos = (pos + GRAIN - 1) / GRAIN * GRAIN;
	return pos < size ? pos : size;
}

/* Data of either, rounded out: holes need not lie on the grain. */
static int compare_data(const struct comparison *c, const struct range *within)
{
	uint64_t pos = within->start / GRAIN * GRAIN, last = round_up(within->end, c->size);
	struct range a = { 0 }, b = { 0 };

	while (pos < last) {
		int r = a.end <= pos ? next_data(c->a, pos, c->size, &a) : 0;
		if (r == 0 && b.end <= pos)
			r = next_data(c->b, pos, c->size, &b);
		if (r < 0)
			return r;

		const struct range *next = a.start < b.start ? &a : &b;
		uint64_t start = next->start / GRAIN * GRAIN, end = round_up(next->end, last);

		if (start >= last)
			break;
		r = compare(c, start > pos ? start : pos, end);
		if (r < 0)
			return r;
		pos = end;
	}

	return 0;
}

int ranges_of_difference(int a, int b, const struct ranges *within, struct ranges *ret,
			 struct error *err)
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

	for (size_t i = 0; i < within->count && r == 0; i++)
		r = compare_data(&c, &within->list[i]);
	return r < 0 ? error_set_errno(err, r, "compare images") : 0;
}

void ranges_free(struct ranges *ranges)
{
	free(ranges->list);
	*ranges = (struct ranges){ 0 };
}
