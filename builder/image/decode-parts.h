/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What the decoders share: a source that is read and hashed, and an image that is
 * hashed and written by a thread of its own.  Only for builder/image/decode*.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "image/decode.h"

/** The packed file, read from its start to its end.  Open with source_open(). */
struct source {
	/** Not owned. */
	int fd;
	/** Bytes of the whole file. */
	uint64_t size;
	/** Read up to this byte: the size, unless a decoder reads the rest by itself. */
	uint64_t end;
	/** Bytes that were read. */
	uint64_t pos;
	/** What was read and not used yet; decoders move both. */
	const uint8_t *next;
	/** Bytes at next. */
	size_t left;
	/** Of all that was read; NULL where nobody asks for it; owned. */
	struct digest *digest;
	/** Owned. */
	uint8_t *chunk;
	/** For progress(); not owned. */
	const struct decode_options *options;
};

/** Begin; fails unless fd is a regular file. */
int source_open(int fd, const struct decode_options *options, struct source *ret,
		struct error *err);

/**
 * Read on if nothing is left; then nothing is left only at the end.
 *
 * @return a failure of read(2), or what progress() returned
 */
int source_fill(struct source *source, struct error *err);

/** The next len bytes were read by other means; hashes and reports them. */
int source_passed(struct source *source, const void *data, size_t len, struct error *err);

/** Release it; the descriptor stays open. */
void source_close(struct source *source);
#define AUTOSOURCE CLEANUP(source_close)

/** An image that is being written. */
struct sink;

/**
 * Begin to write an image; owned by the caller.
 *
 * @param fd  empty regular file; not owned
 */
int sink_open(int fd, uint64_t max_size, struct sink **ret, struct error *err);

/** Where the next bytes of the image go, and how many fit there (at least one). */
void *sink_room(struct sink *sink, size_t *len) __attribute__((returns_nonnull));

/**
 * So many bytes were put there.
 *
 * @return -EFBIG beyond the largest size, or a failure of what was written before
 */
int sink_add(struct sink *sink, size_t len, struct error *err);

/** -EFBIG if so many bytes more than were added already are too many. */
int sink_expect(const struct sink *sink, uint64_t more, struct error *err);

/** Bytes added so far. */
uint64_t sink_size(const struct sink *sink);

/** All was added: wait until it is written.  An image of no bytes is an error. */
int sink_end(struct sink *sink, uint8_t data_digest[static DIGEST_SIZE], struct error *err);

/** Release it, ended or not; NULL is fine. */
void sink_free(struct sink *sink);
DEFINE_CLEANUP(struct sink *, sink_free)
#define AUTOSINK CLEANUP(sink_freep)

/** Decode the whole source; see decode_image(). */
int decode_raw(struct source *source, struct sink *sink, struct error *err);
int decode_xz(struct source *source, struct sink *sink, struct error *err);
int decode_zstd(struct source *source, struct sink *sink, struct error *err);
int decode_gzip(struct source *source, struct sink *sink, struct error *err);
int decode_zip(struct source *source, struct sink *sink, struct error *err);

/** "the xz data is damaged (why)"; -EBADMSG. */
int decode_damaged(enum decode_format format, const char *why, struct error *err);

/** "the xz data ends too early"; -EBADMSG. */
int decode_truncated(enum decode_format format, struct error *err);

/** "something that is not xz follows the end of the xz data"; -EBADMSG. */
int decode_trailing(enum decode_format format, struct error *err);
