/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Output files that appear whole or not at all.
 *
 * A file is written under a temporary name beside its final one
 * ("NAME.partial.XXXXXX"), mode 0600 from the first byte, and renamed when it is
 * complete and on disk.  Both names are looked up in the directory as it was
 * opened, which may be renamed meanwhile.
 */
#pragma once

#include <stdbool.h>

#include "util/error.h"

/** A file that is being written.  Initialise with OUTPUT_NONE. */
struct output {
	/** Final name, as given; owned. */
	char *path;
	/** The part of it behind the directory. */
	const char *name;
	/** Temporary name in the same directory; NULL once published; owned. */
	char *tmp;
	/** The directory of both names. */
	int dir;
	/** Open for reading and writing. */
	int fd;
};

#define OUTPUT_NONE ((struct output){ .dir = -1, .fd = -1 })

/** Create the temporary file for path. */
int output_open(const char *path, struct output *ret, struct error *err);

/**
 * Flush, give it its final name, and flush the directory.
 *
 * @param replace  overwrite an existing file; without it that is an error
 */
int output_publish(struct output *out, bool replace, struct error *err);

/** Open the file once more by its temporary name, read-only; a descriptor of the caller's. */
int output_reopen(const struct output *out, struct error *err);

/** Remove whatever has the final name. */
void output_withdraw(const struct output *out);

/** Release everything; what was not published is removed. */
void output_close(struct output *out);
#define AUTOOUTPUT CLEANUP(output_close)

/**
 * Find temporary files that killed runs left beside path.
 *
 * @param remove  remove them as well
 * @param found   called for each, with its path
 */
int output_leftovers(const char *path, bool remove, void (*found)(void *arg, const char *leftover),
		     void *arg, struct error *err);
