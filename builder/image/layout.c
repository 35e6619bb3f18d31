/* SPDX-License-Identifier: Apache-2.0 */
#include "image/layout.h"

#include <blkid/blkid.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/mbr.h"
#include "util/alloc.h"

/* More than any image that is meant for a card has; a GPT may list 128 and more. */
enum { MAX_PARTITIONS = 128 };

DEFINE_CLEANUP(blkid_probe, blkid_free_probe)
#define AUTOPROBE CLEANUP(blkid_free_probep)

/* What people have in their download directory instead of a raw image. */
/* clang-format off */
static const struct {
	const char *magic;
	size_t len;
	const char *what, *program;
} formats[] = {
	{ "\x1f\x8b",                 2, "gzip",  "gunzip" },
	{ "\xfd" "7zXZ",              6, "xz",    "unxz" },
	{ "\x28\xb5\x2f\xfd",         4, "zstd",  "unzstd" },
	{ "PK\x03\x04",               4, "zip",   "unzip" },
	{ "BZh",                      3, "bzip2", "bunzip2" },
	{ "7z\xbc\xaf\x27\x1c",       6, "7z",    "7z x" },
};
/* clang-format on */

static int check_format(int fd, struct error *err)
{
	char head[8] = { 0 };

	if (pread(fd, head, sizeof(head), 0) < 0)
		return error_set_errno(err, -errno, "read");

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (memcmp(head, formats[i].magic, formats[i].len) == 0)
			return error_set(
				err, -EINVAL,
				"this is %s data, not a raw image: decompress it with '%s'",
				formats[i].what, formats[i].program);
	return 0;
}

static int check_file(int fd, uint64_t *size, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_set_errno(err, -errno, "read");
	if (!S_ISREG(st.st_mode))
		return error_set(err, -EINVAL, "not a regular file");
	if (st.st_size == 0)
		return error_set(err, -EINVAL, "the file is empty");

	int r = check_format(fd, err);
	if (r < 0)
		return r;

	if (st.st_size % SECTOR_SIZE != 0)
		return error_set(
			err, -EINVAL,
			"the size of %lld bytes is not a multiple of 512: truncated image?",
			(long long)st.st_size);

	*size = (uint64_t)st.st_size;
	return 0;
}

/* A probe of a part of the file, for partition tables or for file systems. */
static int probe_new(int fd, uint64_t offset, uint64_t size, bool tables, blkid_probe *ret,
		     struct error *err)
{
	AUTOPROBE blkid_probe probe = blkid_new_probe();

	if (!probe ||
	    blkid_probe_set_device(probe, fd, (blkid_loff_t)offset, (blkid_loff_t)size) != 0)
		return error_set(err, -EIO, "libblkid cannot read it");

	blkid_probe_enable_partitions(probe, tables);
	blkid_probe_enable_superblocks(probe, !tables);
	blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_LABEL |
							 BLKID_SUBLKS_UUID);
	*ret = TAKE(probe);
	return 0;
}

static char *probe_value(blkid_probe probe, const char *name)
{
	const char *value = NULL;

	(void)blkid_probe_lookup_value(probe, name, &value, NULL);
	return xstrdup(value ? value : "");
}

static int probe_file_system(int fd, struct partition *part, struct error *err)
{
	AUTOPROBE blkid_probe probe = NULL;

	int r = probe_new(fd, part->offset, part->size, false, &probe, err);
	if (r < 0)
		return r;

	r = blkid_do_safeprobe(probe);
	if (r == -2)
		return error_set(err, -EINVAL,
				 "partition %u has the signatures of several file systems",
				 part->number);
	if (r < 0)
		return error_set(err, -EIO, "partition %u cannot be read", part->number);

	part->fs_type = probe_value(probe, "TYPE");
	part->fs_label = probe_value(probe, "LABEL");
	part->fs_uuid = probe_value(probe, "UUID");
	return 0;
}

/* An extended partition only contains others, which are in the list themselves. */
static void add_partition(struct layout *layout, blkid_partition from)
{
	if (blkid_partition_is_extended(from))
		return;

	struct partition *part = ARRAY_ADD(layout->partitions, layout->count);
	const char *uuid = blkid_partition_get_uuid(from);
	const char *name = blkid_partition_get_name(from);

	*part = (struct partition){
		.number = (unsigned)blkid_partition_get_partno(from),
		.offset = (uint64_t)blkid_partition_get_start(from) * SECTOR_SIZE,
		.size = (uint64_t)blkid_partition_get_size(from) * SECTOR_SIZE,
		.type = layout->table == TABLE_MBR ? (unsigned)blkid_partition_get_type(from) : 0,
		.part_uuid = xstrdup(uuid ? uuid : ""),
		.part_name = xstrdup(name ? name : ""),
	};
}

