/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/disk.h"

#include <errno.h>

#include "util/alloc.h"
#include "util/text.h"

static int find_time(const struct disk *disk, int64_t *ret, struct error *err)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	const struct partition *root = layout_find(&disk->layout, "ext4");
	uint64_t seconds;

	if (epoch) {
		/* Inodes of 256 bytes hold times up to 2446. */
		if (!text_parse_number(epoch, 15032385535, &seconds))
			return error_set_usage(err, "SOURCE_DATE_EPOCH is not a time in seconds");
		*ret = (int64_t)seconds;
		return 0;
	}

	if (!root) {
		*ret = 0;
		return 0;
	}

	return backend_base_time(disk->fd, root, ret, err);
}

static int attach(struct disk *disk, const struct backend_ops *ops, bool read_only,
		  struct error *err)
{
	int r = find_time(disk, &disk->now, err);
	if (r < 0)
		return r;

	r = ops->open(disk->fd, read_only, disk->now, &disk->backend, err);
	if (r < 0)
		return r;

	r = release_mount(disk->backend, &disk->layout, err);
	if (r < 0)
		return r;

	return release_detect(disk->backend, &disk->release, err);
}

int disk_attach(int fd, const char *name, const struct backend_ops *ops, bool read_only,
		struct disk *ret, struct error *err)
{
	AUTODISK struct disk disk = { .name = xstrdup(name), .fd = fd };

	/* It names the image itself. */
	int r = layout_read(fd, name, &disk.layout, err);
	if (r < 0)
		return r;

	if (attach(&disk, ops, read_only, err) < 0)
		return error_prefix(err, "image '%s'", name);

	*ret = disk;
	disk = DISK_NONE;
	return 0;
}

void disk_close(struct disk *disk)
{
	backend_free(disk->backend);
	release_free(&disk->release);
	layout_free(&disk->layout);
	if (disk->owns_fd)
		closep(&disk->fd);
	free(disk->name);
	*disk = DISK_NONE;
}
