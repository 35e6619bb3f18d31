/* SPDX-License-Identifier: Apache-2.0 */
/* File systems that must not be edited: each is refused by name, and with a way out. */
#include "image.h"

#define EXT4_PLAIN "-O none,has_journal,ext_attr,dir_index,filetype,extent,sparse_super"
#define REPAIR "; repair it with: e2fsck -f 'IMAGE?offset=9437184'"
#define CANNOT "it has features that back end 'direct' cannot edit: "

/* Write bytes into the file system: SSV in the superblock of the ext4, BOOT in the FAT's. */
#define DEBUGFS(command) "echo '" command "' | debugfs -w -f - \"$ext4\""
#define POKE(where, bytes) \
	"printf '" bytes "' | dd of=$img bs=1 conv=notrunc seek=$((" where ")) status=none"
#define SUPER "p2 * 512 + 1024"
#define BOOT "p1 * 512"

/* clang-format off */
static const struct {
	const char *name;
	struct image_options options;
	const char *want;
} ext4_cases[] = {
	{ "needs recovery",  { .then = DEBUGFS("feature needs_recovery") },
	  "it was not unmounted cleanly (needs_recovery)" REPAIR },
	{ "orphan present",  { .mke2fs = EXT4_PLAIN ",orphan_file,metadata_csum", .then = DEBUGFS("feature orphan_present") },
	  "it was not unmounted cleanly (orphan_present)" REPAIR },
	{ "errors",          { .then = DEBUGFS("ssv state 3") },
	  "it is marked as having errors" REPAIR },
	{ "error count",     { .then = DEBUGFS("ssv error_count 1") },
	  "it is marked as having errors" REPAIR },
	{ "not valid",       { .then = DEBUGFS("ssv state 0") },
	  "it was not unmounted cleanly" REPAIR },
	{ "orphan inodes",   { .then = DEBUGFS("ssv last_orphan 12") },
	  "it has unfinished deletions (orphan inodes)" REPAIR },
	{ "unknown feature", { .then = DEBUGFS("ssv feature_incompat 0x40000042") },
	  CANNOT "incompat 0x40000000" },
	{ "unknown ro",      { .mke2fs = EXT4_PLAIN, .then = DEBUGFS("ssv feature_ro_compat 0x400001") },
	  CANNOT "ro_compat 0x400000" },
	{ "casefold",        { .mke2fs = EXT4_PLAIN ",casefold" }, CANNOT "casefold" },
	{ "encrypt",         { .mke2fs = EXT4_PLAIN ",encrypt,verity" }, CANNOT "encrypt, verity" },
	{ "bigalloc",        { .mke2fs = EXT4_PLAIN ",bigalloc" }, CANNOT "bigalloc" },
	{ "quota",           { .mke2fs = EXT4_PLAIN ",quota,project,extra_isize" }, CANNOT "quota, project" },
	{ "ea_inode",        { .mke2fs = EXT4_PLAIN ",ea_inode,large_dir" }, CANNOT "ea_inode, large_dir" },
	{ "mmp",             { .mke2fs = EXT4_PLAIN ",mmp" }, CANNOT "mmp" },
	{ "superblock csum", { .mke2fs = "-O metadata_csum", .then = POKE(SUPER " + 0x78", "X") },
	  "Superblock checksum does not match superblock" REPAIR },
	{ "group csum",      { .mke2fs = "-O metadata_csum", .then = POKE("p2 * 512 + 4096 + 12", "X") },
	  "a group descriptor has a wrong checksum" REPAIR },
	{ "first block",     { .mke2fs = "-O ^metadata_csum", .then = POKE(SUPER " + 20", "\\1") },
	  "its superblock is damaged" REPAIR },
	{ "inode count",     { .mke2fs = "-O ^metadata_csum", .then = POKE(SUPER, "\\1") },
	  "its superblock is damaged" REPAIR },
	{ "too large",       { .mke2fs = "-O ^metadata_csum", .then = POKE(SUPER " + 5", "\\101") },
	  "it has 65 MiB, but the partition only 64 MiB" },
	{ "block size",      { .mke2fs = "-O ^metadata_csum", .then = POKE(SUPER " + 24", "\\377") },
	  "its block size is impossible" REPAIR },
};

