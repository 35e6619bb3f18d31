/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/socket.h>

#include "config/check.h"
#include "config/net.h"
#include "util/alloc.h"

/* A network with its key or option, for messages; not valid if it could not be parsed. */
struct subnet {
	const char *key;
	const struct text *text;
	struct cidr cidr;
	bool valid;
};

static struct subnet parse_subnet(const char *key, const struct text *text, struct diags *diags)
{
	struct subnet subnet = { .key = key, .text = text };

	if (!text->value)
		return subnet;

	if (!cidr_parse(text->value, &subnet.cidr)) {
		diag_error(diags, &text->at, "'%s' is not a network", text->value);
		diag_help(diags, "an address with a prefix length, as in '10.244.64.0/18'");
		return subnet;
	}

	subnet.valid = true;
	if (!cidr_is_canonical(&subnet.cidr)) {
		const struct cidr network = cidr_network(&subnet.cidr);
		AUTOFREE char *right = cidr_format(&network, true);

		diag_error(diags, &text->at, "'%s' has bits set behind its prefix", text->value);
		diag_help(diags, "the network is '%s'", right);
	}

	return subnet;
}

/* kubeadm wants at least ten service addresses, and no more than 20 bits of them. */
static void check_service_size(const struct subnet *service, struct diags *diags)
{
	unsigned bits = service->cidr.family == AF_INET ? 32 : 128;

	if (!service->valid)
		return;

	if (service->cidr.prefix + 20 < bits || service->cidr.prefix + 4 > bits) {
		diag_error(diags, &service->text->at, "'%s' has a size that kubeadm refuses",
			   service->text->value);
		diag_help(diags, "prefix lengths from /%u to /%u are possible", bits - 20,
			  bits - 4);
	}
}

/* Every node gets a /24 (IPv6: /64) of it; the controller manager can count to 2^16 of them. */
static void check_pod_size(const struct cluster *cluster, const struct subnet *pod,
			   struct diags *diags)
{
	unsigned node_prefix = pod->cidr.family == AF_INET ? 24 : 64;

	if (!pod->valid)
		return;

	if (pod->cidr.prefix > node_prefix || pod->cidr.prefix + 16 < node_prefix) {
		diag_error(diags, &pod->text->at, "'%s' has a size that kubeadm refuses",
			   pod->text->value);
		diag_help(diags,
			  "every node gets a /%u: prefix lengths from /%u to /%u are possible",
			  node_prefix, node_prefix - 16, node_prefix);
	} else if (cluster->n_nodes > 1U << (node_prefix - pod->cidr.prefix)) {
		diag_error(diags, &pod->text->at, "'%s' is too small for %zu nodes",
			   pod->text->value, cluster->n_nodes);
		diag_help(diags, "every node gets a /%u", node_prefix);
	}
}

/* A default has the place of the whole mapping: better show the value that was given. */
static bool is_default(const struct cluster *cluster, const struct subnet *subnet)
{
	const struct location *a = &subnet->text->at, *b = &cluster->at;

	return a->source == b->source && a->line == b->line && a->column == b->column;
}

static void check_disjoint(const struct cluster *cluster, const struct subnet *pod,
			   const struct subnet *service, struct diags *diags)
{
	bool default_service = is_default(cluster, service);
	const struct location *at = &(default_service ? pod : service)->text->at;

	if (!pod->valid || !service->valid)
		return;

	if (pod->cidr.family != service->cidr.family)
		diag_error(diags, at, "'%s' %s and '%s' %s are of different kinds", pod->key,
			   pod->text->value, service->key, service->text->value);
	else if (cidr_overlap(&pod->cidr, &service->cidr))
		diag_error(diags, at, "'%s' %s and '%s' %s overlap", pod->key, pod->text->value,
			   service->key, service->text->value);
	else
		return;

	if (default_service || is_default(cluster, pod))
		diag_help(diags, "'%s' has its default value; give it another one",
			  default_service ? service->key : pod->key);
}

static void check_nodes_outside(const struct cluster *cluster, const struct subnet *subnet,
				struct diags *diags)
{
	for (size_t i = 0; subnet->valid && i < cluster->n_nodes; i++) {
		struct cidr address;

		if (!cluster->nodes[i].address.value ||
		    !cidr_parse(cluster->nodes[i].address.value, &address) ||
		    !cidr_overlap(&subnet->cidr, &address))
			continue;

		const struct cidr network = cidr_network(&address);
		AUTOFREE char *text = cidr_format(&network, true);

		diag_error(diags, &subnet->text->at, "'%s' %s overlaps the nodes' network %s",
			   subnet->key, subnet->text->value, text);
	}
}

static void check_endpoint_outside(const struct cluster *cluster, const struct subnet *subnet,
				   struct diags *diags)
{
	AUTOFREE char *host = NULL;
	struct cidr address;
	unsigned port;

	if (subnet->valid && cluster->endpoint.value &&
	    endpoint_parse(cluster->endpoint.value, &host, &port) &&
	    address_parse(host, &address) && cidr_contains(&subnet->cidr, &address))
		diag_error(diags, &cluster->endpoint.at, "the endpoint is in '%s' %s", subnet->key,
			   subnet->text->value);
}

void check_subnets(const struct cluster *cluster, struct diags *diags)
{
	const struct subnet pod =
		parse_subnet(cluster_wording(&cluster->at, "podSubnet", "--pod-subnet"),
			     &cluster->pod_subnet, diags);
	const struct subnet service =
		parse_subnet(cluster_wording(&cluster->at, "serviceSubnet", "--service-subnet"),
			     &cluster->service_subnet, diags);

	check_service_size(&service, diags);
	check_pod_size(cluster, &pod, diags);
	check_disjoint(cluster, &pod, &service, diags);
	check_nodes_outside(cluster, &pod, diags);
	check_nodes_outside(cluster, &service, diags);
	check_endpoint_outside(cluster, &pod, diags);
	check_endpoint_outside(cluster, &service, diags);
}
