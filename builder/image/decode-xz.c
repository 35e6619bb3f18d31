/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <lzma.h>
#include <string.h>

#include "image/decode-parts.h"
#include "util/alloc.h"
#include "util/file.h"
#include "util/text.h"

enum {
	/**
	 * What liblzma may take for each thread: enough for the blocks of "xz -6".  It
	 * takes fewer threads for larger ones.
	 */
	MEMORY = 100 << 20,
	/** What one thread may take, too: a dictionary three times that of "xz -9". */
	MIN_THREADS = 2,
	/** Most bytes of an index that is looked at ahead: a million blocks. */
	MAX_INDEX = 8 << 20,
	/** Memory for it. */
	INDEX_MEMORY = 64 << 20,
};

static const uint8_t magic[] = { 0xfd, '7', 'z', 'X', 'Z', 0 };

/** A stream being decoded. */
struct xz {
	struct source *source;
	struct sink *sink;
	lzma_stream stream;
	/** Bytes that it may take. */
	uint64_t memory;
	/** As far as it could be read ahead; may be NULL; owned. */
	lzma_index *index;
};

/*
 * Sizes ahead of the rest.  Where the file does not end as a stream does, decoding it
 * will tell why; that there is nothing before the only stream, too.
 */
static int read_index(struct xz *xz, struct error *err)
{
	const struct source *source = xz->source;
	uint8_t footer[LZMA_STREAM_HEADER_SIZE];
	lzma_stream_flags flags;
	uint64_t memory = INDEX_MEMORY;
	size_t pos = 0;

	if (source->size < 2 * sizeof(footer) ||
	    file_read_at(source->fd, footer, sizeof(footer), source->size - sizeof(footer)) < 0 ||
	    lzma_stream_footer_decode(&flags, footer) != LZMA_OK ||
	    flags.backward_size > MAX_INDEX ||
	    flags.backward_size > source->size - 2 * sizeof(footer))
		return 0;

	size_t size = (size_t)flags.backward_size;
	AUTOFREE uint8_t *data = xcalloc(1, size);
	if (file_read_at(source->fd, data, size, source->size - sizeof(footer) - size) < 0)
		return 0;

	lzma_ret ret = lzma_index_buffer_decode(&xz->index, &memory, NULL, data, &pos, size);
	if (ret == LZMA_DATA_ERROR)
		return decode_damaged(DECODE_XZ, "its index cannot be read", err);
	if (ret != LZMA_OK)
		return 0;

	return sink_expect(xz->sink, lzma_index_uncompressed_size(xz->index), err);
}

/*
 * What comes before the damage was decoded, which tells the block: at the start of one,
 * it may as well be the check behind the one before.
 */
static int damaged(const struct xz *xz, struct error *err)
{
	lzma_index_iter iter;

	if (xz->stream.total_in <= LZMA_STREAM_HEADER_SIZE)
		return decode_damaged(DECODE_XZ, "its header does not match its checksum", err);
	if (!xz->index)
		return decode_damaged(DECODE_XZ, "a block or the index", err);

	lzma_index_iter_init(&iter, xz->index);
	if (lzma_index_iter_locate(&iter, xz->stream.total_out))
		return decode_damaged(DECODE_XZ,
				      "the last block does not match its check, or the index its "
				      "blocks",
				      err);

	unsigned long long number = iter.block.number_in_file;
	bool at_start = xz->stream.total_out == iter.block.uncompressed_file_offset && number > 1;
	AUTOFREE char *before = at_start ? xasprintf("%llu or ", number - 1) : xstrdup("");
	AUTOFREE char *why =
		xasprintf("block %s%llu of %llu cannot be decoded or does not match "
			  "its check",
			  before, number, (unsigned long long)lzma_index_block_count(xz->index));
	return decode_damaged(DECODE_XZ, why, err);
}

static int failed(const struct xz *xz, lzma_ret ret, struct error *err)
{
	AUTOBUF struct buf needed = { 0 }, limit = { 0 };

	switch (ret) {
	case LZMA_DATA_ERROR: return damaged(xz, err);
	case LZMA_BUF_ERROR: return decode_truncated(DECODE_XZ, err);
	case LZMA_FORMAT_ERROR: return decode_damaged(DECODE_XZ, "its header", err);
	case LZMA_OPTIONS_ERROR:
		return error_set(err, -EINVAL,
				 "the xz data uses filters that are not supported, or its header "
				 "is damaged");
	case LZMA_UNSUPPORTED_CHECK:
		return error_set(err, -EINVAL, "the xz data has a check that is not supported");
	case LZMA_MEMLIMIT_ERROR:
		text_add_size(&needed, lzma_memusage(&xz->stream));
		text_add_size(&limit, xz->memory);
		return error_set(err, -EINVAL,
				 "the xz data needs %s of memory to decode, more than %s",
				 buf_text(&needed), buf_text(&limit));
	case LZMA_MEM_ERROR: return error_set_errno(err, -ENOMEM, "decode xz");
	default: return error_set(err, -EIO, "liblzma fails with code %d", (int)ret);
	}
}

/* xz(1) takes further streams, and zeros between them, for more of the same file. */
static int check_end(struct source *source, struct error *err)
{
	int r = source_fill(source, err);
	if (r < 0 || !source->left)
		return r;

	size_t len = source->left < sizeof(magic) ? source->left : sizeof(magic);
	if (len == sizeof(magic) && memcmp(source->next, magic, len) == 0)
		return error_set(err, -EBADMSG,
				 "the xz data has more than one stream; an image is one stream");
	if (source->next[0] == 0)
		return error_set(err, -EBADMSG, "stream padding follows the xz data");
	return decode_trailing(DECODE_XZ, err);
}

static int decode(struct xz *xz, struct error *err)
{
	struct source *source = xz->source;
	lzma_stream *stream = &xz->stream;
	lzma_ret ret;
	size_t room;

	do {
		int r = source_fill(source, err);
		if (r < 0)
			return r;

		stream->next_in = source->next;
		stream->avail_in = source->left;
		stream->next_out = sink_room(xz->sink, &room);
		stream->avail_out = room;
		ret = lzma_code(stream, source->left ? LZMA_RUN : LZMA_FINISH);
		source->next = stream->next_in;
		source->left = stream->avail_in;

		r = sink_add(xz->sink, room - stream->avail_out, err);
		if (r < 0)
			return r;
	} while (ret == LZMA_OK);

	return ret == LZMA_STREAM_END ? check_end(source, err) : failed(xz, ret, err);
}

static int start(struct xz *xz, struct error *err)
{
	uint32_t threads = xz->source->options->threads;

	if (!threads)
		threads = lzma_cputhreads();
	if (!threads)
		threads = 1;
	xz->memory = (uint64_t)MEMORY * (threads < MIN_THREADS ? MIN_THREADS : threads);

	const lzma_mt options = {
		.flags = LZMA_TELL_UNSUPPORTED_CHECK,
		.threads = threads,
		.memlimit_threading = xz->memory,
		.memlimit_stop = xz->memory,
	};

	lzma_ret ret = lzma_stream_decoder_mt(&xz->stream, &options);
	return ret == LZMA_OK ? 0 : failed(xz, ret, err);
}

int decode_xz(struct source *source, struct sink *sink, struct error *err)
{
	struct xz xz = { .source = source, .sink = sink, .stream = LZMA_STREAM_INIT };

	int r = read_index(&xz, err);
	if (r == 0)
		r = start(&xz, err);
	if (r == 0)
		r = decode(&xz, err);

	lzma_end(&xz.stream);
	lzma_index_end(xz.index, NULL);
	return r;
}
