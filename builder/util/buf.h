/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Bytes that grow: the content of files, and text being put together.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "util/cleanup.h"

/**
 * Bytes with a length.  Initialise with { 0 }.
 *
 * There is always a 0 byte after the last one once something was added, so that
 * text can be used as a string.  All memory is wiped when it is released or
 * outgrown, since any of it may hold a secret.
 */
struct buf {
	/** The bytes; NULL while empty; owned. */
	char *data;
	/** Number of bytes, without the 0 byte at the end. */
	size_t len;
	/** Bytes allocated. */
	size_t cap;
};

/** Append len bytes. */
void buf_add(struct buf *buf, const void *data, size_t len);

/** Append a string. */
void buf_adds(struct buf *buf, const char *text);

/** Append formatted text. */
void buf_addf(struct buf *buf, const char *format, ...)
	__attribute__((format(printf, 2, 3), nonnull(2)));

/** Make room for len more bytes and return where they go; buf->len does not change. */
char *buf_reserve(struct buf *buf, size_t len);

/** A buffer with a copy of a string. */
struct buf buf_from(const char *text);

/** A buffer with a copy of another's bytes. */
struct buf buf_copy(const struct buf *other);

/** Do both hold the same bytes? */
bool buf_equal(const struct buf *a, const struct buf *b);

/** The text, or "" for an empty buffer; borrowed. */
const char *buf_text(const struct buf *buf);

/** Wipe and release the bytes; back to { 0 }. */
void buf_free(struct buf *buf);

#define AUTOBUF CLEANUP(buf_free)

/** Move a buffer out of its variable. */
#define TAKE_BUF(variable)                      \
	({                                      \
		struct buf taken_ = (variable); \
		(variable) = (struct buf){ 0 }; \
		taken_;                         \
	})
