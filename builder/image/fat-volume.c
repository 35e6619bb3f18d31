/* SPDX-License-Identifier: Apache-2.0 */
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "image/fat.h"
#include "util/alloc.h"

/* By the number of clusters a FAT is known to be a FAT12, 16 or 32, and by nothing else. */
enum { MIN_CLUSTERS_16 = 4085, MIN_CLUSTERS_32 = 65525, MAX_CLUSTERS = 0x0ffffff5 };

/* Flags in the second entry of the table, set while the volume is clean, and in the boot sector. */
enum { CLEAN_16 = 0x8000, NO_ERROR_16 = 0x4000, CLEAN_32 = 0x08000000, NO_ERROR_32 = 0x04000000 };
enum { BOOT_DIRTY = 0x01, BOOT_ERROR = 0x02 };

/** The boot sector, as it lies on disk; numbers are little endian. */
struct boot_sector {
	uint8_t jump[3];
	char oem[8];
	uint16_t sector_size;
	uint8_t cluster_sectors;
	uint16_t reserved_sectors;
	uint8_t tables;
	uint16_t root_entries;
	uint16_t sectors_16;
	uint8_t media;
	uint16_t table_sectors_16;
	uint16_t track, heads;
	uint32_t hidden;
	uint32_t sectors_32;
	union {
		struct {
			uint8_t drive, state;
		} __attribute__((packed)) fat16;
		struct {
			uint32_t table_sectors;
			uint16_t flags, version;
			uint32_t root_cluster;
			uint16_t info_sector, backup_sector;
			uint8_t reserved[12];
			uint8_t drive, state;
		} __attribute__((packed)) fat32;
	};
} __attribute__((packed));

static int read_at(const struct fat *fat, uint64_t pos, void *data, size_t len, struct error *err)
{
	ssize_t n = pread(fat->fd, data, len, (off_t)pos);

	if (n < 0)
		return error_set_errno(err, -errno, "read");
	if ((size_t)n != len)
		return error_set(err, -EIO, "it ends behind the end of the file");
	return 0;
}

static int damaged(struct error *err)
{
	return error_set(err, -EUCLEAN, "its boot sector is damaged; try: fsck.vfat -a");
}

static bool is_power_of_2(uint32_t n)
{
	return n && (n & (n - 1)) == 0;
}

/* Where things are; all sums fit, since sectors are counted in 32 bits. */
static int geometry(struct fat *fat, const struct boot_sector *boot, uint64_t part_size,
		    struct error *err)
{
	uint32_t sector = le16toh(boot->sector_size);
	uint64_t sectors = le16toh(boot->sectors_16) ?: le32toh(boot->sectors_32);
	uint64_t table = le16toh(boot->table_sectors_16) ?: le32toh(boot->fat32.table_sectors);
	uint64_t start = le16toh(boot->reserved_sectors);

	if (sector < 512 || sector > 4096 || !is_power_of_2(sector) ||
	    !is_power_of_2(boot->cluster_sectors) || start == 0 || table == 0 || boot->tables < 1 ||
	    boot->tables > 2)
		return damaged(err);

	fat->root_size = le16toh(boot->root_entries) * FAT_ENTRY_SIZE;
	fat->cluster_size = sector * boot->cluster_sectors;
	fat->table = fat->offset + start * sector;
	fat->root = fat->table + boot->tables * table * sector;
	fat->data = fat->root + ((uint64_t)fat->root_size + sector - 1) / sector * sector;

	uint64_t used = (fat->data - fat->offset) / sector;
	uint64_t clusters = sectors > used ? (sectors - used) / boot->cluster_sectors : 0;

	if (sectors > part_size / sector || clusters > MAX_CLUSTERS)
		return damaged(err);
	if (clusters < MIN_CLUSTERS_16)
		return error_set(err, -EOPNOTSUPP, "it is a FAT12, which is not known here");

	/* mkfs.vfat makes such a FAT32 if told to, and mtools takes it for a FAT16. */
	fat->wide = clusters >= MIN_CLUSTERS_32;
	if (fat->wide != (boot->table_sectors_16 == 0))
		return error_set(err, -EOPNOTSUPP,
				 "it has %llu clusters, which its type of FAT cannot have",
				 (unsigned long long)clusters);