static int by_offset(const void *a, const void *b)
{
	const struct partition *x = a, *y = b;

	return (x->offset > y->offset) - (x->offset < y->offset);
}

static int read_table(int fd, struct layout *layout, struct error *err)
{
	AUTOPROBE blkid_probe probe = NULL;

	int r = probe_new(fd, 0, layout->size, true, &probe, err);
	if (r < 0)
		return r;

	r = blkid_do_safeprobe(probe);
	if (r == -2)
		return error_set(err, -EINVAL, "there are several partition tables");

	blkid_partlist list = r == 0 ? blkid_probe_get_partitions(probe) : NULL;
	blkid_parttable table = list ? blkid_partlist_get_table(list) : NULL;
	const char *type = table ? blkid_parttable_get_type(table) : "none";

	if (strcmp(type, layout->table == TABLE_GPT ? "gpt" : "dos") != 0)
		return error_set(err, -EINVAL, "the partition table is damaged (libblkid sees: %s)",
				 type);

	int count = blkid_partlist_numof_partitions(list);
	if (count > MAX_PARTITIONS)
		return error_set(err, -EINVAL, "there are %d partitions, more than %d", count,
				 MAX_PARTITIONS);

	for (int i = 0; i < count; i++)
		add_partition(layout, blkid_partlist_get_partition(list, i));

	if (layout->count == 0)
		return error_set(err, -EINVAL, "the partition table has no partitions");

	qsort(layout->partitions, layout->count, sizeof(layout->partitions[0]), by_offset);
	return 0;
}

/* The MBR's primary partitions were checked already; these may be logical ones, or of a GPT. */
static int check_ranges(const struct layout *layout, struct error *err)
{
	for (size_t i = 0; i < layout->count; i++) {
		const struct partition *part = &layout->partitions[i];
		uint64_t end;

		if (part->size == 0)
			return error_set(err, -EINVAL, "partition %u has no size", part->number);
		if (__builtin_add_overflow(part->offset, part->size, &end) || end > layout->size)
			return mbr_truncated(part->number, end, layout->size, err);
		if (i + 1 < layout->count && end > part[1].offset)
			return error_set(err, -EINVAL, "partitions %u and %u overlap", part->number,
					 part[1].number);
	}

	return 0;
}

static int read_layout(int fd, struct layout *ret, struct error *err)
{
	AUTOLAYOUT struct layout layout = { 0 };
	struct mbr mbr;

	int r = check_file(fd, &layout.size, err);
	if (r == 0)
		r = mbr_read(fd, layout.size, &mbr, err);
	if (r < 0)
		return r;

	layout.table = mbr.protective ? TABLE_GPT : TABLE_MBR;
	layout.disk_id = mbr.protective ? 0 : mbr.disk_id;

	r = read_table(fd, &layout, err);
	if (r == 0)
		r = check_ranges(&layout, err);

	for (size_t i = 0; i < layout.count && r == 0; i++)
		r = probe_file_system(fd, &layout.partitions[i], err);
	if (r < 0)
		return r;

	*ret = layout;
	layout = (struct layout){ 0 };
	return 0;
}

int layout_read(int fd, const char *name, struct layout *ret, struct error *err)
{
	if (read_layout(fd, ret, err) < 0)
		return error_prefix(err, "image '%s'", name);
	return 0;
}

const struct partition *layout_find(const struct layout *layout, const char *fs_type)
{
	for (size_t i = 0; i < layout->count; i++)
		if (strcmp(layout->partitions[i].fs_type, fs_type) == 0)
			return &layout->partitions[i];

	return NULL;
}

int layout_set_disk_id(int fd, uint32_t disk_id, struct error *err)
{
	return mbr_write_disk_id(fd, disk_id, err);
}

void layout_free(struct layout *layout)
{
	for (size_t i = 0; i < layout->count; i++) {
		struct partition *part = &layout->partitions[i];

		free(part->part_uuid);
		free(part->part_name);
		free(part->fs_type);
		free(part->fs_label);
		free(part->fs_uuid);
	}

	free(layout->partitions);
	*layout = (struct layout){ 0 };
}
