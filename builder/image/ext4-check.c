/* SPDX-License-Identifier: Apache-2.0 */
#include <endian.h>
#include <errno.h>

#include "image/ext4.h"
#include "util/alloc.h"
#include "util/text.h"

/* Features that are edited safely, as tests show; everything else is refused. */
enum {
	KNOWN_COMPAT = EXT2_FEATURE_COMPAT_DIR_PREALLOC | EXT3_FEATURE_COMPAT_HAS_JOURNAL |
		       EXT2_FEATURE_COMPAT_EXT_ATTR | EXT2_FEATURE_COMPAT_RESIZE_INODE |
		       EXT2_FEATURE_COMPAT_DIR_INDEX | EXT4_FEATURE_COMPAT_SPARSE_SUPER2 |
		       EXT4_FEATURE_COMPAT_FAST_COMMIT | EXT4_FEATURE_COMPAT_STABLE_INODES |
		       EXT4_FEATURE_COMPAT_ORPHAN_FILE,
	KNOWN_INCOMPAT = EXT2_FEATURE_INCOMPAT_FILETYPE | EXT2_FEATURE_INCOMPAT_META_BG |
			 EXT3_FEATURE_INCOMPAT_EXTENTS | EXT4_FEATURE_INCOMPAT_64BIT |
			 EXT4_FEATURE_INCOMPAT_FLEX_BG | EXT4_FEATURE_INCOMPAT_CSUM_SEED |
			 EXT4_FEATURE_INCOMPAT_INLINE_DATA,
	KNOWN_RO_COMPAT = EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER | EXT2_FEATURE_RO_COMPAT_LARGE_FILE |
			  EXT4_FEATURE_RO_COMPAT_HUGE_FILE | EXT4_FEATURE_RO_COMPAT_GDT_CSUM |
			  EXT4_FEATURE_RO_COMPAT_DIR_NLINK | EXT4_FEATURE_RO_COMPAT_EXTRA_ISIZE |
			  EXT4_FEATURE_RO_COMPAT_METADATA_CSUM,
};

/* The names that e2fsprogs has for features which are refused. */
/* clang-format off */
static const struct {
	enum { COMPAT, INCOMPAT, RO_COMPAT } set;
	uint32_t bit;
	const char *name;
} names[] = {
	{ COMPAT,    EXT2_FEATURE_COMPAT_IMAGIC_INODES,    "imagic_inodes" },
	{ COMPAT,    EXT2_FEATURE_COMPAT_LAZY_BG,          "lazy_bg" },
	{ COMPAT,    EXT2_FEATURE_COMPAT_EXCLUDE_BITMAP,   "snapshot_bitmap" },
	{ INCOMPAT,  EXT2_FEATURE_INCOMPAT_COMPRESSION,    "compression" },
	{ INCOMPAT,  EXT3_FEATURE_INCOMPAT_JOURNAL_DEV,    "journal_dev" },
	{ INCOMPAT,  EXT4_FEATURE_INCOMPAT_MMP,            "mmp" },
	{ INCOMPAT,  EXT4_FEATURE_INCOMPAT_EA_INODE,       "ea_inode" },
	{ INCOMPAT,  EXT4_FEATURE_INCOMPAT_DIRDATA,        "dirdata" },
	{ INCOMPAT,  EXT4_FEATURE_INCOMPAT_LARGEDIR,       "large_dir" },
	{ INCOMPAT,  EXT4_FEATURE_INCOMPAT_ENCRYPT,        "encrypt" },
	{ INCOMPAT,  EXT4_FEATURE_INCOMPAT_CASEFOLD,       "casefold" },
	{ RO_COMPAT, EXT4_FEATURE_RO_COMPAT_HAS_SNAPSHOT,  "snapshot" },
	{ RO_COMPAT, EXT4_FEATURE_RO_COMPAT_QUOTA,         "quota" },
	{ RO_COMPAT, EXT4_FEATURE_RO_COMPAT_BIGALLOC,      "bigalloc" },
	{ RO_COMPAT, EXT4_FEATURE_RO_COMPAT_REPLICA,       "replica" },
	{ RO_COMPAT, EXT4_FEATURE_RO_COMPAT_READONLY,      "read-only" },
	{ RO_COMPAT, EXT4_FEATURE_RO_COMPAT_PROJECT,       "project" },
	{ RO_COMPAT, EXT4_FEATURE_RO_COMPAT_SHARED_BLOCKS, "shared_blocks" },
	{ RO_COMPAT, EXT4_FEATURE_RO_COMPAT_VERITY,        "verity" },
};
/* clang-format on */

