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
 * @param fd   the file, the caller's; -1 if there is none
 */
int base_packed(const struct base *base, const struct pack_spec *spec,
		const struct base_options *options, struct pack_index *ret, int *fd,
		struct error *err);
