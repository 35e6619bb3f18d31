/* SPDX-License-Identifier: Apache-2.0 */
#include "image/mbr.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "util/text.h"

enum { DISK_ID_OFFSET = 440, TYPE_PROTECTIVE = 0xee, N_ENTRIES = 4 };

/** An entry of the partition table, as it lies on disk; numbers are little endian. */
struct entry {
	uint8_t status;
	uint8_t chs_first[3];
	uint8_t type;
	uint8_t chs_last[3];
	uint32_t start, sectors;
} __attribute__((packed));

/** The first sector. */
struct sector {
	uint8_t code[DISK_ID_OFFSET];
	uint32_t disk_id;
	uint16_t reserved;
	struct entry entries[N_ENTRIES];
	uint8_t signature[2];
} __attribute__((packed));

_Static_assert(sizeof(struct sector) == SECTOR_SIZE, "an MBR is one sector");

int mbr_truncated(unsigned number, uint64_t end, uint64_t size, struct error *err)
{
	AUTOBUF struct buf where = { 0 }, has = { 0 };

	text_add_size(&where, end);
	text_add_size(&has, size);
	return error_set(
		err, -EINVAL,
		"partition %u ends at %s, but the file has only %s (%llu bytes are missing): "
		"truncated image?",
		number, buf_text(&where), buf_text(&has), (unsigned long long)(end - size));
}

static int check_entry(const struct entry *entry, unsigned number, uint64_t size, struct error *err)
{
	uint64_t start = (uint64_t)le32toh(entry->start) * SECTOR_SIZE;
	uint64_t end = start + (uint64_t)le32toh(entry->sectors) * SECTOR_SIZE;

	if (entry->type == 0)
		return 0;
	if (entry->sectors == 0)
		return error_set(err, -EINVAL, "partition %u has no size", number);
	if (entry->start == 0)
		return error_set(err, -EINVAL, "partition %u lies on the partition table", number);
	if (end > size)
		return mbr_truncated(number, end, size, err);
	return 0;
}

int mbr_read(int fd, uint64_t size, struct mbr *ret, struct error *err)
{
	struct sector sector;

	ssize_t n = pread(fd, &sector, sizeof(sector), 0);
	if (n < 0)
		return error_set_errno(err, -errno, "read the first sector");

	if (n != sizeof(sector) || memcmp(sector.signature, "\x55\xaa", 2) != 0)
		return error_set(err, -EINVAL, "there is no partition table");

	*ret = (struct mbr){ .disk_id = le32toh(sector.disk_id) };
	for (size_t i = 0; i < N_ENTRIES; i++)
		ret->protective |= sector.entries[i].type == TYPE_PROTECTIVE;

	for (size_t i = 0; i < N_ENTRIES && !ret->protective; i++) {
		int r = check_entry(&sector.entries[i], (unsigned)i + 1, size, err);
		if (r < 0)
			return r;
	}

	return 0;
}

int mbr_write_disk_id(int fd, uint32_t disk_id, struct error *err)
{
	uint32_t bytes = htole32(disk_id);

	ssize_t n = pwrite(fd, &bytes, sizeof(bytes), DISK_ID_OFFSET);
	if (n != sizeof(bytes))
		return error_set_errno(err, n < 0 ? -errno : -EIO, "write the disk id");
	return 0;
}
