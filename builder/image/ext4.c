/* SPDX-License-Identifier: Apache-2.0 */
#include "image/ext4.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/alloc.h"

/* The kernel's limit; above it, with dir_nlink, links are no longer counted. */
enum { MAX_DIRECTORY_LINKS = 65000 };

int ext4_fail(const struct ext4 *e, errcode_t code, const char *what, struct error *err)
{
	switch (code) {
	case EXT2_ET_BLOCK_ALLOC_FAIL:
		return error_set(err, -ENOSPC, "no space left in '%s'", e->base.mount);
	case EXT2_ET_INODE_ALLOC_FAIL:
		return error_set(err, -ENOSPC, "no inode left in '%s'", e->base.mount);
	case EXT2_ET_DIR_NO_SPACE: return error_set(err, -ENOSPC, "the directory is full");
	default: return error_set(err, -EIO, "%s: %s", what, error_message(code));
	}
}

uint64_t ext4_free_blocks(const struct ext4 *e)
{
	blk64_t pos = e->fs->super->s_first_data_block;
	blk64_t last = ext2fs_blocks_count(e->fs->super) - 1, start, end;
	uint64_t count = 0;

	while (pos <= last &&
	       ext2fs_find_first_zero_block_bitmap2(e->fs->block_map, pos, last, &start) == 0) {
		if (ext2fs_find_first_set_block_bitmap2(e->fs->block_map, start, last, &end) != 0)
			end = last + 1;
		count += end - start;
		pos = end;
	}

	return count;
}

static int ext4_space(struct fs *fs, struct file_space *ret, struct error *err)
{
	const struct ext4 *e = ext4(fs);

	(void)err;
	*ret = (struct file_space){
		.unit = e->fs->blocksize,
		.free_units = ext4_free_blocks(e),
		.free_inodes = e->fs->super->s_free_inodes_count,
	};
	return 0;
}

static void ext4_free(struct fs *fs)
{
	if (ext4(fs)->system)
		ext2fs_free_block_bitmap(ext4(fs)->system);
	if (ext4(fs)->fs)
		ext2fs_free(ext4(fs)->fs);
	free(fs);
}

static bool groups_are_good(ext2_filsys fs)
{
	for (dgrp_t i = 0; i < fs->group_desc_count; i++)
		if (!ext2fs_group_desc_csum_verify(fs, i))
			return false;

	return true;
}

/* Why the library does not open it; NULL if it does. */
static const char *open_library(struct ext4 *e, const char *name, bool read_only)
{
	int flags = EXT2_FLAG_64BITS | (read_only ? 0 : EXT2_FLAG_RW);

	initialize_ext2_error_table();
	errcode_t code =
		ext2fs_open2(name, NULL, flags, 0, 0, (io_manager)(uintptr_t)&ext4_io, &e->fs);
	if (code)
		return error_message(code);

	/* Like the kernel, leave the copies of the superblock alone. */
	e->fs->flags |= EXT2_FLAG_MASTER_SB_ONLY;
	e->fs->now = e->now;
	if (!groups_are_good(e->fs))
		return "a group descriptor has a wrong checksum";

	code = ext2fs_read_bitmaps(e->fs);
	if (code == 0 && !read_only)
		code = ext4_find_system_blocks(e);
	return code ? error_message(code) : NULL;
}

static int ext4_open(int fd, const struct partition *part, bool read_only, int64_t now,
		     struct fs **ret, struct error *err)
{
	AUTOFREE char *name = xasprintf("%d:%llu:%llu", fd, (unsigned long long)part->offset,
					(unsigned long long)part->size);

	int r = ext4_check_superblock(fd, part, err);
	if (r < 0)
		return r;

	struct ext4 *e = xcalloc(1, sizeof(*e));
	*e = (struct ext4){ .base = { .ops = &fs_ext4 }, .now = now ? now : 1 };

	const char *why = open_library(e, name, read_only);
	if (why) {
		ext4_free(&e->base);
		return ext4_damaged(part, why, err);
	}

	*ret = &e->base;
	return 0;
}

static int ext4_root(struct fs *fs, struct fs_node *ret, struct error *err)
{
	struct ext2_inode_large inode;

	int r = ext4_read_inode(ext4(fs), EXT2_ROOT_INO, &inode, err);
	if (r < 0)
		return r;

	if (!LINUX_S_ISDIR(inode.i_mode))
		return error_set(err, -EUCLEAN, "its root is not a directory");

	ret->id = EXT2_ROOT_INO;
	ext4_stat(&inode, &ret->stat);
	return 0;
}

/* Give a new inode its name, then let go of what had the name before. */
static int put(const struct ext4 *e, const struct fs_place *place, ext2_ino_t ino, int type,
	       struct error *err)
{
	AUTOERROR struct error ignored = ERROR_NONE;

	int r = ext4_set_entry(e, place, ino, type, err);
	if (r < 0) {
		(void)ext4_drop_inode(e, ino, &ignored);
		return r;
	}

	r = ext4_touch_directory(e, (ext2_ino_t)place->dir.id, 0, err);
	if (r == 0 && place->exists)
		r = ext4_drop_inode(e, (ext2_ino_t)place->node.id, err);
	return r;
}

