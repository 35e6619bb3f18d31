/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "plan/raspios-parts.h"
#include "util/alloc.h"

#define SSHD_CONFIG "/etc/ssh/sshd_config.d/10-nib.conf"

static int has_unit(struct raspios *r, const char *unit, bool *ret, struct error *err)
{
	AUTOFREE char *path = xasprintf(UNITS_LIB "%s", unit);

	return backend_exists(r->b, path, ret, err);
}

static bool any_password(const struct raspios *r)
{
	for (size_t i = 0; i < r->node->n_users; i++)
		if (r->inputs->users[i].password_hash)
			return true;

	return false;
}

static int plan_ssh(struct raspios *r, struct error *err)
{
	static const char reason[] = "SSH server";
	bool exists = false, keygen = false;

	int code = has_unit(r, "ssh.service", &exists, err);
	if (code == 0)
		code = has_unit(r, "sshd-keygen.service", &keygen, err);
	if (code < 0)
		return code;
	if (!exists)
		return error_set(err, -ENOENT,
				 "the image has no SSH server (" UNITS_LIB "ssh.service)");

	raspios_enable(r, "multi-user.target", "ssh.service", reason);
	plan_symlink(r->plan, UNITS_ETC "sshd.service", UNITS_LIB "ssh.service", reason);
	/* Disabling ssh.service, as the makers of the image did, may have taken this along. */
	if (keygen)
		raspios_enable(r, "ssh.service", "sshd-keygen.service", "SSH host keys");

	if (any_password(r))
		return raspios_remove(r, SSHD_CONFIG, reason, err);

	plan_write(r->plan, SSHD_CONFIG, buf_from("PasswordAuthentication no\n"), ATTR_ROOT_0644,
		   "log in with keys only");
	return 0;
}

/*
 * Without a keyboard the wizard that asks for a user's name waits for ever, and
 * all that comes after multi-user.target with it.  This is what ending it does.
 */
static int plan_wizard(struct raspios *r, struct error *err)
{
	static const char reason[] = "no first-boot wizard";
	static const char *const leftovers[] = {
		UNITS_ETC "multi-user.target.wants/userconfig.service",
		"/etc/ssh/sshd_config.d/rename_user.conf",
		"/var/lib/userconf-pi/autologin",
	};
	bool wizard = false, getty = false;

	int code = 0;
	for (size_t i = 0; code == 0 && i < ARRAY_SIZE(leftovers); i++)
		code = raspios_remove(r, leftovers[i], reason, err);
	if (code == 0)
		code = has_unit(r, "userconfig.service", &wizard, err);
	if (code == 0)
		code = has_unit(r, "getty@.service", &getty, err);
	if (code < 0)
		return code;

	if (wizard)
		raspios_mask(r, "userconfig.service", reason);
	if (getty)
		plan_symlink(r->plan, UNITS_ETC "getty.target.wants/getty@tty1.service",
			     UNITS_LIB "getty@.service", "login on the console");
	return 0;
}

int raspios_login(struct raspios *r, struct error *err)
{
	int code = plan_ssh(r, err);

	return code < 0 ? code : plan_wizard(r, err);
}
