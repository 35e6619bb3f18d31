/* SPDX-License-Identifier: Apache-2.0 */
#include "util/output.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "util/alloc.h"
#include "util/file.h"
#include "util/text.h"

int output_open(const char *path, struct output *ret, struct error *err)
{
	AUTOFREE char *tmp = xasprintf("%s.partial.XXXXXX", path);

	/* Not O_TMPFILE: other back ends hand a path to another process. */
	int fd = mkostemp(tmp, O_CLOEXEC);
	if (fd < 0)
		return error_set_errno(err, -errno, "create '%s'", path);

	*ret = (struct output){ .path = xstrdup(path), .tmp = TAKE(tmp), .fd = fd };
	return 0;
}

static int sync_directory(const char *path)
{
	AUTOFREE char *dir = file_dirname(path);

	AUTOCLOSE int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;

	return fsync(fd) < 0 ? -errno : 0;
}

int output_publish(struct output *out, bool replace, struct error *err)
{
	if (fsync(out->fd) < 0)
		return error_set_errno(err, -errno, "write '%s'", out->path);

	if (renameat2(AT_FDCWD, out->tmp, AT_FDCWD, out->path, replace ? 0 : RENAME_NOREPLACE) < 0)
		return error_set_errno(err, -errno, "create '%s'", out->path);

	free(TAKE(out->tmp));

	int r = sync_directory(out->path);
	if (r < 0)
		return error_set_errno(err, r, "create '%s'", out->path);
	return 0;
}

void output_close(struct output *out)
{
	if (out->tmp)
		(void)unlink(out->tmp);

	closep(&out->fd);
	free(out->tmp);
	free(out->path);
	*out = OUTPUT_NONE;
}

int output_leftovers(const char *path, bool remove, void (*found)(void *arg, const char *leftover),
		     void *arg, struct error *err)
{
	AUTOFREE char *dir = file_dirname(path);
	const char *slash = strrchr(path, '/');
	AUTOFREE char *prefix = xasprintf("%s.partial.", slash ? slash + 1 : path);

	DIR *d = opendir(dir);
	if (!d)
		return error_set_errno(err, -errno, "open directory '%s'", dir);

	for (const struct dirent *entry; (entry = readdir(d));) {
		if (!text_starts(entry->d_name, prefix))
			continue;

		AUTOFREE char *leftover = xasprintf("%s/%s", dir, entry->d_name);
		found(arg, leftover);
		if (remove)
			(void)unlink(leftover);
	}

	(void)closedir(d);
	return 0;
}
