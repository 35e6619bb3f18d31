/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Paths of the running node, resolved inside the image.
 */
#pragma once

#include "image/fs.h"

/** A mounted file system. */
struct mount {
	/** Where; owned. */
	char *path;
	/** Owned. */
	struct fs *fs;
	/** Its root directory. */
	struct fs_node root;
	/** The directory that it covers: its file system (NULL for "/") and its id. */
	const struct fs *parent;
	uint64_t covered;
};

/** All mounts; the first one is "/".  Initialise with { 0 }. */
struct mounts {
	struct mount *list;
	size_t count;
};

/**
 * Find the place that a path means.
 *
 * Symbolic links are followed inside the image, an absolute one from its root.
 * The directory must exist; the file itself need not, then ret->exists is false.
 *
 * @param follow  follow a symbolic link in the last component too
 * @return -ENOENT if a directory is missing or a link leads nowhere, -EXDEV if a
 *         link leads out of the image
 */
int path_resolve(const struct mounts *mounts, const char *path, bool follow, struct fs_place *ret,
		 struct error *err);

/** The mount that holds a path, or as much of it as exists; borrowed. */
int path_mount(const struct mounts *mounts, const char *path, const struct mount **ret,
	       struct error *err);
