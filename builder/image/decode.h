/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Base images in, raw or compressed: told by content, not by name.
 *
 * The formats: xz (https://tukaani.org/xz/xz-file-format.txt), zstd (RFC 8878), gzip
 * (RFC 1952), zip (APPNOTE.TXT of PKWARE, by libarchive).
 */
#pragma once

#include <stdint.h>

#include "image/copy.h"
#include "image/sparse.h"
#include "util/error.h"

/** What a base image is packed in. */
enum decode_format {
	DECODE_RAW,
	DECODE_XZ,
	DECODE_ZSTD,
	DECODE_GZIP,
	DECODE_ZIP,
};

/** How to decode. */
struct decode_options {
	/** Most bytes that the image may have; more is an error (-EFBIG). */
	uint64_t max_size;
	/** Most threads that decode, of formats that can: xz; 0 means one per processor. */
	unsigned threads;
	/** Counts bytes of the source of all of its bytes; may be NULL. */
	copy_progress *progress;
	/** Handed to progress. */
	void *arg;
};

/** What was decoded. */
struct decode_result {
	enum decode_format format;
	/** Bytes of the image. */
	uint64_t size;
	/** SHA-256 of the source, from its first byte to its last. */
	uint8_t source_sha256[DIGEST_SIZE];
	/** Digest of the image's data, as by sparse_digest_file(). */
	uint8_t data_digest[DIGEST_SIZE];
};

/**
 * What is a file packed in?
 *
 * What is known to be no image that nib reads (bzip2, 7z, qcow2, a tar archive ...) is
 * an error that names it (-EINVAL); anything that is not known is a raw image.
 *
 * @param fd  regular file; its offset does not matter and does not change
 */
int decode_detect(int fd, enum decode_format *ret, struct error *err);

/** Name of a format, for messages: "xz". */
const char *decode_format_name(enum decode_format format);

/**
 * Decode an image.
 *
 * Each byte of the source is read once, and what is decoded is what was hashed: a
 * source that changes meanwhile cannot have the digest of one content and decode to
 * another.  (Only sizes are looked up ahead, to refuse early what is too large.)
 *
 * The source has to hold one image, whole and sound, and nothing behind it:
 *
 * - xz: one stream, no stream padding; blocks that say their sizes decode in parallel.
 *   At most 100 MiB are used for each thread (200 MiB for one), by fewer threads if
 *   need be.
 * - zstd: any number of frames; a window of at most 128 MiB.
 * - gzip: any number of members.
 * - zip: one file; directories and what macOS adds do not count.
 *
 * Anything else is an error (-EBADMSG for damage, -EINVAL for what is not supported,
 * -EFBIG for what is too large) that says what is wrong, but not with which file.
 * -ENOSPC names the bytes that are missing; for that the rest is decoded, but not
 * written.  Whatever progress() returned, where that was negative.
 *
 * @param from  regular file, open for reading; its offset does not change
 * @param to    empty regular file, open for writing; made sparse.  Undefined after an
 *              error.
 */
int decode_image(int from, int to, const struct decode_options *options, struct decode_result *ret,
		 struct error *err);
