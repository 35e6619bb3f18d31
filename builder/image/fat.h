/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What the parts of the FAT driver share.
 *
 * Reading is done here: it needs no more than cluster chains and directory
 * entries, costs no child process, and tells exactly what is on the disk, where
 * the listings of mtools are meant for people.  Everything that changes the file
 * system is left to mtools.
 */
#pragma once

#include "image/fs.h"

/** Bytes of a directory entry. */
#define FAT_ENTRY_SIZE 32

/** An open FAT16 or FAT32.  Positions are bytes from the start of the image. */
struct fat {
	struct fs base;
	int fd;
	/** The partition. */
	uint64_t offset, size;
	/** Time stamp for whatever is written. */
	int64_t now;
	/** 32 bits per entry of the table, of which 28 count; else 16. */
	bool wide;
	uint32_t cluster_size;
	/** Clusters have the numbers 2 to clusters + 1. */
	uint32_t clusters;
	/** Where the first table and the first cluster are. */
	uint64_t table, data;
	/** The root directory: a cluster, or (in FAT16) a place of its own. */
	uint32_t root_cluster;
	uint64_t root;
	uint32_t root_size;
};

/** The FAT behind a file system. */
static inline struct fat *fat(struct fs *fs)
{
	return (struct fat *)fs;
}

/* The volume: fat-volume.c */

/** Read the boot sector, and refuse what is damaged or was not unmounted. */
int fat_open_volume(struct fat *fat, const struct partition *part, struct error *err);

/**
 * Read a chain of clusters.
 *
 * @param first  number of the first cluster
 * @param len    bytes to read; UINT64_MAX reads to the end of the chain
 * @param max    a chain with more bytes is an error
 */
int fat_read_chain(const struct fat *fat, uint64_t first, uint64_t len, uint64_t max,
		   struct buf *ret, struct error *err);

/** Read the root directory of a FAT16, which lies outside of the clusters. */
int fat_read_root(const struct fat *fat, struct buf *ret, struct error *err);

/**
 * Overwrite a chain of clusters with zeros, and count them.
 *
 * @param size  of the file: a chain that does not fit it is left alone (-EUCLEAN)
 */
int fat_wipe_chain(const struct fat *fat, uint64_t first, uint64_t size, uint64_t *count,
		   struct error *err);

/** Count the free clusters. */
int fat_count_free(const struct fat *fat, uint64_t *ret, struct error *err);

/* Directories: fat-dir.c */

/** A directory entry with its names, in UTF-8. */
struct fat_entry {
	char long_name[3 * 255 + 1];
	char short_name[13];
	struct fs_node node;
};

/** The name to show: the long one if there is one. */
static inline const char *fat_entry_name(const struct fat_entry *entry)
{
	return entry->long_name[0] ? entry->long_name : entry->short_name;
}

/** Read all bytes of a directory. */
int fat_read_directory(const struct fat *fat, const struct fs_node *dir, struct buf *ret,
		       struct error *err);

/**
 * Step through the files in the bytes of a directory, without labels, "." and "..".
 *
 * @param pos  byte to go on at; starts as 0
 * @return false at the end
 */
bool fat_next_entry(const struct fat *fat, const struct buf *bytes, size_t *pos,
		    struct fat_entry *ret);

/* Changes: fat-mtools.c */

/** Run "mmd", "mdel" or "mrd" on a place. */
int fat_mtools(const struct fat *fat, const char *program, const struct fs_place *place,
	       struct error *err);

/** Create or replace a file by mcopy. */
int fat_mcopy(const struct fat *fat, const struct fs_place *place, const struct buf *content,
	      struct error *err);
