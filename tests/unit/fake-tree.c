/* SPDX-License-Identifier: Apache-2.0 */
#include "fake-tree.h"

#include <errno.h>
#include <string.h>

#include "util/alloc.h"
#include "util/text.h"

struct fake *fake_of(struct backend *b)
{
	return (struct fake *)b;
}

struct fake_file *fake_tree_find(struct fake *f, const char *path)
{
	for (size_t i = 0; i < f->count; i++)
		if (strcmp(f->files[i].path, path) == 0)
			return &f->files[i];

	return NULL;
}

const struct fake_file *fake_find(struct backend *b, const char *path)
{
	return fake_tree_find(fake_of(b), path);
}

static void file_done(struct fake_file *file)
{
	free(file->path);
	free(file->target);
	buf_free(&file->content);
}

struct fake_file *fake_tree_put(struct fake *f, const char *path, enum file_type type, mode_t mode)
{
	struct fake_file *file = fake_tree_find(f, path);

	if (file)
		file_done(file);
	else
		file = ARRAY_ADD(f->files, f->count);

	*file = (struct fake_file){ .path = xstrdup(path), .type = type, .attr.mode = mode };
	return file;
}

void fake_tree_drop(struct fake *f, struct fake_file *file)
{
	file_done(file);
	*file = f->files[--f->count];
}

bool fake_is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return strcmp(dir, "/") == 0 ||
	       (strncmp(path, dir, len) == 0 && (path[len] == '/' || path[len] == '\0'));
}

char *fake_dir_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
}

/* One step of a path: the component goes to `done`, or its link before the rest. */
static int step(struct fake *f, char **done, char **rest, bool follow_last)
{
	AUTOFREE char *old = *rest;
	const char *name = old + strspn(old, "/");
	size_t len = strcspn(name, "/");
	bool last = name[len + strspn(name + len, "/")] == '\0';

	*rest = xstrdup(name + len);
	if (len == 1 && *name == '.')
		return 0;
	if (len == 2 && memcmp(name, "..", 2) == 0) {
		if (strcmp(*done, "/") == 0)
			return -EXDEV;
		AUTOFREE char *up = fake_dir_of(*done);
		free(*done);
		*done = TAKE(up);
		return 0;
	}

	AUTOFREE char *path =
		xasprintf("%s/%.*s", strcmp(*done, "/") == 0 ? "" : *done, (int)len, name);
	const struct fake_file *file = fake_tree_find(f, path);
	if (file && file->type == FILE_SYMLINK && (!last || follow_last)) {
		AUTOFREE char *tail = *rest;
		*rest = xasprintf("%s%s", file->target, tail);
		if (*file->target == '/') {
			free(*done);
			*done = xstrdup("/");
		}
		return 0;
	}

	free(*done);
	*done = TAKE(path);
	return 0;
}

static int resolve(struct fake *f, const char *path, bool follow_last, char **ret,
		   struct error *err)
{
	AUTOFREE char *done = xstrdup("/"), *rest = xstrdup(path);

	if (f->fail_path && strcmp(path, f->fail_path) == 0)
		return error_set_errno(err, f->fail_code, "'%s'", path);

	for (int i = 0; rest[strspn(rest, "/")]; i++) {
		int r = i < 200 ? step(f, &done, &rest, follow_last) : -ELOOP;
		if (r < 0)
			return error_set_errno(err, r, "'%s'", path);
	}

	*ret = TAKE(done);
	return 0;
}

int fake_lookup(struct fake *f, const char *path, bool follow_last, struct fake_file **ret,
		struct error *err)
{
	AUTOFREE char *real = NULL;

	int r = resolve(f, path, follow_last, &real, err);
	if (r < 0)
		return r;

	*ret = fake_tree_find(f, real);
	return *ret ? 0 : error_set_errno(err, -ENOENT, "'%s'", path);
}

/* The place where a new file goes; its directory must be there. */
int fake_place(struct fake *f, const char *path, char **ret, struct error *err)
{
	AUTOFREE char *real = NULL;

	int r = resolve(f, path, false, &real, err);
	if (r < 0)
		return r;

	AUTOFREE char *dir = fake_dir_of(real);
	const struct fake_file *parent = fake_tree_find(f, dir), *there = fake_tree_find(f, real);
	if (!parent || parent->type != FILE_DIRECTORY)
		return error_set_errno(err, -ENOENT, "'%s'", dir);
	if (there && there->type == FILE_DIRECTORY)
		return error_set_errno(err, -EISDIR, "'%s'", path);

	*ret = TAKE(real);
	return 0;
}

void fake_dir(struct backend *b, const char *path, mode_t mode)
{
	AUTOFREE char *parent = fake_dir_of(path);

	if (!fake_tree_find(fake_of(b), parent))
		fake_dir(b, parent, 0755);
	fake_tree_put(fake_of(b), path, FILE_DIRECTORY, mode);
}

static struct fake_file *put_below(struct backend *b, const char *path, enum file_type type,
				   mode_t mode)
{
	AUTOFREE char *parent = fake_dir_of(path);

	if (!fake_tree_find(fake_of(b), parent))
		fake_dir(b, parent, 0755);
	return fake_tree_put(fake_of(b), path, type, mode);
}

void fake_text(struct backend *b, const char *path, mode_t mode, const char *content)
{
	fake_bytes(b, path, mode, content, strlen(content));
}

void fake_bytes(struct backend *b, const char *path, mode_t mode, const void *data, size_t len)
{
	buf_add(&put_below(b, path, FILE_REGULAR, mode)->content, data, len);
}

void fake_link(struct backend *b, const char *path, const char *target)
{
	put_below(b, path, FILE_SYMLINK, 0777)->target = xstrdup(target);
}

void fake_owner(struct backend *b, const char *path, uid_t uid, gid_t gid)
{
	struct fake_file *file = fake_tree_find(fake_of(b), path);

	file->attr.uid = uid;
	file->attr.gid = gid;
}

void fake_gone(struct backend *b, const char *path)
{
	struct fake *f = fake_of(b);

	for (size_t i = f->count; i-- > 0;)
		if (fake_is_below(f->files[i].path, path))
			fake_tree_drop(f, &f->files[i]);
}

void fake_fail(struct backend *b, const char *path, int code)
{
	free(fake_of(b)->fail_path);
	fake_of(b)->fail_path = path ? xstrdup(path) : NULL;
	fake_of(b)->fail_code = code;
}
