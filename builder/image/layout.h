/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What an image file holds: its partition table and the file systems in the
 * partitions.  Everything is found by libblkid, nothing by a fixed number, and
 * nothing is written.
 */
#pragma once

#include <stdint.h>

#include "util/error.h"

/** Type of a partition table. */
enum table_type { TABLE_MBR, TABLE_GPT };

/** One partition.  Strings are owned by the layout; "" where there is nothing. */
struct partition {
	/** Number as the partition table has it, from 1. */
	unsigned number;
	/** First byte, from the start of the image. */
	uint64_t offset;
	/** Size in bytes. */
	uint64_t size;
	/** MBR type (0x0c: FAT32 LBA, 0x83: Linux); 0 in a GPT. */
	unsigned type;
	/** PARTUUID: "1a2b3c4d-02" in an MBR, a GUID in a GPT. */
	char *part_uuid;
	/** Partition name; GPT only. */
	char *part_name;
	/** File system as libblkid calls it: "ext4", "vfat", "xfs". */
	char *fs_type;
	/** Label and UUID of the file system. */
	char *fs_label, *fs_uuid;
};

/** An image as it lies on disk.  Initialise with { 0 }. */
struct layout {
	/** Size of the file in bytes. */
	uint64_t size;
	enum table_type table;
	/** MBR disk id (offset 440, little endian); 0 in a GPT. */
	uint32_t disk_id;
	/** In the order of their offsets. */
	struct partition *partitions;
	size_t count;
};

/**
 * Read the layout of an image that is open on fd.
 *
 * Fails with a message that says what the file is instead: empty, compressed
 * (and how to decompress it), without a partition table, truncated (a partition
 * ends beyond the end of the file, by how many bytes), overlapping partitions.
 *
 * @param name  path, for messages
 */
int layout_read(int fd, const char *name, struct layout *ret, struct error *err);

/** The first partition with that file system type, or NULL; borrowed. */
const struct partition *layout_find(const struct layout *layout, const char *fs_type);

/** Write another disk id into the MBR of an image that is open for writing. */
int layout_set_disk_id(int fd, uint32_t disk_id, struct error *err);

/** Release everything; back to { 0 }. */
void layout_free(struct layout *layout);

#define AUTOLAYOUT CLEANUP(layout_free)
