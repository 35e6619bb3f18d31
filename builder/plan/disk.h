/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * A disk image that is open: its partitions, its file systems, and what system
 * is on them.
 */
#pragma once

#include "image/backend.h"
#include "plan/release.h"

/** An open image.  Initialise with DISK_NONE. */
struct disk {
	/** Path, for messages; owned. */
	char *name;
	int fd;
	/** Close it in the end; set by whoever hands it over. */
	bool owns_fd;
	struct layout layout;
	/** Mounted. */
	struct backend *backend;
	struct release release;
	/** Time stamp for what is written: SOURCE_DATE_EPOCH, or else the time that the
	 * root file system was last written.  Seconds since 1970. */
	int64_t now;
};

#define DISK_NONE ((struct disk){ .fd = -1 })

/** Use an image that is open already; fd stays the caller's. */
int disk_attach(int fd, const char *name, const struct backend_ops *ops, bool read_only,
		struct disk *ret, struct error *err);

/** Release everything; back to DISK_NONE. */
void disk_close(struct disk *disk);
#define AUTODISK CLEANUP(disk_close)
