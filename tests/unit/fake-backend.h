/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * A back end that keeps files in memory: for tests of everything that reads or
 * changes an image.  Symbolic links are followed as the interface wants it.
 */
#pragma once

#include "image/backend.h"

/** One file of a fake image. */
struct fake_file {
	char *path;
	enum file_type type;
	struct file_attr attr;
	struct buf content;
	/** Of a symbolic link. */
	char *target;
};

/** A fake image with nothing but "/".  Release it with backend_free(). */
struct backend *fake_new(void);

/** Put files into it; directories on the way are made. Owner is root. */
void fake_dir(struct backend *b, const char *path, mode_t mode);
void fake_text(struct backend *b, const char *path, mode_t mode, const char *content);
void fake_bytes(struct backend *b, const char *path, mode_t mode, const void *data, size_t len);
void fake_link(struct backend *b, const char *path, const char *target);

/** Change the owner of a file that is there. */
void fake_owner(struct backend *b, const char *path, uid_t uid, gid_t gid);

/** Take away a file and what is below it. */
void fake_gone(struct backend *b, const char *path);

/** Let every access to a path fail with this negative errno. */
void fake_fail(struct backend *b, const char *path, int code);

/** The file at a path, links not followed; NULL if there is none; borrowed. */
const struct fake_file *fake_find(struct backend *b, const char *path);
