/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Files that a cluster is made from, and that no output may take the place of.
 */
#pragma once

#include <sys/types.h>

#include "config/cluster.h"
#include "util/error.h"

/** A file, whatever names it has. */
struct guarded {
	dev_t device;
	ino_t inode;
};

/** All of them.  Initialise with { 0 }. */
struct guard {
	struct guarded *list;
	size_t count;
};

/**
 * Find the files that a cluster names: the cluster file itself, base images (also those
 * that a URL names here), secrets, keys, passwords, contents and archives.  What is not
 * there is left out.
 *
 * @param file  the cluster file; NULL if there is none
 */
void guard_find(const struct cluster *cluster, const char *file, struct guard *ret);

/** An error if there is one of them at path. */
int guard_check(const struct guard *guard, const char *path, struct error *err);

/** Release the list. */
void guard_free(struct guard *guard);
#define AUTOGUARD CLEANUP(guard_free)