/** The superblock, and where it comes from. */
struct check {
	const struct ext2_super_block *sb;
	const struct partition *part;
};

int ext4_damaged(const struct partition *part, const char *what, struct error *err)
{
	return error_set(err, -EUCLEAN, "%s; repair it with: e2fsck -f 'IMAGE?offset=%llu'", what,
			 (unsigned long long)part->offset);
}

static void add_names(struct buf *list, int set, const char *set_name, uint32_t unknown)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if ((int)names[i].set != set || !(unknown & names[i].bit))
			continue;
		buf_addf(list, "%s%s", list->len ? ", " : "", names[i].name);
		unknown &= ~names[i].bit;
	}

	if (unknown)
		buf_addf(list, "%s%s 0x%x", list->len ? ", " : "", set_name, unknown);
}

static int check_features(const struct check *check, struct error *err)
{
	uint32_t compat = le32toh(check->sb->s_feature_compat) & ~(uint32_t)KNOWN_COMPAT;
	uint32_t incompat = le32toh(check->sb->s_feature_incompat) & ~(uint32_t)KNOWN_INCOMPAT;
	uint32_t ro_compat = le32toh(check->sb->s_feature_ro_compat) & ~(uint32_t)KNOWN_RO_COMPAT;
	AUTOBUF struct buf list = { 0 };

	if (incompat & EXT3_FEATURE_INCOMPAT_RECOVER)
		return ext4_damaged(check->part, "it was not unmounted cleanly (needs_recovery)",
				    err);
	if (ro_compat & EXT4_FEATURE_RO_COMPAT_ORPHAN_PRESENT)
		return ext4_damaged(check->part, "it was not unmounted cleanly (orphan_present)",
				    err);

	add_names(&list, COMPAT, "compat", compat);
	add_names(&list, INCOMPAT, "incompat", incompat);
	add_names(&list, RO_COMPAT, "ro_compat", ro_compat);
	if (list.len)
		return error_set(err, -EOPNOTSUPP,
				 "it has features that back end 'direct' cannot edit: %s",
				 buf_text(&list));
	return 0;
}

static int check_state(const struct check *check, struct error *err)
{
	uint16_t state = le16toh(check->sb->s_state);

	if (state & EXT2_ERROR_FS || check->sb->s_error_count)
		return ext4_damaged(check->part, "it is marked as having errors", err);
	if (!(state & EXT2_VALID_FS))
		return ext4_damaged(check->part, "it was not unmounted cleanly", err);
	if (check->sb->s_last_orphan)
		return ext4_damaged(check->part, "it has unfinished deletions (orphan inodes)",
				    err);
	return 0;
}

/** The numbers of the superblock that everything else hangs on. */
struct geometry {
	uint64_t blocks;
	uint32_t first_block, block_size, inode_size, descriptor_size;
	uint32_t blocks_per_group, inodes_per_group, inodes;
};

static bool is_power_of_2(uint32_t n)
{
	return n && (n & (n - 1)) == 0;
}

static bool in_bitmap(const struct geometry *g, uint32_t count)
{
	return count >= 8 && count % 8 == 0 && count <= 8 * g->block_size;
}

static struct geometry read_geometry(const struct ext2_super_block *sb)
{
	bool wide = le32toh(sb->s_feature_incompat) & EXT4_FEATURE_INCOMPAT_64BIT;

