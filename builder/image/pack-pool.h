/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Threads that encode blocks, whose results come out in order.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image/pack-codec.h"
#include "util/cleanup.h"
#include "util/error.h"

struct pack_pool;

/** What is to be encoded.  Lives as long as the pool. */
struct pack_work {
	const struct pack_codec *codec;
	struct pack_settings settings;
	/** The raw image. */
	int raw;
	/** Blocks of it, of which raw_start and raw_size are looked at; not owned. */
	const struct pack_block *const *list;
	size_t count;
	/** What of the image is not in holes; not owned. */
	const struct ranges *data;
	/** At least 1. */
	unsigned threads;
};

/** Start; owned by the caller, who releases it after a failure as well. */
int pack_pool_new(const struct pack_work *work, struct pack_pool **ret, struct error *err);

/** Outcome of pack_pool_next(): it is not done yet. */
enum { PACK_POOL_BUSY = 1 };

/**
 * The next block of the list.
 *
 * A few blocks are encoded ahead: as many as there are threads, and small ones up
 * to 16 MiB more.
 *
 * @param wait  milliseconds
 * @param ret   owned by the caller
 * @return 0, PACK_POOL_BUSY, or the error with which encoding it failed
 */
int pack_pool_next(struct pack_pool *pool, unsigned wait, struct pack_piece *ret,
		   struct error *err);

/** Stop the threads, done or not, and release all. */
void pack_pool_free(struct pack_pool *pool);
DEFINE_CLEANUP(struct pack_pool *, pack_pool_free)
#define AUTOPOOL CLEANUP(pack_pool_freep)
