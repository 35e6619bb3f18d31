/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Text files of an image, read with limits, since an image is not trusted.
 */
#pragma once

#include "image/backend.h"

/** Most bytes of an ordinary text file, and of a line in it. */
#define IMAGETEXT_MAX (1 << 20)
#define IMAGETEXT_LINE_MAX (64 << 10)

/** A text file of an image.  Initialise with { 0 }. */
struct imagetext {
	/** Where it really is, symbolic links followed; owned. */
	char *path;
	/** Content without 0 bytes; empty if there is none. */
	struct buf text;
	/** Owner and mode of the file; those of root, 0644 if there is none. */
	struct file_attr attr;
	/** There is such a file. */
	bool found;
};

/**
 * Read a text file.  That there is none is no failure.
 *
 * A file that is too big, that has 0 bytes or endless lines, or that is something
 * else than a file, is refused by name.
 *
 * @param max  most bytes; IMAGETEXT_MAX for most
 */
int imagetext_read(struct backend *b, const char *path, size_t max, struct imagetext *ret,
		   struct error *err);

/** Like imagetext_read(), but -ENOENT if there is no such file. */
int imagetext_require(struct backend *b, const char *path, struct imagetext *ret,
		      struct error *err);

/** Release everything; back to { 0 }. */
void imagetext_free(struct imagetext *text);
#define AUTOIMAGETEXT CLEANUP(imagetext_free)
