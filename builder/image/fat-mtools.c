/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "image/fat-name.h"
#include "image/fat.h"
#include "util/alloc.h"
#include "util/file.h"
#include "util/process.h"
#include "util/text.h"

/* The time stamps that a FAT can hold: 1980 to 2107. */
#define MIN_TIME 315532800LL
#define MAX_TIME 4354819198LL

/* Every component comes from the caller's path, so it is checked like the name itself. */
static int check_place(const struct fs_place *place, struct error *err)
{
	for (const char *pos = place->dir_path; *pos;) {
		pos += strspn(pos, "/");
		size_t len = strcspn(pos, "/");
		AUTOFREE char *name = xstrndup(pos, len);

		int r = fat_check_name(name, err);
		if (r < 0)
			return r;
		pos += len;
	}

	return fat_check_name(place->name, err);
}

static int64_t clamp(int64_t time)
{
	if (time < MIN_TIME)
		return MIN_TIME;
	return time > MAX_TIME ? MAX_TIME : time;
}

/*
 * Run a program of mtools on the descriptor of the image.  Nothing of the user's
 * configuration of mtools may count: neither a file below $HOME nor what the
 * system's has, which the variables overrule.
 */
static int run(const struct fat *fat, const char *const *argv, int fd, struct error *err)
{
	AUTOFREE char *epoch = xasprintf("SOURCE_DATE_EPOCH=%lld", (long long)clamp(fat->now));
	const char *const env[] = {
		"HOME=/dev/null",
		"MTOOLSRC=/dev/null",
		"MTOOLS_SKIP_CHECK=1",
		"MTOOLS_FAT_COMPATIBILITY=0",
		"MTOOLS_LOWER_CASE=0",
		"MTOOLS_NO_VFAT=0",
		"MTOOLS_NAME_NUMERIC_TAIL=1",
		"MTOOLS_DOTTED_DIR=0",
		"TZ=UTC",
		"LC_ALL=C",
		epoch,
		NULL,
	};
	const int fds[] = { fat->fd, fd, -1 };
	const struct process process = { .argv = argv, .env = env, .fds = fds };

	int r = process_run(&process, NULL, err);
	if (r == -ENOENT)
		err->code = -ENOPKG; /* it is not the file that is missing */
	return r < 0 ? err->code : 0;
}

static char *drive(const struct fat *fat)
{
	return xasprintf("/proc/self/fd/%d@@%llu", fat->fd, (unsigned long long)fat->offset);
}

int fat_mtools(const struct fat *fat, const char *program, const struct fs_place *place,
	       struct error *err)
{
	AUTOFREE char *image = drive(fat);
	AUTOFREE char *path = xasprintf("::%s/%s", place->dir_path, place->name);
	const char *const argv[] = { program, "-i", image, path, NULL };

	int r = check_place(place, err);
	return r < 0 ? r : run(fat, argv, -1, err);
}

int fat_mcopy(const struct fat *fat, const struct fs_place *place, const struct buf *content,
	      struct error *err)
{
	AUTOFREE char *image = drive(fat);
	AUTOFREE char *path = xasprintf("::%s/%s", place->dir_path, place->name);

	int r = check_place(place, err);
	if (r < 0)
		return r;

	AUTOCLOSE int fd = file_memfd("content", content, err);
	if (fd < 0)
		return err->code;

	AUTOFREE char *from = xasprintf("/proc/self/fd/%d", fd);
	const char *const argv[] = { "mcopy", "-o", "-i", image, from, path, NULL };

	return run(fat, argv, fd, err);
}
