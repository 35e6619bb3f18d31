/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/socket.h>

#include "config/check.h"
#include "config/net.h"
#include "util/alloc.h"
#include "util/text.h"

static bool static_address(const struct node *node, struct cidr *ret)
{
	return node->address.value && cidr_parse(node->address.value, ret);
}

static bool is_in(const char *network, const struct cidr *address)
{
	struct cidr cidr;

	return cidr_parse(network, &cidr) && cidr_contains(&cidr, address);
}

/* Addresses that no host has on its network. */
static bool is_special(const struct cidr *address)
{
	static const char *const networks[] = { "0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3", "::/127",
						"ff00::/8" };

	for (size_t i = 0; i < ARRAY_SIZE(networks); i++)
		if (is_in(networks[i], address))
			return true;

	return false;
}

static void check_address(const struct node *node, struct diags *diags)
{
	const struct text *text = &node->address;
	struct cidr address;

	if (!text->value || strcmp(text->value, "dhcp") == 0)
		return;

	if (!cidr_parse(text->value, &address)) {
		diag_error(diags, &text->at, "'%s' is not an address with a prefix length",
			   text->value);
		diag_help(diags, "as in '192.168.5.21/24', or 'dhcp'");
		return;
	}

	const struct cidr last = cidr_last(&address);

	if (is_special(&address))
		diag_error(diags, &text->at, "'%s' cannot be the address of a node", text->value);
	else if (address.family != AF_INET || address.prefix > 30)
		return;
	else if (cidr_is_canonical(&address))
		diag_error(diags, &text->at, "'%s' is the address of the network itself",
			   text->value);
	else if (address_equal(&address, &last))
		diag_error(diags, &text->at, "'%s' is the broadcast address of its network",
			   text->value);
}

/* Does a gateway that stands once, in the defaults, suit most of the nodes that have it? */
static bool suits_most(const struct cluster *cluster, const struct text *gateway,
		       const struct cidr *address)
{
	size_t inside = 0, outside = 0;

	for (size_t i = 0; i < cluster->n_nodes; i++) {
		const struct location *at = &cluster->nodes[i].network.gateway.at;
		struct cidr other;

		if (at->line != gateway->at.line || at->column != gateway->at.column ||
		    !static_address(&cluster->nodes[i], &other))
			continue;
		if (cidr_contains(&other, address))
			inside++;
		else
			outside++;
	}

	return inside && inside >= outside;
}

static void tell_outside(const struct cluster *cluster, const struct node *node,
			 const struct cidr *gateway, struct diags *diags)
{
	const struct text *text = &node->network.gateway;
	const char *name = node->name.value ? node->name.value : "";
	struct cidr address;

	if (!static_address(node, &address) || cidr_contains(&address, gateway))
		return;

	if (suits_most(cluster, text, gateway)) {
		diag_error(diags, &node->address.at,
			   "the address '%s' of node '%s' is not in one network with its gateway "
			   "'%s'",
			   node->address.value, name, text->value);
		diag_help(diags, "the gateway is in line %u; the node may have one of its own",
			  text->at.line);
		return;
	}

	const struct cidr cidr = cidr_network(&address);
	AUTOFREE char *network = cidr_format(&cidr, true);

	diag_error(diags, &text->at, "gateway '%s' is not in the node's network %s", text->value,
		   network);
	diag_help(diags, "node '%s' has the address '%s'", name, node->address.value);
}

static void check_gateway(const struct cluster *cluster, const struct node *node,
			  struct diags *diags)
{
	const struct text *text = &node->network.gateway;
	struct cidr address, gateway;

	if (!text->at.source && static_address(node, &address) && !diags->errors) {
		diag_warning(diags, &node->address.at,
			     "static address without '%s': node '%s' only reaches its own network",
			     cluster_wording(&node->at, "gateway", "--gateway"),
			     node->name.value ? node->name.value : "");
		diag_help(diags, "add %s",
			  cluster_wording(&node->at,
					  "'network: {gateway: ...}' to the node or to 'defaults:'",
					  "'--gateway ADDRESS'"));
	}
	if (!text->value)
		return;

	if (address_parse(text->value, &gateway))
		tell_outside(cluster, node, &gateway, diags);
	else
		diag_error(diags, &text->at, "'%s' is not an address", text->value);
}

static void check_nameservers(const struct node *node, struct diags *diags)
{
	const struct texts *texts = &node->network.nameservers;
	struct cidr address;

	if (!texts->at.source && static_address(node, &address) && !diags->errors) {
		diag_warning(diags, &node->address.at,
			     "static address without '%s': node '%s' resolves no names",
			     cluster_wording(&node->at, "nameservers", "--nameserver"),
			     node->name.value ? node->name.value : "");
		diag_help(diags, "add %s",
			  cluster_wording(
				  &node->at,
				  "'network: {nameservers: [...]}' to the node or to 'defaults:'",
				  "'--nameserver ADDRESS'"));
	}

	for (size_t i = 0; i < texts->count; i++)
		if (!address_parse(texts->list[i].value, &address))
			diag_error(diags, &texts->list[i].at, "'%s' is not an address",
				   texts->list[i].value);
}

