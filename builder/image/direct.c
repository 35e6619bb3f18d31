/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "image/path.h"
#include "util/alloc.h"
#include "util/process.h"

/** The `direct` back end. */
struct direct {
	struct backend base;
	int fd;
	bool read_only;
	int64_t now;
	struct mounts mounts;
};

static const struct fs_ops *const file_systems[] = { &fs_ext4, &fs_fat };

static struct direct *direct(struct backend *b)
{
	return (struct direct *)b;
}

static int direct_open(int fd, bool read_only, int64_t now, struct backend **ret, struct error *err)
{
	if (now < 0)
		return error_set(err, -EINVAL, "time stamp %lld is before 1970", (long long)now);

	struct direct *d = xcalloc(1, sizeof(*d));
	*d = (struct direct){
		.base = { .ops = &backend_direct },
		.fd = fd,
		.read_only = read_only,
		.now = now,
	};
	*ret = &d->base;
	return 0;
}

static void mount_done(struct mount *mount)
{
	if (mount->fs)
		mount->fs->ops->free(mount->fs);
	free(mount->path);
	*mount = (struct mount){ 0 };
}

/* Where a file system other than "/" is mounted has to be a directory in another one. */
static int cover(const struct direct *d, struct mount *mount, struct error *err)
{
	CLEANUP(fs_place_free) struct fs_place place = { 0 };

	if (d->mounts.count == 0 && strcmp(mount->path, "/") == 0)
		return 0;

	int r = path_resolve(&d->mounts, mount->path, true, &place, err);
	if (r < 0)
		return error_prefix(err, "mount at '%s'", mount->path);
	if (!place.exists || place.node.stat.type != FILE_DIRECTORY)
		return error_set(err, place.exists ? -ENOTDIR : -ENOENT,
				 "mount point '%s' is not a directory in the image", mount->path);
	if (place.name[0] == '\0')
		return error_set(err, -EBUSY, "something is mounted at '%s' already", mount->path);

	mount->parent = place.fs;
	mount->covered = place.node.id;
	return 0;
}

static const struct fs_ops *find_type(const char *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(file_systems); i++)
		for (const char *const *t = file_systems[i]->types; *t; t++)
			if (strcmp(*t, type) == 0)
				return file_systems[i];

	return NULL;
}

static int direct_mount(struct backend *b, const struct partition *part, const char *path,
			struct error *err)
{
	CLEANUP(mount_done) struct mount mount = { .path = xstrdup(path) };
	struct direct *d = direct(b);
	const struct fs_ops *ops = find_type(part->fs_type);

	if (!ops)
		return error_set(err, -EOPNOTSUPP,
				 "partition %u has %s%s, which back end 'direct' cannot edit",
				 part->number, part->fs_type[0] ? "file system " : "no file system",
				 part->fs_type);

	int r = cover(d, &mount, err);
	if (r < 0)
		return r;

	r = ops->open(d->fd, part, d->read_only, d->now, &mount.fs, err);
	if (r == 0)
		r = ops->root(mount.fs, &mount.root, err);
	if (r < 0)
		return error_prefix(err, "partition %u (%s)", part->number, part->fs_type);

	mount.fs->mount = mount.path;
	*ARRAY_ADD(d->mounts.list, d->mounts.count) = mount;
	mount = (struct mount){ 0 };
	return 0;
}

/* What is there must exist and have this type. */
static int find(struct backend *b, const char *path, bool follow, enum file_type type,
		struct fs_place *ret, struct error *err)
{
	static const char *const types[] = { "a regular file", "a directory", "a symbolic link" };

	int r = path_resolve(&direct(b)->mounts, path, follow, ret, err);
	if (r < 0)
		return r;

	if (!ret->exists)
		return error_set(err, -ENOENT, "'%s' is not in the image", path);
	if (ret->node.stat.type != type)
		return error_set(err, type == FILE_DIRECTORY ? -ENOTDIR : -EINVAL, "'%s' is not %s",
				 path, types[type]);
	return 0;
}

static int direct_read(struct backend *b, const char *path, struct buf *ret, struct error *err)
{
	AUTOPLACE struct fs_place place = { 0 };

	int r = find(b, path, true, FILE_REGULAR, &place, err);
	if (r < 0)
		return r;

	if (place.node.stat.size > FS_MAX_READ)
		return error_set(err, -EFBIG, "'%s' has %llu bytes, more than %u", path,
				 (unsigned long long)place.node.stat.size, FS_MAX_READ);

	if (place.fs->ops->read(place.fs, &place.node, ret, err) < 0)
		return error_prefix(err, "'%s'", path);
	return 0;
}

