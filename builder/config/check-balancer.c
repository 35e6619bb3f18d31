/* SPDX-License-Identifier: Apache-2.0 */
#include <regex.h>
#include <string.h>

#include "config/check.h"
#include "config/net.h"
#include "util/alloc.h"

/* Both ends of a range of addresses. */
struct range {
	struct cidr first, last;
};

static bool parse_range(const char *text, struct range *ret)
{
	const char *dash = strchr(text, '-');
	struct cidr network;

	if (dash) {
		AUTOFREE char *first = xstrndup(text, (size_t)(dash - text));

		return address_parse(first, &ret->first) && address_parse(dash + 1, &ret->last) &&
		       ret->first.family == ret->last.family;
	}

	if (!cidr_parse(text, &network))
		return false;

	ret->first = cidr_network(&network);
	ret->last = cidr_last(&network);
	return true;
}

static bool in_range(const struct range *range, const struct cidr *address)
{
	return range->first.family == address->family &&
	       address_compare(&range->first, address) <= 0 &&
	       address_compare(address, &range->last) <= 0;
}

static bool ranges_overlap(const struct range *a, const struct range *b)
{
	return a->first.family == b->first.family && address_compare(&a->first, &b->last) <= 0 &&
	       address_compare(&b->first, &a->last) <= 0;
}

static void check_node(const struct text *text, const struct range *range, const struct node *node,
		       struct diags *diags)
{
	const struct text *gateway = &node->network.gateway;
	struct cidr address;

	if (node->address.value && cidr_parse(node->address.value, &address) &&
	    in_range(range, &address))
		diag_error(diags, &text->at, "'%s' includes the address of node '%s'", text->value,
			   node->name.value ? node->name.value : node->address.value);

	if (gateway->value && address_parse(gateway->value, &address) && in_range(range, &address))
		diag_error(diags, &text->at, "'%s' includes the gateway %s", text->value,
			   gateway->value);
}

/* Announced by ARP, an address outside of the local network is heard by nobody. */
static void check_local(const struct cluster *cluster, const struct text *text,
			const struct range *range, struct diags *diags)
{
	bool any_static = false;

	for (size_t i = 0; i < cluster->n_nodes; i++) {
		const struct text *address = &cluster->nodes[i].address;
		struct cidr network;

		if (!address->value || !cidr_parse(address->value, &network))
			continue;
		if (cidr_contains(&network, &range->first) && cidr_contains(&network, &range->last))
			return;
		any_static = true;
	}

	if (!any_static)
		return;
	diag_warning(diags, &text->at, "'%s' is not in the network of any node", text->value);
	diag_help(diags, "addresses are announced on the local network only");
}

static bool check_elsewhere(const struct cluster *cluster, const struct text *text,
			    const struct range *range, struct diags *diags)
{
	const struct text *const subnets[] = { &cluster->pod_subnet, &cluster->service_subnet };
	static const char *const names[] = { "podSubnet", "serviceSubnet" };
	AUTOFREE char *host = NULL;
	struct cidr cidr;
	unsigned port;
	bool free = true;

	for (size_t i = 0; i < ARRAY_SIZE(subnets); i++) {
		struct range other;

		if (!subnets[i]->value || !parse_range(subnets[i]->value, &other) ||
		    !ranges_overlap(range, &other))
			continue;
		diag_error(diags, &text->at, "'%s' overlaps '%s' %s", text->value, names[i],
			   subnets[i]->value);
		free = false;
	}

	if (cluster->endpoint.value && endpoint_parse(cluster->endpoint.value, &host, &port) &&
	    address_parse(host, &cidr) && in_range(range, &cidr))
		diag_error(diags, &text->at, "'%s' includes the endpoint %s", text->value, host);
	return free;
}

