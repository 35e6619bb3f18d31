/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Copies of whole images that stay sparse.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "util/error.h"

/** Told about progress now and then; a negative return value stops the copy with it. */
typedef int copy_progress(void *arg, uint64_t done, uint64_t total);

/**
 * Make the empty file `to` a copy of the file `from`.
 *
 * Shares blocks where the file system can (FICLONE), else reads and writes.  Holes
 * stay holes, and blocks of zeros become holes, so that the copy of a base image
 * that somebody wrote out in full is sparse all the same.  Writing to the disk is
 * started while copying, so that a later fsync() finds little left to do.
 *
 * @param passing   the copy is removed before long: leave it in memory
 * @param progress  may be NULL; called every 16 MiB and at the end; done and total
 *                  count bytes of data, not of holes
 */
int copy_image(int from, int to, bool passing, copy_progress *progress, void *arg,
	       struct error *err);
