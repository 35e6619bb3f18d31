/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Which operating system an image holds, told by its files and never by its name.
 */
#pragma once

#include "config/board.h"
#include "image/backend.h"

/** Releases of Raspberry Pi OS that nib knows. */
enum release_id { RELEASE_UNKNOWN, RELEASE_BOOKWORM, RELEASE_TRIXIE };

/** What an image holds.  Strings are owned; "" where there is nothing.  Initialise with { 0 }. */
struct release {
	enum release_id id;
	/** VERSION_CODENAME and PRETTY_NAME of /etc/os-release. */
	char *codename, *pretty_name;
	/** dpkg architecture: "arm64". */
	char *architecture;
	/** Date in /etc/rpi-issue ("2026-06-18"). */
	char *image_date;
	/** Versions from dpkg's status; "" if the package is not installed. */
	char *kubeadm_version, *crio_version;
	/** Directories in /usr/lib/modules, sorted. */
	struct file_names kernels;
	/** Mount point of the boot partition as /etc/fstab has it: "/boot/firmware". */
	char *boot_path;
};

/** Read what there is; only I/O failures are errors, an unknown system is not. */
int release_detect(struct backend *b, struct release *ret, struct error *err);

/** Release everything; back to { 0 }. */
void release_free(struct release *release);
#define AUTORELEASE CLEANUP(release_free)

/**
 * Mount the partitions of a Raspberry Pi OS image where its fstab says: the ext4
 * at "/", the FAT at /boot/firmware.
 *
 * Refuses an image without either, and an fstab whose PARTUUIDs are not those of
 * the partition table.
 */
int release_mount(struct backend *b, const struct layout *layout, struct error *err);

/**
 * Files that the image lacks for a board to boot, as boot-partition paths.
 *
 * @param ret  empty if the board boots
 */
int release_missing_for_board(struct backend *b, const char *boot_path, const struct board *board,
			      struct file_names *ret, struct error *err);