static int direct_readlink(struct backend *b, const char *path, char **ret, struct error *err)
{
	AUTOPLACE struct fs_place place = { 0 };

	int r = find(b, path, false, FILE_SYMLINK, &place, err);
	if (r < 0)
		return r;

	if (place.fs->ops->readlink(place.fs, &place.node, ret, err) < 0)
		return error_prefix(err, "'%s'", path);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int direct_list(struct backend *b, const char *path, struct file_names *ret,
		       struct error *err)
{
	AUTONAMES struct file_names names = { 0 };
	AUTOPLACE struct fs_place place = { 0 };

	int r = find(b, path, false, FILE_DIRECTORY, &place, err);
	if (r < 0)
		return r;

	if (place.fs->ops->list(place.fs, &place.node, &names, err) < 0)
		return error_prefix(err, "'%s'", path);

	if (names.count)
		qsort(names.list, names.count, sizeof(names.list[0]), by_name);
	*ret = names;
	names = (struct file_names){ 0 };
	return 0;
}

static int direct_stat(struct backend *b, const char *path, struct file_stat *ret,
		       struct error *err)
{
	AUTOPLACE struct fs_place place = { 0 };

	int r = path_resolve(&direct(b)->mounts, path, false, &place, err);
	if (r < 0)
		return r;

	if (!place.exists)
		return error_set(err, -ENOENT, "'%s' is not in the image", path);

	*ret = place.node.stat;
	return 0;
}

/* The place of something that is to be changed. */
static int find_for_change(struct backend *b, const char *path, struct fs_place *ret,
			   struct error *err)
{
	if (direct(b)->read_only)
		return error_set(err, -EROFS, "'%s': the image is open for reading only", path);

	return path_resolve(&direct(b)->mounts, path, false, ret, err);
}

static int find_for_file(struct backend *b, const char *path, struct fs_place *ret,
			 struct error *err)
{
	int r = find_for_change(b, path, ret, err);
	if (r < 0)
		return r;

	if (ret->exists && ret->node.stat.type == FILE_DIRECTORY)
		return error_set(err, -EISDIR, "'%s' is a directory", path);
	return 0;
}

static int direct_write(struct backend *b, const char *path, const struct buf *content,
			const struct file_attr *attr, struct error *err)
{
	AUTOPLACE struct fs_place place = { 0 };

	int r = find_for_file(b, path, &place, err);
	if (r < 0)
		return r;

	if (place.fs->ops->write(place.fs, &place, content, attr, err) < 0)
		return error_prefix(err, "'%s'", path);
	return 0;
}

static int direct_mkdir(struct backend *b, const char *path, const struct file_attr *attr,
			struct error *err)
{
	AUTOPLACE struct fs_place place = { 0 };

	int r = find_for_change(b, path, &place, err);
	if (r < 0)
		return r;

	if (place.exists && place.node.stat.type != FILE_DIRECTORY)
		return error_set(err, -EEXIST, "'%s' is not a directory", path);

	if (place.exists)
		r = place.fs->ops->set_attr(place.fs, &place.node, attr, err);
	else
		r = place.fs->ops->mkdir(place.fs, &place, attr, err);
	return r < 0 ? error_prefix(err, "'%s'", path) : 0;
}

static int direct_symlink(struct backend *b, const char *path, const char *target,
			  struct error *err)
{
	AUTOPLACE struct fs_place place = { 0 };

	int r = find_for_file(b, path, &place, err);
	if (r < 0)
		return r;

	if (place.fs->ops->symlink(place.fs, &place, target, err) < 0)
		return error_prefix(err, "'%s'", path);
	return 0;
}

static int check_empty(const struct fs_place *place, struct error *err)
{
	AUTONAMES struct file_names names = { 0 };

	if (place->node.stat.type != FILE_DIRECTORY)
		return 0;
	if (place->name[0] == '\0')
		return error_set(err, -EBUSY, "a file system is mounted here");

	int r = place->fs->ops->list(place->fs, &place->node, &names, err);
	if (r < 0)
		return r;

	if (names.count)
		return error_set(err, -ENOTEMPTY, "the directory is not empty");
	return 0;
}

static int direct_remove(struct backend *b, const char *path, struct error *err)
{
	AUTOPLACE struct fs_place place = { 0 };

	int r = find_for_change(b, path, &place, err);
	if (r < 0)
		return r;

	if (!place.exists)
		return error_set(err, -ENOENT, "'%s' is not in the image", path);

	r = check_empty(&place, err);
	if (r == 0)
		r = place.fs->ops->remove(place.fs, &place, err);
	return r < 0 ? error_prefix(err, "'%s'", path) : 0;
}

static int direct_space(struct backend *b, const char *path, struct file_space *ret,
			struct error *err)
{
	const struct mount *mount;

	int r = path_mount(&direct(b)->mounts, path, &mount, err);
	if (r < 0)
		return r;

	return mount->fs->ops->space(mount->fs, ret, err);
}

static const char *direct_mount_of(struct backend *b, const char *path)
{
	AUTOERROR struct error err = ERROR_NONE;
	const struct mount *mount;

	return path_mount(&direct(b)->mounts, path, &mount, &err) < 0 ? "/" : mount->path;
}

static void direct_touched(struct backend *b, struct ranges *ret)
{
	for (size_t i = 0; i < direct(b)->mounts.count; i++) {
		struct fs *fs = direct(b)->mounts.list[i].fs;

		fs->ops->touched(fs, ret);
	}
}

static int direct_finish(struct backend *b, struct error *err)
{
	for (size_t i = 0; i < direct(b)->mounts.count; i++) {
		const struct mount *mount = &direct(b)->mounts.list[i];

		if (mount->fs->ops->flush(mount->fs, err) < 0)
			return error_prefix(err, "finish '%s'", mount->path);
	}

	return 0;
}

static void direct_free(struct backend *b)
{
	struct direct *d = direct(b);

	for (size_t i = 0; i < d->mounts.count; i++)
		mount_done(&d->mounts.list[i]);

	free(d->mounts.list);
	free(d);
}

/* FAT is written by mtools; that it is not there must not be found out half-way. */
static int direct_check(struct error *err)
{
	AUTOFREE char *mcopy = process_find("mcopy");

	if (!mcopy)
		return error_set(err, -ENOENT,
				 "program 'mcopy' is not installed; it is in the package mtools");
	return 0;
}

const struct backend_ops backend_direct = {
	.name = "direct",
	.check = direct_check,
	.open = direct_open,
	.mount = direct_mount,
	.read = direct_read,
	.write = direct_write,
	.mkdir = direct_mkdir,
	.symlink = direct_symlink,
	.remove = direct_remove,
	.stat = direct_stat,
	.readlink = direct_readlink,
	.list = direct_list,
	.space = direct_space,
	.mount_of = direct_mount_of,
	.touched = direct_touched,
	.finish = direct_finish,
	.free = direct_free,
};
