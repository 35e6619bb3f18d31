/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "image/fat-name.h"
#include "plan/raspios-parts.h"
#include "plan/realpath.h"
#include "util/alloc.h"

/** What the user wants somewhere, and where that is. */
struct wish {
	const struct location *at;
	/** Free of links. */
	const char *path;
	enum file_type type;
	/** On the boot partition, where case does not tell names apart. */
	bool on_boot;
};

static bool starts_with(const struct raspios *r, const struct wish *wish, const char *path,
			const char *start)
{
	size_t len = strlen(start);

	if (wish->on_boot && raspios_is_on_boot(r, path) && raspios_is_on_boot(r, start))
		return strncasecmp(path, start, len) == 0;
	return strncmp(path, start, len) == 0;
}

static bool is_below(const struct raspios *r, const struct wish *wish, const char *path,
		     const char *dir)
{
	return starts_with(r, wish, path, dir) && path[strlen(dir)] == '/';
}

static bool is_same(const struct raspios *r, const struct wish *wish, const char *path)
{
	return starts_with(r, wish, wish->path, path) && strlen(wish->path) == strlen(path);
}

static const char *name_of(enum plan_kind kind)
{
	static const char *const names[] = { [PLAN_MKDIR] = "a directory",
					     [PLAN_WRITE] = "a file",
					     [PLAN_SYMLINK] = "a symbolic link",
					     [PLAN_REMOVE] = "nothing" };

	return names[kind];
}

/* A file may take the place of a file, a link also that of a link; a directory none of them. */
static bool may_replace(enum file_type type, enum plan_kind kind)
{
	switch (kind) {
	case PLAN_MKDIR: return type == FILE_DIRECTORY;
	case PLAN_WRITE: return type == FILE_REGULAR;
	default: return type != FILE_DIRECTORY;
	}
}

/* A link in the place or on the way of something that is planned would lead it elsewhere. */
static bool goes_with(const struct raspios *r, const struct wish *wish, const struct plan_op *op)
{
	bool is_dir = wish->type == FILE_DIRECTORY;

	if (op->kind == PLAN_DISK_ID)
		return true;

	if (is_same(r, wish, op->path)) {
		if (is_dir && op->kind == PLAN_MKDIR)
			return true;
		if (strcmp(wish->path, op->path) != 0)
			diag_error(r->diags, wish->at, "'%s' and '%s' are the same name on a FAT",
				   wish->path, op->path);
		else if (!may_replace(wish->type, op->kind))
			diag_error(r->diags, wish->at, "'%s' is planned as %s already", wish->path,
				   name_of(op->kind));
		else
			return true;
		return false;
	}

	if (op->kind != PLAN_MKDIR && is_below(r, wish, wish->path, op->path))
		diag_error(r->diags, wish->at, "'%s' is below '%s', which is planned as %s",
			   wish->path, op->path, name_of(op->kind));
	else if (!is_dir && op->kind != PLAN_REMOVE && is_below(r, wish, op->path, wish->path))
		diag_error(r->diags, wish->at, "'%s' has to be a directory: '%s' is planned",
			   wish->path, op->path);
	else
		return true;
	return false;
}

static bool goes_with_plan(const struct raspios *r, const struct wish *wish)
{
	for (size_t i = 0; i < r->plan->count; i++)
		if (!goes_with(r, wish, &r->plan->ops[i]))
			return false;

	return true;
}

/* Long names also get a short one, "NAME~1.EXT": a name like that could be another file's. */
static int check_boot_name(const char *name, struct error *err)
{
	if (strchr(name, '~'))
		return error_set(err, -EINVAL, "a name with '~' may be another file's on a FAT");
	return fat_check_name(name, err);
}

/* Each name below the mount point; that itself is a name in another file system. */
static bool fits_boot(const struct raspios *r, const struct wish *wish)
{
	const char *pos = wish->path + strlen(r->release->boot_path);

	while (wish->on_boot && *pos) {
		AUTOERROR struct error err = ERROR_NONE;
		AUTOFREE char *name = xstrndup(pos + 1, strcspn(pos + 1, "/"));

		if (check_boot_name(name, &err) < 0) {
			diag_error(r->diags, wish->at, "'%s': %s", wish->path, err.message);
			return false;
		}
		pos += 1 + strlen(name);
	}

	return true;
}

/* What a path of the user's runs into is for the user to mend. */
static int resolve(struct raspios *r, const struct location *at, const char *path,
		   enum file_type type, char **ret, struct error *err)
{
	AUTOFREE char *given = xasprintf("%s%s", path, type == FILE_DIRECTORY ? "/." : "");
	AUTOERROR struct error failure = ERROR_NONE;

	int code = plan_realpath(r->plan, r->b, given, ret, &failure);
	if (code == -ENOTDIR || code == -ENAMETOOLONG) {
		diag_error(r->diags, at, "'%s' cannot be there: %s", path, failure.message);
		return 0;
	}
	if (code < 0) {
		*err = failure;
		failure = ERROR_NONE;
	}
	return code;
}

int raspios_place(struct raspios *r, const struct location *at, const char *path,
		  enum file_type type, char **ret, struct error *err)
{
	AUTOFREE char *real = NULL;

	*ret = NULL;
	int code = resolve(r, at, path, type, &real, err);
	if (code < 0 || !real)
		return code;

	const struct wish wish = {
		.at = at,
		.path = real,
		.type = type,
		.on_boot = raspios_is_on_boot(r, real),
	};
	if (goes_with_plan(r, &wish) && fits_boot(r, &wish))
		*ret = TAKE(real);
	return 0;
}

int raspios_settle(struct raspios *r, struct error *err)
{
	for (size_t i = 0; i < r->plan->count; i++) {
		struct plan_op *op = &r->plan->ops[i];
		char *real;

		if (op->kind == PLAN_DISK_ID)
			continue;
		if (plan_realpath(NULL, r->b, op->path, &real, err) < 0)
			return error_prefix_path(err, "plan", op->path);
		free(op->path);
		op->path = real;
	}

	return 0;
}
