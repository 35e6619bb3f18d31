/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Strict checks of the first sector of an image.
 *
 * libblkid takes what it can from a damaged partition table; an image that is
 * truncated or has overlapping partitions must not be edited at all.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "util/error.h"

/** Bytes per sector in partition tables. */
#define SECTOR_SIZE 512

/** What the first sector says. */
struct mbr {
	/** Bytes 440 to 443, little endian. */
	uint32_t disk_id;
	/** It only protects a GPT: an entry has type 0xee. */
	bool protective;
};

/**
 * Read and check the first sector of a file.
 *
 * Every entry must have a size, lie behind the first sector and end within the
 * file.  A protective MBR is not checked further.
 *
 * @param size  bytes in the file
 */
int mbr_read(int fd, uint64_t size, struct mbr *ret, struct error *err);

/** Say that a partition ends behind the end of the file; returns the code. */
int mbr_truncated(unsigned number, uint64_t end, uint64_t size, struct error *err);

/** Write another disk id. */
int mbr_write_disk_id(int fd, uint32_t disk_id, struct error *err);
