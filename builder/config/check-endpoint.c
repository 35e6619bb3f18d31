/* SPDX-License-Identifier: Apache-2.0 */
#include "config/check.h"
#include "config/net.h"
#include "util/alloc.h"

static size_t count_control_planes(const struct cluster *cluster)
{
	size_t count = 0;

	for (size_t i = 0; i < cluster->n_nodes; i++)
		count += cluster->nodes[i].role != ROLE_WORKER;
	return count;
}

static const struct node *find_node(const struct cluster *cluster, const struct cidr *endpoint)
{
	for (size_t i = 0; i < cluster->n_nodes; i++) {
		const struct node *node = &cluster->nodes[i];
		struct cidr address;

		if (node->address.value && cidr_parse(node->address.value, &address) &&
		    address_equal(endpoint, &address))
			return node;
	}

	return NULL;
}

/* "kubeadm init" talks to the endpoint while the first control plane is all there is. */
static void check_role(const struct cluster *cluster, const struct node *node, struct diags *diags)
{
	const struct location *at = &cluster->endpoint.at;
	const struct node *init = cluster_init_node(cluster);
	size_t control_planes = count_control_planes(cluster);

	if (node->role == ROLE_WORKER) {
		diag_error(diags, at, "the endpoint is the address of node '%s', a worker",
			   node->name.value);
	} else if (init && init != node) {
		diag_error(diags, at,
			   "the endpoint is the address of node '%s', which is not the first "
			   "control plane",
			   node->name.value);
		diag_help(diags,
			  "the cluster starts on '%s' alone: name its address, or a virtual one",
			  init->name.value);
	} else if (control_planes > 1) {
		diag_warning(diags, at, "the endpoint is the address of node '%s' alone",
			     node->name.value);
		diag_help(diags, "a virtual address works with any of the %zu control planes",
			  control_planes);
	}
}

static bool is_address(const char *text, const struct cidr *endpoint)
{
	struct cidr address;

	return text && address_parse(text, &address) && address_equal(endpoint, &address);
}

/* Other machines than the nodes: the API server does not run there. */
static void check_others(const struct cluster *cluster, const struct cidr *endpoint,
			 struct diags *diags)
{
	const struct location *at = &cluster->endpoint.at;

	for (size_t i = 0; i < cluster->n_nodes; i++) {
		const struct network *network = &cluster->nodes[i].network;
		const struct texts *servers = &network->nameservers;

		if (is_address(network->gateway.value, endpoint)) {
			diag_error(diags, at, "the endpoint is the address of the gateway");
			return;
		}

		for (size_t j = 0; j < servers->count; j++) {
			if (!is_address(servers->list[j].value, endpoint))
				continue;
			diag_error(diags, at, "the endpoint is the address of a name server");
			return;
		}
	}
}

void check_endpoint(const struct cluster *cluster, struct diags *diags)
{
	AUTOFREE char *host = NULL;
	struct cidr endpoint;
	unsigned port;

	if (!cluster->endpoint.value || !endpoint_parse(cluster->endpoint.value, &host, &port) ||
	    !address_parse(host, &endpoint))
		return;

	const struct node *node = find_node(cluster, &endpoint);

	if (node)
		check_role(cluster, node, diags);
	else
		check_others(cluster, &endpoint, diags);
}
