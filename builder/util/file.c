/* SPDX-License-Identifier: Apache-2.0 */
#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "util/alloc.h"
#include "util/text.h"

/* Milliseconds that whoever writes to a pipe has to begin. */
enum { PIPE_WAIT = 3000 };

int file_read_at(int fd, void *data, size_t len, uint64_t pos)
{
	char *to = data;

	while (len) {
		ssize_t n = pread(fd, to, len, (off_t)pos);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		to += n;
		pos += (uint64_t)n;
		len -= (size_t)n;
	}

	return 0;
}

int file_write_at(int fd, const void *data, size_t len, uint64_t pos)
{
	const char *from = data;

	while (len) {
		ssize_t n = pwrite(fd, from, len, (off_t)pos);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		from += n;
		pos += (uint64_t)n;
		len -= (size_t)n;
	}

	return 0;
}

int file_read_fd(int fd, size_t max, struct buf *ret)
{
	AUTOBUF struct buf content = { 0 };

	for (;;) {
		static const size_t chunk = 1 << 16;
		ssize_t n = read(fd, buf_reserve(&content, chunk), chunk);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;

		content.len += (size_t)n;
		if (content.len > max)
			return -EFBIG;
		content.data[content.len] = '\0';
	}

	*ret = TAKE_BUF(content);
	return 0;
}

/* Of a pipe; then it may be read as any file. */
static bool has_writer(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	return poll(&poll_fd, 1, PIPE_WAIT) == 1 && fcntl(fd, F_SETFL, O_RDONLY) == 0;
}

int file_read(const char *path, size_t max, struct buf *ret, mode_t *mode, struct error *err)
{
	struct stat st;

	/* Not blocking, or a FIFO that nobody writes to would be waited for. */
	AUTOCLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return error_set_errno(err, -errno, "open '%s'", path);

	if (fstat(fd, &st) < 0)
		return error_set_errno(err, -errno, "open '%s'", path);
	if (S_ISDIR(st.st_mode))
		return error_set_errno(err, -EISDIR, "open '%s'", path);
	if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode))
		return error_set(err, -EINVAL, "open '%s': not a regular file", path);
	if (S_ISFIFO(st.st_mode) && !has_writer(fd))
		return error_set(err, -EINVAL, "open '%s': nobody writes to this pipe", path);

	int r = file_read_fd(fd, max, ret);
	if (r == -EFBIG) {
		AUTOBUF struct buf size = { 0 };

		text_add_size(&size, max);
		return error_set(err, r, "read '%s': more than %s", path, buf_text(&size));
	}
	if (r < 0)
		return error_set_errno(err, r, "read '%s'", path);

	if (mode)
		*mode = st.st_mode & 07777;
	return 0;
}

int file_write_fd(int fd, const void *data, size_t len)
{
	const char *pos = data;

	while (len) {
		ssize_t n = write(fd, pos, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		pos += n;
		len -= (size_t)n;
	}

	return 0;
}

int file_memfd(const char *name, const struct buf *content, struct error *err)
{
	AUTOCLOSE int fd = memfd_create(name, MFD_CLOEXEC);
	if (fd < 0) {
		error_set_errno(err, -errno, "create a file in memory");
		return -1;
	}

	int r = file_write_fd(fd, buf_text(content), content->len);
	if (r < 0 || lseek(fd, 0, SEEK_SET) < 0) {
		error_set_errno(err, r < 0 ? r : -errno, "write a file in memory");
		return -1;
	}

	return TAKE_FD(fd);
}

static const char *home(void)
{
	const char *dir = getenv("HOME");

	if (dir && *dir)
		return dir;

	const struct passwd *user = getpwuid(getuid());
	return user ? user->pw_dir : "/";
}

char *file_resolve(const char *path, const char *dir)
{
	if (strcmp(path, "~") == 0)
		return xstrdup(home());
	if (text_starts(path, "~/"))
		return xasprintf("%s/%s", home(), path + 2);
	if (path[0] == '/' || strcmp(dir, ".") == 0)
		return xstrdup(path);

	return xasprintf("%s/%s", dir, path);
}

char *file_dirname(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return xstrdup(".");
	if (slash == path)
		return xstrdup("/");
	return xstrndup(path, (size_t)(slash - path));
}
