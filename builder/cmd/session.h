/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What the commands about nodes have in common: the cluster, and for each node
 * its inputs, base image and plan.
 */
#pragma once

#include "cmd/bases.h"
#include "config/cluster.h"
#include "plan/build.h"

/** A loaded cluster and its secrets.  Initialise with { 0 }. */
struct session {
	const struct context *context;
	struct cluster cluster;
	struct bundle bundle;
	bool has_bundle;
	const struct backend_ops *backend;
	/** Base images that were opened. */
	struct bases bases;
};

/**
 * Load the cluster: from --hostname and its kin, or from the cluster file.
 *
 * @return -EINVAL without a message if the user's files are wrong: diags say how
 */
int session_open(const struct context *context, struct session *ret, struct error *err);

/** Find the node that the arguments name: the only one where options describe it. */
int session_node(const struct session *session, const char *name, const struct node **ret,
		 struct error *err);

/** Does the command line describe the node, instead of a cluster file? */
bool session_from_options(const struct options *options);

/** Release everything. */
void session_close(struct session *session);
#define AUTOSESSION CLEANUP(session_close)

/** One node, ready to be built.  Initialise with WORK_NONE. */
struct work {
	struct inputs inputs;
	/** Where the base comes from; the session's. */
	struct shared_base *shared;
	struct disk base;
	struct plan plan;
};

#define WORK_NONE ((struct work){ .base = DISK_NONE })

/** Read a node's inputs, open its base image, make its plan; errors as session_open(). */
int work_prepare(struct session *session, const struct node *node, struct work *ret,
		 struct error *err);

/** Release everything. */
void work_close(struct work *work);
#define AUTOWORK CLEANUP(work_close)
