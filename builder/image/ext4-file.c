/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "image/ext4.h"
#include "util/alloc.h"

/* The library counts in unsigned int. */
enum { CHUNK = 1 << 20 };

DEFINE_CLEANUP(ext2_file_t, ext2fs_file_close)
#define AUTOFILE CLEANUP(ext2fs_file_closep)

static errcode_t read_all(ext2_file_t file, uint64_t size, struct buf *content)
{
	while (content->len < size) {
		uint64_t left = size - content->len;
		unsigned int want = left < CHUNK ? (unsigned int)left : CHUNK, got;

		errcode_t code = ext2fs_file_read(file, buf_reserve(content, want), want, &got);
		if (code)
			return code;
		if (got == 0)
			return EXT2_ET_SHORT_READ;
		content->len += got;
		content->data[content->len] = '\0';
	}

	return 0;
}

int ext4_read(struct fs *fs, const struct fs_node *node, struct buf *ret, struct error *err)
{
	AUTOBUF struct buf content = { 0 };
	AUTOFILE ext2_file_t file = NULL;

	errcode_t code = ext2fs_file_open(ext4(fs)->fs, (ext2_ino_t)node->id, 0, &file);
	if (code == 0)
		code = read_all(file, node->stat.size, &content);
	if (code)
		return ext4_fail(ext4(fs), code, "read", err);

	*ret = TAKE_BUF(content);
	return 0;
}

int ext4_readlink(struct fs *fs, const struct fs_node *node, char **ret, struct error *err)
{
	AUTOBUF struct buf target = { 0 };
	struct ext2_inode_large inode;

	if (node->stat.size >= PATH_MAX)
		return error_set(err, -EUCLEAN, "the symbolic link has %llu bytes",
				 (unsigned long long)node->stat.size);

	int r = ext4_read_inode(ext4(fs), (ext2_ino_t)node->id, &inode, err);
	if (r < 0)
		return r;

	if (ext2fs_is_fast_symlink(EXT2_INODE(&inode)))
		buf_add(&target, inode.i_block, node->stat.size);
	else
		r = ext4_read(fs, node, &target, err);
	if (r < 0)
		return r;

	if (strlen(buf_text(&target)) != node->stat.size)
		return error_set(err, -EUCLEAN, "the symbolic link is damaged");

	*ret = xstrdup(buf_text(&target));
	return 0;
}

static errcode_t write_all(ext2_file_t file, const char *data, size_t len)
{
	while (len) {
		unsigned int want = len < CHUNK ? (unsigned int)len : CHUNK, written;

		errcode_t code = ext2fs_file_write(file, data, want, &written);
		if (code)
			return code;
		data += written;
		len -= written;
	}

	return ext2fs_file_flush(file);
}

static errcode_t fill(const struct ext4 *e, ext2_ino_t ino, const void *data, size_t len)
{
	ext2_file_t file = NULL;

	errcode_t code = ext2fs_file_open(e->fs, ino, EXT2_FILE_WRITE, &file);
	if (code)
		return code;

	code = write_all(file, data, len);
	errcode_t closed = ext2fs_file_close(file);
	return code ? code : closed;
}

/* The target of a short symbolic link lies where the block numbers would be. */
static int fill_link(const struct ext4 *e, ext2_ino_t ino, const void *target, size_t len,
		     struct error *err)
{
	struct ext2_inode_large inode;

	int r = ext4_read_inode(e, ino, &inode, err);
	if (r < 0)
		return r;

	inode.i_flags &= ~(uint32_t)EXT4_EXTENTS_FL;
	inode.i_size = (uint32_t)len;
	memset(inode.i_block, 0, sizeof(inode.i_block));
	memcpy(inode.i_block, target, len);
	return ext4_write_inode(e, ino, &inode, err);
}

/*
 * The library does not clean up after itself when blocks run out in the middle of a
 * file, so it is never allowed to start.  A file of some blocks may need a map of
 * them in further blocks, in the worst case one entry of 16 bytes for each.
 */
static int check_room(const struct ext4 *e, size_t len, struct error *err)
{
	uint64_t unit = e->fs->blocksize, need = (len + unit - 1) / unit;
	uint64_t free_blocks = ext4_free_blocks(e);

	if (need > 4)
		need += need / (unit / 16) + 5;
	if (need > free_blocks)
		return fs_no_space(&e->base, need * unit, free_blocks * unit, err);
	return 0;
}

int ext4_create(const struct ext4 *e, ext2_ino_t dir, mode_t type, const void *data, size_t len,
		const struct file_attr *attr, ext2_ino_t *ret, struct error *err)
{
	bool in_inode = S_ISLNK(type) && len < sizeof(((struct ext2_inode *)0)->i_block);

	int r = in_inode ? 0 : check_room(e, len, err);
	if (r == 0)
		r = ext4_new_inode(e, dir, type, attr, ret, err);
	if (r < 0)
		return r;

	if (in_inode)
		return fill_link(e, *ret, data, len, err);

	errcode_t code = len ? fill(e, *ret, data, len) : 0;
	return code ? ext4_fail(e, code, "write its content", err) : 0;
}
