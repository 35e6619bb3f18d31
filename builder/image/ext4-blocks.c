/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which blocks a file may let go of.  What an inode says of its blocks is believed by
 * libext2fs; on a damaged or hostile file system they may be part of an inode table.
 */
#include <errno.h>

#include "image/ext4.h"

/** Where the blocks of an inode are entered. */
struct marking {
	const struct ext4 *e;
	ext2fs_block_bitmap map;
	/** Blocks left before there must be a loop. */
	uint64_t left;
	bool damaged;
};

static bool in_range(const struct ext4 *e, blk64_t block)
{
	return block >= e->fs->super->s_first_data_block &&
	       block < ext2fs_blocks_count(e->fs->super);
}

static int mark_block(ext2_filsys fs, blk64_t *block, e2_blkcnt_t number, blk64_t ref, int offset,
		      void *arg)
{
	struct marking *marking = arg;

	(void)fs;
	(void)number;
	(void)ref;
	(void)offset;
	marking->damaged = marking->left == 0 || !in_range(marking->e, *block);
	if (marking->damaged)
		return BLOCK_ABORT;

	marking->left--;
	ext2fs_mark_block_bitmap2(marking->map, *block);
	return 0;
}

/* The journal and others that have a number, and no name. */
static errcode_t mark_file(const struct ext4 *e, ext2_ino_t ino, ext2fs_block_bitmap map)
{
	struct marking marking = { .e = e, .map = map, .left = ext2fs_blocks_count(e->fs->super) };

	if (ino == 0)
		return 0;

	errcode_t code =
		ext2fs_block_iterate3(e->fs, ino, BLOCK_FLAG_READ_ONLY, NULL, mark_block, &marking);
	return code == 0 && marking.damaged ? EXT2_ET_BAD_BLOCK_NUM : code;
}

static errcode_t mark_range(const struct ext4 *e, blk64_t first, uint32_t count,
			    ext2fs_block_bitmap map)
{
	if (!in_range(e, first) || !in_range(e, first + count - 1))
		return EXT2_ET_BAD_BLOCK_NUM;

	ext2fs_mark_block_bitmap_range2(map, first, count);
	return 0;
}

static errcode_t mark_group(const struct ext4 *e, dgrp_t group, ext2fs_block_bitmap map)
{
	ext2_filsys fs = e->fs;

	(void)ext2fs_reserve_super_and_bgd(fs, group, map);
	errcode_t code = mark_range(e, ext2fs_block_bitmap_loc(fs, group), 1, map);
	if (code == 0)
		code = mark_range(e, ext2fs_inode_bitmap_loc(fs, group), 1, map);
	if (code == 0)
		code = mark_range(e, ext2fs_inode_table_loc(fs, group), fs->inode_blocks_per_group,
				  map);
	return code;
}

errcode_t ext4_find_system_blocks(struct ext4 *e)
{
	ext2_filsys fs = e->fs;

	errcode_t code = ext2fs_allocate_block_bitmap(fs, "system blocks", &e->system);
	for (dgrp_t i = 0; code == 0 && i < fs->group_desc_count; i++)
		code = mark_group(e, i, e->system);
	if (code == 0)
		code = mark_file(e, fs->super->s_journal_inum, e->system);
	if (code == 0 && ext2fs_has_feature_orphan_file(fs->super))
		code = mark_file(e, fs->super->s_orphan_file_inum, e->system);
	return code;
}

static bool is_own(const struct ext4 *e, blk64_t block)
{
	return in_range(e, block) && ext2fs_test_block_bitmap2(e->fs->block_map, block) &&
	       !ext2fs_test_block_bitmap2(e->system, block);
}

static int check_block(ext2_filsys fs, blk64_t *block, e2_blkcnt_t number, blk64_t ref, int offset,
		       void *arg)
{
	struct marking *marking = arg;

	(void)fs;
	(void)number;
	(void)ref;
	(void)offset;
	marking->damaged =
		!is_own(marking->e, *block) || ext2fs_test_block_bitmap2(marking->map, *block);
	if (marking->damaged)
		return BLOCK_ABORT;

	ext2fs_mark_block_bitmap2(marking->map, *block);
	return 0;
}

errcode_t ext4_check_blocks(const struct ext4 *e, ext2_ino_t ino, struct ext2_inode_large *inode)
{
	struct marking marking = { .e = e };
	blk64_t attributes = ext2fs_file_acl_block(e->fs, EXT2_INODE(inode));

	if (attributes && !is_own(e, attributes))
		return EXT2_ET_BAD_BLOCK_NUM;
	if (!ext2fs_inode_has_valid_blocks2(e->fs, EXT2_INODE(inode)))
		return 0;

	errcode_t code = ext2fs_allocate_block_bitmap(e->fs, "seen", &marking.map);
	if (code == 0)
		code = ext2fs_block_iterate3(e->fs, ino, BLOCK_FLAG_READ_ONLY, NULL, check_block,
					     &marking);
	if (marking.map)
		ext2fs_free_block_bitmap(marking.map);
	return code == 0 && marking.damaged ? EXT2_ET_BAD_BLOCK_NUM : code;
}