	/* Only one table would count, and mtools writes all. */
	if (fat->wide && le16toh(boot->fat32.flags) != 0)
		return error_set(err, -EOPNOTSUPP, "it has tables that are not alike by intention");

	fat->clusters = (uint32_t)clusters;
	if ((clusters + 2) * (fat->wide ? 4 : 2) > table * sector)
		return damaged(err);
	return 0;
}

static bool in_range(const struct fat *fat, uint64_t cluster)
{
	return cluster >= 2 && cluster - 2 < fat->clusters;
}

/* What follows a cluster in its chain: a number, 0 if it is free, or a mark for the end. */
static int table_entry(const struct fat *fat, uint64_t cluster, uint32_t *ret, struct error *err)
{
	uint8_t bytes[4] = { 0 };
	size_t width = fat->wide ? 4 : 2;
	uint32_t value;

	int r = read_at(fat, fat->table + cluster * width, bytes, width, err);
	if (r < 0)
		return r;

	memcpy(&value, bytes, sizeof(value));
	*ret = le32toh(value);
	return 0;
}

static int check_clean(const struct fat *fat, const struct boot_sector *boot, struct error *err)
{
	uint32_t clean = fat->wide ? CLEAN_32 : CLEAN_16;
	uint32_t good = fat->wide ? NO_ERROR_32 : NO_ERROR_16;
	uint8_t state = fat->wide ? boot->fat32.state : boot->fat16.state;
	uint32_t entry;

	int r = table_entry(fat, 1, &entry, err);
	if (r < 0)
		return r;

	if (!(entry & clean) || state & BOOT_DIRTY)
		return error_set(err, -EUCLEAN,
				 "it was not unmounted cleanly; repair it with: fsck.vfat -a");
	if (!(entry & good) || state & BOOT_ERROR)
		return error_set(err, -EUCLEAN,
				 "it is marked as having errors; repair it with: fsck.vfat -a");
	return 0;
}

int fat_open_volume(struct fat *fat, const struct partition *part, struct error *err)
{
	struct boot_sector boot;

	int r = read_at(fat, fat->offset, &boot, sizeof(boot), err);
	if (r == 0)
		r = geometry(fat, &boot, part->size, err);
	if (r == 0)
		r = check_clean(fat, &boot, err);
	if (r < 0)
		return r;

	if (fat->wide)
		fat->root_cluster = le32toh(boot.fat32.root_cluster);
	if (fat->wide && !in_range(fat, fat->root_cluster))
		return damaged(err);
	return 0;
}

/** A chain that is being followed. */
struct chain {
	const struct fat *fat;
	uint64_t cluster;
	/** Clusters so far; more than the volume has is a loop. */
	uint64_t count;
	bool end;
};

/* Step to the cluster after this one. */
static int chain_next(struct chain *chain, struct error *err)
{
	uint32_t value, end = chain->fat->wide ? 0x0ffffff8 : 0xfff8;

	int r = table_entry(chain->fat, chain->cluster, &value, err);
	if (r < 0)
		return r;

	value &= 0x0fffffff;
	chain->end = value >= end;
	chain->cluster = value;
	if (!chain->end && (!in_range(chain->fat, value) || ++chain->count > chain->fat->clusters))
		return error_set(err, -EUCLEAN, "its chain of clusters is damaged");
	return 0;
}

static int check_first(const struct fat *fat, uint64_t first, struct error *err)
{
	if (!in_range(fat, first))
		return error_set(err, -EUCLEAN, "its chain of clusters is damaged");
	return 0;
}

static uint64_t position(const struct fat *fat, uint64_t cluster)
{
	return fat->data + (cluster - 2) * fat->cluster_size;
}

int fat_read_chain(const struct fat *fat, uint64_t first, uint64_t len, uint64_t max,
		   struct buf *ret, struct error *err)
{
	AUTOBUF struct buf content = { 0 };
	struct chain chain = { .fat = fat, .cluster = first, .count = 1 };

