/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What the formats of compressed images have in common; for pack*.c only.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image/pack.h"
#include "util/buf.h"
#include "util/error.h"

enum {
	/** Largest raw block of a base: it bounds the memory for encoding one. */
	PACK_BLOCK_MAX = 64 << 20,
	/** Data is given to encoders in pieces of this size. */
	PACK_CHUNK = 128 << 10,
};

/** How to encode the blocks of one image. */
struct pack_settings {
	int level;
	/** Raw size of the largest block that is encoded. */
	uint64_t block;
	/** As in struct pack_index; filters is NULL without a base; not owned. */
	unsigned check;
	const char *filters;
};

/** Encodes block after block, for one thread.  Each format's own state follows it. */
struct pack_encoder {
	const struct pack_codec *codec;
};

/** An encoded block.  Initialise with { 0 }. */
struct pack_piece {
	struct buf data;
	/** As in struct pack_block. */
	unsigned padding;
};

/** A format.  head and tail are NULL where there is nothing around the blocks. */
struct pack_codec {
	/** Name for --compress; the suffix of files is a dot and this. */
	const char *name;
	/** Levels that can be chosen, and the one that is taken else. */
	int min, max, standard;
	/** Raw size of blocks, and integrity check (xz), where there is no base. */
	uint64_t block;
	unsigned check;

	/** pack_index_read() for a file of this format and size; ret->format is set already. */
	int (*index)(int fd, uint64_t size, struct pack_index *ret, struct error *err);

	/** Make an encoder; owned by the caller, who releases it after a failure as well. */
	int (*start)(const struct pack_settings *settings, struct pack_encoder **ret,
		     struct error *err);

	/** Begin a block of this raw size; ret is empty. */
	int (*begin)(struct pack_encoder *e, uint64_t size, struct pack_piece *ret,
		     struct error *err);

	/** Go on with it by len > 0 bytes; with the last ones, the block is complete. */
	int (*add)(struct pack_encoder *e, const void *data, size_t len, bool last,
		   struct pack_piece *ret, struct error *err);

	/** Release an encoder. */
	void (*free)(struct pack_encoder *e);

	/** Append what comes before the first block. */
	int (*head)(const struct pack_settings *settings, struct buf *ret, struct error *err);

	/** Append what comes behind these blocks. */
	int (*tail)(const struct pack_settings *settings, const struct pack_block *list,
		    size_t count, struct buf *ret, struct error *err);
};

extern const struct pack_codec pack_xz, pack_zstd, pack_gzip;

/** The codec of a format; NULL for PACK_NONE. */
const struct pack_codec *pack_codec(enum pack_format format);

/**
 * Append a block; raw_start is where the last one ends.  One that is empty is left out.
 *
 * @return 0, or PACK_WHOLE if it is too large or there are too many
 */
int pack_index_add(struct pack_index *index, const struct pack_block *block);

/** Remember what stands against reuse; returns PACK_WHOLE. */
int pack_index_refuse(struct pack_index *index, const char *obstacle);

/** -EBADMSG and the text for a file that contradicts itself. */
static inline int pack_damaged(struct error *err, const char *where)
{
	return error_set(err, -EBADMSG, "the compressed image is damaged: %s", where);
}

/** Release an encoder; NULL is fine. */
void pack_encoder_free(struct pack_encoder *e);
DEFINE_CLEANUP(struct pack_encoder *, pack_encoder_free)
#define AUTOENCODER CLEANUP(pack_encoder_freep)

/** Release the data; back to { 0 }. */
void pack_piece_free(struct pack_piece *piece);
#define AUTOPIECE CLEANUP(pack_piece_free)
