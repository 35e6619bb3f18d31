/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The parts of raspios_plan().  Each looks at the image and adds operations.
 *
 * What the user can mend in cluster.yaml goes to diags, with its place; what is
 * wrong with the image is an error.
 */
#pragma once

#include "plan/accounts.h"
#include "plan/imagetext.h"
#include "plan/raspios.h"

/** Where units are, and where they are enabled. */
#define UNITS_LIB "/usr/lib/systemd/system/"
#define UNITS_ETC "/etc/systemd/system/"

/** What is at work while a node is planned. */
struct raspios {
	const struct inputs *inputs;
	/** inputs->node. */
	const struct node *node;
	struct backend *b;
	const struct layout *layout;
	const struct release *release;
	struct plan *plan;
	struct diags *diags;
	/** The image's accounts with the node's users; from raspios_users() on. */
	struct accounts accounts;
};

/** Can the node's board start from this image? */
int raspios_board(struct raspios *r, struct error *err);

/** Disk id, fstab, cmdline.txt, config.txt; no first-boot seeds on the boot partition. */
int raspios_boot(struct raspios *r, struct error *err);

/** Host name, hosts, machine id, node.env; nothing of another machine's identity. */
int raspios_identity(struct raspios *r, struct error *err);

/** Accounts, keys, sudo. */
int raspios_users(struct raspios *r, struct error *err);

/** The SSH server; no wizard that waits for somebody at a keyboard. */
int raspios_login(struct raspios *r, struct error *err);

/** NetworkManager's profile, Wi-Fi. */
int raspios_network(struct raspios *r, struct error *err);

/** Time zone, locale, keymap. */
int raspios_locale(struct raspios *r, struct error *err);

/** cloud-init and swap off, what Kubernetes wants of its host, time. */
int raspios_system(struct raspios *r, struct error *err);

/** Which units first boot enables; after everything that adds units. */
int raspios_presets(struct raspios *r, struct error *err);

/**
 * Give the operations so far the paths where they really take place, so that those of
 * the user's can be compared with them.
 */
int raspios_settle(struct raspios *r, struct error *err);

/**
 * The path where something of the user's really goes, links of the image followed.
 *
 * @param type  a directory's own link is followed too
 * @param ret   owned by the caller; NULL if it must not be there, because of what is
 *              planned or what a FAT can hold: then diags say so
 */
int raspios_place(struct raspios *r, const struct location *at, const char *path,
		  enum file_type type, char **ret, struct error *err);

/** The user's own files and archives. */
int raspios_files(struct raspios *r, struct error *err);

/**
 * Names in a directory of the image; none if it is not there.
 *
 * Names that would do something to a terminal are refused.
 */
int raspios_list(struct raspios *r, const char *path, struct file_names *ret, struct error *err);

/** Have a path removed if there is anything. */
int raspios_remove(struct raspios *r, const char *path, const char *reason, struct error *err);

/** Let a unit be started by nobody. */
void raspios_mask(struct raspios *r, const char *unit, const char *reason);

/** Let a target ("multi-user.target") or other unit want a unit of the image. */
void raspios_enable(struct raspios *r, const char *wanted_by, const char *unit, const char *reason);

/** Replace the text of a file, keeping its place, owner and mode. */
struct plan_op *raspios_rewrite(struct raspios *r, const struct imagetext *old, const char *text,
				const char *reason);

/** Is the path on the boot partition, which has neither owners nor modes? */
bool raspios_is_on_boot(const struct raspios *r, const char *path);
