/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Access to the file systems inside an image.
 *
 * Paths are absolute and are those of the running node: "/" is its root file
 * system, with the other file systems mounted below it.  Symbolic links in the
 * directories of a path are followed inside the image, across mount points; a
 * link that climbs above "/" is an error.  The last component is never followed,
 * except by read().
 *
 * Every failure sets err.  -ENOENT means that there is no such file, and -EXDEV
 * that a symbolic link leads out of the image; all other codes only say "failed".
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "image/layout.h"
#include "image/ranges.h"
#include "util/buf.h"
#include "util/error.h"

/** An open image.  Each back end's own state follows it in memory. */
struct backend {
	const struct backend_ops *ops;
};

/** Owner and permission bits of a file (mode without the type). */
struct file_attr {
	uid_t uid;
	gid_t gid;
	mode_t mode;
};

enum file_type { FILE_REGULAR, FILE_DIRECTORY, FILE_SYMLINK, FILE_OTHER };

/** What stat() finds. */
struct file_stat {
	enum file_type type;
	/** On FAT, which has none: root, 0755. */
	struct file_attr attr;
	/** Bytes. */
	uint64_t size;
	/** The file system keeps owners and modes (FAT does not). */
	bool has_attr;
};

/** Room in a file system. */
struct file_space {
	/** Bytes per allocation unit (ext4 block, FAT cluster). */
	uint64_t unit;
	/** Free units that root may use. */
	uint64_t free_units;
	/** Free inodes; UINT64_MAX where there is no such limit. */
	uint64_t free_inodes;
};

/** Names in a directory, sorted by strcmp(), without "." and "..".  Initialise with { 0 }. */
struct file_names {
	char **list;
	size_t count;
};

/** What a back end can do.  Every operation is required. */
struct backend_ops {
	/** Name for --backend and for messages. */
	const char *name;

	/** Is everything here that it needs?  If not, err names it. */
	int (*check)(struct error *err);

	/**
	 * Open an image.
	 *
	 * @param fd         the image; stays open and owned by the caller
	 * @param read_only  nothing is ever written, not even by journal replay
	 * @param now        time stamp for whatever is written, in seconds since 1970
	 */
	int (*open)(int fd, bool read_only, int64_t now, struct backend **ret, struct error *err);

	/**
	 * Mount the file system of a partition; "/" comes first.
	 *
	 * Refuses, by name, what it cannot edit safely: a file system that needs
	 * recovery, has errors, or has features that it does not know.
	 */
	int (*mount)(struct backend *b, const struct partition *part, const char *path,
		     struct error *err);

	/** Read a whole regular file, following symbolic links. */
	int (*read)(struct backend *b, const char *path, struct buf *ret, struct error *err);

	/**
	 * Create a regular file, or replace whatever is there but a directory.
	 *
	 * A replaced file gets a new inode: its hard links keep the old content, its
	 * old blocks are overwritten with zeros before they are freed.  The directory
	 * must exist.  attr is ignored on FAT.
	 */
	int (*write)(struct backend *b, const char *path, const struct buf *content,
		     const struct file_attr *attr, struct error *err);

	/** Create a directory, or give an existing one this owner and mode. */
	int (*mkdir)(struct backend *b, const char *path, const struct file_attr *attr,
		     struct error *err);

	/** Create a symbolic link (owner root), or replace whatever is there but a directory. */
	int (*symlink)(struct backend *b, const char *path, const char *target, struct error *err);

	/** Remove a file, a symbolic link or an empty directory; -ENOENT if there is none. */
	int (*remove)(struct backend *b, const char *path, struct error *err);

	/** Look at a file without following it. */
	int (*stat)(struct backend *b, const char *path, struct file_stat *ret, struct error *err);

	/** Target of a symbolic link, owned by the caller. */
	int (*readlink)(struct backend *b, const char *path, char **ret, struct error *err);

	/** Names in a directory. */
	int (*list)(struct backend *b, const char *path, struct file_names *ret, struct error *err);

	/** Room in the file system that holds path. */
	int (*space)(struct backend *b, const char *path, struct file_space *ret,
		     struct error *err);

	/** Where the file system that holds path is mounted; borrowed. */
	const char *(*mount_of)(struct backend *b, const char *path);

	/**
	 * Add where the image may differ, in bytes, from what it was when it was opened:
	 * all that was written, and maybe more.
	 */
	void (*touched)(struct backend *b, struct ranges *ret);

	/** Flush everything.  Until this returned 0, nothing is known to be in the image. */
	int (*finish)(struct backend *b, struct error *err);

	/** Release everything, finished or not. */
	void (*free)(struct backend *b);
};

/** ext4 by libext2fs and FAT by mtools, in the image file itself; needs no privileges. */
extern const struct backend_ops backend_direct;

/** Find a back end by name; NULL if there is none. */
const struct backend_ops *backend_find(const char *name);

/** Time that the root file system was last written, in seconds since 1970; for reproducible output.
 */
int backend_base_time(int fd, const struct partition *root, int64_t *ret, struct error *err);

/** Like read(), with *found = false instead of -ENOENT. */
int backend_read_optional(struct backend *b, const char *path, struct buf *ret, bool *found,
			  struct error *err);

/** Like stat(), with *found = false instead of -ENOENT. */
int backend_stat_optional(struct backend *b, const char *path, struct file_stat *ret, bool *found,
			  struct error *err);

/** Is there anything at path?  A failure other than -ENOENT is returned. */
int backend_exists(struct backend *b, const char *path, bool *ret, struct error *err);

/** Release names; back to { 0 }. */
void file_names_free(struct file_names *names);
#define AUTONAMES CLEANUP(file_names_free)

/** Release a back end; NULL is fine. */
void backend_free(struct backend *b);
DEFINE_CLEANUP(struct backend *, backend_free)
#define AUTOBACKEND CLEANUP(backend_freep)
