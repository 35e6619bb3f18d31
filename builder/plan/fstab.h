/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Reading and editing fstab(5).
 */
#pragma once

#include <stdbool.h>

#include "util/error.h"
#include "util/text.h"

/** One line of fstab; the parts are borrowed from the text. */
struct fstab_entry {
	/** First field: "PARTUUID=1a2b3c4d-02". */
	struct line device;
	/** Mount point. */
	struct line mount;
	/** Type of the file system: "ext4", "swap". */
	struct line type;
};

/**
 * Step through the entries of an fstab; comments, blank lines and lines of less
 * than three fields are passed over.
 *
 * @param pos  points at the first byte not read yet; starts as the text itself
 * @return false at the end
 */
bool fstab_next(const char **pos, struct fstab_entry *ret);

/** The entry that is mounted at a path; false if there is none. */
bool fstab_find(const char *text, const char *mount, struct fstab_entry *ret);

/** The entry of the boot partition: a FAT at /boot/firmware, or at /boot as in older releases. */
bool fstab_find_boot(const char *text, struct fstab_entry *ret);

/**
 * Let devices name another disk, and take out swap.
 *
 * Replaces the MBR disk id in PARTUUID=... and /dev/disk/by-partuuid/... by the
 * new one; set_partuuid of Raspberry Pi OS only finds eight lower-case digits.
 *
 * @param old, new  eight hexadecimal digits; they may be the same
 * @param ret       the new text, owned by the caller
 */
void fstab_edit(const char *text, const char *old, const char *new, char **ret);
