/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * A disk, drawn to scale in one line of text.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "image/layout.h"
#include "util/buf.h"

/** Room in a partition, for its drawing. */
struct draw_usage {
	/** Bytes in use; UINT64_MAX if nobody knows. */
	uint64_t used;
};

/**
 * Draw a disk.
 *
 * Partitions are between bars, in-use space is filled; below stand their numbers.
 * Each partition gets at least one cell, so very small ones are wider than to scale.
 *
 * @param usage  parallel to layout->partitions
 * @param width  cells to use
 * @param utf8   draw with block elements instead of ASCII
 */
void draw_disk(const struct layout *layout, const struct draw_usage *usage, unsigned width,
	       bool utf8, struct buf *ret);
