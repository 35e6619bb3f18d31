/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Where an image has data, and the digests of that data.
 *
 * The image is looked at in chunks of 4 MiB.  A piece is a run of data within one
 * chunk, from and to a multiple of 4096 bytes or the end of the image; zeros count as
 * data where fewer than 64 KiB of them follow each other.  What is a piece depends on
 * the content alone, never on the holes of the file, which differ between file systems.
 */
#pragma once

#include "image/copy.h"
#include "image/ranges.h"
#include "util/buf.h"
#include "util/digest.h"

/** A run of data. */
struct map_piece {
	struct range range;
	uint8_t sha256[DIGEST_SIZE];
};

/** All data of an image.  Initialise with { 0 }. */
struct map {
	/** Size of the image, in bytes. */
	uint64_t size;
	/** In ascending order. */
	struct map_piece *pieces;
	size_t count;
};

/**
 * Find the data of an image.
 *
 * @param base      map of an image that is the same but for the changed ranges; NULL to
 *                  look at everything
 * @param changed   not used without base
 * @param progress  may be NULL; counts bytes of the image
 */
int map_make(int fd, const struct map *base, const struct ranges *changed, struct map *ret,
	     copy_progress *progress, void *arg, struct error *err);

/** Write a map as text that map_parse() reads. */
void map_print(const struct map *map, struct buf *ret);

/** Read what map_print() wrote; false if it is not that. */
bool map_parse(const char *text, struct map *ret);

/**
 * Write a map as a block map, format 2.0 of bmaptool(1), with SHA-256 digests: for
 * programs that write images to cards.
 */
void map_print_bmap(const struct map *map, struct buf *ret);

/** Release the list. */
void map_free(struct map *map);
#define AUTOMAP CLEANUP(map_free)
