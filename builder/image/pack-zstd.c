/* SPDX-License-Identifier: Apache-2.0 */
#include "image/pack-codec.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <zstd.h>

#include "util/alloc.h"
#include "util/file.h"

enum {
	/** Bytes of a frame's header, at most (RFC 8878, 3.1.1). */
	HEADER_MAX = 18,
	/** Header of a skippable frame: magic number, size. */
	SKIPPABLE_HEADER = 8,
	/** What the encoder gets room for at once. */
	ROOM = 64 << 10,
};

/** A frame being walked through. */
struct frame {
	int fd;
	/** Where the file ends; where to read next. */
	uint64_t end, pos;
};

struct zstd_encoder {
	struct pack_encoder base;
	ZSTD_CCtx *context;
};

static int walk(struct frame *frame, void *data, size_t len, struct error *err)
{
	if (frame->end - frame->pos < len)
		return pack_damaged(err, "it ends early");

	int r = file_read_at(frame->fd, data, len, frame->pos);
	if (r < 0)
		return error_set_errno(err, r, "read the compressed image");
	frame->pos += len;
	return 0;
}

static int skip(struct frame *frame, uint64_t len, struct error *err)
{
	if (frame->end - frame->pos < len)
		return pack_damaged(err, "it ends early");
	frame->pos += len;
	return 0;
}

/* Each block is behind three bytes: the last one (1 bit), type (2 bits), size (21 bits). */
static int walk_blocks(struct frame *frame, struct error *err)
{
	enum { LAST = 1, RLE = 1, RESERVED = 3 };
	uint32_t header;

	do {
		uint8_t bytes[3];

		int r = walk(frame, bytes, sizeof(bytes), err);
		if (r < 0)
			return r;

		header = bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16;
		uint32_t type = header >> 1 & 3;
		if (type == RESERVED)
			return pack_damaged(err, "a block is of no known type");

		/* One byte that is repeated. */
		r = skip(frame, type == RLE ? 1 : header >> 3, err);
		if (r < 0)
			return r;
	} while (!(header & LAST));

	return 0;
}

/* Size of the frame's header, by the second half of which it is described. */
static size_t header_size(uint8_t descriptor)
{
	static const uint8_t dictionary[] = { 0, 1, 2, 4 }, content[] = { 0, 2, 4, 8 };
	bool single = descriptor >> 5 & 1;
	size_t size = 4 + 1 + dictionary[descriptor & 3] + content[descriptor >> 6];

	/* A window in front of them, or else a size of one byte where there is no longer one. */
	return size + (!single || descriptor >> 6 == 0);
}

/* ZSTD_findFrameCompressedSize() would want the whole frame in memory. */
static int walk_frame(struct frame *frame, struct pack_index *index, struct error *err)
{
	uint8_t header[HEADER_MAX] = { 0 };
	const uint64_t start = frame->pos;
	const uint64_t left = frame->end - start;
	const size_t len = left < HEADER_MAX ? (size_t)left : HEADER_MAX;

	int r = walk(frame, header, len, err);
	if (r < 0)
		return r;

	const uint8_t descriptor = header[4];
	const unsigned long long content = ZSTD_getFrameContentSize(header, len);
	if (content == ZSTD_CONTENTSIZE_ERROR)
		return pack_damaged(err, "something else is behind a frame");
	if (content == ZSTD_CONTENTSIZE_UNKNOWN)
		return pack_index_refuse(index, "its frames do not say how large they are");
	if (descriptor & 3)
		return pack_index_refuse(index, "its frames need a dictionary");

	frame->pos = start;
	r = skip(frame, header_size(descriptor), err);
	if (r == 0)
		r = walk_blocks(frame, err);
	if (r == 0 && descriptor & 4)
		r = skip(frame, 4 /* checksum */, err);
	if (r < 0)
		return r;

	const struct pack_block block = {
		.raw_size = content,
		.packed_start = start,
		.packed_size = frame->pos - start,
	};
	return pack_index_add(index, &block);
}

static int zstd_index(int fd, uint64_t size, struct pack_index *ret, struct error *err)
{
	struct frame frame = { .fd = fd, .end = size };

	while (frame.pos < size) {
		uint32_t header[SKIPPABLE_HEADER / sizeof(uint32_t)];
		const uint64_t start = frame.pos;

		int r = walk(&frame, header, sizeof(header), err);
		if (r < 0)
			return r;

		if ((le32toh(header[0]) & ZSTD_MAGIC_SKIPPABLE_MASK) ==
		    ZSTD_MAGIC_SKIPPABLE_START) {
			r = skip(&frame, le32toh(header[1]), err);
		} else {
			frame.pos = start;
			r = walk_frame(&frame, ret, err);
		}
		if (r != 0)
			return r;
	}

	return 0;
}

static int failure(size_t code, struct error *err)
{
	return error_set(err, -EINVAL, "compress: zstd fails: %s", ZSTD_getErrorName(code));
}

static int zstd_start(const struct pack_settings *settings, struct pack_encoder **ret,
		      struct error *err)
{
	AUTOFREE struct zstd_encoder *e = xcalloc(1, sizeof(*e));

	e->base.codec = &pack_zstd;
	e->context = ZSTD_createCCtx();
	if (!e->context)
		return error_set_errno(err, -ENOMEM, "compress");

	struct zstd_encoder *new = TAKE(e);
	*ret = &new->base;
	size_t code =
		ZSTD_CCtx_setParameter(new->context, ZSTD_c_compressionLevel, settings->level);
	if (!ZSTD_isError(code))
		code = ZSTD_CCtx_setParameter(new->context, ZSTD_c_checksumFlag, 1);
	return ZSTD_isError(code) ? failure(code, err) : 0;
}

static int zstd_begin(struct pack_encoder *base, uint64_t size, struct pack_piece *ret,
		      struct error *err)
{
	struct zstd_encoder *e = (struct zstd_encoder *)base;

	(void)ret;
	size_t code = ZSTD_CCtx_reset(e->context, ZSTD_reset_session_only);
	/* The size goes into the header, and no window is larger. */
	if (!ZSTD_isError(code))
		code = ZSTD_CCtx_setPledgedSrcSize(e->context, size);
	return ZSTD_isError(code) ? failure(code, err) : 0;
}

static int zstd_add(struct pack_encoder *base, const void *data, size_t len, bool last,
		    struct pack_piece *ret, struct error *err)
{
	struct zstd_encoder *e = (struct zstd_encoder *)base;
	ZSTD_inBuffer in = { .src = data, .size = len };
	size_t left;

	do {
		ZSTD_outBuffer out = { .dst = buf_reserve(&ret->data, ROOM), .size = ROOM };

		left = ZSTD_compressStream2(e->context, &out, &in,
					    last ? ZSTD_e_end : ZSTD_e_continue);
		if (ZSTD_isError(left))
			return failure(left, err);
		ret->data.len += out.pos;
	} while (last ? left > 0 : in.pos < in.size);

	return 0;
}

static void zstd_free(struct pack_encoder *base)
{
	struct zstd_encoder *e = (struct zstd_encoder *)base;

	(void)ZSTD_freeCCtx(e->context);
	free(e);
}

const struct pack_codec pack_zstd = {
	.name = "zst",
	.min = 1,
	.max = 19,
	.standard = 3,
	.block = 1 << 20,
	.index = zstd_index,
	.start = zstd_start,
	.begin = zstd_begin,
	.add = zstd_add,
	.free = zstd_free,
};
