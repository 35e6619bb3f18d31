/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Small files of the host, read and written whole.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/buf.h"
#include "util/error.h"

/**
 * Read a file.
 *
 * Only regular files and pipes are read; a file of more than max bytes is an
 * error (-EFBIG).
 *
 * @param mode  permission bits of the file; may be NULL
 */
int file_read(const char *path, size_t max, struct buf *ret, mode_t *mode, struct error *err);

/** Write all bytes to fd, whatever the number of write(2) calls; 0 or -errno. */
int file_write_fd(int fd, const void *data, size_t len);

/** Read exactly len bytes at pos; 0 or -errno, -EIO if the file ends before. */
int file_read_at(int fd, void *data, size_t len, uint64_t pos);

/** Write len bytes at pos; 0 or -errno. */
int file_write_at(int fd, const void *data, size_t len, uint64_t pos);

/** Read fd to its end; 0 or -errno (-EFBIG beyond max bytes). */
int file_read_fd(int fd, size_t max, struct buf *ret);

/** An anonymous file in memory with this content, at offset 0; -1 and err on failure. */
int file_memfd(const char *name, const struct buf *content, struct error *err);

/** path made absolute: "~/" is the user's home, anything relative is below dir; owned by the
 * caller. */
char *file_resolve(const char *path, const char *dir);

/** Directory part of path, "." if there is none; owned by the caller. */
char *file_dirname(const char *path);