	int r = len ? check_first(fat, first, err) : 0;

	while (r == 0 && content.len < len && !chain.end) {
		uint64_t left = len - content.len;
		size_t want = left < fat->cluster_size ? (size_t)left : fat->cluster_size;

		if (content.len + want > max)
			return error_set(err, -EFBIG, "it has more than %llu bytes",
					 (unsigned long long)max);

		r = read_at(fat, position(fat, chain.cluster), buf_reserve(&content, want), want,
			    err);
		if (r < 0)
			return r;
		content.len += want;
		r = chain_next(&chain, err);
	}
	if (r < 0)
		return r;

	if (len != UINT64_MAX && content.len < len)
		return error_set(err, -EUCLEAN, "its chain of clusters is too short");
	if (content.len)
		content.data[content.len] = '\0';

	*ret = TAKE_BUF(content);
	return 0;
}

int fat_read_root(const struct fat *fat, struct buf *ret, struct error *err)
{
	AUTOBUF struct buf content = { 0 };

	int r = read_at(fat, fat->root, buf_reserve(&content, fat->root_size), fat->root_size, err);
	if (r < 0)
		return r;

	content.len = fat->root_size;
	content.data[content.len] = '\0';
	*ret = TAKE_BUF(content);
	return 0;
}

/* A chain that runs on into another file would take that file's content along. */
static int check_chain(const struct fat *fat, uint64_t first, uint64_t size, struct error *err)
{
	struct chain chain = { .fat = fat, .cluster = first, .count = 1 };
	uint64_t count = 0;

	int r = check_first(fat, first, err);

	while (r == 0 && !chain.end) {
		count++;
		r = chain_next(&chain, err);
	}
	if (r < 0)
		return r;

	if (count != (size + fat->cluster_size - 1) / fat->cluster_size)
		return error_set(err, -EUCLEAN,
				 "its clusters do not fit its size; 'fsck.vfat' can repair that");
	return 0;
}

int fat_wipe_chain(const struct fat *fat, uint64_t first, uint64_t size, uint64_t *count,
		   struct error *err)
{
	AUTOFREE char *zeros = xcalloc(1, fat->cluster_size);
	struct chain chain = { .fat = fat, .cluster = first, .count = 1 };

	*count = 0;
	if (first == 0)
		return 0;

	int r = check_chain(fat, first, size, err);

	while (r == 0 && !chain.end) {
		ssize_t n = pwrite(fat->fd, zeros, fat->cluster_size,
				   (off_t)position(fat, chain.cluster));
		if (n != (ssize_t)fat->cluster_size)
			return error_set_errno(err, n < 0 ? -errno : -EIO, "overwrite");

		++*count;
		r = chain_next(&chain, err);
	}

	return r;
}

static uint64_t count_zeros_32(const uint32_t *entries, size_t count)
{
	uint64_t zeros = 0;

	for (size_t i = 0; i < count; i++)
		zeros += (entries[i] & htole32(0x0fffffff)) == 0;
	return zeros;
}

static uint64_t count_zeros_16(const uint16_t *entries, size_t count)
{
	uint64_t zeros = 0;

	for (size_t i = 0; i < count; i++)
		zeros += entries[i] == 0;
	return zeros;
}

/* A table of some MiB is common: it is read in pieces that stay in the cache. */
int fat_count_free(const struct fat *fat, uint64_t *ret, struct error *err)
{
	enum { PIECE = 64 << 10 };
	size_t width = fat->wide ? sizeof(uint32_t) : sizeof(uint16_t);
	uint64_t pos = 2 * width, end = ((uint64_t)fat->clusters + 2) * width;
	AUTOFREE void *piece = xcalloc(1, PIECE);

	for (*ret = 0; pos < end; pos += PIECE) {
		size_t len = end - pos < PIECE ? (size_t)(end - pos) : PIECE;

		int r = read_at(fat, fat->table + pos, piece, len, err);
		if (r < 0)
			return r;

		*ret += fat->wide ? count_zeros_32(piece, len / width)
				  : count_zeros_16(piece, len / width);
	}

	return 0;
}
