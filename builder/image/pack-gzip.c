/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A member of gzip does not say how long it is.  Ours do, in a subfield of their extra
 * field (RFC 1952, 2.3.1.1) with the identifier "NB" and four bytes: the size of the
 * member from header to trailer, little-endian.  Other programs skip it.
 */
#include "image/pack-codec.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <zlib.h>

#include "util/alloc.h"
#include "util/file.h"

enum {
	/** CRC-32 and size of the content. */
	TRAILER_SIZE = 8,
	/** What deflate() gets room for at once. */
	ROOM = 64 << 10,
};

/** Header of a member: no time, no name, no system. */
struct header {
	uint8_t magic[10];
	uint8_t extra[6];
	/** Of the whole member, little-endian. */
	uint32_t size;
} __attribute__((packed));

static const struct header header_template = {
	.magic = { 0x1f, 0x8b, Z_DEFLATED, 4 /* FEXTRA */, 0, 0, 0, 0, 0,
		   255 /* unknown system */ },
	.extra = { 8, 0, 'N', 'B', 4, 0 },
};

struct gzip_encoder {
	struct pack_encoder base;
	z_stream stream;
	uint32_t crc, size;
};

static int read_member(int fd, uint64_t pos, uint64_t end, struct pack_index *index,
		       struct error *err)
{
	struct header header;
	uint32_t content;

	if (end - pos < sizeof(header))
		return pack_damaged(err, "it ends early");
	int r = file_read_at(fd, &header, sizeof(header), pos);
	if (r < 0)
		return error_set_errno(err, r, "read the compressed image");

	if (memcmp(&header, &header_template, offsetof(struct header, size)) != 0)
		return pack_index_refuse(index, "its members do not say where they end");

	uint32_t size = le32toh(header.size);
	if (size < sizeof(header) + TRAILER_SIZE)
		return pack_damaged(err, "a member has an impossible size");
	if (size > end - pos)
		return pack_damaged(err, "it ends early");

	r = file_read_at(fd, &content, sizeof(content), pos + size - sizeof(content));
	if (r < 0)
		return error_set_errno(err, r, "read the compressed image");

	const struct pack_block block = {
		.raw_size = le32toh(content),
		.packed_start = pos,
		.packed_size = size,
	};
	return pack_index_add(index, &block);
}

static int gzip_index(int fd, uint64_t size, struct pack_index *ret, struct error *err)
{
	for (uint64_t pos = 0; pos < size;) {
		size_t known = ret->count;

		int r = read_member(fd, pos, size, ret, err);
		if (r != 0)
			return r;
		if (ret->count == known)
			return pack_index_refuse(ret, "it has empty members");
		pos += ret->list[known].packed_size;
	}

	return 0;
}

static int gzip_start(const struct pack_settings *settings, struct pack_encoder **ret,
		      struct error *err)
{
	AUTOFREE struct gzip_encoder *e = xcalloc(1, sizeof(*e));

	e->base.codec = &pack_gzip;
	/* Raw deflate: header and trailer are ours.  8 is zlib's usual memory level. */
	if (deflateInit2(&e->stream, settings->level, Z_DEFLATED, -MAX_WBITS, 8,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		return error_set_errno(err, -ENOMEM, "compress");

	*ret = &TAKE(e)->base;
	return 0;
}

static int gzip_begin(struct pack_encoder *base, uint64_t size, struct pack_piece *ret,
		      struct error *err)
{
	struct gzip_encoder *e = (struct gzip_encoder *)base;

	(void)err;
	assert(size <= UINT32_MAX);
	(void)deflateReset(&e->stream);
	e->crc = (uint32_t)crc32(0, NULL, 0);
	e->size = (uint32_t)size;
	buf_add(&ret->data, &header_template, sizeof(header_template));
	return 0;
}

static void finish(const struct gzip_encoder *e, struct buf *data)
{
	const uint32_t trailer[] = { htole32(e->crc), htole32(e->size) };

	buf_add(data, trailer, sizeof(trailer));

	const uint32_t size = htole32((uint32_t)data->len);
	memcpy(data->data + offsetof(struct header, size), &size, sizeof(size));
}

static int gzip_add(struct pack_encoder *base, const void *data, size_t len, bool last,
		    struct pack_piece *ret, struct error *err)
{
	struct gzip_encoder *e = (struct gzip_encoder *)base;
	z_stream *stream = &e->stream;
	int r;

	e->crc = (uint32_t)crc32(e->crc, data, (uInt)len);
	/* deflate() does not write to it, but only says so if zlib.h is told to. */
	stream->next_in = (Bytef *)(uintptr_t)data;
	stream->avail_in = (uInt)len;
	do {
		stream->next_out = (Bytef *)buf_reserve(&ret->data, ROOM);
		stream->avail_out = ROOM;
		r = deflate(stream, last ? Z_FINISH : Z_NO_FLUSH);
		ret->data.len += ROOM - stream->avail_out;
	} while (r == Z_OK && (last || stream->avail_out == 0));

	/* Z_BUF_ERROR only says that there was nothing left to do. */
	if (r != (last ? Z_STREAM_END : Z_OK) && (last || r != Z_BUF_ERROR))
		return error_set(err, -EINVAL, "compress: zlib fails (%d)", r);
	if (last)
		finish(e, &ret->data);
	return 0;
}

static void gzip_free(struct pack_encoder *base)
{
	struct gzip_encoder *e = (struct gzip_encoder *)base;

	(void)deflateEnd(&e->stream);
	free(e);
}

const struct pack_codec pack_gzip = {
	.name = "gz",
	.min = 1,
	.max = 9,
	.standard = 6,
	.block = 1 << 20,
	.index = gzip_index,
	.start = gzip_start,
	.begin = gzip_begin,
	.add = gzip_add,
	.free = gzip_free,
};
