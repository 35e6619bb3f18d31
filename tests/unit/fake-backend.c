/* SPDX-License-Identifier: Apache-2.0 */
#include "fake-tree.h"

#include <errno.h>
#include <string.h>

#include "util/alloc.h"
#include "util/text.h"

static bool has_attr(const struct fake *f, const char *path)
{
	return !f->boot || !fake_is_below(path, f->boot);
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
	int r = fake_lookup(fake_of(b), path, true, &dir, err);
	if (r < 0 || strcmp(path, "/") == 0)
		return r;

	free(fake_of(b)->boot);
	fake_of(b)->boot = xstrdup(path);
	return 0;
}

static int fake_read(struct backend *b, const char *path, struct buf *ret, struct error *err)
{
	struct fake_file *file;

	int r = fake_lookup(fake_of(b), path, true, &file, err);
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

	int r = fake_place(fake_of(b), path, &real, err);
	if (r < 0)
		return r;

	struct fake_file *file = fake_tree_put(fake_of(b), real, FILE_REGULAR, 0755);
	if (has_attr(fake_of(b), real))
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

	if (fake_lookup(fake_of(b), path, false, &file, &ignored) == 0) {
		if (file->type != FILE_DIRECTORY)
			return error_set_errno(err, -ENOTDIR, "'%s'", path);
		file->attr = *attr;
		return 0;
	}

	int r = fake_place(fake_of(b), path, &real, err);
	if (r == 0)
		fake_tree_put(fake_of(b), real, FILE_DIRECTORY, 0)->attr = *attr;
	return r;
}

static int fake_symlink(struct backend *b, const char *path, const char *target, struct error *err)
{
	AUTOFREE char *real = NULL;

	int r = fake_place(fake_of(b), path, &real, err);
	if (r == 0)
		fake_tree_put(fake_of(b), real, FILE_SYMLINK, 0777)->target = xstrdup(target);
	return r;
}

static int fake_remove(struct backend *b, const char *path, struct error *err)
{
	struct fake_file *file;

	int r = fake_lookup(fake_of(b), path, false, &file, err);
	if (r == 0)
		fake_tree_drop(fake_of(b), file);
	return r;
}

static int fake_stat(struct backend *b, const char *path, struct file_stat *ret, struct error *err)
{
	struct fake_file *file;

	int r = fake_lookup(fake_of(b), path, false, &file, err);
	if (r < 0)
		return r;

	*ret = (struct file_stat){
		.type = file->type,
		.attr = file->attr,
		.size = file->content.len,
		.has_attr = has_attr(fake_of(b), file->path),
	};
	if (!ret->has_attr)
		ret->attr = (struct file_attr){ .mode = 0755 };
	return 0;
}

static int fake_readlink(struct backend *b, const char *path, char **ret, struct error *err)
{
	struct fake_file *file;

	int r = fake_lookup(fake_of(b), path, false, &file, err);
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
	struct fake *f = fake_of(b);
	struct fake_file *dir;

	int r = fake_lookup(f, path, true, &dir, err);
	if (r < 0)
		return r;

	for (size_t i = 0; i < f->count; i++) {
		AUTOFREE char *parent = fake_dir_of(f->files[i].path);

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
	return has_attr(fake_of(b), path) ? "/" : fake_of(b)->boot;
}

static void fake_touched(struct backend *b, struct ranges *ret)
{
	(void)b;
	(void)ret;
}

static int fake_finish(struct backend *b, struct error *err)
{
	(void)b;
	(void)err;
	return 0;
}

static void fake_free(struct backend *b)
{
	struct fake *f = fake_of(b);

	while (f->count)
		fake_tree_drop(f, &f->files[f->count - 1]);
	free(f->files);
	free(f->boot);
	free(f->fail_path);
	free(f);
}

static int fake_check(struct error *err)
{
	(void)err;
	return 0;
}

static const struct backend_ops fake_ops = {
	.name = "fake",
	.check = fake_check,
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
	.touched = fake_touched,
	.finish = fake_finish,
	.free = fake_free,
};

struct backend *fake_new(void)
{
	struct fake *f = xcalloc(1, sizeof(*f));

	f->base.ops = &fake_ops;
	fake_tree_put(f, "/", FILE_DIRECTORY, 0755);
	return &f->base;
}
