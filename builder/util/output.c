/* SPDX-License-Identifier: Apache-2.0 */
#include "util/output.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "util/alloc.h"
#include "util/file.h"
#include "util/text.h"

enum { SUFFIX = 6, ATTEMPTS = 100 };

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

static int random_suffix(char ret[static SUFFIX + 1])
{
	unsigned char random[SUFFIX];

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return errno ? -errno : -EIO;

	for (size_t i = 0; i < SUFFIX; i++)
		ret[i] = letters[random[i] % (sizeof(letters) - 1)];
	ret[SUFFIX] = '\0';
	return 0;
}

/* As mkostemp(3), below a directory that is open. */
static int create_temporary(struct output *out)
{
	for (int i = 0; i < ATTEMPTS; i++) {
		char suffix[SUFFIX + 1];

		int r = random_suffix(suffix);
		if (r < 0)
			return r;

		AUTOFREE char *tmp = xasprintf("%s.partial.%s", out->name, suffix);

		/* Not O_TMPFILE: other back ends hand a path to another process. */
		out->fd = openat(out->dir, tmp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (out->fd >= 0) {
			out->tmp = TAKE(tmp);
			return 0;
		}
		if (errno != EEXIST)
			return -errno;
	}

	return -EEXIST;
}

int output_open(const char *path, struct output *ret, struct error *err)
{
	AUTOFREE char *dir = file_dirname(path);
	const char *slash = strrchr(path, '/');
	AUTOOUTPUT struct output out = OUTPUT_NONE;

	out.path = xstrdup(path);
	out.name = out.path + (slash ? slash + 1 - path : 0);
	out.dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (out.dir < 0)
		return error_set_errno(err, -errno, "create '%s'", path);

	int r = create_temporary(&out);
	if (r < 0)
		return error_set_errno(err, r, "create '%s'", path);

	/* Tells another run that this file is not left over; a new file cannot be locked yet. */
	(void)flock(out.fd, LOCK_EX | LOCK_NB);

	*ret = out;
	out = OUTPUT_NONE;
	return 0;
}

int output_reopen(const struct output *out, struct error *err)
{
	struct stat written, found;

	AUTOCLOSE int fd = openat(out->dir, out->tmp, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &found) < 0 || fstat(out->fd, &written) < 0)
		return error_set_errno(err, -errno, "read back '%s'", out->path);
	if (found.st_dev != written.st_dev || found.st_ino != written.st_ino)
		return error_set(err, -ESTALE, "'%s' was replaced while it was written", out->path);
	return TAKE_FD(fd);
}

int output_publish(struct output *out, bool replace, struct error *err)
{
	if (fsync(out->fd) < 0)
		return error_set_errno(err, -errno, "write '%s'", out->path);

	if (renameat2(out->dir, out->tmp, out->dir, out->name, replace ? 0 : RENAME_NOREPLACE) < 0)
		return error_set_errno(err, -errno, "create '%s'", out->path);

	free(TAKE(out->tmp));

	if (fsync(out->dir) < 0)
		return error_set_errno(err, -errno, "create '%s'", out->path);
	return 0;
}

void output_withdraw(const struct output *out)
{
	(void)unlinkat(out->dir, out->name, 0);
}

void output_close(struct output *out)
{
	if (out->tmp)
		(void)unlinkat(out->dir, out->tmp, 0);

	closep(&out->fd);
	closep(&out->dir);
	free(out->tmp);
	free(out->path);
	*out = OUTPUT_NONE;
}

static bool is_ours(const char *name, const char *prefix)
{
	const char *rest = name + strlen(prefix);

	return text_starts(name, prefix) && strlen(rest) == SUFFIX &&
	       strspn(rest, letters) == SUFFIX;
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
