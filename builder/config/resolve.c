/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "config/check.h"
#include "config/net.h"
#include "config/scalar.h"
#include "config/schema.h"
#include "util/alloc.h"
#include "util/text.h"

/* A value that was refused has a place: then a default would only hide what is wrong. */
static void set_default(struct text *text, const char *value, const struct location *at)
{
	if (!text->at.source)
		*text = (struct text){ .value = value, .at = *at };
}

static bool is_numbered(const char *name, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(name, prefix, len) == 0 && name[len] &&
	       strspn(name + len, "0123456789") == strlen(name + len);
}

static bool find_role(const struct node *node, enum role *ret)
{
	const char *name = node->name.value, *text = node->role_text.value;

	for (unsigned role = ROLE_INIT; text && role <= ROLE_WORKER; role++) {
		if (strcmp(text, role_name(role)) == 0) {
			*ret = role;
			return true;
		}
	}

	if (!name || node->role_text.at.source)
		return false;

	if (strcmp(name, "controlplane") == 0)
		*ret = ROLE_INIT;
	else if (is_numbered(name, "controlplane"))
		*ret = ROLE_CONTROLPLANE;
	else if (is_numbered(name, "node"))
		*ret = ROLE_WORKER;
	else
		return false;
	return true;
}

static void resolve_role(struct node *node, struct diags *diags)
{
	node->role = ROLE_WORKER;
	if (find_role(node, &node->role) || !node->name.value || node->role_text.at.source)
		return;

	diag_error(diags, &node->name.at, "the name '%s' does not tell the node's role",
		   node->name.value);
	diag_help(diags, "add '%s', or controlplane, or init",
		  cluster_wording(&node->at, "role: worker", "--role worker"));
}

static bool same_digits(const char *a, const char *b)
{
	static const char digits[] = "0123456789";

	for (;; a++, b++) {
		a += strcspn(a, digits);
		b += strcspn(b, digits);
		if (*a != *b || !*a)
			return *a == *b;
	}
}

/*
 * The board that is closest to what was written, by any of its names; NULL if none is near.
 * Digits are not mistyped: "rpi2" is a board too, if none that nib knows.
 */
static const struct board *suggest_board(const struct boards *boards, const char *text)
{
	static const char maker[] = "raspberry";
	AUTOFREE const char **names = NULL;
	size_t count = 0;

	/* "raspberrypi5", "Raspberry Pi 5" */
	if (strncasecmp(text, maker, strlen(maker)) == 0) {
		text += strlen(maker);
		text += strspn(text, " -_");
	}

	/* Names before aliases, and the newest board first, since the first of equals is taken. */
	for (size_t i = boards->count; i-- > 0;)
		if (same_digits(boards->list[i].name, text))
			*ARRAY_ADD(names, count) = boards->list[i].name;
	for (size_t i = 0; i < boards->count; i++)
		for (board_list alias = boards->list[i].aliases; *alias; alias++)
			if (same_digits(*alias, text))
				*ARRAY_ADD(names, count) = *alias;

	const char *near = text_suggest(text, names, count);
	return near ? boards_find(boards, near) : NULL;
}

static void resolve_board(struct node *node, const struct boards *boards, struct diags *diags)
{
	AUTOBUF struct buf all = { 0 };

	if (!node->board_name.value)
		return;

	node->board = boards_find(boards, node->board_name.value);
	if (node->board)
		return;

	const struct board *near = suggest_board(boards, node->board_name.value);

	for (size_t i = 0; i < boards->count; i++)
		buf_addf(&all, "%s%s", i ? ", " : "", boards->list[i].name);
	diag_error(diags, &node->board_name.at, "no board named '%s'", node->board_name.value);
	if (near)
		diag_help(diags, "did you mean '%s'?", near->name);
	else
		diag_help(diags, "known boards: %s", buf_text(&all));
}

