/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Everything one node needs from the user's files, read and checked before any
 * image is opened.
 */
#pragma once

#include "config/cluster.h"
#include "secrets/bundle.h"
#include "secrets/derive.h"
#include "util/buf.h"
#include "util/diag.h"

/** What a user of the node gets; parallel to node->users. */
struct user_input {
	/** authorized_keys, every line checked; empty without keys. */
	struct buf keys;
	/** Hash for /etc/shadow; NULL if the password stays locked; owned. */
	char *password_hash;
};

/** The inputs of one node.  Initialise with { 0 }. */
struct inputs {
	const struct cluster *cluster;
	const struct node *node;
	struct user_input *users;
	/** Contents of node->files, parallel to it. */
	struct buf *files;
	/** Wi-Fi passphrase; empty if there is none. */
	struct buf wifi_password;
	/** age identity; only filled for the node that runs GitOps (ROLE_INIT). */
	struct buf age_identity;
	/** The cluster's secrets, borrowed; has_bundle tells whether there are any. */
	struct bundle bundle;
	bool has_bundle;
	/** For values derived per node. */
	struct derive derive;
	/** Directories of templates, the user's first; entries may be NULL. */
	const char *template_dirs[2];
};

/**
 * Read the inputs of a node.  Mistakes go to diags, at the place in cluster.yaml
 * that names the file; its content is never quoted.
 *
 * @param bundle        the cluster's secrets, borrowed; NULL if it has none
 * @param template_dir  the installed templates/
 */
void inputs_load(const struct cluster *cluster, const struct node *node,
		 const struct bundle *bundle, const char *template_dir, struct inputs *ret,
		 struct diags *diags);

/**
 * Read the bundle that cluster.yaml names, once for all nodes.  What is wrong with
 * it goes to diags.
 *
 * @param found  there is one, and it could be read
 */
void inputs_load_bundle(const struct cluster *cluster, struct bundle *ret, bool *found,
			struct diags *diags);

/** Wipe and release everything; back to { 0 }. */
void inputs_free(struct inputs *inputs);
#define AUTOINPUTS CLEANUP(inputs_free)
