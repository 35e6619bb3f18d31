/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * A tar archive of files to lay over a file system, read into memory.
 *
 * Archives come from elsewhere: nothing in one may end up outside of the
 * directory that it is unpacked in.
 */
#pragma once

#include "image/backend.h"

/** Most entries, bytes in all files together, and bytes in a path. */
#define OVERLAY_MAX_ENTRIES 10000
#define OVERLAY_MAX_BYTES (256 << 20)
#define OVERLAY_MAX_PATH 1024

/** One entry. */
struct overlay_entry {
	/** FILE_REGULAR, FILE_DIRECTORY or FILE_SYMLINK. */
	enum file_type type;
	/** Path below the directory to unpack in: "/etc/motd"; owned. */
	char *path;
	struct file_attr attr;
	/** Of a file. */
	struct buf content;
	/** Of a symbolic link; owned. */
	char *target;
};

/** An archive.  Initialise with { 0 }. */
struct overlay {
	struct overlay_entry *list;
	size_t count;
};

/**
 * Read an archive: tar in any dialect, plain or compressed by gzip, bzip2, xz,
 * zstd or lz4.
 *
 * Refuses, by name, absolute paths, "..", control characters, hard links, special
 * files, links to paths that are too long, and entries below another one that is
 * not a directory; and archives beyond the limits above.
 */
int overlay_read(const struct buf *archive, struct overlay *ret, struct error *err);

/** Release everything; back to { 0 }. */
void overlay_free(struct overlay *overlay);
#define AUTOOVERLAY CLEANUP(overlay_free)