/* A carrier board or an adapter gives eth0 to boards without a wire of their own. */
static const char *default_interface(const struct node *node)
{
	if (!node->board)
		return "eth0";
	if (node->network.wifi.ssid.value && *node->board->wireless)
		return node->board->wireless;

	return *node->board->ethernet ? node->board->ethernet : "eth0";
}

static void resolve_files(struct node *node)
{
	for (size_t i = 0; i < node->n_files; i++) {
		struct file_spec *file = &node->files[i];

		if (file->archive.value)
			set_default(&file->path, "/", &file->at);
		else
			set_default(&file->mode, file->secret.value ? "0600" : "0644", &file->at);
	}
}

static void resolve_node(struct node *node, const struct cluster *cluster, struct diags *diags)
{
	set_default(&node->os, "raspios", &node->at);
	set_default(&node->address, "dhcp", &node->at);
	resolve_role(node, diags);
	resolve_board(node, &cluster->boards, diags);
	set_default(&node->network.interface, default_interface(node), &node->at);
	resolve_files(node);
}

/* Address of a node without its prefix, or its name where only DHCP knows the address. */
static char *node_host(const struct node *node)
{
	struct cidr address;

	if (node->address.value && cidr_parse(node->address.value, &address))
		return cidr_format(&address, false);

	return xstrdup(node->name.value ? node->name.value : "controlplane");
}

static const char *join_endpoint(struct cluster *cluster, const char *host, unsigned port)
{
	return arena_printf(&cluster->memory, strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, port);
}

static void default_endpoint(struct cluster *cluster, struct diags *diags)
{
	const struct node *init = cluster_init_node(cluster);
	AUTOFREE char *host = init ? node_host(init) : xstrdup("controlplane");
	const struct location at = cluster->n_nodes == 1 ? cluster->nodes[0].at : cluster->at;

	cluster->endpoint = (struct text){ join_endpoint(cluster, host, ENDPOINT_PORT), at };

	/* Without secrets a node joins nothing. */
	if (diags->errors || (cluster->n_nodes == 1 && !cluster->secrets.value))
		return;

	diag_warning(diags, &at, "no endpoint is given, so it is '%s'", cluster->endpoint.value);
	diag_help(diags, "%s in '%s'",
		  init ? "without that node the API cannot be reached; name a virtual address"
		       : "name the address of the API server",
		  cluster_wording(&at, "endpoint", "--endpoint"));
}

/* "192.168.5.300" has the form of a domain name, but is none. */
static bool is_host(const char *host)
{
	const char *dot = strrchr(host, '.'), *last = dot ? dot + 1 : host;
	struct cidr address;

	if (strchr(host, ':') || last[strspn(last, "0123456789")] == '\0')
		return address_parse(host, &address);

	return format_matches(&format_domain, host);
}

static void resolve_endpoint(struct cluster *cluster, struct diags *diags)
{
	struct text *endpoint = &cluster->endpoint;
	AUTOFREE char *host = NULL;
	unsigned port;

	if (!endpoint->at.source && cluster->n_nodes) {
		default_endpoint(cluster, diags);
		return;
	}

	if (!endpoint->value)
		return;

	if (endpoint_parse(endpoint->value, &host, &port) && is_host(host)) {
		endpoint->value = join_endpoint(cluster, host, port);
		return;
	}

	diag_error(diags, &endpoint->at, "'%s' is not a host with a port", endpoint->value);
	diag_help(diags, "a name or an address with a port, as in '192.168.5.20:6443'");
	endpoint->value = NULL;
}

void resolve_cluster(struct cluster *cluster, struct diags *diags)
{
	set_default(&cluster->pod_subnet, "10.244.64.0/18", &cluster->at);
	set_default(&cluster->service_subnet, "10.244.0.0/20", &cluster->at);
	set_default(&cluster->dns_domain, "cluster.local", &cluster->at);
	for (size_t i = 0; i < cluster->n_nodes; i++)
		resolve_node(&cluster->nodes[i], cluster, diags);

	resolve_endpoint(cluster, diags);
}
