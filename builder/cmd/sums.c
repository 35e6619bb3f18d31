/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/building.h"
#include "util/alloc.h"
#include "util/file.h"
#include "util/lock.h"
#include "util/output.h"
#include "util/text.h"

#define SUMS "SHA256SUMS"
#define SUMS_LOCK ".SHA256SUMS.lock"

/* "DIGEST  NAME", with a mark of binary mode or a blank before the name. */
enum { NAME_COLUMN = DIGEST_HEX_SIZE + 1, MAX_SUMS = 16 << 20 };

/** Lines of the file that is to be; each owned. */
struct sums {
	char **lines;
	size_t count;
	/** Is it another file than before? */
	bool changed;
};

static void sums_free(struct sums *sums)
{
	for (size_t i = 0; i < sums->count; i++)
		free(sums->lines[i]);
	free(sums->lines);
}

static const char *name_of(const char *line)
{
	return strlen(line) > NAME_COLUMN ? line + NAME_COLUMN : line;
}

/* In place of the line of the same name; a blank one only takes that out. */
static void put(struct sums *sums, char *line)
{
	bool blank = line[0] == ' ';
	size_t i = 0;

	while (i < sums->count && strcmp(name_of(sums->lines[i]), name_of(line)) != 0)
		i++;
	sums->changed = sums->changed || !blank || i < sums->count;

	if (i == sums->count && !blank) {
		*ARRAY_ADD(sums->lines, sums->count) = line;
		return;
	}
	if (i < sums->count) {
		free(sums->lines[i]);
		sums->lines[i] = blank ? sums->lines[--sums->count] : TAKE(line);
	}
	free(line);
}

static void put_all(struct sums *sums, const char *text)
{
	for (size_t len; *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		if (len)
			put(sums, xstrndup(text, len));
	}
}

static int compare(const void *a, const void *b)
{
	return strcmp(name_of(*(char *const *)a), name_of(*(char *const *)b));
}

static int write_sums(const char *path, const struct sums *sums, struct error *err)
{
	AUTOOUTPUT struct output out = OUTPUT_NONE;
	AUTOBUF struct buf text = { 0 };

	for (size_t i = 0; i < sums->count; i++)
		buf_addf(&text, "%s\n", sums->lines[i]);

	int r = output_open(path, &out, err);
	if (r < 0)
		return r;

	r = file_write_fd(out.fd, buf_text(&text), text.len);
	if (r < 0)
		return error_set_errno(err, r, "write '%s'", path);
	return output_publish(&out, true, err);
}

/* What somebody else put there under that name is not waited for, and not followed. */
static int read_sums(int dir, const char *path, struct buf *ret, struct error *err)
{
	struct stat st;

	AUTOCLOSE int fd = openat(dir, SUMS, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_set_errno(err, -errno, "read '%s'", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, -EINVAL, "'%s' is not a regular file", path);

	int r = file_read_fd(fd, MAX_SUMS, ret);
	return r < 0 ? error_set_errno(err, r, "read '%s'", path) : 0;
}

static int update(int dir, const char *path, const char *lines, struct error *err)
{
	CLEANUP(sums_free) struct sums sums = { 0 };
	AUTOBUF struct buf old = { 0 };

	int r = read_sums(dir, path, &old, err);
	if (r < 0)
		return r;

	put_all(&sums, buf_text(&old));
	sums.changed = false;
	put_all(&sums, lines);
	if (!sums.changed)
		return 0;

	if (sums.count)
		qsort(sums.lines, sums.count, sizeof(*sums.lines), compare);
	return write_sums(path, &sums, err);
}

int sums_write(const char *directory, const char *lines, struct error *err)
{
	AUTOFREE char *path = xasprintf("%s/" SUMS, directory);

	AUTOCLOSE int dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return error_set_errno(err, -errno, "write '%s'", path);

	/* Another nib may add its own at the same time. */
	int lock = lock_take(dir, SUMS_LOCK, err);
	if (lock < 0)
		return error_prefix(err, "write '%s'", path);

	int r = update(dir, path, lines, err);
	lock_remove(dir, SUMS_LOCK, &lock);
	return r;
}
