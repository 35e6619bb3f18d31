/* SPDX-License-Identifier: Apache-2.0 */
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "image/decode-parts.h"

/** As large as zstd(1) takes without being asked: 128 MiB. */
enum { WINDOW_LOG = 27 };

DEFINE_CLEANUP(ZSTD_DCtx *, ZSTD_freeDCtx)
#define AUTODCTX CLEANUP(ZSTD_freeDCtxp)

static int failed(size_t code, struct error *err)
{
	switch (ZSTD_getErrorCode(code)) {
	case ZSTD_error_frameParameter_windowTooLarge:
		return error_set(err, -EINVAL,
				 "the zstd data needs a window of more than 128 MiB to decode");
	case ZSTD_error_dictionary_wrong:
		return error_set(err, -EINVAL, "the zstd data needs a dictionary to decode");
	case ZSTD_error_memory_allocation: return error_set_errno(err, -ENOMEM, "decode zstd");
	default: return decode_damaged(DECODE_ZSTD, ZSTD_getErrorName(code), err);
	}
}

/*
 * Does a frame begin here, or may one, as far as can be seen?  The size that it tells,
 * if the whole header is at hand, is checked.
 */
static int check_frame(const struct source *source, const struct sink *sink, struct error *err)
{
	uint32_t value = ZSTD_MAGICNUMBER;

	if (source->left >= sizeof(value)) {
		memcpy(&value, source->next, sizeof(value));
		value = le32toh(value);
	}
	if (value != ZSTD_MAGICNUMBER &&
	    (value & ZSTD_MAGIC_SKIPPABLE_MASK) != ZSTD_MAGIC_SKIPPABLE_START)
		return decode_trailing(DECODE_ZSTD, err);

	unsigned long long size = ZSTD_getFrameContentSize(source->next, source->left);
	if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR)
		return 0;
	return sink_expect(sink, size, err);
}

int decode_zstd(struct source *source, struct sink *sink, struct error *err)
{
	AUTODCTX ZSTD_DCtx *context = ZSTD_createDCtx();
	size_t expected = 0; /* 0 between frames */
	size_t room;

	if (!context)
		return error_set_errno(err, -ENOMEM, "decode zstd");
	(void)ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, WINDOW_LOG);

	for (;;) {
		int r = source_fill(source, err);
		if (r < 0 || (!source->left && expected == 0))
			return r;
		if (expected == 0)
			r = check_frame(source, sink, err);
		if (r < 0)
			return r;

		ZSTD_inBuffer in = { source->next, source->left, 0 };
		ZSTD_outBuffer out = { .dst = sink_room(sink, &room), .size = room };
		expected = ZSTD_decompressStream(context, &out, &in);
		if (ZSTD_isError(expected))
			return failed(expected, err);
		if (in.size == 0 && out.pos == 0)
			return decode_truncated(DECODE_ZSTD, err);

		source->next += in.pos;
		source->left -= in.pos;
		r = sink_add(sink, out.pos, err);
		if (r < 0)
			return r;
	}
}
