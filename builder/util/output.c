/* SPDX-License-Identifier: Apache-2.0 */
#include "util/output.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

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

	/* Tells another run that this file is not left over; a new file cannot be locked yet. */
	(void)flock(fd, LOCK_EX | LOCK_NB);

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

/* "NAME.partial." and the six characters of mkostemp(3). */
static bool is_ours(const char *name, const char *prefix)
{
	const char *rest = name + strlen(prefix);

	return text_starts(name, prefix) && strlen(rest) == 6 &&
	       strspn(rest, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == 6;
}

/* Only a regular file that no other run is writing. */
static bool is_left(const char *path)
{
	struct stat st;

	AUTOCLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       flock(fd, LOCK_EX | LOCK_NB) == 0;
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
		if (!is_ours(entry->d_name, prefix))
			continue;

		AUTOFREE char *leftover = xasprintf("%s/%s", dir, entry->d_name);
		if (!is_left(leftover))
			continue;
		found(arg, leftover);
		if (remove)
			(void)unlink(leftover);
	}

	(void)closedir(d);
	return 0;
}
