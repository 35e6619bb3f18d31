/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The part that is common to a cluster from a file and from options.
 */
#pragma once

#include "config/cluster.h"
#include "config/tree.h"

/**
 * Decode, resolve and check a document.
 *
 * @param tree     as yaml_parse() gives it; in cluster->memory
 * @param cluster  .directory is set; on failure the caller releases it
 */
int cluster_from_tree(const struct tree *tree, const char *boards_dir, struct cluster *cluster,
		      struct diags *diags, struct error *err);
