/* SPDX-License-Identifier: Apache-2.0 */
#include "image/fat.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "util/alloc.h"

/* It goes through memory twice; a boot partition has nothing that is bigger. */
enum { MAX_WRITE = 64 << 20 };

static int fat_open(int fd, const struct partition *part, bool read_only, int64_t now,
		    struct fs **ret, struct error *err)
{
	AUTOFREE struct fat *fat = xcalloc(1, sizeof(*fat));

	(void)read_only;
	*fat = (struct fat){
		.base = { .ops = &fs_fat },
		.fd = fd,
		.offset = part->offset,
		.size = part->size,
		.now = now,
	};

	int r = fat_open_volume(fat, part, err);
	if (r < 0)
		return r;

	*ret = &TAKE(fat)->base;
	return 0;
}

static int fat_root(struct fs *fs, struct fs_node *ret, struct error *err)
{
	(void)err;
	*ret = (struct fs_node){
		.id = fat(fs)->root_cluster,
		.stat = { .type = FILE_DIRECTORY, .attr.mode = 0755 },
	};
	return 0;
}

/* A file is known by its long name and by its short one, in upper and lower case. */
static int fat_lookup(struct fs *fs, const struct fs_node *dir, const char *name,
		      struct fs_node *ret, bool *found, struct error *err)
{
	AUTOBUF struct buf bytes = { 0 };
	struct fat_entry entry;
	size_t pos = 0;

	int r = fat_read_directory(fat(fs), dir, &bytes, err);
	if (r < 0)
		return r;

	*found = false;
	while (!*found && fat_next_entry(fat(fs), &bytes, &pos, &entry))
		*found = strcasecmp(entry.long_name, name) == 0 ||
			 strcasecmp(entry.short_name, name) == 0;

	if (*found)
		*ret = entry.node;
	return 0;
}

static int fat_list(struct fs *fs, const struct fs_node *dir, struct file_names *ret,
		    struct error *err)
{
	AUTOBUF struct buf bytes = { 0 };
	struct fat_entry entry;
	size_t pos = 0;

	int r = fat_read_directory(fat(fs), dir, &bytes, err);
	if (r < 0)
		return r;

	while (fat_next_entry(fat(fs), &bytes, &pos, &entry))
		*ARRAY_ADD(ret->list, ret->count) = xstrdup(fat_entry_name(&entry));
	return 0;
}

static int fat_read(struct fs *fs, const struct fs_node *node, struct buf *ret, struct error *err)
{
	return fat_read_chain(fat(fs), node->id, node->stat.size, FS_MAX_READ, ret, err);
}

static int fat_readlink(struct fs *fs, const struct fs_node *node, char **ret, struct error *err)
{
	(void)fs;
	(void)node;
	(void)ret;
	return error_set(err, -EINVAL, "a FAT has no symbolic links");
}

static int fat_symlink(struct fs *fs, const struct fs_place *place, const char *target,
		       struct error *err)
{
	(void)fs;
	(void)place;
	(void)target;
	return error_set(err, -EPERM, "a FAT has no symbolic links");
}

static int fat_set_attr(struct fs *fs, const struct fs_node *node, const struct file_attr *attr,
			struct error *err)
{
	(void)fs;
	(void)node;
	(void)attr;
	(void)err;
	return 0;
}

/* mtools deletes first, so that the clusters of a replaced file count as free. */
static int check_space(struct fat *fat, uint64_t len, uint64_t replaced, struct error *err)
{
	uint64_t need = (len + fat->cluster_size - 1) / fat->cluster_size, available;

	int r = fat_count_free(fat, &available, err);
	if (r < 0)
		return r;

	available += replaced;
	if (need > available)
		return fs_no_space(&fat->base, need * fat->cluster_size,
				   available * fat->cluster_size, err);
	return 0;
}

static int fat_write(struct fs *fs, const struct fs_place *place, const struct buf *content,
		     const struct file_attr *attr, struct error *err)
{
	uint64_t replaced = 0;

	(void)attr;
	if (content->len > MAX_WRITE)
		return error_set(err, -EFBIG, "more than %d bytes", MAX_WRITE);

	int r = place->exists ? fat_wipe_chain(fat(fs), place->node.id, place->node.stat.size,
					       &replaced, err)
			      : 0;
	if (r == 0)
		r = check_space(fat(fs), content->len, replaced, err);
	if (r == 0)
		r = fat_mcopy(fat(fs), place, content, err);
	return r;
}

static int fat_mkdir(struct fs *fs, const struct fs_place *place, const struct file_attr *attr,
		     struct error *err)
{
	(void)attr;
	int r = check_space(fat(fs), fat(fs)->cluster_size, 0, err);
	return r < 0 ? r : fat_mtools(fat(fs), "mmd", place, err);
}

static int fat_remove(struct fs *fs, const struct fs_place *place, struct error *err)
{
	uint64_t count;

	if (place->node.stat.type == FILE_DIRECTORY)
		return fat_mtools(fat(fs), "mrd", place, err);

	int r = fat_wipe_chain(fat(fs), place->node.id, place->node.stat.size, &count, err);
	return r < 0 ? r : fat_mtools(fat(fs), "mdel", place, err);
}

static int fat_space(struct fs *fs, struct file_space *ret, struct error *err)
{
	*ret = (struct file_space){ .unit = fat(fs)->cluster_size, .free_inodes = UINT64_MAX };
	return fat_count_free(fat(fs), &ret->free_units, err);
}

/* What mtools writes is not seen here. */
static void fat_touched(struct fs *fs, struct ranges *ret)
{
	ranges_add(ret, fat(fs)->offset, fat(fs)->offset + fat(fs)->size);
}

/* Every change is complete when mtools ends. */
static int fat_flush(struct fs *fs, struct error *err)
{
	(void)fs;
	(void)err;
	return 0;
}

static void fat_free(struct fs *fs)
{
	free(fs);
}

const struct fs_ops fs_fat = {
	.types = (const char *const[]){ "vfat", NULL },
	.open = fat_open,
	.root = fat_root,
	.lookup = fat_lookup,
	.read = fat_read,
	.readlink = fat_readlink,
	.list = fat_list,
	.write = fat_write,
	.mkdir = fat_mkdir,
	.set_attr = fat_set_attr,
	.symlink = fat_symlink,
	.remove = fat_remove,
	.space = fat_space,
	.touched = fat_touched,
	.flush = fat_flush,
	.free = fat_free,
};
