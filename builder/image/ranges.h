/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Ranges of bytes in an image: what has data, what differs from another image.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "util/error.h"

/** From start up to, not including, end; in bytes. */
struct range {
	uint64_t start, end;
};

/** Ranges in ascending order, none empty, none touching the next.  Initialise with { 0 }. */
struct ranges {
	struct range *list;
	size_t count;
};

/** Add a range, in any order; those that touch it are joined to it. */
void ranges_add(struct ranges *ranges, uint64_t start, uint64_t end);

/** Does any of the ranges share a byte with this one? */
bool ranges_meet(const struct ranges *ranges, uint64_t start, uint64_t end);

/** Sum of the lengths. */
uint64_t ranges_length(const struct ranges *ranges);

/** The data of a file: what is not in holes. */
int ranges_of_data(int fd, struct ranges *ret, struct error *err);

/**
 * Where the content of two files of one size differs, rounded out to 4096 bytes
 * within the file.  What is a hole in both is not read.
 *
 * @param within  where to look; the rest is taken to be the same
 */
int ranges_of_difference(int a, int b, const struct ranges *within, struct ranges *ret,
			 struct error *err);

/** Release the list. */
void ranges_free(struct ranges *ranges);
#define AUTORANGES CLEANUP(ranges_free)