/* systemd's names of wired interfaces begin with "en", the kernel's with "eth". */
static void check_wifi_interface(const struct node *node, struct diags *diags)
{
	const struct text *interface = &node->network.interface;

	if (!interface->value ||
	    !(text_starts(interface->value, "eth") || text_starts(interface->value, "en")))
		return;

	diag_error(diags, &interface->at, "'%s' is a wired interface, but 'wifi' is given",
		   interface->value);
	diag_help(diags, "the wireless interface of board '%s' is '%s'", node->board->name,
		  node->board->wireless);
}

static void check_wifi(const struct node *node, struct diags *diags)
{
	const struct wifi *wifi = &node->network.wifi;
	const struct board *board = node->board;

	if (wifi->ssid.value && strlen(wifi->ssid.value) > 32)
		diag_error(diags, &wifi->ssid.at, "'ssid' is longer than 32 bytes");

	if (wifi->country.value && strcmp(wifi->country.value, "UK") == 0) {
		diag_error(diags, &wifi->country.at, "'UK' is not a country code");
		diag_help(diags, "the United Kingdom is 'GB' in ISO 3166");
	}

	if (!board)
		return;

	if (wifi->at.source && !*board->wireless) {
		diag_error(diags, &wifi->at, "board '%s' has no Wi-Fi", board->name);
	} else if (wifi->at.source) {
		check_wifi_interface(node, diags);
	} else if (!*board->ethernet && !diags->errors) {
		diag_warning(diags, &node->board_name.at,
			     "board '%s' has no wired network, and there is no %s", board->name,
			     cluster_wording(&node->at, "'wifi:'", "option for Wi-Fi"));
		diag_help(diags, "%s",
			  !*board->wireless
				  ? "a carrier board or an adapter has to give it eth0"
				  : cluster_wording(&node->at,
						    "add 'network: {wifi: ...}', or an adapter, "
						    "which will be eth0",
						    "describe the node in a cluster file, or add "
						    "an adapter, which will be eth0"));
	}
}

static void check_name_unique(const struct cluster *cluster, size_t index, struct diags *diags)
{
	const struct text *name = &cluster->nodes[index].name;

	for (size_t i = 0; name->value && i < index; i++) {
		const struct text *other = &cluster->nodes[i].name;

		if (!other->value || strcmp(other->value, name->value) != 0)
			continue;
		diag_error(diags, &name->at, "two nodes are named '%s'", name->value);
		diag_help(diags, "the other one is in line %u", other->at.line);
		return;
	}
}

/* Parsed once: of thousands of nodes, each is compared with all others. */
static struct cidr *static_addresses(const struct cluster *cluster)
{
	struct cidr *addresses = xcalloc(cluster->n_nodes, sizeof(*addresses));

	for (size_t i = 0; i < cluster->n_nodes; i++)
		if (!static_address(&cluster->nodes[i], &addresses[i]))
			addresses[i].family = AF_UNSPEC;
	return addresses;
}

static void check_address_unique(const struct cluster *cluster, const struct cidr *addresses,
				 size_t index, struct diags *diags)
{
	const struct node *node = &cluster->nodes[index];

	for (size_t i = 0; i < index; i++) {
		if (addresses[i].family == AF_UNSPEC ||
		    !address_equal(&addresses[index], &addresses[i]))
			continue;
		diag_error(diags, &node->address.at, "'%s' is the address of node '%s' already",
			   node->address.value, cluster->nodes[i].name.value);
		return;
	}
}

/* All gateways are other machines than all nodes. */
static void check_gateway_taken(const struct cluster *cluster, const struct cidr *addresses,
				const struct node *node, struct diags *diags)
{
	const struct text *text = &node->network.gateway;
	struct cidr gateway;

	if (!text->value || !address_parse(text->value, &gateway))
		return;

	for (size_t i = 0; i < cluster->n_nodes; i++)
		if (address_equal(&gateway, &addresses[i]))
			diag_error(diags, &cluster->nodes[i].address.at,
				   "'%s' is the address of the gateway already",
				   cluster->nodes[i].address.value);
}

void check_nodes(const struct cluster *cluster, struct diags *diags)
{
	AUTOFREE struct cidr *addresses = static_addresses(cluster);

	for (size_t i = 0; i < cluster->n_nodes; i++) {
		const struct node *node = &cluster->nodes[i];

		check_name_unique(cluster, i, diags);
		check_address(node, diags);
		check_address_unique(cluster, addresses, i, diags);
		check_gateway(cluster, node, diags);
		check_gateway_taken(cluster, addresses, node, diags);
		check_nameservers(node, diags);
		check_wifi(node, diags);
	}
}
