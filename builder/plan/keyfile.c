/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/keyfile.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* A string as GKeyFile reads it; blanks at both ends would be taken off. */
static void add_string(struct buf *out, const char *key, const char *value)
{
	size_t len = strlen(value), first = strspn(value, " "), last = len;

	while (last > first && value[last - 1] == ' ')
		last--;

	buf_addf(out, "%s=", key);
	for (size_t i = 0; i < len; i++) {
		switch (value[i]) {
		case '\\': buf_adds(out, "\\\\"); break;
		case '\n': buf_adds(out, "\\n"); break;
		case '\t': buf_adds(out, "\\t"); break;
		case '\r': buf_adds(out, "\\r"); break;
		case ' ': buf_adds(out, i < first || i >= last ? "\\s" : " "); break;
		default: buf_add(out, &value[i], 1); break;
		}
	}
	buf_adds(out, "\n");
}

/*
 * NetworkManager takes "16;17;" for a list of bytes and treats ';' and '\' in a
 * name in a way of its own, so all but simple names are written as that list.
 */
static void add_ssid(struct buf *out, const char *ssid)
{
	bool simple = isalpha((unsigned char)ssid[0]) != 0;

	for (const char *p = ssid; *p; p++)
		simple = simple && (isalnum((unsigned char)*p) || strchr("-_.", *p));

	if (simple) {
		add_string(out, "ssid", ssid);
		return;
	}

	buf_adds(out, "ssid=");
	for (const char *p = ssid; *p; p++)
		buf_addf(out, "%u;", (unsigned char)*p);
	buf_adds(out, "\n");
}

static void add_type(struct buf *out, const struct keyfile *keyfile)
{
	if (!keyfile->ssid) {
		buf_adds(out, "\n[ethernet]\n");
		return;
	}

	buf_adds(out, "\n[wifi]\nmode=infrastructure\n");
	add_ssid(out, keyfile->ssid);
	if (keyfile->psk) {
		buf_adds(out, "\n[wifi-security]\nkey-mgmt=wpa-psk\n");
		add_string(out, "psk", keyfile->psk);
	}
}

static void add_ip(struct buf *out, const char *section, const struct keyfile_ip *ip)
{
	buf_addf(out, "\n[%s]\n", section);
	if (ip->address)
		buf_addf(out, "method=manual\naddress1=%s%s%s\n", ip->address,
			 ip->gateway ? "," : "", ip->gateway ? ip->gateway : "");
	else
		buf_adds(out, "method=auto\n");

	if (!ip->dns || !ip->dns[0])
		return;

	buf_adds(out, "dns=");
	for (size_t i = 0; ip->dns[i]; i++)
		buf_addf(out, "%s;", ip->dns[i]);
	buf_adds(out, "\n");
}

void keyfile_format(const struct keyfile *keyfile, struct buf *ret)
{
	buf_adds(ret, "[connection]\n");
	add_string(ret, "id", keyfile->id);
	buf_addf(ret, "uuid=%s\ntype=%s\n", keyfile->uuid, keyfile->ssid ? "wifi" : "ethernet");
	add_string(ret, "interface-name", keyfile->interface);
	/* Before the profile that NetworkManager or netplan would make by itself. */
	buf_adds(ret, "autoconnect-priority=100\n");

	add_type(ret, keyfile);
	add_ip(ret, "ipv4", &keyfile->ipv4);
	add_ip(ret, "ipv6", &keyfile->ipv6);
	buf_adds(ret, "addr-gen-mode=default\n");
}
