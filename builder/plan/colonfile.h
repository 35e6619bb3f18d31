/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * passwd(5), group(5), shadow(5) and their kin: lines of fields separated by ':',
 * the first of which is a name.  Lines that are not edited stay as they are.
 */
#pragma once

#include <stddef.h>

#include "util/buf.h"
#include "util/error.h"

/** Such a file in memory.  Initialise path and fields, the rest with 0. */
struct colonfile {
	/** Path in the image, for messages; a constant string. */
	const char *path;
	/** Fields that a line must have to be edited. */
	unsigned fields;
	/** Lines without their newlines. */
	struct buf *rows;
	size_t count;
};

/** Take the lines of a text. */
void colonfile_parse(struct colonfile *file, const char *text);

/** Append all lines, each with its newline. */
void colonfile_format(const struct colonfile *file, struct buf *ret);

/**
 * The line that begins with a name.
 *
 * @param ret  valid until the next line is added; NULL if there is none
 * @return -EINVAL if there are several, or if it has too many or too few fields
 */
int colonfile_find(const struct colonfile *file, const char *name, struct buf **ret,
		   struct error *err);

/** One field of a line, from 0; empty if the line is shorter.  It may be a password's hash. */
struct buf colonfile_get(const struct buf *row, unsigned field);

/** Change one field of a line; -EINVAL if the value would break the file. */
int colonfile_set(const struct colonfile *file, struct buf *row, unsigned field, const char *value,
		  struct error *err);

/** Add a line; there are as many values as the file has fields. */
int colonfile_add(struct colonfile *file, const char *const *values, struct error *err);

/** Wipe and release the lines. */
void colonfile_free(struct colonfile *file);
