/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The files of a fake image, and how paths are resolved in it.
 */
#pragma once

#include "fake-backend.h"

/** State of the back end. */
struct fake {
	struct backend base;
	struct fake_file *files;
	size_t count;
	/** Mount points besides "/". */
	char *boot;
	char *fail_path;
	int fail_code;
};

/** The state behind the interface. */
struct fake *fake_of(struct backend *b);

/** The file with exactly this path, or NULL. */
struct fake_file *fake_tree_find(struct fake *f, const char *path);

/** A new file in the place of an older one. */
struct fake_file *fake_tree_put(struct fake *f, const char *path, enum file_type type, mode_t mode);

/** Take a file away. */
void fake_tree_drop(struct fake *f, struct fake_file *file);

/** Is path at or below a directory? */
bool fake_is_below(const char *path, const char *dir);

/** Directory of an absolute path; owned by the caller. */
char *fake_dir_of(const char *path);

/** The file that a path leads to; -ENOENT if there is none. */
int fake_lookup(struct fake *f, const char *path, bool follow_last, struct fake_file **ret,
		struct error *err);

/** Where a new file goes; its directory must be there.  Owned by the caller. */
int fake_place(struct fake *f, const char *path, char **ret, struct error *err);
