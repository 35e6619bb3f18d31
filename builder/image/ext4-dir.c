/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "image/ext4.h"
#include "util/alloc.h"

/** A walk through the entries of a directory. */
struct scan {
	/** The name looked for; NULL collects all names. */
	const char *name;
	size_t len;
	/** Make the entry with that name lead here; 0 changes nothing. */
	ext2_ino_t change;
	int type;
	/** What was found: an inode, or names. */
	ext2_ino_t ino;
	struct file_names *names;
	/** Entries seen, used or not. */
	unsigned count;
	/** An entry has a name that is impossible. */
	bool damaged;
};

static bool is_dots(const char *name, size_t len)
{
	return (len == 1 && name[0] == '.') || (len == 2 && memcmp(name, "..", 2) == 0);
}

static int collect(struct scan *scan, const char *name, size_t len)
{
	scan->damaged = len == 0 || memchr(name, '/', len) || memchr(name, '\0', len);
	if (scan->damaged)
		return DIRENT_ABORT;

	if (!is_dots(name, len))
		*ARRAY_ADD(scan->names->list, scan->names->count) = xstrndup(name, len);
	return 0;
}

static int scan_entry(ext2_ino_t dir, int entry, struct ext2_dir_entry *dirent, int offset,
		      int block_size, char *buf, void *arg)
{
	struct scan *scan = arg;
	size_t len = (size_t)ext2fs_dirent_name_len(dirent);

	(void)dir;
	(void)entry;
	(void)offset;
	(void)block_size;
	(void)buf;
	if (++scan->count > FS_MAX_ENTRIES)
		return DIRENT_ABORT;
	if (dirent->inode == 0)
		return 0;
	if (scan->names)
		return collect(scan, dirent->name, len);
	if (len != scan->len || memcmp(dirent->name, scan->name, len) != 0)
		return 0;

	scan->ino = dirent->inode;
	if (scan->change == 0)
		return DIRENT_ABORT;

	dirent->inode = scan->change;
	if (scan->type)
		ext2fs_dirent_set_file_type(dirent, scan->type);
	return DIRENT_ABORT | DIRENT_CHANGED;
}

static int scan_directory(const struct ext4 *e, ext2_ino_t dir, struct scan *scan,
			  struct error *err)
{
	scan->len = scan->name ? strlen(scan->name) : 0;

	errcode_t code =
		ext2fs_dir_iterate2(e->fs, dir, DIRENT_FLAG_INCLUDE_EMPTY, NULL, scan_entry, scan);
	if (code)
		return ext4_fail(e, code, "read the directory", err);
	if (scan->count > FS_MAX_ENTRIES)
		return error_set(err, -EFBIG, "the directory has more than %u entries",
				 FS_MAX_ENTRIES);
	if (scan->damaged)
		return error_set(err, -EUCLEAN, "the directory has an impossible name in it");
	return 0;
}

int ext4_lookup(struct fs *fs, const struct fs_node *dir, const char *name, struct fs_node *ret,
		bool *found, struct error *err)
{
	struct scan scan = { .name = name };
	struct ext2_inode_large inode;

	int r = scan_directory(ext4(fs), (ext2_ino_t)dir->id, &scan, err);
	if (r < 0)
		return r;

	*found = scan.ino != 0;
	if (!*found)
		return 0;

	r = ext4_read_inode(ext4(fs), scan.ino, &inode, err);
	if (r < 0)
		return r;

	ret->id = scan.ino;
	ext4_stat(&inode, &ret->stat);
	return 0;
}

int ext4_list(struct fs *fs, const struct fs_node *dir, struct file_names *ret, struct error *err)
{
	struct scan scan = { .names = ret };

	return scan_directory(ext4(fs), (ext2_ino_t)dir->id, &scan, err);
}

/* An indexed directory grows by itself; one that cannot has too many entries for its index. */
static errcode_t link_indexed(const struct ext4 *e, ext2_ino_t dir, struct ext2_inode *inode,
			      const char *name, ext2_ino_t ino, int type)
{
	uint64_t size = EXT2_I_SIZE(inode);

	errcode_t code = ext2fs_link(e->fs, dir, name, ino, type);
	errcode_t cleared = ext2fs_read_inode(e->fs, dir, inode);

	if (cleared == 0 && EXT2_I_SIZE(inode) != size)
		cleared = ext4_clear_slack(e, dir);
	return code ? code : cleared;
}

static errcode_t link_linear(const struct ext4 *e, ext2_ino_t dir, const char *name, ext2_ino_t ino,
			     int type)
{
	errcode_t code = ext2fs_link(e->fs, dir, name, ino, type);
	if (code != EXT2_ET_DIR_NO_SPACE)
		return code;

	code = ext2fs_expand_dir(e->fs, dir);
	return code ? code : ext2fs_link(e->fs, dir, name, ino, type);
}

static int add_entry(const struct ext4 *e, const struct fs_place *place, ext2_ino_t ino, int type,
		     struct error *err)
{
	ext2_ino_t dir = (ext2_ino_t)place->dir.id;
	struct ext2_inode inode;

	errcode_t code = ext2fs_read_inode(e->fs, dir, &inode);
	if (code == 0)
		code = inode.i_flags & EXT2_INDEX_FL
			       ? link_indexed(e, dir, &inode, place->name, ino, type)
			       : link_linear(e, dir, place->name, ino, type);

	return code ? ext4_fail(e, code, "add a name to the directory", err) : 0;
}

int ext4_set_entry(const struct ext4 *e, const struct fs_place *place, ext2_ino_t ino, int type,
		   struct error *err)
{
	bool typed = ext2fs_has_feature_filetype(e->fs->super);
	struct scan scan = { .name = place->name, .change = ino, .type = typed ? type : 0 };

	if (!place->exists)
		return add_entry(e, place, ino, type, err);

	int r = scan_directory(e, (ext2_ino_t)place->dir.id, &scan, err);
	if (r < 0)
		return r;

	if (scan.ino != place->node.id)
		return error_set(err, -EUCLEAN, "the directory changes while it is read");
	return 0;
}

int ext4_remove_entry(const struct ext4 *e, const struct fs_place *place, struct error *err)
{
	errcode_t code = ext2fs_unlink(e->fs, (ext2_ino_t)place->dir.id, place->name,
				       (ext2_ino_t)place->node.id, 0);
	return code ? ext4_fail(e, code, "remove a name from the directory", err) : 0;
}

/* A directory with one link has more subdirectories than can be counted (dir_nlink). */
int ext4_touch_directory(const struct ext4 *e, ext2_ino_t dir, int links, struct error *err)
{
	struct ext2_inode_large inode;

	int r = ext4_read_inode(e, dir, &inode, err);
	if (r < 0)
		return r;

	if (inode.i_links_count > 1)
		inode.i_links_count = (uint16_t)(inode.i_links_count + links);
	ext4_touch(e, &inode, true);
	return ext4_write_inode(e, dir, &inode, err);
}
