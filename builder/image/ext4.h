/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What the parts of the ext4 driver share.
 *
 * libext2fs does the work; ext4-check.c decides what it is trusted with.  New
 * inodes are written in full before a name leads to them, and every failure
 * leaves a file system behind that e2fsck finds clean.
 */
#pragma once

#include <ext2fs/ext2fs.h>
#include <sys/stat.h>

#include "image/fs.h"

/** An open ext4. */
struct ext4 {
	struct fs base;
	ext2_filsys fs;
	/** Blocks of no file that has a name: tables, bitmaps, journal.  NULL when read-only. */
	ext2fs_block_bitmap system;
	/** Time stamp for whatever is written; not 0, which libext2fs takes for "now". */
	int64_t now;
};

/** The ext4 behind a file system. */
static inline struct ext4 *ext4(struct fs *fs)
{
	return (struct ext4 *)fs;
}

/**
 * I/O of libext2fs through a descriptor that is open already, and only within
 * one partition.  Nothing is cached, so nothing is pending after a write.  The
 * name to open is "FD:OFFSET:SIZE", in bytes.
 */
extern const struct struct_io_manager ext4_io;

/** Where in the file the channel has written. */
void ext4_io_touched(io_channel channel, struct ranges *ret);

/** Refuse, by name, what cannot be edited safely; reads the superblock itself. */
int ext4_check_superblock(int fd, const struct partition *part, struct error *err);

/** Say what is wrong with the file system of a partition, and the command that repairs it. */
int ext4_damaged(const struct partition *part, const char *what, struct error *err);

/** Describe a failure of libext2fs: -ENOSPC, or -EIO with the library's own text. */
int ext4_fail(const struct ext4 *e, errcode_t code, const char *what, struct error *err);

/** Free blocks, counted. */
uint64_t ext4_free_blocks(const struct ext4 *e);

/* Inodes: ext4-inode.c */

/** Read an inode that a directory entry leads to; one that is not in use is an error. */
int ext4_read_inode(const struct ext4 *e, ext2_ino_t ino, struct ext2_inode_large *ret,
		    struct error *err);

/** Write an inode back. */
int ext4_write_inode(const struct ext4 *e, ext2_ino_t ino, struct ext2_inode_large *inode,
		     struct error *err);

/** What stat() says of an inode. */
void ext4_stat(const struct ext2_inode_large *inode, struct file_stat *ret);

/** Set the time of change, and of modification too. */
void ext4_touch(const struct ext4 *e, struct ext2_inode_large *inode, bool modified);

/** Set owner and permission bits. */
void ext4_set_owner(struct ext2_inode_large *inode, const struct file_attr *attr);

/** Allocate and write an inode with nothing in it and one link; type is S_IFREG or S_IFLNK. */
int ext4_new_inode(const struct ext4 *e, ext2_ino_t dir, mode_t type, const struct file_attr *attr,
		   ext2_ino_t *ret, struct error *err);

/** Create an empty directory that no name leads to yet; its parent gets one more link. */
int ext4_new_directory(const struct ext4 *e, ext2_ino_t parent, const struct file_attr *attr,
		       ext2_ino_t *ret, struct error *err);

/**
 * Take one link from an inode.  With the last one its data is overwritten with
 * zeros, and everything it has is freed.
 */
int ext4_drop_inode(const struct ext4 *e, ext2_ino_t ino, struct error *err);

/* Blocks: ext4-blocks.c */

/** Fill the map of system blocks; e->fs and its bitmaps are open. */
errcode_t ext4_find_system_blocks(struct ext4 *e);

/**
 * Are all blocks of an inode in use, none of them the file system's own, and none
 * in it twice?  EXT2_ET_BAD_BLOCK_NUM if not.  A block that another file has too is
 * not found: that takes a look at every file, which is e2fsck's work.
 */
errcode_t ext4_check_blocks(const struct ext4 *e, ext2_ino_t ino, struct ext2_inode_large *inode);

/* Content: ext4-file.c */

/** Create an inode (S_IFREG or S_IFLNK) with content that no name leads to yet. */
int ext4_create(const struct ext4 *e, ext2_ino_t dir, mode_t type, const void *data, size_t len,
		const struct file_attr *attr, ext2_ino_t *ret, struct error *err);

/** Read the content of a file. */
int ext4_read(struct fs *fs, const struct fs_node *node, struct buf *ret, struct error *err);

/** Read the target of a symbolic link. */
int ext4_readlink(struct fs *fs, const struct fs_node *node, char **ret, struct error *err);

/* Directories: ext4-dir.c */

int ext4_lookup(struct fs *fs, const struct fs_node *dir, const char *name, struct fs_node *ret,
		bool *found, struct error *err);
int ext4_list(struct fs *fs, const struct fs_node *dir, struct file_names *ret, struct error *err);

/** Make a name lead to an inode, in place of what it leads to now; nothing is freed. */
int ext4_set_entry(const struct ext4 *e, const struct fs_place *place, ext2_ino_t ino, int type,
		   struct error *err);

/** Remove a name; nothing is freed. */
int ext4_remove_entry(const struct ext4 *e, const struct fs_place *place, struct error *err);

/** Set the directory's times after a change, and add to its links. */
int ext4_touch_directory(const struct ext4 *e, ext2_ino_t dir, int links, struct error *err);

/**
 * Overwrite with zeros what is between the names of an indexed directory.  When
 * libext2fs splits a block of one, it writes memory there that nobody has set: it
 * differs from run to run, and may hold anything.  (ext4-slack.c)
 */
errcode_t ext4_clear_slack(const struct ext4 *e, ext2_ino_t dir);
