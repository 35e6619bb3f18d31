/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "plan/kubernetes.h"
#include "plan/raspios-parts.h"
#include "util/alloc.h"

/** Files that are written if something else is in the image. */
struct host_file {
	/** What tells that the file is wanted; NULL for always. */
	const char *needs;
	const char *path, *content, *reason;
};

/* clang-format off */
static const struct host_file host_files[] = {
	/* Checked by cloud-init's generator and by all its units. */
	{ "/etc/cloud", "/etc/cloud/cloud-init.disabled", "", "cloud-init off" },
	/* Should it be switched on again, it must not lock accounts, rename or renumber the node. */
	{ "/etc/cloud", "/etc/cloud/cloud.cfg.d/99-nib.cfg",
	  "preserve_hostname: true\n"
	  "network: {config: disabled}\n"
	  "users: []\n", "cloud-init off" },
	/* The switch of rpi-swap (trixie).  It has to stay installed: it keeps zram off, too. */
	{ "/etc/rpi/swap.conf", "/etc/rpi/swap.conf.d/90-disable-swap.conf",
	  "[Main]\n"
	  "Mechanism=none\n", "swap off" },
	/* Hides the one in /usr/lib, which asks for a swap of its own. */
	{ "/usr/lib/systemd/zram-generator.conf", "/etc/systemd/zram-generator.conf", "", "swap off" },
	{ NULL, "/etc/modules-load.d/k8s.conf",
	  "overlay\n"
	  "br_netfilter\n", "Kubernetes host" },
};
/* clang-format on */

static const char sysctls[] = "net.ipv4.ip_forward=1\n"
			      "net.bridge.bridge-nf-call-iptables=1\n"
			      "net.bridge.bridge-nf-call-ip6tables=1\n"
			      "fs.inotify.max_user_instances=8192\n"
			      "fs.inotify.max_user_watches=524288\n";

static int plan_host_files(struct raspios *r, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(host_files); i++) {
		const struct host_file *file = &host_files[i];
		bool wanted = true;

		int code = file->needs ? backend_exists(r->b, file->needs, &wanted, err) : 0;
		if (code < 0)
			return code;
		if (wanted)
			plan_write(r->plan, file->path, buf_from(file->content), ATTR_ROOT_0644,
				   file->reason);
	}

	return 0;
}

static void plan_sysctls(struct raspios *r)
{
	const char *subnet = r->inputs->cluster->pod_subnet.value;
	struct buf text = buf_from(sysctls);

	if (subnet && strchr(subnet, ':'))
		buf_adds(&text, "net.ipv6.conf.all.forwarding=1\n");
	plan_write(r->plan, "/etc/sysctl.d/90-k8s.conf", text, ATTR_ROOT_0644, "Kubernetes host");
}

/* The kubelet does not start with swap; /var/swap of bookworm is made by this service alone. */
static int plan_swap(struct raspios *r, struct error *err)
{
	static const char reason[] = "swap off";
	bool exists;

	raspios_mask(r, "systemd-zram-setup@zram0.service", reason);
	raspios_mask(r, "dev-zram0.swap", reason);

	int code = backend_exists(r->b, UNITS_LIB "dphys-swapfile.service", &exists, err);
	if (code < 0 || !exists)
		return code;

	raspios_mask(r, "dphys-swapfile.service", reason);
	return raspios_remove(r, UNITS_ETC "multi-user.target.wants/dphys-swapfile.service", reason,
			      err);
}

/* Before the Raspberry Pi 5 there is no clock, and certificates need the time. */
static int plan_time(struct raspios *r, struct error *err)
{
	bool exists;

	int code = backend_exists(r->b, UNITS_LIB "systemd-time-wait-sync.service", &exists, err);
	if (code == 0 && exists)
		raspios_enable(r, "sysinit.target", "systemd-time-wait-sync.service",
			       "wait for the time");
	return code;
}

int raspios_system(struct raspios *r, struct error *err)
{
	int code = plan_host_files(r, err);

	plan_sysctls(r);
	if (code == 0)
		code = plan_swap(r, err);
	if (code == 0)
		code = plan_time(r, err);
	return code;
}

/* Units that are enabled by links in the image or in the plan. */
static const char *const preset_units[] = {
	"NetworkManager.service",
	"crio.service",
	"getty@.service",
	"kubelet.service",
	"rpi-resize.service",
	"ssh.service",
	"sshd-keygen.service",
	"systemd-time-wait-sync.service",
	"systemd-timesyncd.service",
};

static const char preset_head[] =
	"# First boot (machine-id \"uninitialized\") enables every unit whose first matching\n"
	"# preset line says so, or that no line matches; Debian has no \"disable *\".  This file\n"
	"# comes first: it enables what the node needs, and its last line keeps first boot\n"
	"# from enabling anything else.  What is enabled already stays so.\n";

int raspios_presets(struct raspios *r, struct error *err)
{
	AUTOBUF struct buf text = buf_from(preset_head);
	int code = 0;

	for (size_t i = 0; code == 0 && i < ARRAY_SIZE(preset_units); i++) {
		AUTOFREE char *path = xasprintf(UNITS_LIB "%s", preset_units[i]);
		bool exists;

		code = backend_exists(r->b, path, &exists, err);
		if (code == 0 && exists)
			buf_addf(&text, "enable %s\n", preset_units[i]);
	}
	if (plan_find(r->plan, UNITS_ETC FIRSTBOOT_UNIT))
		buf_adds(&text, "enable " FIRSTBOOT_UNIT "\n");
	buf_adds(&text, "disable *\n");

	if (code == 0)
		plan_write(r->plan, "/etc/systemd/system-preset/00-nib.preset", TAKE_BUF(text),
			   ATTR_ROOT_0644, "units of first boot");
	return code;
}