static const struct {
	const char *name;
	struct image_options options;
	const char *want;
} fat_cases[] = {
	{ "dirty",          { .then = POKE(BOOT " + 0x25", "\\1") },
	  "it was not unmounted cleanly; repair it with: fsck.vfat -a" },
	{ "errors",         { .then = POKE(BOOT " + 0x25", "\\2") },
	  "it is marked as having errors; repair it with: fsck.vfat -a" },
	{ "dirty table",    { .then = POKE(BOOT " + 512 + 3", "\\177") },
	  "it was not unmounted cleanly; repair it with: fsck.vfat -a" },
	{ "FAT32 dirty",    { .fat_mib = 40, .fat = "-F 32 -s 1", .then = POKE(BOOT " + 0x41", "\\1") },
	  "it was not unmounted cleanly; repair it with: fsck.vfat -a" },
	{ "FAT32 table",    { .fat_mib = 40, .fat = "-F 32 -s 1", .then = POKE(BOOT " + 32 * 512 + 7", "\\7") },
	  "it was not unmounted cleanly; repair it with: fsck.vfat -a" },
	{ "FAT32 errors",   { .fat_mib = 40, .fat = "-F 32 -s 1", .then = POKE(BOOT " + 32 * 512 + 7", "\\13") },
	  "it is marked as having errors; repair it with: fsck.vfat -a" },
	{ "FAT32 one table", { .fat_mib = 40, .fat = "-F 32 -s 1", .then = POKE(BOOT " + 0x28", "\\200") },
	  "it has tables that are not alike by intention" },
	{ "FAT12",          { .fat_mib = 1, .fat = "-F 12" },
	  "it is a FAT12, which is not known here" },
	{ "small FAT32",    { .fat = "-F 32 -s 1" },
	  "it has 16100 clusters, which its type of FAT cannot have" },
	{ "sector size",    { .then = POKE(BOOT " + 11", "\\1\\2") },
	  "its boot sector is damaged; try: fsck.vfat -a" },
	{ "no tables",      { .then = POKE(BOOT " + 16", "\\0") },
	  "its boot sector is damaged; try: fsck.vfat -a" },
	{ "too many sectors", { .then = POKE(BOOT " + 19", "\\1\\200") },
	  "its boot sector is damaged; try: fsck.vfat -a" },
	{ "FAT32 no root",  { .fat_mib = 40, .fat = "-F 32 -s 1", .then = POKE(BOOT " + 44", "\\0") },
	  "its boot sector is damaged; try: fsck.vfat -a" },
};
/* clang-format on */

/* Whatever libblkid thinks of it, the back end decides by itself. */
static void assert_refused(const char *name, struct image *image, size_t index, const char *type,
			   const char *want)
{
	AUTOFREE char *message = xasprintf("partition %zu (%s): %s", index + 1, type, want);
	struct partition part = image->layout.partitions[index];

	part.fs_type = (char *)(uintptr_t)type;
	for (int read_only = 0; read_only < 2; read_only++) {
		AUTOERROR struct error failure = ERROR_NONE;
		AUTOBACKEND struct backend *b = NULL;

		assert_ok(backend_direct.open(image->fd, read_only, 1, &b, err));
		assert_case(name, b->ops->mount(b, &part, "/", &failure) < 0);
		assert_text(name, failure.message, message);
	}
}

static void refuses_ext4(void **state)
{
	(void)state;
	TEST_EACH (i, ext4_cases) {
		AUTOIMAGE struct image image;

		image_make(&image, &ext4_cases[i].options);
		assert_refused(ext4_cases[i].name, &image, 1, "ext4", ext4_cases[i].want);
	}
}

static void refuses_fat(void **state)
{
	(void)state;
	TEST_EACH (i, fat_cases) {
		AUTOIMAGE struct image image;

		image_make(&image, &fat_cases[i].options);
		assert_refused(fat_cases[i].name, &image, 0, "vfat", fat_cases[i].want);
	}
}

static void refuses_other_types(void **state)
{
	AUTOERROR struct error failure = ERROR_NONE;
	AUTOBACKEND struct backend *b = NULL;
	const struct partition part = { .number = 3, .fs_type = (char *)(uintptr_t) "xfs" };
	const struct partition none = { .number = 4, .fs_type = (char *)(uintptr_t) "" };

	(void)state;
	assert_int_equal(backend_direct.open(0, true, 1, &b, &failure), 0);
	assert_true(b->ops->mount(b, &part, "/", &failure) < 0);
	assert_text("xfs", failure.message,
		    "partition 3 has file system xfs, which back end 'direct' cannot edit");
	error_clear(&failure);
	assert_true(b->ops->mount(b, &none, "/", &failure) < 0);
	assert_text("none", failure.message,
		    "partition 4 has no file system, which back end 'direct' cannot edit");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_ext4),
		cmocka_unit_test(refuses_fat),
		cmocka_unit_test(refuses_other_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
