/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Writing of images that stay sparse: zeros are left out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/digest.h"

/** Are these bytes, one at least, all zeros? */
bool sparse_is_zero(const void *data, size_t len);

/** A file that is written from its start to its end.  Set fd, the rest is 0 at first. */
struct sparse {
	/** Open for writing, empty; not owned. */
	int fd;
	/** Write nothing, only count: what would have been written. */
	bool count_only;
	/** Nobody will flush it: writing to the disk is not started either. */
	bool passing;
	/** Bytes that were not left out. */
	uint64_t data;
	/** Gets what is not left out, and where it is, for sparse_digest_end(); NULL if nobody
	 * asks; not owned. */
	struct digest *digest;
	/** End of what it got last. */
	uint64_t digested;
	/** Writing to the disk was started up to this byte. */
	uint64_t started;
};

/**
 * Write len bytes at pos, at or behind the end of the call before.
 *
 * Pieces of 4096 bytes, counted from pos, that are all zeros are not written: the
 * caller sets the size of the file in the end.  Writing to the disk is started now
 * and then, so that a later fsync() finds little left to do.
 *
 * @return 0 or -errno
 */
int sparse_write(struct sparse *to, const void *data, size_t len, uint64_t pos);

/**
 * The digest of all that was written: that of its data and of where that is, which
 * takes less time than hashing the zeros between, too.  Pieces have to have been
 * counted from multiples of 4096.
 *
 * @param size  of the whole file, in bytes
 */
void sparse_digest_end(struct sparse *to, uint64_t size, uint8_t ret[static DIGEST_SIZE]);

/** The same of a file, whatever holes it has. */
int sparse_digest_file(int fd, uint8_t ret[static DIGEST_SIZE], struct error *err);

/**
 * Is there room for need more bytes in the file system of fd?
 *
 * @param what  what needs them, for the message: "copy"
 * @return -ENOSPC and a message that names the bytes that are missing
 */
int sparse_check_space(int fd, uint64_t need, const char *what, struct error *err);
