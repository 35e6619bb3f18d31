/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "image/ext4.h"
#include "util/alloc.h"

/** A time stamp of an inode: seconds, and two more bits of them where there is room. */
struct stamp {
	uint32_t seconds, extra;
};

static struct stamp stamp(const struct ext4 *e)
{
	return (struct stamp){
		.seconds = (uint32_t)e->now,
		.extra = (uint32_t)((e->now - (int32_t)e->now) >> 32) & EXT4_EPOCH_MASK,
	};
}

/* The fields behind the first 128 bytes are there as far as i_extra_isize says. */
#define HAS_EXTRA(inode, field)                                       \
	((size_t)(inode)->i_extra_isize + EXT2_GOOD_OLD_INODE_SIZE >= \
	 offsetof(struct ext2_inode_large, field) + sizeof((inode)->field))

void ext4_touch(const struct ext4 *e, struct ext2_inode_large *inode, bool modified)
{
	struct stamp t = stamp(e);

	inode->i_ctime = t.seconds;
	if (HAS_EXTRA(inode, i_ctime_extra))
		inode->i_ctime_extra = t.extra;
	if (!modified)
		return;

	inode->i_mtime = t.seconds;
	if (HAS_EXTRA(inode, i_mtime_extra))
		inode->i_mtime_extra = t.extra;
}

static void touch_new(const struct ext4 *e, struct ext2_inode_large *inode)
{
	struct stamp t = stamp(e);

	ext4_touch(e, inode, true);
	inode->i_atime = t.seconds;
	if (HAS_EXTRA(inode, i_atime_extra))
		inode->i_atime_extra = t.extra;
	if (HAS_EXTRA(inode, i_crtime_extra)) {
		inode->i_crtime = t.seconds;
		inode->i_crtime_extra = t.extra;
	}
}

void ext4_set_owner(struct ext2_inode_large *inode, const struct file_attr *attr)
{
	inode->i_mode = (uint16_t)((inode->i_mode & S_IFMT) | (attr->mode & 07777));
	inode->i_uid = (uint16_t)attr->uid;
	inode->osd2.linux2.l_i_uid_high = (uint16_t)(attr->uid >> 16);
	inode->i_gid = (uint16_t)attr->gid;
	inode->osd2.linux2.l_i_gid_high = (uint16_t)(attr->gid >> 16);
}

void ext4_stat(const struct ext2_inode_large *inode, struct file_stat *ret)
{
	*ret = (struct file_stat){
		.type = FILE_OTHER,
		.attr = {
			.uid = inode_uid(*inode),
			.gid = inode_gid(*inode),
			.mode = inode->i_mode & 07777,
		},
		.size = EXT2_I_SIZE(inode),
		.has_attr = true,
	};

	if (LINUX_S_ISREG(inode->i_mode))
		ret->type = FILE_REGULAR;
	if (LINUX_S_ISDIR(inode->i_mode))
		ret->type = FILE_DIRECTORY;
	if (LINUX_S_ISLNK(inode->i_mode))
		ret->type = FILE_SYMLINK;
}

/* Inodes that no name may lead to are never touched, whatever a directory says. */
static bool is_file(const struct ext4 *e, ext2_ino_t ino)
{
	const struct ext2_super_block *sb = e->fs->super;

	if (ino == EXT2_ROOT_INO)
		return true;
	return ino >= EXT2_FIRST_INODE(sb) && ino <= sb->s_inodes_count &&
	       ino != sb->s_journal_inum && ino != sb->s_orphan_file_inum &&
	       ext2fs_test_inode_bitmap2(e->fs->inode_map, ino);
}

int ext4_read_inode(const struct ext4 *e, ext2_ino_t ino, struct ext2_inode_large *ret,
		    struct error *err)
{
	if (!is_file(e, ino))
		return error_set(err, -EUCLEAN, "a name leads to inode %u, which is no file", ino);

	*ret = (struct ext2_inode_large){ 0 };
	errcode_t code = ext2fs_read_inode_full(e->fs, ino, EXT2_INODE(ret), sizeof(*ret));
	if (code)
		return ext4_fail(e, code, "read its inode", err);

	if (ret->i_links_count == 0)
		return error_set(err, -EUCLEAN, "a name leads to inode %u, which is deleted", ino);
	return 0;
}

int ext4_write_inode(const struct ext4 *e, ext2_ino_t ino, struct ext2_inode_large *inode,
		     struct error *err)
{
	errcode_t code = ext2fs_write_inode_full(e->fs, ino, EXT2_INODE(inode), sizeof(*inode));
	return code ? ext4_fail(e, code, "write its inode", err) : 0;
}

/* In full, so that nothing of the file that had this inode before stays behind it. */
static errcode_t write_whole_inode(const struct ext4 *e, ext2_ino_t ino,
				   const struct ext2_inode_large *inode)
{
	size_t size = EXT2_INODE_SIZE(e->fs->super);
	AUTOFREE char *whole = xcalloc(1, size);

	memcpy(whole, inode, size < sizeof(*inode) ? size : sizeof(*inode));
	return ext2fs_write_inode_full(e->fs, ino, (struct ext2_inode *)(void *)whole, (int)size);
}

