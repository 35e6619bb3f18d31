/* SPDX-License-Identifier: Apache-2.0 */
#include "fake-backend.h"

#include <errno.h>
#include <string.h>

#include "util/alloc.h"
#include "util/text.h"

struct fake {
	struct backend base;
	struct fake_file *files;
	size_t count;
	/** Mount points besides "/". */
	char *boot;
	char *fail_path;
	int fail_code;
};

static struct fake *fake(struct backend *b)
{
	return (struct fake *)b;
}

static struct fake_file *find(struct fake *f, const char *path)
{
	for (size_t i = 0; i < f->count; i++)
		if (strcmp(f->files[i].path, path) == 0)
			return &f->files[i];

	return NULL;
}

const struct fake_file *fake_find(struct backend *b, const char *path)
{
	return find(fake(b), path);
}

static void file_done(struct fake_file *file)
{
	free(file->path);
	free(file->target);
	buf_free(&file->content);
}

static struct fake_file *put(struct fake *f, const char *path, enum file_type type, mode_t mode)
{
	struct fake_file *file = find(f, path);

	if (file)
		file_done(file);
	else
		file = ARRAY_ADD(f->files, f->count);

	*file = (struct fake_file){ .path = xstrdup(path), .type = type, .attr.mode = mode };
	return file;
}

static void drop(struct fake *f, struct fake_file *file)
{
	file_done(file);
	*file = f->files[--f->count];
}

static bool is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return strcmp(dir, "/") == 0 ||
	       (strncmp(path, dir, len) == 0 && (path[len] == '/' || path[len] == '\0'));
}

static char *dir_of(const char *path)
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
	if (len == 2 && memcmp(name, "..", 2) == 0) {
		if (strcmp(*done, "/") == 0)
			return -EXDEV;
		AUTOFREE char *up = dir_of(*done);
		free(*done);
		*done = TAKE(up);
		return 0;
	}

	AUTOFREE char *path =
		xasprintf("%s/%.*s", strcmp(*done, "/") == 0 ? "" : *done, (int)len, name);
	const struct fake_file *file = find(f, path);
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

static int lookup(struct fake *f, const char *path, bool follow_last, struct fake_file **ret,
		  struct error *err)
{
	AUTOFREE char *real = NULL;

	int r = resolve(f, path, follow_last, &real, err);
	if (r < 0)
		return r;

	*ret = find(f, real);
	return *ret ? 0 : error_set_errno(err, -ENOENT, "'%s'", path);
}

/* The place where a new file goes; its directory must be there. */
static int place(struct fake *f, const char *path, char **ret, struct error *err)
{
	AUTOFREE char *real = NULL;

	int r = resolve(f, path, false, &real, err);
	if (r < 0)
		return r;

	AUTOFREE char *dir = dir_of(real);
	const struct fake_file *parent = find(f, dir), *there = find(f, real);
	if (!parent || parent->type != FILE_DIRECTORY)
		return error_set_errno(err, -ENOENT, "'%s'", dir);
	if (there && there->type == FILE_DIRECTORY)
		return error_set_errno(err, -EISDIR, "'%s'", path);

	*ret = TAKE(real);
	return 0;
}

static bool has_attr(const struct fake *f, const char *path)
{
	return !f->boot || !is_below(path, f->boot);
}

static int fake_open(int fd, bool read_only, int64_t now, struct backend **ret, struct error *err)
{
	(void)fd;
	(void)read_only;
	(void)now;
	(void)err;
	*ret = fake_new();
	return 0;
}

static int fake_mount(struct backend *b, const struct partition *part, const char *path,
		      struct error *err)
{
	struct fake_file *dir;

	(void)part;
	int r = lookup(fake(b), path, true, &dir, err);
	if (r < 0 || strcmp(path, "/") == 0)
		return r;

	free(fake(b)->boot);
	fake(b)->boot = xstrdup(path);
	return 0;
}

static int fake_read(struct backend *b, const char *path, struct buf *ret, struct error *err)
{
	struct fake_file *file;

	int r = lookup(fake(b), path, true, &file, err);
	if (r < 0)
		return r;
	if (file->type != FILE_REGULAR)
		return error_set(err, -EINVAL, "'%s' is not a file", path);

	*ret = buf_copy(&file->content);
	return 0;
}

static int fake_write(struct backend *b, const char *path, const struct buf *content,
		      const struct file_attr *attr, struct error *err)
{
	AUTOFREE char *real = NULL;

	int r = place(fake(b), path, &real, err);
	if (r < 0)
		return r;

	struct fake_file *file = put(fake(b), real, FILE_REGULAR, 0755);
	if (has_attr(fake(b), real))
		file->attr = *attr;
	file->content = buf_copy(content);
	return 0;
}

static int fake_mkdir(struct backend *b, const char *path, const struct file_attr *attr,
		      struct error *err)
{
	AUTOERROR struct error ignored = ERROR_NONE;
	AUTOFREE char *real = NULL;
	struct fake_file *file;

	if (lookup(fake(b), path, false, &file, &ignored) == 0) {
		if (file->type != FILE_DIRECTORY)
			return error_set_errno(err, -ENOTDIR, "'%s'", path);
		file->attr = *attr;
		return 0;
	}

