/* SPDX-License-Identifier: Apache-2.0 */
#include "image/map.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "image/sparse.h"
#include "util/alloc.h"
#include "util/file.h"

#define MAP_VERSION "nib map 1"

enum {
	CHUNK = 4 << 20,
	BLOCK = 4096,
	/** Fewer zeros than this do not part two pieces. */
	GAP = 64 << 10,
};

/** A map that is being made. */
struct maker {
	int fd;
	char *chunk;
	struct map *map;
};

static void add_piece(const struct maker *maker, uint64_t chunk_start, size_t from, size_t to)
{
	struct map_piece *piece = ARRAY_ADD(maker->map->pieces, maker->map->count);

	piece->range = (struct range){ chunk_start + from, chunk_start + to };
	digest_sha256(maker->chunk + from, to - from, piece->sha256);
}

static void add_pieces(const struct maker *maker, uint64_t chunk_start, size_t len)
{
	size_t from = len, to = 0;

	for (size_t pos = 0; pos < len; pos += BLOCK) {
		size_t block = len - pos < BLOCK ? len - pos : BLOCK;

		if (sparse_is_zero(maker->chunk + pos, block))
			continue;
		if (from < to && pos - to >= GAP) {
			add_piece(maker, chunk_start, from, to);
			from = len;
		}
		from = pos < from ? pos : from;
		to = pos + block;
	}

	if (from < to)
		add_piece(maker, chunk_start, from, to);
}

static int look_at_chunk(const struct maker *maker, const struct ranges *data, uint64_t start,
			 uint64_t end, struct error *err)
{
	if (!ranges_meet(data, start, end))
		return 0;

	int r = file_read_at(maker->fd, maker->chunk, (size_t)(end - start), start);
	if (r < 0)
		return error_set_errno(err, r, "read the image");

	add_pieces(maker, start, (size_t)(end - start));
	return 0;
}

static void take_chunk(struct map *map, const struct map *base, size_t *next, uint64_t start,
		       uint64_t end)
{
	while (*next < base->count && base->pieces[*next].range.start < start)
		++*next;
	while (*next < base->count && base->pieces[*next].range.start < end)
		*ARRAY_ADD(map->pieces, map->count) = base->pieces[(*next)++];
}

int map_make(int fd, const struct map *base, const struct ranges *changed, struct map *ret,
	     copy_progress *progress, void *arg, struct error *err)
{
	AUTOMAP struct map map = { 0 };
	AUTORANGES struct ranges data = { 0 };
	AUTOFREE char *chunk = xcalloc(1, CHUNK);
	const struct maker maker = { .fd = fd, .chunk = chunk, .map = &map };
	size_t next = 0;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_set_errno(err, -errno, "read the image");
	map.size = (uint64_t)st.st_size;

	int r = ranges_of_data(fd, &data, err);
	for (uint64_t start = 0; r == 0 && start < map.size; start += CHUNK) {
		uint64_t end = map.size - start < CHUNK ? map.size : start + CHUNK;

		if (base && base->size == map.size && !ranges_meet(changed, start, end))
			take_chunk(&map, base, &next, start, end);
		else
			r = look_at_chunk(&maker, &data, start, end, err);
		if (r == 0 && progress && progress(arg, end, map.size) < 0)
			r = error_set_errno(err, -EINTR, "read the image");
	}
	if (r < 0)
		return r;

	*ret = map;
	map = (struct map){ 0 };
	return 0;
}

void map_print(const struct map *map, struct buf *ret)
{
	char hex[DIGEST_HEX_SIZE];

	buf_addf(ret, MAP_VERSION "\n%" PRIu64 "\n", map->size);
	for (size_t i = 0; i < map->count; i++) {
		const struct map_piece *piece = &map->pieces[i];

		digest_hex(piece->sha256, hex);
		buf_addf(ret, "%" PRIu64 " %" PRIu64 " %s\n", piece->range.start, piece->range.end,
			 hex);
	}
	buf_adds(ret, "end\n");
}

static bool is_next(const struct map *map, const struct range *range)
{
	uint64_t last = map->count ? map->pieces[map->count - 1].range.end : 0;

	return range->start >= last && range->start < range->end && range->end <= map->size;
}

bool map_parse(const char *text, struct map *ret)
{
	AUTOMAP struct map map = { 0 };
	int len = 0;

	if (sscanf(text, MAP_VERSION "\n%" SCNu64 "%n", &map.size, &len) != 1 || text[len] != '\n')
		return false;

	for (text += len + 1; strcmp(text, "end\n") != 0; text += len + 1) {
		struct map_piece piece;
		char hex[DIGEST_HEX_SIZE];

		if (sscanf(text, "%" SCNu64 " %" SCNu64 " %64[0-9a-f]%n", &piece.range.start,
			   &piece.range.end, hex, &len) != 3 ||
		    text[len] != '\n' || !digest_parse(hex, piece.sha256) ||
		    !is_next(&map, &piece.range))
			return false;
		*ARRAY_ADD(map.pieces, map.count) = piece;
	}

	*ret = map;
	map = (struct map){ 0 };
	return true;
}

static uint64_t count_blocks(const struct map *map)
{
	uint64_t count = 0;

	for (size_t i = 0; i < map->count; i++) {
		const struct range *range = &map->pieces[i].range;

		count += (range->end - range->start + BLOCK - 1) / BLOCK;
	}
	return count;
}

static void print_piece(const struct map_piece *piece, struct buf *ret)
{
	uint64_t first = piece->range.start / BLOCK, last = (piece->range.end - 1) / BLOCK;
	char hex[DIGEST_HEX_SIZE];

	digest_hex(piece->sha256, hex);
	buf_addf(ret, "        <Range chksum=\"%s\">%" PRIu64, hex, first);
	if (last > first)
		buf_addf(ret, "-%" PRIu64, last);
	buf_adds(ret, "</Range>\n");
}

void map_print_bmap(const struct map *map, struct buf *ret)
{
	char hex[DIGEST_HEX_SIZE];
	uint8_t digest[DIGEST_SIZE];

	memset(hex, '0', sizeof(hex) - 1);
	hex[sizeof(hex) - 1] = '\0';
	buf_addf(ret,
		 "<?xml version=\"1.0\" ?>\n<bmap version=\"2.0\">\n"
		 "    <ImageSize>%" PRIu64 "</ImageSize>\n    <BlockSize>%d</BlockSize>\n"
		 "    <BlocksCount>%" PRIu64 "</BlocksCount>\n"
		 "    <MappedBlocksCount>%" PRIu64 "</MappedBlocksCount>\n"
		 "    <ChecksumType>sha256</ChecksumType>\n    <BmapFileChecksum>",
		 map->size, BLOCK, (map->size + BLOCK - 1) / BLOCK, count_blocks(map));
	size_t place = ret->len;

	buf_addf(ret, "%s</BmapFileChecksum>\n    <BlockMap>\n", hex);
	for (size_t i = 0; i < map->count; i++)
		print_piece(&map->pieces[i], ret);
	buf_adds(ret, "    </BlockMap>\n</bmap>\n");

	/* The digest of the file with zeros in its place. */
	digest_sha256(ret->data, ret->len, digest);
	digest_hex(digest, hex);
	memcpy(ret->data + place, hex, sizeof(hex) - 1);
}

void map_free(struct map *map)
{
	free(map->pieces);
	*map = (struct map){ 0 };
}
