/* SPDX-License-Identifier: Apache-2.0 */
#include "config/check.h"

#include <string.h>

static void check_init_node(const struct cluster *cluster, struct diags *diags)
{
	const struct node *init = NULL;

	for (size_t i = 0; i < cluster->n_nodes; i++) {
		const struct node *node = &cluster->nodes[i];

		if (node->role != ROLE_INIT)
			continue;
		if (init) {
			diag_error(diags, &node->name.at,
				   "two nodes have the role init, '%s' and this one",
				   init->name.value);
			diag_help(diags, "further control planes have the role controlplane");
		} else {
			init = node;
		}
	}

	/*
	 * A role that was refused above may have been meant to be init; and options
	 * describe one node of a cluster, of which nothing else is known.
	 */
	if (!init && cluster->n_nodes && cluster->nodes[0].at.line && !diags->errors) {
		diag_warning(diags, &cluster->nodes[0].at, "no node has the role init");
		diag_help(diags, "these nodes can only join a cluster that is there already");
	}
}

void check_cluster(const struct cluster *cluster, struct diags *diags)
{
	check_nodes(cluster, diags);
	check_endpoint(cluster, diags);
	check_subnets(cluster, diags);
	check_balancer(cluster, diags);
	check_kubernetes(cluster, diags);
	for (size_t i = 0; i < cluster->n_nodes; i++) {
		check_image(&cluster->nodes[i], diags);
		check_content(&cluster->nodes[i], diags);
	}
	check_init_node(cluster, diags);
}
