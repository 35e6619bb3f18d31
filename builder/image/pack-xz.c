/* SPDX-License-Identifier: Apache-2.0 */
#include "image/pack-codec.h"

#include <assert.h>
#include <errno.h>
#include <lzma.h>
#include <string.h>

#include "image/pack-xz.h"
#include "util/alloc.h"

/* What the encoder gets room for at once. */
enum { ROOM = 64 << 10 };

struct xz_encoder {
	struct pack_encoder base;
	lzma_stream stream;
	lzma_filter filters[LZMA_FILTERS_MAX + 1];
	/** The one being encoded. */
	lzma_block block;
};

static int failure(lzma_ret code, struct error *err)
{
	if (code == LZMA_MEM_ERROR)
		return error_set_errno(err, -ENOMEM, "compress");
	return error_set(err, -EINVAL, "compress: liblzma fails (%d)", (int)code);
}

/*
 * A Block Header only tells what decoding needs to know of LZMA2, the size of the dictionary.
 * The rest is up to the level.
 */
static int set_filters(struct xz_encoder *e, const struct pack_settings *settings,
		       struct error *err)
{
	const char *chain = settings->filters ? settings->filters : "lzma2";
	size_t last = 0;

	const char *complaint = lzma_str_to_filters(chain, NULL, e->filters, 0, NULL);
	if (complaint)
		return error_set(err, -EINVAL, "compress: filters '%s': %s", chain, complaint);

	while (e->filters[last + 1].id != LZMA_VLI_UNKNOWN)
		last++;

	lzma_options_lzma *options = e->filters[last].options;
	const uint32_t of_base = options->dict_size;

	if (lzma_lzma_preset(options, (uint32_t)settings->level))
		return error_set(err, -EINVAL, "compress: no level %d", settings->level);
	if (settings->filters)
		options->dict_size = of_base;
	/* More than a block is never looked at, but would be allocated, here and when decoding. */
	if (options->dict_size > settings->block)
		options->dict_size = (uint32_t)settings->block;
	if (options->dict_size < LZMA_DICT_SIZE_MIN)
		options->dict_size = LZMA_DICT_SIZE_MIN;
	return 0;
}

static int xz_start(const struct pack_settings *settings, struct pack_encoder **ret,
		    struct error *err)
{
	struct xz_encoder *e = xcalloc(1, sizeof(*e));

	*ret = &e->base;
	e->base.codec = &pack_xz;
	e->stream = (lzma_stream)LZMA_STREAM_INIT;
	e->filters[0].id = LZMA_VLI_UNKNOWN;
	e->block.check = (lzma_check)settings->check;
	e->block.filters = e->filters;
	return set_filters(e, settings, err);
}

/* The header comes last, when the sizes are known; its own size depends on theirs. */
static int xz_begin(struct pack_encoder *base, uint64_t size, struct pack_piece *ret,
		    struct error *err)
{
	static const uint8_t header[LZMA_BLOCK_HEADER_SIZE_MAX];
	struct xz_encoder *e = (struct xz_encoder *)base;

	e->block.uncompressed_size = size;
	e->block.compressed_size = lzma_block_buffer_bound(size);
	lzma_ret code = lzma_block_header_size(&e->block);
	/* What the stream has allocated for the last block is used again. */
	if (code == LZMA_OK)
		code = lzma_block_encoder(&e->stream, &e->block);
	if (code != LZMA_OK)
		return failure(code, err);

	buf_add(&ret->data, header, e->block.header_size);
	return 0;
}

static int finish(struct xz_encoder *e, struct pack_piece *ret, struct error *err)
{
	lzma_ret code = lzma_block_header_encode(&e->block, (uint8_t *)ret->data.data);

	if (code != LZMA_OK)
		return failure(code, err);

	ret->padding = (unsigned)(ret->data.len - lzma_block_unpadded_size(&e->block));
	assert(ret->padding < 4);
	return 0;
}

static int xz_add(struct pack_encoder *base, const void *data, size_t len, bool last,
		  struct pack_piece *ret, struct error *err)
{
	struct xz_encoder *e = (struct xz_encoder *)base;
	lzma_stream *stream = &e->stream;
	lzma_ret code;

	stream->next_in = data;
	stream->avail_in = len;
	do {
		stream->next_out = (uint8_t *)buf_reserve(&ret->data, ROOM);
		stream->avail_out = ROOM;
		code = lzma_code(stream, last ? LZMA_FINISH : LZMA_RUN);
		ret->data.len += ROOM - stream->avail_out;
	} while (code == LZMA_OK && (last || stream->avail_in));

	if (code != (last ? LZMA_STREAM_END : LZMA_OK))
		return failure(code, err);
	return last ? finish(e, ret, err) : 0;
}

static void xz_free(struct pack_encoder *base)
{
	struct xz_encoder *e = (struct xz_encoder *)base;

	lzma_end(&e->stream);
	lzma_filters_free(e->filters, NULL);
	free(e);
}

static lzma_stream_flags stream_flags(const struct pack_settings *settings)
{
	return (lzma_stream_flags){ .check = (lzma_check)settings->check };
}

static int xz_head(const struct pack_settings *settings, struct buf *ret, struct error *err)
{
	const lzma_stream_flags flags = stream_flags(settings);
	uint8_t header[LZMA_STREAM_HEADER_SIZE];

	lzma_ret code = lzma_stream_header_encode(&flags, header);
	if (code != LZMA_OK)
		return failure(code, err);
	buf_add(ret, header, sizeof(header));
	return 0;
}

static lzma_ret append_index(lzma_index *index, const struct pack_block *list, size_t count)
{
	lzma_ret code = LZMA_OK;

	for (size_t i = 0; i < count && code == LZMA_OK; i++)
		code = lzma_index_append(index, NULL, list[i].packed_size - list[i].padding,
					 list[i].raw_size);
	return code;
}

static lzma_ret encode_index(const lzma_index *index, lzma_stream_flags *flags, struct buf *ret)
{
	uint8_t footer[LZMA_STREAM_HEADER_SIZE];
	size_t len = 0;

	flags->backward_size = lzma_index_size(index);
	uint8_t *to = (uint8_t *)buf_reserve(ret, flags->backward_size);
	lzma_ret code = lzma_index_buffer_encode(index, to, &len, flags->backward_size);

	ret->len += len;
	if (code == LZMA_OK)
		code = lzma_stream_footer_encode(flags, footer);
	if (code == LZMA_OK)
		buf_add(ret, footer, sizeof(footer));
	return code;
}

static int xz_tail(const struct pack_settings *settings, const struct pack_block *list,
		   size_t count, struct buf *ret, struct error *err)
{
	lzma_stream_flags flags = stream_flags(settings);
	AUTOINDEX lzma_index *index = lzma_index_init(NULL);

	if (!index)
		return failure(LZMA_MEM_ERROR, err);

	lzma_ret code = append_index(index, list, count);
	if (code == LZMA_OK)
		code = encode_index(index, &flags, ret);
	return code == LZMA_OK ? 0 : failure(code, err);
}

const struct pack_codec pack_xz = {
	.name = "xz",
	.min = 0,
	.max = 9,
	.standard = 6,
	.block = 2 << 20,
	.check = LZMA_CHECK_CRC64,
	.index = pack_xz_index,
	.start = xz_start,
	.begin = xz_begin,
	.add = xz_add,
	.free = xz_free,
	.head = xz_head,
	.tail = xz_tail,
};
