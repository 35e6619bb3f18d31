/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "plan/cmdline.h"
#include "plan/fstab.h"
#include "plan/imagetext.h"
#include "plan/release.h"
#include "util/alloc.h"
#include "util/text.h"

enum { TYPE_FAT32_LBA = 0x0c, TYPE_LINUX = 0x83 };

/* For messages: "1: vfat, type 0x0c; 2: ext4, type 0x83". */
static char *describe(const struct layout *layout)
{
	AUTOBUF struct buf text = { 0 };

	for (size_t i = 0; i < layout->count; i++) {
		const struct partition *part = &layout->partitions[i];

		buf_addf(&text, "%s%u: %s", i ? "; " : "", part->number,
			 *part->fs_type ? part->fs_type : "unknown");
		if (layout->table == TABLE_MBR)
			buf_addf(&text, ", type 0x%02x", part->type);
	}

	return xstrdup(text.len ? buf_text(&text) : "none");
}

static int check_layout(const struct layout *layout, const struct partition *root,
			const struct partition *boot, struct error *err)
{
	AUTOFREE char *found = describe(layout);

	if (layout->table != TABLE_MBR)
		return error_set(err, -EINVAL,
				 "not a Raspberry Pi OS: it has a GPT instead of an MBR "
				 "(partitions %s)",
				 found);
	if (!boot)
		return error_set(err, -EINVAL,
				 "not a Raspberry Pi OS: it has no FAT partition (partitions %s)",
				 found);
	if (!root)
		return error_set(err, -EINVAL,
				 "not a Raspberry Pi OS: it has no ext4 partition (partitions %s)",
				 found);
	if (boot->type != TYPE_FAT32_LBA)
		return error_set(err, -EINVAL,
				 "boot partition %u is of type 0x%02x instead of 0x%02x (FAT32)",
				 boot->number, boot->type, TYPE_FAT32_LBA);
	if (root->type != TYPE_LINUX)
		return error_set(err, -EINVAL,
				 "root partition %u is of type 0x%02x instead of 0x%02x (Linux)",
				 root->number, root->type, TYPE_LINUX);
	return 0;
}

/* Whether a device as fstab and cmdline.txt name it can be this partition. */
static bool may_be(const char *device, const struct partition *part)
{
	static const char prefix[] = "PARTUUID=";

	return !text_starts(device, prefix) ||
	       strcasecmp(device + strlen(prefix), part->part_uuid) == 0;
}

/** What the image's files call its partitions; owned. */
struct devices {
	char *root, *boot, *cmdline_root;
};

static char *device_name(const struct line *device)
{
	char *name = xstrndup(device->start, device->len);

	text_make_printable(name);
	return name;
}

static void devices_free(struct devices *devices)
{
	free(devices->root);
	free(devices->boot);
	free(devices->cmdline_root);
}

static int read_cmdline(struct backend *b, const char *boot_path, char **root, struct error *err)
{
	AUTOFREE char *path = xasprintf("%s/cmdline.txt", boot_path);
	AUTOIMAGETEXT struct imagetext cmdline = { 0 };

	int r = imagetext_require(b, path, &cmdline, err);
	if (r < 0)
		return r;

	*root = cmdline_get(buf_text(&cmdline.text), "root");
	if (!*root)
		return error_set(err, -EINVAL, "'%s' has no root=", path);

	text_make_printable(*root);
	return 0;
}

static int check_devices(const struct layout *layout, const struct partition *root,
			 const struct partition *boot, const struct devices *devices,
			 struct error *err)
{
	assert(devices->root && devices->boot && devices->cmdline_root);

	if (may_be(devices->root, root) && may_be(devices->boot, boot) &&
	    may_be(devices->cmdline_root, root))
		return 0;

	return error_set(err, -EINVAL,
			 "disk ids do not agree: the MBR has %08x, '/etc/fstab' mounts '%s' and "
			 "'%s', cmdline.txt has root=%s",
			 layout->disk_id, devices->root, devices->boot, devices->cmdline_root);
}

static int mount_both(struct backend *b, const struct partition *root, const struct partition *boot,
		      struct devices *devices, struct error *err)
{
	AUTOIMAGETEXT struct imagetext fstab = { 0 };
	struct fstab_entry entry;

	int r = b->ops->mount(b, root, "/", err);
	if (r == 0)
		r = imagetext_require(b, "/etc/fstab", &fstab, err);
	if (r < 0)
		return r;

	if (!fstab_find(buf_text(&fstab.text), "/", &entry))
		return error_set(err, -EINVAL, "'/etc/fstab' does not mount '/'");
	devices->root = device_name(&entry.device);

	if (!fstab_find_boot(buf_text(&fstab.text), &entry))
		return error_set(err, -EINVAL, "'/etc/fstab' does not mount the boot partition");
	devices->boot = device_name(&entry.device);

	AUTOFREE char *boot_path = xstrndup(entry.mount.start, entry.mount.len);
	r = b->ops->mount(b, boot, boot_path, err);
	if (r == 0)
		r = read_cmdline(b, boot_path, &devices->cmdline_root, err);
	return r;
}

int release_mount(struct backend *b, const struct layout *layout, struct error *err)
{
	const struct partition *root = layout_find(layout, "ext4");
	const struct partition *boot = layout_find(layout, "vfat");
	CLEANUP(devices_free) struct devices devices = { 0 };

	int r = check_layout(layout, root, boot, err);
	if (r == 0)
		r = mount_both(b, root, boot, &devices, err);
	if (r == 0)
		r = check_devices(layout, root, boot, &devices, err);
	return r;
}
