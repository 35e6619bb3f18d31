/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

/* Input is const then. */
#define ZLIB_CONST
#include <zlib.h>

#include "image/decode-parts.h"

/** The largest window there is, and gzip's header and trailer around it. */
enum { WINDOW_BITS = 15 + 16 };

static int failed(const z_stream *stream, int code, struct error *err)
{
	switch (code) {
	case Z_BUF_ERROR: return decode_truncated(DECODE_GZIP, err);
	case Z_MEM_ERROR: return error_set_errno(err, -ENOMEM, "decode gzip");
	default: return decode_damaged(DECODE_GZIP, stream->msg ? stream->msg : zError(code), err);
	}
}

/* Is this where a member begins?  What gzip(1) takes for garbage behind one is refused. */
static bool is_member(const struct source *source)
{
	return source->next[0] == 0x1f && (source->left < 2 || source->next[1] == 0x8b);
}

static int decode(z_stream *stream, struct source *source, struct sink *sink, struct error *err)
{
	int code = Z_STREAM_END;
	size_t room;

	for (bool first = true;; first = false) {
		int r = source_fill(source, err);
		if (r < 0 || (!source->left && code == Z_STREAM_END))
			return r;
		if (code == Z_STREAM_END && !first) {
			if (!is_member(source))
				return decode_trailing(DECODE_GZIP, err);
			(void)inflateReset(stream);
		}

		stream->next_in = source->next;
		stream->avail_in = (uInt)source->left;
		stream->next_out = sink_room(sink, &room);
		stream->avail_out = (uInt)room;
		code = inflate(stream, Z_NO_FLUSH);
		source->next = stream->next_in;
		source->left = stream->avail_in;
		if (code != Z_OK && code != Z_STREAM_END)
			return failed(stream, code, err);

		r = sink_add(sink, room - stream->avail_out, err);
		if (r < 0)
			return r;
	}
}

int decode_gzip(struct source *source, struct sink *sink, struct error *err)
{
	z_stream stream = { 0 };

	int code = inflateInit2(&stream, WINDOW_BITS);
	if (code != Z_OK)
		return failed(&stream, code, err);

	int r = decode(&stream, source, sink, err);
	(void)inflateEnd(&stream);
	return r;
}
