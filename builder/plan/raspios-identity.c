/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "config/net.h"
#include "plan/hosts.h"
#include "plan/identity.h"
#include "plan/raspios-parts.h"
#include "plan/shellvars.h"
#include "util/alloc.h"
#include "util/text.h"

/* What systemd takes for a machine that was never started. */
static const char first_boot[] = "uninitialized\n";

/** Lines for /etc/hosts.  Initialise with { 0 }. */
struct entries {
	struct hosts_entry *list;
	size_t count;
	/** The addresses in them; owned. */
	char **addresses;
	size_t n_addresses;
};

static void entries_free(struct entries *entries)
{
	for (size_t i = 0; i < entries->n_addresses; i++)
		free(entries->addresses[i]);
	free(entries->addresses);
	free(entries->list);
}

/* Names of the other nodes must work before there is a DNS server that knows them. */
static void add_nodes(const struct raspios *r, struct entries *entries)
{
	const struct cluster *cluster = r->inputs->cluster;

	for (size_t i = 0; i < cluster->n_nodes; i++) {
		const struct node *node = &cluster->nodes[i];
		struct cidr address;

		if (strcmp(node->name.value, r->node->name.value) == 0 || !node->address.value ||
		    !cidr_parse(node->address.value, &address))
			continue;

		char *text = cidr_format(&address, false);
		*ARRAY_ADD(entries->addresses, entries->n_addresses) = text;
		*ARRAY_ADD(entries->list, entries->count) =
			(struct hosts_entry){ .address = text, .name = node->name.value };
	}
}

static int plan_hosts(struct raspios *r, const char *old_name, struct error *err)
{
	const char *const gone[] = { "raspberrypi", old_name, NULL };
	CLEANUP(entries_free) struct entries entries = { 0 };
	AUTOIMAGETEXT struct imagetext hosts = { 0 };
	AUTOFREE char *text = NULL;

	int code = imagetext_read(r->b, "/etc/hosts", IMAGETEXT_MAX, &hosts, err);
	if (code < 0)
		return code;

	add_nodes(r, &entries);
	if (hosts_set(buf_text(&hosts.text), r->node->name.value, gone, entries.list, entries.count,
		      &text, err) < 0)
		return error_prefix(err, "'/etc/hosts'");

	raspios_rewrite(r, &hosts, text, "names of the nodes");
	return 0;
}

static int plan_name(struct raspios *r, struct error *err)
{
	AUTOIMAGETEXT struct imagetext hostname = { 0 };

	int code = imagetext_read(r->b, "/etc/hostname", IMAGETEXT_MAX, &hostname, err);
	if (code < 0)
		return code;

	const char *old = buf_text(&hostname.text);
	AUTOFREE char *old_name = xstrndup(old, strcspn(old, " \t\r\n"));
	struct buf name = buf_from(r->node->name.value);

	buf_adds(&name, "\n");
	plan_write(r->plan, "/etc/hostname", name, ATTR_ROOT_0644, "host name");
	return plan_hosts(r, *old_name ? old_name : "raspberrypi", err);
}

static bool is_used_id(const struct imagetext *id)
{
	const char *text = buf_text(&id->text);

	return *text && *text != '\n' && strcmp(text, first_boot) != 0;
}

/*
 * A real id would make first boot no first boot: neither the file system would be
 * grown nor host keys be made.
 */
static int plan_machine_id(struct raspios *r, bool *booted, struct error *err)
{
	static const char *const copies[] = { "/var/lib/dbus/machine-id",
					      "/var/lib/systemd/random-seed" };
	AUTOIMAGETEXT struct imagetext id = { 0 };

	int code = imagetext_read(r->b, "/etc/machine-id", IMAGETEXT_MAX, &id, err);
	if (code < 0)
		return code;

	*booted = is_used_id(&id);
	plan_write(r->plan, "/etc/machine-id", buf_from(first_boot),
		   (struct file_attr){ .mode = 0444 }, "first boot is still to come");

	for (size_t i = 0; *booted && code == 0 && i < ARRAY_SIZE(copies); i++)
		code = raspios_remove(r, copies[i], "identity of another machine", err);
	return code;
}

/* Keys that several machines share prove nothing; but some unit has to make new ones. */
static int plan_host_keys(struct raspios *r, bool *found, struct error *err)
{
	AUTONAMES struct file_names names = { 0 };
	bool renewed = false;

	int code = backend_exists(r->b, UNITS_LIB "sshd-keygen.service", &renewed, err);
	if (code == 0)
		code = raspios_list(r, "/etc/ssh", &names, err);
	for (size_t i = 0; code == 0 && i < names.count; i++) {
		if (!text_starts(names.list[i], "ssh_host_"))
			continue;

		AUTOFREE char *path = xasprintf("/etc/ssh/%s", names.list[i]);
		*found = true;
		if (renewed)
			plan_remove(r->plan, path, "host keys of another machine");
	}
	return code;
}

static int plan_fresh(struct raspios *r, struct error *err)
{
	bool has_id = false, has_keys = false;

	int code = plan_machine_id(r, &has_id, err);
	if (code == 0)
		code = plan_host_keys(r, &has_keys, err);
	if (code < 0 || (!has_id && !has_keys))
		return code;

	diag_warning(r->diags, &image_place(&r->node->image)->at,
		     "the base image was booted before: it has %s%s%s",
		     has_id ? "a machine id" : "", has_id && has_keys ? " and " : "",
		     has_keys ? "SSH host keys" : "");
	diag_help(r->diags, "both are reset, but other state of that machine may be left");
	return 0;
}

static void plan_env(struct raspios *r)
{
	const struct node *node = r->node;
	struct cidr cidr;
	bool is_static = node->address.value && cidr_parse(node->address.value, &cidr);
	AUTOFREE char *address = is_static ? cidr_format(&cidr, false) : xstrdup("");
	const char *interface = node->network.interface.value;
	const char *endpoint = r->inputs->cluster->endpoint.value;
	const char *cluster = r->inputs->cluster->name.value;
	struct buf env = { 0 };

	buf_adds(&env, "# Made by nib.  No secrets in here.\n");
	shellvars_add(&env, "NODE_NAME", node->name.value);
	shellvars_add(&env, "NODE_ROLE", role_name(node->role));
	shellvars_add(&env, "NODE_ADDRESS", address);
	shellvars_add(&env, "NODE_INTERFACE", interface ? interface : "");
	shellvars_add(&env, "CLUSTER_NAME", cluster ? cluster : "");
	shellvars_add(&env, "CLUSTER_ENDPOINT", endpoint ? endpoint : "");
	shellvars_add(&env, "BOARD", node->board->name);
	shellvars_add(&env, "NIB_VERSION", NIB_VERSION);
	plan_write(r->plan, IDENTITY_PATH, env, ATTR_ROOT_0644, "identity of the node");
}

int raspios_identity(struct raspios *r, struct error *err)
{
	int code = plan_name(r, err);
	if (code == 0)
		code = plan_fresh(r, err);
	if (code == 0)
		plan_env(r);
	return code;
}
