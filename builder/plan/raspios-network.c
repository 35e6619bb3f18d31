/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/socket.h>

#include "config/net.h"
#include "plan/keyfile.h"
#include "plan/raspios-parts.h"
#include "plan/shellvars.h"
#include "util/alloc.h"
#include "util/text.h"

#define CONNECTIONS "/etc/NetworkManager/system-connections/"
#define RFKILL "/var/lib/systemd/rfkill"

/* Cilium's interfaces are its own; other ones get no profile but ours. */
static const char nm_config[] = "[main]\n"
				"no-auto-default=*\n"
				"\n"
				"[keyfile]\n"
				"unmanaged-devices=interface-name:cilium*;interface-name:lxc*;"
				"interface-name:cali*\n";

static void set_address(const struct node *node, struct keyfile *keyfile)
{
	struct cidr cidr;

	if (!node->address.value || !cidr_parse(node->address.value, &cidr))
		return;

	struct keyfile_ip *ip = cidr.family == AF_INET6 ? &keyfile->ipv6 : &keyfile->ipv4;
	ip->address = node->address.value;
	ip->gateway = node->network.gateway.value;
}

/* The name servers of a family, ended by NULL. */
static const char **dns_of(const struct node *node, int family)
{
	const struct texts *servers = &node->network.nameservers;
	const char **list = xcalloc(servers->count + 1, sizeof(*list));
	size_t count = 0;
	struct cidr cidr;

	for (size_t i = 0; i < servers->count; i++)
		if (servers->list[i].value && address_parse(servers->list[i].value, &cidr) &&
		    cidr.family == family)
			list[count++] = servers->list[i].value;

	return list;
}

static void plan_profile(struct raspios *r, const char *id, const char *path)
{
	const struct node *node = r->node;
	AUTOFREE const char **dns4 = dns_of(node, AF_INET), **dns6 = dns_of(node, AF_INET6);
	const struct buf *password = &r->inputs->wifi_password;
	const char *ssid = node->network.wifi.ssid.value;
	struct buf text = { 0 };
	char uuid[37];

	derive_uuid(&r->inputs->derive, id, uuid);

	struct keyfile keyfile = {
		.id = id,
		.uuid = uuid,
		.interface = node->network.interface.value,
		.ssid = ssid,
		.psk = ssid && password->len ? buf_text(password) : NULL,
		.ipv4.dns = dns4,
		.ipv6.dns = dns6,
	};

	set_address(node, &keyfile);
	keyfile_format(&keyfile, &text);
	plan_write(r->plan, path, text, ATTR_ROOT_0600, "network")->secret = keyfile.psk != NULL;
}

/* Profiles that nib made when the base image was another node's. */
static int remove_older(struct raspios *r, const char *path, struct error *err)
{
	AUTONAMES struct file_names names = { 0 };

	int code = raspios_list(r, CONNECTIONS, &names, err);
	for (size_t i = 0; code == 0 && i < names.count; i++) {
		AUTOFREE char *other = xasprintf(CONNECTIONS "%s", names.list[i]);

		if (text_starts(names.list[i], "nib-") && strcmp(other, path) != 0)
			plan_remove(r->plan, other, "network of another node");
	}
	return code;
}

static int unblock_radio(struct raspios *r, struct error *err)
{
	AUTONAMES struct file_names names = { 0 };

	int code = raspios_list(r, RFKILL, &names, err);
	for (size_t i = 0; code == 0 && i < names.count; i++) {
		AUTOFREE char *path = xasprintf(RFKILL "/%s", names.list[i]);

		if (text_ends(names.list[i], ":wlan"))
			plan_write(r->plan, path, buf_from("0\n"), ATTR_ROOT_0644, "Wi-Fi on");
	}
	return code;
}

static int plan_radio(struct raspios *r, struct error *err)
{
	AUTOIMAGETEXT struct imagetext state = { 0 };
	AUTOFREE char *text = NULL;

	int code = imagetext_read(r->b, "/var/lib/NetworkManager/NetworkManager.state",
				  IMAGETEXT_MAX, &state, err);
	if (code < 0)
		return code;

	/* Without the file everything is on. */
	if (state.found) {
		shellvars_set(buf_text(&state.text), "WirelessEnabled", "true", &text);
		raspios_rewrite(r, &state, text, "Wi-Fi on");
	}
	return unblock_radio(r, err);
}

static bool check_interface(struct raspios *r)
{
	const struct network *network = &r->node->network;
	const char *name = network->interface.value;

	if (!name || !*name) {
		diag_error(r->diags, &r->node->at, "board '%s' needs a network interface",
			   r->node->board->name);
		return false;
	}
	if (network->wifi.ssid.value && strcmp(name, r->node->board->ethernet) == 0) {
		diag_error(r->diags, &network->interface.at,
			   "'%s' is wired, but the network is a Wi-Fi", name);
		return false;
	}
	return true;
}

int raspios_network(struct raspios *r, struct error *err)
{
	if (!check_interface(r))
		return 0;

	AUTOFREE char *id = xasprintf("nib-%s", r->node->network.interface.value);
	AUTOFREE char *path = xasprintf(CONNECTIONS "%s.nmconnection", id);

	plan_profile(r, id, path);
	plan_write(r->plan, "/etc/NetworkManager/conf.d/10-nib.conf", buf_from(nm_config),
		   ATTR_ROOT_0644, "only this network");

	int code = remove_older(r, path, err);
	if (code == 0 && r->node->network.wifi.ssid.value)
		code = plan_radio(r, err);
	return code;
}
