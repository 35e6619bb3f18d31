/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What the fuzz targets for hostile images share.
 */
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "image/backend.h"
#include "util/file.h"

/** A file in memory with this content, and zeros behind it up to size bytes. */
static inline int fuzz_file(const uint8_t *data, size_t len, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	FUZZ_CHECK(fd >= 0 && file_write_fd(fd, data, len) == 0);
	FUZZ_CHECK(len >= size || ftruncate(fd, (off_t)size) == 0);
	return fd;
}

/** Look at a file, and read it or its target. */
static inline void fuzz_read(struct backend *b, const char *path, struct file_stat *st)
{
	AUTOERROR struct error err = ERROR_NONE, failure = ERROR_NONE;
	AUTOBUF struct buf content = { 0 };
	AUTOFREE char *target = NULL;

	*st = (struct file_stat){ .type = FILE_OTHER };
	if (b->ops->stat(b, path, st, &err) < 0)
		return;

	if (st->type == FILE_SYMLINK)
		(void)b->ops->readlink(b, path, &target, &err);
	if (st->size < 1 << 20)
		(void)b->ops->read(b, path, &content, &failure);
}

/** Read what there is below a directory ("" is the root), to some depth. */
static inline void fuzz_walk(struct backend *b, const char *dir, unsigned depth)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTONAMES struct file_names names = { 0 };

	if (b->ops->list(b, *dir ? dir : "/", &names, &err) < 0)
		return;

	for (size_t i = 0; i < names.count && i < 50; i++) {
		AUTOFREE char *path = xasprintf("%s/%s", dir, names.list[i]);
		struct file_stat st;

		fuzz_read(b, path, &st);
		if (st.type == FILE_DIRECTORY && depth)
			fuzz_walk(b, path, depth - 1);
	}
}
