/* SPDX-License-Identifier: Apache-2.0 */
#include "image/pack-xz.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"
#include "util/file.h"

enum {
	/** Read at once. */
	CHUNK = 64 << 10,
	/** Memory for liblzma's own index: 16 bytes for each of a million blocks. */
	INDEX_MEMORY = 24 << 20,
};

/** The decoder of an index, and what it reads from. */
struct reader {
	int fd;
	uint64_t size, pos;
	lzma_stream stream;
	uint8_t chunk[CHUNK];
};

static void reader_free(struct reader *reader)
{
	lzma_end(&reader->stream);
	free(reader);
}
DEFINE_CLEANUP(struct reader *, reader_free)
#define AUTOREADER CLEANUP(reader_freep)

static void end_block(lzma_block *block)
{
	lzma_filters_free(block->filters, NULL);
}
#define AUTOBLOCK CLEANUP(end_block)

static int refill(struct reader *reader, struct error *err)
{
	uint64_t left = reader->size - reader->pos;
	size_t len = left < CHUNK ? (size_t)left : CHUNK;

	if (len == 0)
		return pack_damaged(err, "it ends early");

	int r = file_read_at(reader->fd, reader->chunk, len, reader->pos);
	if (r < 0)
		return error_set_errno(err, r, "read the compressed image");

	reader->pos += len;
	reader->stream.next_in = reader->chunk;
	reader->stream.avail_in = len;
	return 0;
}

static int outcome(lzma_ret code, struct pack_index *index, struct error *err)
{
	switch (code) {
	case LZMA_STREAM_END: return 0;
	case LZMA_MEM_ERROR: return error_set_errno(err, -ENOMEM, "read the compressed image");
	case LZMA_MEMLIMIT_ERROR: return pack_index_refuse(index, "it has too many blocks");
	case LZMA_OPTIONS_ERROR:
		return pack_index_refuse(index, "it is of a kind that liblzma does not know");
	default: return pack_damaged(err, "its index is wrong");
	}
}

static int decode_index(int fd, uint64_t size, struct pack_index *index, lzma_index **ret,
			struct error *err)
{
	AUTOREADER struct reader *reader = xcalloc(1, sizeof(*reader));

	reader->fd = fd;
	reader->size = size;
	reader->stream = (lzma_stream)LZMA_STREAM_INIT;
	lzma_ret code = lzma_file_info_decoder(&reader->stream, ret, INDEX_MEMORY, size);

	while (code == LZMA_OK || code == LZMA_SEEK_NEEDED) {
		if (code == LZMA_SEEK_NEEDED) {
			reader->pos = reader->stream.seek_pos;
			reader->stream.avail_in = 0;
		}
		if (reader->stream.avail_in == 0 && refill(reader, err) < 0)
			return err->code;
		code = lzma_code(&reader->stream, LZMA_RUN);
	}

	return outcome(code, index, err);
}

static int keep_filters(const lzma_filter *filters, struct pack_index *index, struct error *err)
{
	char *text;

	for (size_t i = 0; filters[i].id != LZMA_VLI_UNKNOWN; i++)
		if (!lzma_filter_encoder_is_supported(filters[i].id))
			return pack_index_refuse(index, "its filters cannot be used for encoding");

	lzma_ret code = lzma_str_from_filters(&text, filters, LZMA_STR_DECODER, NULL);
	if (code == LZMA_MEM_ERROR)
		return error_set_errno(err, -ENOMEM, "read the compressed image");
	if (code != LZMA_OK)
		return pack_index_refuse(index, "its filters cannot be used for encoding");
	index->filters = text;
	return 0;
}

/* The index says how large the block is; so must its header, for decoders with several threads. */
static int check_header(const lzma_index_iter *at, const uint8_t *data, struct pack_index *index,
			struct error *err)
{
	lzma_filter filters[LZMA_FILTERS_MAX + 1];
	AUTOBLOCK lzma_block block = {
		.check = at->stream.flags->check,
		.header_size = lzma_block_header_size_decode(data[0]),
		.filters = filters,
	};

	filters[0].id = LZMA_VLI_UNKNOWN;
	if (data[0] == 0 || block.header_size > at->block.total_size)
		return pack_damaged(err, "there is no block where its index has one");

	lzma_ret code = lzma_block_header_decode(&block, NULL, data);
	if (code == LZMA_OPTIONS_ERROR)
		return pack_index_refuse(index, "it has filters that liblzma does not know");
	if (code != LZMA_OK)
		return pack_damaged(err, "the header of a block is wrong");

	if (block.compressed_size == LZMA_VLI_UNKNOWN ||
	    block.uncompressed_size == LZMA_VLI_UNKNOWN)
		return pack_index_refuse(index, "its blocks do not say how large they are");
	if (lzma_block_compressed_size(&block, at->block.unpadded_size) != LZMA_OK ||
	    block.uncompressed_size != at->block.uncompressed_size)
		return pack_damaged(err, "the header of a block contradicts the index");

	return index->filters ? 0 : keep_filters(filters, index, err);
}

static int read_block(int fd, const lzma_index_iter *at, struct pack_index *index,
		      struct error *err)
{
	uint8_t header[LZMA_BLOCK_HEADER_SIZE_MAX] = { 0 };
	const uint64_t total = at->block.total_size;
	const struct pack_block block = {
		.raw_size = at->block.uncompressed_size,
		.packed_start = at->block.compressed_file_offset,
		.packed_size = total,
		.padding = (unsigned)(total - at->block.unpadded_size),
	};

	int r = file_read_at(fd, header, total < sizeof(header) ? (size_t)total : sizeof(header),
			     block.packed_start);
	if (r < 0)
		return error_set_errno(err, r, "read the compressed image");

	r = check_header(at, header, index, err);
	return r ? r : pack_index_add(index, &block);
}

int pack_xz_index(int fd, uint64_t size, struct pack_index *ret, struct error *err)
{
	AUTOINDEX lzma_index *index = NULL;
	lzma_index_iter at;

	int r = decode_index(fd, size, ret, &index, err);
	if (r != 0)
		return r;

	if (lzma_index_stream_count(index) != 1)
		return pack_index_refuse(ret, "it has several streams");

	lzma_index_iter_init(&at, index);
	while (!lzma_index_iter_next(&at, LZMA_INDEX_ITER_NONEMPTY_BLOCK)) {
		ret->check = at.stream.flags->check;
		if (!lzma_check_is_supported(at.stream.flags->check))
			return pack_index_refuse(ret, "its integrity check is unknown to liblzma");

		r = read_block(fd, &at, ret, err);
		if (r != 0)
			return r;
	}

	return 0;
}
