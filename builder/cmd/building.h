/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Images of several nodes, built side by side.
 */
#pragma once

#include "cmd/session.h"

/** A run of "nib build". */
struct building {
	struct session *session;
	/** What to build; borrowed. */
	const struct node *const *nodes;
	size_t n_nodes;
	/** Where to: a directory, or one file if there is one node. */
	const char *output;
	struct pack_spec pack;
	/** Most nodes at a time. */
	unsigned parallel;
	/** The node that is prepared; WORK_NONE otherwise. */
	struct work work;
	bool is_prepared;
	/** Lines for SHA256SUMS. */
	struct buf sums;
	/** Names of the nodes that failed; why, if there is but one to build. */
	struct buf failed;
};

/**
 * Check every node, then build all of them.  Those that fail do not stop the others.
 *
 * @return -EINVAL without a message if mistakes went to the context's diags
 */
int building_run(struct building *building, struct error *err);

/** Release what was collected. */
void building_free(struct building *building);
#define AUTOBUILDING CLEANUP(building_free)

/** Path of a node's raw image, owned by the caller. */
char *building_path(const struct building *building, const struct node *node);

/** Directory that the images go to; owned by the caller. */
char *building_directory(const struct building *building);

/**
 * Put lines of sha256sum(1) into SHA256SUMS of a directory, in place of those of the
 * same names that are there.  One with blanks for a digest takes them out: that file
 * is another one now, and has not been hashed.
 */
int sums_write(const char *directory, const char *lines, struct error *err);
