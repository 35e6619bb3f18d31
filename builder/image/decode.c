/* SPDX-License-Identifier: Apache-2.0 */
#include "image/decode.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "image/decode-parts.h"
#include "util/alloc.h"

/* clang-format off */
static const struct {
	const char *name;
	int (*decode)(struct source *source, struct sink *sink, struct error *err);
} formats[] = {
	[DECODE_RAW]  = { "raw",  decode_raw },
	[DECODE_XZ]   = { "xz",   decode_xz },
	[DECODE_ZSTD] = { "zstd", decode_zstd },
	[DECODE_GZIP] = { "gzip", decode_gzip },
	[DECODE_ZIP]  = { "zip",  decode_zip },
};

static const struct {
	const char *bytes;
	size_t len;
	enum decode_format format;
} magics[] = {
	{ "\xfd" "7zXZ\0",    6, DECODE_XZ },
	{ "\x28\xb5\x2f\xfd", 4, DECODE_ZSTD },
	{ "\x1f\x8b",         2, DECODE_GZIP },
	{ "PK\3\4",           4, DECODE_ZIP },
	{ "PK\5\6",           4, DECODE_ZIP }, /* holds nothing */
};

/* What an image can come as, but not to nib. */
static const struct {
	const char *name;
	const char *bytes;
	size_t len;
	size_t offset;
} refused[] = {
	{ "7z",                  "7z\xbc\xaf\x27\x1c",        6, 0 },
	{ "bzip2",               "BZh",                       3, 0 },
	{ "compress (.Z)",       "\x1f\x9d",                  2, 0 },
	{ "lz4",                 "\x04\x22\x4d\x18",          4, 0 },
	{ "lzip",                "LZIP",                      4, 0 },
	{ "lzma",                "\x5d\0\0\x80\0\xff\xff\xff\xff", 9, 0 }, /* as xz(1) writes it */
	{ "lzop",                "\x89LZO\0",                 5, 0 },
	{ "rar",                 "Rar!\x1a\x07",              6, 0 },
	{ "tar",                 "ustar",                     5, 257 },
	{ "Android sparse image", "\x3a\xff\x26\xed",         4, 0 },
	{ "qcow2",               "QFI\xfb",                   4, 0 },
	{ "VDI",                 "\x7f\x10\xda\xbe",          4, 64 },
	{ "VHD",                 "conectix",                  8, 0 },
	{ "VHDX",                "vhdxfile",                  8, 0 },
	{ "VMDK",                "KDMV",                      4, 0 },
};
/* clang-format on */

/** Enough to tell all of them. */
enum { HEAD = 512 };

/* Any of 16 numbers; tools that make seekable files put such a frame first (RFC 8878, 3.1.2). */
static bool is_skippable_frame(const uint8_t *head)
{
	return (head[0] & 0xf0) == 0x50 && memcmp(head + 1, "\x2a\x4d\x18", 3) == 0;
}

int decode_detect(int fd, enum decode_format *ret, struct error *err)
{
	uint8_t head[HEAD] = { 0 };
	ssize_t n;

	do
		n = pread(fd, head, sizeof(head), 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_set_errno(err, -errno, "read");

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		if (memcmp(head + refused[i].offset, refused[i].bytes, refused[i].len) == 0)
			return error_set(err, -EINVAL,
					 "the format is %s, which cannot be read; nib reads raw "
					 "images, alone or in xz, zstd, gzip or zip",
					 refused[i].name);

	*ret = is_skippable_frame(head) ? DECODE_ZSTD : DECODE_RAW;
	for (size_t i = 0; i < ARRAY_SIZE(magics); i++)
		if (memcmp(head, magics[i].bytes, magics[i].len) == 0)
			*ret = magics[i].format;
	return 0;
}

const char *decode_format_name(enum decode_format format)
{
	return formats[format].name;
}

int decode_damaged(enum decode_format format, const char *why, struct error *err)
{
	return error_set(err, -EBADMSG, "the %s data is damaged (%s)", decode_format_name(format),
			 why);
}

int decode_truncated(enum decode_format format, struct error *err)
{
	return error_set(err, -EBADMSG, "the %s data ends too early", decode_format_name(format));
}

int decode_trailing(enum decode_format format, struct error *err)
{
	const char *name = decode_format_name(format);

	return error_set(err, -EBADMSG, "something that is not %s follows the %s data", name, name);
}

int decode_raw(struct source *source, struct sink *sink, struct error *err)
{
	int r = sink_expect(sink, source->size, err);

	while (r == 0) {
		size_t room;

		r = source_fill(source, err);
		if (r < 0 || !source->left)
			break;

		void *to = sink_room(sink, &room);
		size_t len = source->left < room ? source->left : room;

		memcpy(to, source->next, len);
		source->next += len;
		source->left -= len;
		r = sink_add(sink, len, err);
	}

	return r;
}

int decode_image(int from, int to, const struct decode_options *options, struct decode_result *ret,
		 struct error *err)
{
	AUTOSOURCE struct source source = { 0 };
	AUTOSINK struct sink *sink = NULL;
	struct decode_result result;

	int r = decode_detect(from, &result.format, err);
	if (r == 0)
		r = source_open(from, options, &source, err);
	if (r == 0)
		r = sink_open(to, options->max_size, &sink, err);
	if (r < 0)
		return r;

	source.digest = digest_new();
	r = formats[result.format].decode(&source, sink, err);
	if (r == 0)
		r = sink_end(sink, result.data_digest, err);
	if (r < 0)
		return r;

	result.size = sink_size(sink);
	digest_end(source.digest, result.source_sha256);
	*ret = result;
	return 0;
}
