/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * One file system in a partition, as the `direct` back end sees it.
 *
 * A file system knows names in directories; paths, symbolic links and mount
 * points are the work of image/path.h above it.  No message of a file system
 * contains the path: the caller adds it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "image/backend.h"

/** The largest file that is read into memory. */
#define FS_MAX_READ (256u << 20)

/** The most entries that a directory may have, used or not. */
#define FS_MAX_ENTRIES 1000000u

/** An open file system.  Each type's own state follows it in memory. */
struct fs {
	const struct fs_ops *ops;
	/** Where it is mounted, for messages; borrowed from the table of mounts. */
	const char *mount;
};

/** A file that exists. */
struct fs_node {
	/** Inode number; on FAT the first cluster, which is 0 for an empty file. */
	uint64_t id;
	struct file_stat stat;
};

/** A name in a directory, whether there is such a file or not. */
struct fs_place {
	struct fs *fs;
	/** The directory. */
	struct fs_node dir;
	/** Its path within the file system, free of symbolic links; "" is the root; owned. */
	char *dir_path;
	/** Name in the directory; "" where the place is the root of the file system; owned. */
	char *name;
	/** There is such a file ... */
	bool exists;
	/** ... and this is it. */
	struct fs_node node;
};

/** What a type of file system can do. */
struct fs_ops {
	/** Types that it can open, as libblkid calls them; ended by NULL. */
	const char *const *types;

	/** Open the file system of a partition, or say why that is not safe. */
	int (*open)(int fd, const struct partition *part, bool read_only, int64_t now,
		    struct fs **ret, struct error *err);

	/** The root directory. */
	int (*root)(struct fs *fs, struct fs_node *ret, struct error *err);

	/** Find a name in a directory; *found says whether there is one. */
	int (*lookup)(struct fs *fs, const struct fs_node *dir, const char *name,
		      struct fs_node *ret, bool *found, struct error *err);

	/** Read a whole regular file. */
	int (*read)(struct fs *fs, const struct fs_node *node, struct buf *ret, struct error *err);

	/** Target of a symbolic link, without a 0 byte in it. */
	int (*readlink)(struct fs *fs, const struct fs_node *node, char **ret, struct error *err);

	/** Names in a directory, in any order, without "." and "..". */
	int (*list)(struct fs *fs, const struct fs_node *dir, struct file_names *ret,
		    struct error *err);

	/** Create a regular file, or replace what is there, which is no directory. */
	int (*write)(struct fs *fs, const struct fs_place *place, const struct buf *content,
		     const struct file_attr *attr, struct error *err);

	/** Create a directory where nothing is. */
	int (*mkdir)(struct fs *fs, const struct fs_place *place, const struct file_attr *attr,
		     struct error *err);

	/** Change owner and mode of what is there. */
	int (*set_attr)(struct fs *fs, const struct fs_node *node, const struct file_attr *attr,
			struct error *err);

	/** Create a symbolic link, or replace what is there, which is no directory. */
	int (*symlink)(struct fs *fs, const struct fs_place *place, const char *target,
		       struct error *err);

	/** Remove what is there. */
	int (*remove)(struct fs *fs, const struct fs_place *place, struct error *err);

	/** Count the free units. */
	int (*space)(struct fs *fs, struct file_space *ret, struct error *err);

	/** Where the image may differ from what it was when it was opened, as in backend.h. */
	void (*touched)(struct fs *fs, struct ranges *ret);

	/** Write everything that is pending. */
	int (*flush)(struct fs *fs, struct error *err);

	/** Release everything; what is pending is lost. */
	void (*free)(struct fs *fs);
};

/** ext2, ext3 and ext4, by libext2fs. */
extern const struct fs_ops fs_ext4;

/** FAT16 and FAT32: read here, written by mtools. */
extern const struct fs_ops fs_fat;

/** Say that there is no room, and how much is missing; -ENOSPC. */
int fs_no_space(const struct fs *fs, uint64_t needed, uint64_t free_bytes, struct error *err);

/** Release what a place owns; back to { 0 }. */
void fs_place_free(struct fs_place *place);
#define AUTOPLACE CLEANUP(fs_place_free)