	int r = place(fake(b), path, &real, err);
	if (r == 0)
		put(fake(b), real, FILE_DIRECTORY, 0)->attr = *attr;
	return r;
}

static int fake_symlink(struct backend *b, const char *path, const char *target, struct error *err)
{
	AUTOFREE char *real = NULL;

	int r = place(fake(b), path, &real, err);
	if (r == 0)
		put(fake(b), real, FILE_SYMLINK, 0777)->target = xstrdup(target);
	return r;
}

static int fake_remove(struct backend *b, const char *path, struct error *err)
{
	struct fake_file *file;

	int r = lookup(fake(b), path, false, &file, err);
	if (r == 0)
		drop(fake(b), file);
	return r;
}

static int fake_stat(struct backend *b, const char *path, struct file_stat *ret, struct error *err)
{
	struct fake_file *file;

	int r = lookup(fake(b), path, false, &file, err);
	if (r < 0)
		return r;

	*ret = (struct file_stat){
		.type = file->type,
		.attr = file->attr,
		.size = file->content.len,
		.has_attr = has_attr(fake(b), file->path),
	};
	if (!ret->has_attr)
		ret->attr = (struct file_attr){ .mode = 0755 };
	return 0;
}

static int fake_readlink(struct backend *b, const char *path, char **ret, struct error *err)
{
	struct fake_file *file;

	int r = lookup(fake(b), path, false, &file, err);
	if (r < 0)
		return r;
	if (file->type != FILE_SYMLINK)
		return error_set_errno(err, -EINVAL, "'%s'", path);

	*ret = xstrdup(file->target);
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int fake_list(struct backend *b, const char *path, struct file_names *ret, struct error *err)
{
	struct fake *f = fake(b);
	struct fake_file *dir;

	int r = lookup(f, path, true, &dir, err);
	if (r < 0)
		return r;

	for (size_t i = 0; i < f->count; i++) {
		AUTOFREE char *parent = dir_of(f->files[i].path);

		if (strcmp(parent, dir->path) == 0 && strcmp(f->files[i].path, "/") != 0)
			*ARRAY_ADD(ret->list, ret->count) =
				xstrdup(strrchr(f->files[i].path, '/') + 1);
	}
	if (ret->count)
		qsort(ret->list, ret->count, sizeof(*ret->list), compare_names);
	return 0;
}

static int fake_space(struct backend *b, const char *path, struct file_space *ret,
		      struct error *err)
{
	(void)b;
	(void)path;
	(void)err;
	*ret = (struct file_space){ .unit = 4096, .free_units = 1 << 20, .free_inodes = 1 << 20 };
	return 0;
}

static const char *fake_mount_of(struct backend *b, const char *path)
{
	return has_attr(fake(b), path) ? "/" : fake(b)->boot;
}

static int fake_finish(struct backend *b, struct error *err)
{
	(void)b;
	(void)err;
	return 0;
}

static void fake_free(struct backend *b)
{
	struct fake *f = fake(b);

	for (size_t i = 0; i < f->count; i++)
		file_done(&f->files[i]);
	free(f->files);
	free(f->boot);
	free(f->fail_path);
	free(f);
}

static const struct backend_ops fake_ops = {
	.name = "fake",
	.open = fake_open,
	.mount = fake_mount,
	.read = fake_read,
	.write = fake_write,
	.mkdir = fake_mkdir,
	.symlink = fake_symlink,
	.remove = fake_remove,
	.stat = fake_stat,
	.readlink = fake_readlink,
	.list = fake_list,
	.space = fake_space,
	.mount_of = fake_mount_of,
	.finish = fake_finish,
	.free = fake_free,
};

struct backend *fake_new(void)
{
	struct fake *f = xcalloc(1, sizeof(*f));

	f->base.ops = &fake_ops;
	put(f, "/", FILE_DIRECTORY, 0755);
	return &f->base;
}

void fake_dir(struct backend *b, const char *path, mode_t mode)
{
	AUTOFREE char *parent = dir_of(path);

	if (!find(fake(b), parent))
		fake_dir(b, parent, 0755);
	put(fake(b), path, FILE_DIRECTORY, mode);
}

static struct fake_file *put_below(struct backend *b, const char *path, enum file_type type,
				   mode_t mode)
{
	AUTOFREE char *parent = dir_of(path);

	if (!find(fake(b), parent))
		fake_dir(b, parent, 0755);
	return put(fake(b), path, type, mode);
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
	struct fake_file *file = find(fake(b), path);

	file->attr.uid = uid;
	file->attr.gid = gid;
}

void fake_gone(struct backend *b, const char *path)
{
	struct fake *f = fake(b);

	for (size_t i = f->count; i-- > 0;)
		if (is_below(f->files[i].path, path))
			drop(f, &f->files[i]);
}

void fake_fail(struct backend *b, const char *path, int code)
{
	free(fake(b)->fail_path);
	fake(b)->fail_path = path ? xstrdup(path) : NULL;
	fake(b)->fail_code = code;
}