static errcode_t init_extents(const struct ext4 *e, ext2_ino_t ino, struct ext2_inode_large *inode)
{
	ext2_extent_handle_t handle;

	if (!ext2fs_has_feature_extents(e->fs->super))
		return 0;

	inode->i_flags |= EXT4_EXTENTS_FL;
	errcode_t code = ext2fs_extent_open2(e->fs, ino, EXT2_INODE(inode), &handle);
	if (code == 0)
		ext2fs_extent_free(handle);
	return code;
}

int ext4_new_inode(const struct ext4 *e, ext2_ino_t dir, mode_t type, const struct file_attr *attr,
		   ext2_ino_t *ret, struct error *err)
{
	struct ext2_inode_large inode = { .i_mode = (uint16_t)type, .i_links_count = 1 };

	if (EXT2_INODE_SIZE(e->fs->super) > EXT2_GOOD_OLD_INODE_SIZE)
		inode.i_extra_isize = sizeof(inode) - EXT2_GOOD_OLD_INODE_SIZE;
	ext4_set_owner(&inode, attr);
	touch_new(e, &inode);

	errcode_t code = ext2fs_new_inode(e->fs, dir, (int)type, NULL, ret);
	if (code == 0)
		code = init_extents(e, *ret, &inode);
	if (code == 0)
		code = write_whole_inode(e, *ret, &inode);
	if (code)
		return ext4_fail(e, code, "create an inode", err);

	ext2fs_inode_alloc_stats2(e->fs, *ret, 1, 0);
	return 0;
}

/** Data that is being overwritten. */
struct wipe {
	errcode_t code;
	/** Blocks left before there must be a loop. */
	uint64_t left;
};

static int wipe_block(ext2_filsys fs, blk64_t *block, e2_blkcnt_t number, blk64_t ref, int offset,
		      void *arg)
{
	struct wipe *wipe = arg;

	(void)number;
	(void)ref;
	(void)offset;
	wipe->code = wipe->left-- ? io_channel_zeroout(fs->io, *block, 1) : EXT2_ET_EXTENT_CYCLE;
	return wipe->code ? BLOCK_ABORT : 0;
}

static errcode_t wipe_data(const struct ext4 *e, ext2_ino_t ino)
{
	struct wipe wipe = { .left = ext2fs_blocks_count(e->fs->super) };

	errcode_t code = ext2fs_block_iterate3(
		e->fs, ino, BLOCK_FLAG_DATA_ONLY | BLOCK_FLAG_READ_ONLY, NULL, wipe_block, &wipe);
	return code ? code : wipe.code;
}

/* The whole inode becomes zeros too: it may have held a link's target or inline data. */
static errcode_t free_inode(const struct ext4 *e, ext2_ino_t ino, struct ext2_inode_large *inode)
{
	struct ext2_inode_large deleted = { .i_dtime = (uint32_t)e->now };
	bool is_dir = LINUX_S_ISDIR(inode->i_mode);

	errcode_t code = ext4_check_blocks(e, ino, inode);
	if (code == 0)
		code = ext2fs_free_ext_attr(e->fs, ino, inode);
	if (code == 0 && ext2fs_inode_has_valid_blocks2(e->fs, EXT2_INODE(inode))) {
		code = wipe_data(e, ino);
		if (code == 0)
			code = ext2fs_punch(e->fs, ino, EXT2_INODE(inode), NULL, 0, ~0ULL);
	}
	if (code == 0)
		code = write_whole_inode(e, ino, &deleted);
	if (code == 0)
		ext2fs_inode_alloc_stats2(e->fs, ino, -1, is_dir);
	return code;
}

int ext4_drop_inode(const struct ext4 *e, ext2_ino_t ino, struct error *err)
{
	struct ext2_inode_large inode;

	int r = ext4_read_inode(e, ino, &inode, err);
	if (r < 0)
		return r;

	if (inode.i_links_count > 1 && !LINUX_S_ISDIR(inode.i_mode)) {
		inode.i_links_count--;
		ext4_touch(e, &inode, false);
		return ext4_write_inode(e, ino, &inode, err);
	}

	errcode_t code = free_inode(e, ino, &inode);
	return code ? ext4_fail(e, code, "free its inode", err) : 0;
}

/* The library makes the directory block and counts ".." as a link to the parent. */
int ext4_new_directory(const struct ext4 *e, ext2_ino_t parent, const struct file_attr *attr,
		       ext2_ino_t *ret, struct error *err)
{
	struct ext2_inode_large inode;

	errcode_t code = ext2fs_new_inode(e->fs, parent, LINUX_S_IFDIR, NULL, ret);
	if (code == 0)
		code = ext2fs_mkdir(e->fs, parent, *ret, NULL);
	if (code)
		return ext4_fail(e, code, "create a directory", err);

	int r = ext4_read_inode(e, *ret, &inode, err);
	if (r < 0)
		return r;

	ext4_set_owner(&inode, attr);
	touch_new(e, &inode);
	return ext4_write_inode(e, *ret, &inode, err);
}