static void check_range(const struct cluster *cluster, size_t index, struct diags *diags)
{
	const struct texts *pool = &cluster->cilium.pool;
	const struct text *text = &pool->list[index];
	struct range range, other;

	if (!parse_range(text->value, &range)) {
		diag_error(diags, &text->at, "'%s' is not a range of addresses", text->value);
		diag_help(diags, "as in '192.168.5.250-192.168.5.252' or '192.168.5.248/29'");
		return;
	}

	if (address_compare(&range.first, &range.last) > 0) {
		diag_error(diags, &text->at, "'%s' ends before it begins", text->value);
		return;
	}

	for (size_t i = 0; i < index; i++)
		if (parse_range(pool->list[i].value, &other) && ranges_overlap(&range, &other))
			diag_error(diags, &text->at, "'%s' overlaps '%s'", text->value,
				   pool->list[i].value);

	for (size_t i = 0; i < cluster->n_nodes; i++)
		check_node(text, &range, &cluster->nodes[i], diags);
	if (check_elsewhere(cluster, text, &range, diags))
		check_local(cluster, text, &range, diags);
}

/*
 * Go's regular expressions know more than POSIX does; and a counted repetition can
 * make regcomp() use memory without end.  Such expressions are left to Cilium.
 */
static bool can_compile(const char *text)
{
	return strlen(text) <= 128 && !strpbrk(text, "\\{") && !strstr(text, "(?");
}

static bool matches(const struct text *text, const char *interface)
{
	regex_t regex;

	if (!can_compile(text->value))
		return true;
	if (regcomp(&regex, text->value, REG_EXTENDED | REG_NOSUB) != 0)
		return true;

	bool found = regexec(&regex, interface, 0, NULL, 0) == 0;
	regfree(&regex);
	return found;
}

static void check_expression(const struct text *text, struct diags *diags)
{
	regex_t regex;
	char reason[80];

	if (!can_compile(text->value))
		return;

	int r = regcomp(&regex, text->value, REG_EXTENDED | REG_NOSUB);
	if (r == 0) {
		regfree(&regex);
		return;
	}

	regerror(r, &regex, reason, sizeof(reason));
	diag_error(diags, &text->at, "'%s' is not a regular expression", text->value);
	diag_help(diags, "%s; as in '^eth[0-9]+'", reason);
}

static bool announces(const struct texts *list, const struct node *node)
{
	const char *interface = node->network.interface.value;
	bool found = !interface;

	for (size_t i = 0; !found && i < list->count; i++)
		found = matches(&list->list[i], interface);
	return found;
}

/* The nodes with that interface, the first few by name. */
static void add_names(const struct cluster *cluster, const char *interface, struct buf *ret)
{
	enum { MAX_NAMES = 3 };
	size_t count = 0;

	for (size_t i = 0; i < cluster->n_nodes; i++) {
		const struct node *node = &cluster->nodes[i];
		const char *other = node->network.interface.value;

		if (!other || strcmp(other, interface) != 0)
			continue;
		if (count < MAX_NAMES)
			buf_addf(ret, "%s'%s'", count ? ", " : "",
				 node->name.value ? node->name.value : "");
		count++;
	}

	if (count > MAX_NAMES)
		buf_addf(ret, " and %zu more", count - MAX_NAMES);
}

static void check_interfaces(const struct cluster *cluster, struct diags *diags)
{
	const struct texts *list = &cluster->cilium.interfaces;

	for (size_t i = 0; i < list->count; i++)
		check_expression(&list->list[i], diags);

	for (size_t i = 0; list->count && i < cluster->n_nodes; i++) {
		const char *interface = cluster->nodes[i].network.interface.value;
		AUTOBUF struct buf names = { 0 };

		if (announces(list, &cluster->nodes[i]))
			continue;
		add_names(cluster, interface, &names);
		diag_warning(diags, &list->at,
			     "no expression matches the interface '%s' of nodes %s", interface,
			     buf_text(&names));
		diag_help(diags, "they announce no addresses; add \"^%s\" if they are to",
			  interface);
	}
}

void check_balancer(const struct cluster *cluster, struct diags *diags)
{
	for (size_t i = 0; i < cluster->cilium.pool.count; i++)
		check_range(cluster, i, diags);

	check_interfaces(cluster, diags);
}
