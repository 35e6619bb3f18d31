/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Archives of all kinds, also such as no tool would make.
 */
#pragma once

#include <sys/types.h>

#include "util/buf.h"

/** One entry of an archive. */
struct fake_entry {
	const char *path;
	/** 'f'ile, 'd'irectory, 'l'ink, 'h'ard link, 'p'ipe, 'c'haracter device. */
	char type;
	/** Content of a file, target of a link. */
	const char *text;
	mode_t mode;
	uid_t uid;
};

/**
 * Make a tar archive.
 *
 * @param entries  ended by one without a path
 * @param filter   ARCHIVE_FILTER_...
 * @param format   ARCHIVE_FORMAT_TAR_...
 */
struct buf fake_archive(const struct fake_entry *entries, int filter, int format);
