/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "image/ext4.h"
#include "util/alloc.h"

enum { ENTRY_HEADER = 8 };

/** A walk through the blocks of a directory. */
struct slack {
	ext2_ino_t dir;
	/** Two blocks: as read, and cleared. */
	char *old, *new;
	errcode_t code;
};

static struct ext2_dir_entry *entry_at(char *block, unsigned pos)
{
	return (struct ext2_dir_entry *)(void *)(block + pos);
}

/* A node of the index looks like a block with one unused entry to programs that know no index. */
static bool is_index_node(ext2_filsys fs, char *block)
{
	struct ext2_dir_entry *first = entry_at(block, 0);
	unsigned len;

	return first->inode == 0 && ext2fs_get_rec_len(fs, first, &len) == 0 &&
	       len == fs->blocksize;
}

static void clear_block(ext2_filsys fs, char *block)
{
	bool tail = ext2fs_has_feature_metadata_csum(fs->super);
	unsigned end = fs->blocksize - (tail ? sizeof(struct ext2_dir_entry_tail) : 0), len;

	for (unsigned pos = 0; pos + ENTRY_HEADER <= end; pos += len) {
		struct ext2_dir_entry *entry = entry_at(block, pos);
		unsigned used = ENTRY_HEADER;

		if (entry->inode)
			used += (unsigned)ext2fs_dirent_name_len(entry);
		if (ext2fs_get_rec_len(fs, entry, &len) != 0 || len < used || len > end - pos)
			return;
		memset(block + pos + used, 0, len - used);
	}
}

static int clear_slack(ext2_filsys fs, blk64_t *block, e2_blkcnt_t number, blk64_t ref, int offset,
		       void *arg)
{
	struct slack *slack = arg;

	(void)ref;
	(void)offset;
	if (number == 0)
		return 0; /* the root of the index */

	slack->code = ext2fs_read_dir_block4(fs, *block, slack->old, 0, slack->dir);
	if (slack->code)
		return BLOCK_ABORT;
	if (is_index_node(fs, slack->old))
		return 0;

	memcpy(slack->new, slack->old, fs->blocksize);
	clear_block(fs, slack->new);
	if (memcmp(slack->new, slack->old, fs->blocksize) != 0)
		slack->code = ext2fs_write_dir_block4(fs, *block, slack->new, 0, slack->dir);
	return slack->code ? BLOCK_ABORT : 0;
}

errcode_t ext4_clear_slack(const struct ext4 *e, ext2_ino_t dir)
{
	AUTOFREE char *old = xcalloc(1, e->fs->blocksize), *new = xcalloc(1, e->fs->blocksize);
	struct slack slack = { .dir = dir, .old = old, .new = new };

	errcode_t code = ext2fs_block_iterate3(
		e->fs, dir, BLOCK_FLAG_DATA_ONLY | BLOCK_FLAG_READ_ONLY, NULL, clear_slack, &slack);
	return code ? code : slack.code;
}
