/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The compressed form of a base image, whose blocks nodes share.
 */
#pragma once

#include "image/base.h"
#include "image/pack.h"

/**
 * Find the compressed form of a base image, or make it.
 *
 * That is its source, if it is of the same format and cut into blocks, and no other
 * level than the default is asked for; else a file that is made once and kept in the
 * cache.  Without a cache there is none, and every node is compressed on its own, to
 * the same result.
 *
 * @param ret  its blocks
 * @param fd   the file that they are in, if that is not the source; the caller's; else -1
 * @return 0 if there is one, PACK_WHOLE if there is none
 */
int base_packed(const struct base *base, const struct pack_spec *spec,
		const struct base_options *options, struct pack_index *ret, int *fd,
		struct error *err);

/** Blocks of a compressed base for one node.  Initialise with { 0 }. */
struct base_blocks {
	struct pack_index index;
	/** Files of the cache that some of them are in. */
	int *files;
	size_t n_files;
};

/**
 * Cut large blocks that a node changes into smaller ones.
 *
 * A block is encoded anew as a whole, however little of it changed, and programs such
 * as "xz -T2" make blocks of 24 MiB.  The small blocks of a large one are encoded once
 * and kept in the cache; the next node that changes something there takes over all of
 * them but those that it changes.
 */
int base_refine(const struct base *base, const struct pack_index *index,
		const struct pack_spec *spec, const struct ranges *changed, unsigned threads,
		struct base_blocks *ret, struct error *err);

/** Release everything. */
void base_blocks_free(struct base_blocks *blocks);
#define AUTOBLOCKS CLEANUP(base_blocks_free)
