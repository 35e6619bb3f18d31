/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/raspios.h"

#include <errno.h>
#include <string.h>

#include "plan/kubernetes.h"
#include "plan/raspios-parts.h"
#include "util/alloc.h"

static bool is_printable(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;

	return true;
}

int raspios_list(struct raspios *r, const char *path, struct file_names *ret, struct error *err)
{
	bool exists;

	int code = backend_exists(r->b, path, &exists, err);
	if (code < 0 || !exists)
		return code;

	code = r->b->ops->list(r->b, path, ret, err);
	for (size_t i = 0; code == 0 && i < ret->count; i++)
		if (!is_printable(ret->list[i]))
			code = error_set(err, -EINVAL,
					 "'%s' has a file with a control character in its name",
					 path);
	return code;
}

int raspios_remove(struct raspios *r, const char *path, const char *reason, struct error *err)
{
	bool exists;

	int code = backend_exists(r->b, path, &exists, err);
	if (code == 0 && exists)
		plan_remove(r->plan, path, reason);
	return code;
}

void raspios_mask(struct raspios *r, const char *unit, const char *reason)
{
	AUTOFREE char *path = xasprintf(UNITS_ETC "%s", unit);

	plan_symlink(r->plan, path, "/dev/null", reason);
}

void raspios_enable(struct raspios *r, const char *wanted_by, const char *unit, const char *reason)
{
	AUTOFREE char *path = xasprintf(UNITS_ETC "%s.wants/%s", wanted_by, unit);
	AUTOFREE char *target = xasprintf(UNITS_LIB "%s", unit);

	plan_symlink(r->plan, path, target, reason);
}

struct plan_op *raspios_rewrite(struct raspios *r, const struct imagetext *old, const char *text,
				const char *reason)
{
	return plan_write(r->plan, old->path, buf_from(text), old->attr, reason);
}

bool raspios_is_on_boot(const struct raspios *r, const char *path)
{
	size_t len = strlen(r->release->boot_path);

	return strncmp(path, r->release->boot_path, len) == 0 && path[len] == '/';
}

static int check_release(struct raspios *r, struct error *err)
{
	const struct release *release = r->release;

	if (r->node->os.value && strcmp(r->node->os.value, "raspios") != 0)
		diag_error(r->diags, &r->node->os.at, "images of '%s' cannot be made yet",
			   r->node->os.value);

	if (release->id != RELEASE_UNKNOWN && strcmp(release->architecture, "arm64") == 0)
		return 0;

	return error_set(err, -EINVAL,
			 "not a Raspberry Pi OS that is supported (trixie or bookworm, arm64): "
			 "found '%s', codename '%s', architecture '%s'",
			 release->pretty_name, release->codename, release->architecture);
}

static int plan_kubernetes(struct raspios *r, struct error *err)
{
	return kubernetes_plan(r->inputs, r->release, r->plan, r->diags, err);
}

/* Presets name the units of all parts before them; the user's files have the last word. */
static int (*const parts[])(struct raspios *r, struct error *err) = {
	check_release,   raspios_board,   raspios_boot,   raspios_identity, raspios_users,
	raspios_login,   raspios_network, raspios_locale, raspios_system,   plan_kubernetes,
	raspios_presets, raspios_settle,  raspios_files,
};

int raspios_plan(const struct inputs *inputs, struct backend *b, const struct layout *layout,
		 const struct release *release, struct plan *plan, struct diags *diags,
		 struct error *err)
{
	struct raspios r = {
		.inputs = inputs,
		.node = inputs->node,
		.b = b,
		.layout = layout,
		.release = release,
		.plan = plan,
		.diags = diags,
	};
	int code = 0;

	accounts_init(&r.accounts);
	for (size_t i = 0; i < ARRAY_SIZE(parts) && code == 0; i++)
		code = parts[i](&r, err);

	accounts_free(&r.accounts);
	return code;
}
