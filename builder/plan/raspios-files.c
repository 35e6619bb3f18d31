/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "plan/overlay.h"
#include "plan/raspios-parts.h"
#include "plan/realpath.h"
#include "util/alloc.h"
#include "util/file.h"
#include "util/text.h"

static const char reason[] = "own file";
static const char overlay_reason[] = "own archive";

static bool is_good_path(const char *path)
{
	AUTOFREE char *with_slash = xasprintf("%s/", path);

	return path[0] == '/' && path[1] && !strstr(with_slash, "//") &&
	       !strstr(with_slash, "/./") && !strstr(with_slash, "/../");
}

/* May an operation of the user's be added at this path? */
static int check_place(struct raspios *r, const struct file_spec *file, const struct location *at,
		       const char *path, bool *ok, struct error *err)
{
	struct file_stat st;
	bool exists;

	*ok = false;
	if (file->secret.value && raspios_is_on_boot(r, path)) {
		diag_error(r->diags, at, "'%s' would be readable by everyone: a FAT keeps no modes",
			   path);
		return 0;
	}

	int code = backend_stat_optional(r->b, path, &st, &exists, err);
	if (code < 0)
		return code;
	if (exists && st.type == FILE_DIRECTORY) {
		diag_error(r->diags, at, "'%s' is a directory in the image", path);
		return 0;
	}

	if (plan_find(r->plan, path)) {
		diag_warning(r->diags, at, "'%s' is made by nib as well", path);
		diag_help(r->diags, "yours takes its place");
	}
	*ok = true;
	return 0;
}

/** Looks up a user or group in the image's accounts. */
typedef int find_id(const struct accounts *accounts, const char *name, uint32_t *ret, bool *found,
		    struct error *err);

static int set_owner(struct raspios *r, const struct text *name, const char *what, find_id *find,
		     uint32_t *ret, struct error *err)
{
	bool found;

	if (!name->value)
		return 0;

	int code = find(&r->accounts, name->value, ret, &found, err);
	if (code == 0 && !found)
		diag_error(r->diags, &name->at, "the image has no %s '%s'", what, name->value);
	return code;
}

static mode_t mode_of(const struct file_spec *file)
{
	mode_t mode = 0;

	if (!file->mode.value)
		return file->secret.value ? 0600 : 0644;

	for (const char *p = file->mode.value; *p >= '0' && *p <= '7'; p++)
		mode = (mode << 3 | (mode_t)(*p - '0')) & 07777;
	return mode;
}

static int plan_file(struct raspios *r, const struct file_spec *file, const struct buf *content,
		     struct error *err)
{
	const struct location *at = file->path.value ? &file->path.at : &file->at;
	struct file_attr attr = { .mode = mode_of(file) };
	bool ok;

	if (!file->path.value || !is_good_path(file->path.value)) {
		diag_error(r->diags, at, "'path' is not the absolute path of a file");
		return 0;
	}

	AUTOFREE char *path = NULL;
	int code = raspios_place(r, at, file->path.value, FILE_REGULAR, &path, err);
	if (code == 0)
		code = set_owner(r, &file->owner, "user", accounts_uid, &attr.uid, err);
	if (code == 0)
		code = set_owner(r, &file->group, "group", accounts_gid, &attr.gid, err);
	if (code < 0 || !path)
		return code;

	code = check_place(r, file, at, path, &ok, err);
	if (code == 0 && ok)
		plan_write(r->plan, path, buf_copy(content), attr, reason)->secret =
			file->secret.value;
	return code;
}

/* A directory of the image stays as it is: who made the archive does not own /etc. */
static int plan_directory(struct raspios *r, const char *path, const struct overlay_entry *entry,
			  struct error *err)
{
	bool exists;

	int code = backend_exists(r->b, path, &exists, err);
	if (code == 0 && !exists && !plan_find(r->plan, path))
		plan_mkdir(r->plan, path, entry->attr, overlay_reason);
	return code;
}

/* What anybody writes below such a link later, keys for example, would be on the FAT. */
static bool leads_to_boot(const struct raspios *r, const char *path, const char *target)
{
	AUTOERROR struct error ignored = ERROR_NONE;
	AUTOFREE char *dir = file_dirname(path);
	AUTOFREE char *to = xasprintf("%s/%s/.", *target == '/' ? "" : dir, target);
	AUTOFREE char *real = NULL;
	struct file_stat st;

	if (plan_realpath(NULL, r->b, to, &real, &ignored) < 0)
		return false;
	if (strcmp(real, r->release->boot_path) == 0)
		return true;
	return raspios_is_on_boot(r, real) && r->b->ops->stat(r->b, real, &st, &ignored) == 0 &&
	       st.type == FILE_DIRECTORY;
}

/* So does a link of the image that leads where the archive's own does. */
static void plan_link(struct raspios *r, const struct location *at, const char *path,
		      const char *target)
{
	AUTOERROR struct error ignored = ERROR_NONE;
	AUTOFREE char *now = NULL;

	if (!plan_find(r->plan, path) && r->b->ops->readlink(r->b, path, &now, &ignored) == 0 &&
	    strcmp(now, target) == 0)
		return;

	if (raspios_is_on_boot(r, path))
		diag_error(r->diags, at, "'%s' is a symbolic link: a FAT has none", path);
	else if (leads_to_boot(r, path, target))
		diag_error(r->diags, at,
			   "'%s' leads to a directory of the boot partition, which everyone can "
			   "read",
			   path);
	else
		plan_symlink(r->plan, path, target, overlay_reason);
}

static int plan_entry(struct raspios *r, const struct file_spec *file, const char *given,
		      struct overlay_entry *entry, struct error *err)
{
	const struct location *at = &file->archive.at;
	AUTOFREE char *path = NULL;
	bool ok;

	int code = raspios_place(r, at, given, entry->type, &path, err);
	if (code < 0 || !path)
		return code;
	if (entry->type == FILE_DIRECTORY)
		return plan_directory(r, path, entry, err);

	code = check_place(r, file, at, path, &ok, err);
	if (code < 0 || !ok)
		return code;

	if (entry->type == FILE_SYMLINK)
		plan_link(r, at, path, entry->target);
	else
		plan_write(r->plan, path, TAKE_BUF(entry->content), entry->attr, overlay_reason)
			->secret = file->secret.value;
	return 0;
}

static int plan_archive(struct raspios *r, const struct file_spec *file, const struct buf *content,
			struct error *err)
{
	const char *dir =
		file->path.value && strcmp(file->path.value, "/") != 0 ? file->path.value : "";
	AUTOERROR struct error failure = ERROR_NONE;
	AUTOOVERLAY struct overlay overlay = { 0 };
	int code = 0;

	if (*dir && !is_good_path(dir)) {
		diag_error(r->diags, &file->path.at,
			   "'path' is not the absolute path of a directory");
		return 0;
	}
	if (overlay_read(content, &overlay, &failure) < 0) {
		diag_error(r->diags, &file->archive.at, "'%s': %s", file->archive.value,
			   failure.message);
		return 0;
	}

	for (size_t i = 0; i < overlay.count && code == 0; i++) {
		AUTOFREE char *path = xasprintf("%s%s", dir, overlay.list[i].path);

		if (*path)
			code = plan_entry(r, file, path, &overlay.list[i], err);
	}
	return code;
}

int raspios_files(struct raspios *r, struct error *err)
{
	int code = 0;

	for (size_t i = 0; i < r->node->n_files && code == 0; i++) {
		const struct file_spec *file = &r->node->files[i];

		code = (file->archive.value ? plan_archive : plan_file)(r, file,
									&r->inputs->files[i], err);
	}
	return code;
}
