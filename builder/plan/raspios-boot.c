/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "plan/cmdline.h"
#include "plan/configtxt.h"
#include "plan/fstab.h"
#include "plan/raspios-parts.h"
#include "util/alloc.h"
#include "util/text.h"

/* Parameters that must not be on the line, as shell patterns. */
static const char *const unwanted[] = {
	/* Comes later than the firmware's own, so it would win over cgroup_enable=memory. */
	"cgroup_disable=*memory*",
	/* Left by Raspberry Pi Imager: another source of identity, and scripts to run. */
	"ds=nocloud*",
	"systemd.run*",
	"systemd.unit=kernel-command-line.target",
	"systemd.hostname=*",
	/* With a writable root, preset-all of the first boot would enable every unit there is. */
	"rw",
};

/* Files on the boot partition from which some other tool would configure the node. */
static const char *const seeds[] = {
	"user-data", "meta-data",   "network-config", "userconf.txt",
	"userconf",  "firstrun.sh", "custom.toml",    "rpi-preseed.toml",
};

int raspios_board(struct raspios *r, struct error *err)
{
	const struct board *board = r->node->board;
	AUTONAMES struct file_names missing = { 0 };
	AUTOBUF struct buf list = { 0 };

	int code = release_missing_for_board(r->b, r->release->boot_path, board, &missing, err);
	if (code < 0 || !missing.count)
		return code;

	for (size_t i = 0; i < missing.count; i++)
		buf_addf(&list, "%s'%s'", i ? ", " : "", missing.list[i]);
	diag_error(r->diags, &r->node->board_name.at, "the image does not start %s: it lacks %s",
		   board->title, buf_text(&list));
	return 0;
}

static int plan_fstab(struct raspios *r, uint32_t disk_id, struct error *err)
{
	AUTOIMAGETEXT struct imagetext fstab = { 0 };
	AUTOFREE char *old = xasprintf("%08x", r->layout->disk_id);
	AUTOFREE char *new = xasprintf("%08x", disk_id);
	AUTOFREE char *text = NULL;

	int code = imagetext_require(r->b, "/etc/fstab", &fstab, err);
	if (code < 0)
		return code;

	fstab_edit(buf_text(&fstab.text), old, new, &text);
	raspios_rewrite(r, &fstab, text, "disk id, no swap");
	return 0;
}

/* Replace the text by what an edit makes of it. */
static int edit(char **text,
		int (*function)(const char *text, const char *arg, char **ret, struct error *err),
		const char *arg, struct error *err)
{
	char *changed;

	int code = function(*text, arg, &changed, err);
	if (code < 0)
		return code;

	free(*text);
	*text = changed;
	return 0;
}

static int set(char **text, const char *key, const char *value, struct error *err)
{
	char *changed;

	int code = cmdline_set(*text, key, value, &changed, err);
	if (code < 0)
		return code;

	free(*text);
	*text = changed;
	return 0;
}

/* A root named otherwise, by label for example, does not depend on the disk id. */
static int set_root(struct raspios *r, char **text, uint32_t disk_id, struct error *err)
{
	const struct partition *root = layout_find(r->layout, "ext4");
	AUTOFREE char *old = cmdline_get(*text, "root");
	AUTOFREE char *new = xasprintf("PARTUUID=%08x-%02x", disk_id, root->number);

	if (!old || !text_starts(old, "PARTUUID="))
		return 0;

	return set(text, "root", new, err);
}

static int add_arguments(struct raspios *r, char **text, struct error *err)
{
	const struct wifi *wifi = &r->node->network.wifi;
	board_list arguments = r->node->board->kernel_arguments;

	/* Off by default on these kernels, and Kubernetes does not start without it. */
	int code = edit(text, cmdline_add, "cgroup_enable=memory", err);
	for (size_t i = 0; code == 0 && arguments && arguments[i]; i++)
		code = edit(text, cmdline_add, arguments[i], err);

	/* Without a country the radio stays off. */
	if (code == 0 && wifi->ssid.value && wifi->country.value)
		code = set(text, "cfg80211.ieee80211_regdom", wifi->country.value, err);
	return code;
}

static int plan_cmdline(struct raspios *r, uint32_t disk_id, struct error *err)
{
	AUTOFREE char *path = xasprintf("%s/cmdline.txt", r->release->boot_path);
	AUTOIMAGETEXT struct imagetext cmdline = { 0 };

	int code = imagetext_require(r->b, path, &cmdline, err);
	if (code < 0)
		return code;

	AUTOFREE char *text = xstrdup(buf_text(&cmdline.text));
	for (size_t i = 0; code == 0 && i < ARRAY_SIZE(unwanted); i++)
		code = edit(&text, cmdline_remove, unwanted[i], err);
	if (code == 0)
		code = set_root(r, &text, disk_id, err);
	if (code == 0)
		code = add_arguments(r, &text, err);
	if (code < 0)
		return error_prefix(err, "'%s'", path);

	raspios_rewrite(r, &cmdline, text, "kernel command line");
	return 0;
}

static int plan_config(struct raspios *r, struct error *err)
{
	static const char *const none[] = { NULL };
	board_list lines = r->node->board->config_txt;
	AUTOFREE char *path = xasprintf("%s/config.txt", r->release->boot_path);
	AUTOIMAGETEXT struct imagetext config = { 0 };
	AUTOFREE char *text = NULL;

	int code = imagetext_read(r->b, path, IMAGETEXT_MAX, &config, err);
	if (code < 0)
		return code;

	if (configtxt_set(buf_text(&config.text), lines ? lines : none, &text, err) < 0)
		return error_prefix(err, "'%s'", path);

	if (strcmp(text, buf_text(&config.text)) != 0)
		raspios_rewrite(r, &config, text, "settings of the board");
	return 0;
}

int raspios_boot(struct raspios *r, struct error *err)
{
	/* All images of a release have one id; two such disks in a machine get mixed up. */
	uint32_t disk_id = derive_u32(&r->inputs->derive, "disk-id");

	plan_disk_id(r->plan, disk_id, "own disk id");

	int code = plan_fstab(r, disk_id, err);
	if (code == 0)
		code = plan_cmdline(r, disk_id, err);
	if (code == 0)
		code = plan_config(r, err);

	for (size_t i = 0; code == 0 && i < ARRAY_SIZE(seeds); i++) {
		AUTOFREE char *path = xasprintf("%s/%s", r->release->boot_path, seeds[i]);

		code = raspios_remove(r, path, "no other first-boot configuration", err);
	}
	return code;
}