static int ext4_write(struct fs *fs, const struct fs_place *place, const struct buf *content,
		      const struct file_attr *attr, struct error *err)
{
	ext2_ino_t ino;

	int r = ext4_create(ext4(fs), (ext2_ino_t)place->dir.id, S_IFREG, buf_text(content),
			    content->len, attr, &ino, err);
	return r < 0 ? r : put(ext4(fs), place, ino, EXT2_FT_REG_FILE, err);
}

static int ext4_symlink(struct fs *fs, const struct fs_place *place, const char *target,
			struct error *err)
{
	static const struct file_attr attr = { .mode = 0777 };
	size_t len = strlen(target);
	ext2_ino_t ino;

	if (len == 0 || len >= ext4(fs)->fs->blocksize)
		return error_set(err, len ? -ENAMETOOLONG : -EINVAL,
				 "a symbolic link cannot have %zu bytes", len);

	int r = ext4_create(ext4(fs), (ext2_ino_t)place->dir.id, S_IFLNK, target, len, &attr, &ino,
			    err);
	return r < 0 ? r : put(ext4(fs), place, ino, EXT2_FT_SYMLINK, err);
}

static int check_links(const struct ext4 *e, const struct fs_place *place, struct error *err)
{
	struct ext2_inode_large parent;

	int r = ext4_read_inode(e, (ext2_ino_t)place->dir.id, &parent, err);
	if (r < 0)
		return r;

	if (parent.i_links_count < 2 || parent.i_links_count >= MAX_DIRECTORY_LINKS)
		return error_set(err, -EMLINK, "there are too many directories beside it");
	return 0;
}

static int ext4_mkdir(struct fs *fs, const struct fs_place *place, const struct file_attr *attr,
		      struct error *err)
{
	AUTOERROR struct error ignored = ERROR_NONE;
	ext2_ino_t parent = (ext2_ino_t)place->dir.id, ino;
	const struct ext4 *e = ext4(fs);

	int r = check_links(e, place, err);
	if (r == 0)
		r = ext4_new_directory(e, parent, attr, &ino, err);
	if (r < 0)
		return r;

	r = put(e, place, ino, EXT2_FT_DIR, err);
	if (r < 0)
		(void)ext4_touch_directory(e, parent, -1, &ignored);
	return r;
}

static int ext4_set_attr(struct fs *fs, const struct fs_node *node, const struct file_attr *attr,
			 struct error *err)
{
	const struct file_attr *is = &node->stat.attr;
	struct ext2_inode_large inode;

	if (is->uid == attr->uid && is->gid == attr->gid && is->mode == attr->mode)
		return 0;

	int r = ext4_read_inode(ext4(fs), (ext2_ino_t)node->id, &inode, err);
	if (r < 0)
		return r;

	ext4_set_owner(&inode, attr);
	ext4_touch(ext4(fs), &inode, false);
	return ext4_write_inode(ext4(fs), (ext2_ino_t)node->id, &inode, err);
}

static int ext4_remove(struct fs *fs, const struct fs_place *place, struct error *err)
{
	int links = place->node.stat.type == FILE_DIRECTORY ? -1 : 0;
	const struct ext4 *e = ext4(fs);

	int r = ext4_remove_entry(e, place, err);
	if (r == 0)
		r = ext4_touch_directory(e, (ext2_ino_t)place->dir.id, links, err);
	if (r == 0)
		r = ext4_drop_inode(e, (ext2_ino_t)place->node.id, err);
	return r;
}

static void ext4_touched(struct fs *fs, struct ranges *ret)
{
	ext4_io_touched(ext4(fs)->fs->io, ret);
}

static int ext4_flush(struct fs *fs, struct error *err)
{
	ext2_filsys library = ext4(fs)->fs;

	if (!ext2fs_test_changed(library))
		return 0;

	errcode_t code = ext2fs_flush2(library, EXT2_FLAG_FLUSH_NO_SYNC);
	return code ? ext4_fail(ext4(fs), code, "write the superblock", err) : 0;
}

const struct fs_ops fs_ext4 = {
	.types = (const char *const[]){ "ext4", "ext3", "ext2", NULL },
	.open = ext4_open,
	.root = ext4_root,
	.lookup = ext4_lookup,
	.read = ext4_read,
	.readlink = ext4_readlink,
	.list = ext4_list,
	.write = ext4_write,
	.mkdir = ext4_mkdir,
	.set_attr = ext4_set_attr,
	.symlink = ext4_symlink,
	.remove = ext4_remove,
	.space = ext4_space,
	.touched = ext4_touched,
	.flush = ext4_flush,
	.free = ext4_free,
};

int backend_base_time(int fd, const struct partition *root, int64_t *ret, struct error *err)
{
	struct ext2_super_block sb;

	ssize_t n = pread(fd, &sb, sizeof(sb), (off_t)(root->offset + SUPERBLOCK_OFFSET));
	if (n != sizeof(sb) || le16toh(sb.s_magic) != EXT2_SUPER_MAGIC)
		return error_set(err, -EINVAL, "partition %u has no ext4", root->number);

	uint32_t written = le32toh(sb.s_wtime);
	*ret = written ? written : le32toh(sb.s_mkfs_time);
	return 0;
}
