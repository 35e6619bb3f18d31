/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What pack-xz.c and pack-xz-index.c have in common.
 */
#pragma once

#include <lzma.h>

#include "image/pack-codec.h"

/** Release an index; NULL is fine. */
static inline void pack_lzma_indexp(lzma_index **index)
{
	lzma_index_end(*index, NULL);
}
#define AUTOINDEX CLEANUP(pack_lzma_indexp)

/** index of struct pack_codec. */
int pack_xz_index(int fd, uint64_t size, struct pack_index *ret, struct error *err);