	return (struct geometry){
		.blocks = le32toh(sb->s_blocks_count) |
			  (wide ? (uint64_t)le32toh(sb->s_blocks_count_hi) << 32 : 0),
		.first_block = le32toh(sb->s_first_data_block),
		.block_size = EXT2_MIN_BLOCK_SIZE << le32toh(sb->s_log_block_size),
		.inode_size = le16toh(sb->s_inode_size),
		.descriptor_size = wide ? le16toh(sb->s_desc_size) : EXT2_MIN_DESC_SIZE,
		.blocks_per_group = le32toh(sb->s_blocks_per_group),
		.inodes_per_group = le32toh(sb->s_inodes_per_group),
		.inodes = le32toh(sb->s_inodes_count),
	};
}

/* The kernel's checks; libext2fs believes some of these numbers and writes where they lead. */
static bool is_sane(const struct geometry *g, const struct ext2_super_block *sb)
{
	if (g->inode_size < EXT2_GOOD_OLD_INODE_SIZE || g->inode_size > g->block_size ||
	    !is_power_of_2(g->inode_size) || g->descriptor_size < EXT2_MIN_DESC_SIZE ||
	    g->descriptor_size > EXT2_MAX_DESC_SIZE || !is_power_of_2(g->descriptor_size))
		return false;
	if (!in_bitmap(g, g->blocks_per_group) || !in_bitmap(g, g->inodes_per_group) ||
	    g->first_block != (g->block_size == EXT2_MIN_BLOCK_SIZE) || g->blocks <= g->first_block)
		return false;
	if (sb->s_log_cluster_size != sb->s_log_block_size ||
	    le32toh(sb->s_clusters_per_group) != g->blocks_per_group ||
	    le32toh(sb->s_first_ino) < EXT2_GOOD_OLD_FIRST_INO)
		return false;

	uint64_t groups = (g->blocks - g->first_block - 1) / g->blocks_per_group + 1;

	return groups <= UINT32_MAX && groups * g->inodes_per_group == g->inodes &&
	       le16toh(sb->s_reserved_gdt_blocks) <= g->block_size / sizeof(uint32_t);
}

static int check_geometry(const struct check *check, struct error *err)
{
	const struct ext2_super_block *sb = check->sb;
	AUTOBUF struct buf want = { 0 }, has = { 0 };

	if (le32toh(sb->s_log_block_size) > EXT2_MAX_BLOCK_LOG_SIZE - EXT2_MIN_BLOCK_LOG_SIZE)
		return ext4_damaged(check->part, "its block size is impossible", err);

	struct geometry g = read_geometry(sb);
	if (!is_sane(&g, sb))
		return ext4_damaged(check->part, "its superblock is damaged", err);
	if (g.blocks <= check->part->size / g.block_size)
		return 0;

	text_add_size(&want, g.blocks * g.block_size);
	text_add_size(&has, check->part->size);
	return error_set(err, -EUCLEAN, "it has %s, but the partition only %s", buf_text(&want),
			 buf_text(&has));
}

int ext4_check_superblock(int fd, const struct partition *part, struct error *err)
{
	struct ext2_super_block sb;
	struct check check = { .sb = &sb, .part = part };

	ssize_t n = pread(fd, &sb, sizeof(sb), (off_t)(part->offset + SUPERBLOCK_OFFSET));
	if (n < 0)
		return error_set_errno(err, -errno, "read the superblock");
	if (n != sizeof(sb) || le16toh(sb.s_magic) != EXT2_SUPER_MAGIC)
		return error_set(err, -EUCLEAN, "there is no superblock");
	if (le32toh(sb.s_rev_level) != EXT2_DYNAMIC_REV)
		return error_set(err, -EOPNOTSUPP, "it has revision %u of the format",
				 le32toh(sb.s_rev_level));

	int r = check_features(&check, err);
	if (r == 0)
		r = check_state(&check, err);
	if (r == 0)
		r = check_geometry(&check, err);
	return r;
}
