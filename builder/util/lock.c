/* SPDX-License-Identifier: Apache-2.0 */
#include "util/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "util/cancel.h"
#include "util/cleanup.h"

/* How often to look whether a lock is free, in nanoseconds. */
enum { PAUSE = 50000000 };

/* Not by blocking, or ^C would have to wait too. */
static int wait_for(int fd, struct error *err)
{
	static const struct timespec pause = { .tv_nsec = PAUSE };

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK)
			return error_set_errno(err, -errno, "lock it");
		if (cancel_check(err) < 0)
			return err->code;
		(void)nanosleep(&pause, NULL);
	}

	return 0;
}

int lock_take(int dir, const char *name, struct error *err)
{
	struct stat st;

	while (true) {
		AUTOCLOSE int fd = openat(
			dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
		if (fd < 0)
			return error_set_errno(err, -errno, "lock it");

		int r = wait_for(fd, err);
		if (r < 0)
			return r;
		/* It may have been removed meanwhile: then somebody has the next one. */
		if (fstat(fd, &st) == 0 && st.st_nlink > 0)
			return TAKE_FD(fd);
	}
}

void lock_remove(int dir, const char *name, int *fd)
{
	(void)unlinkat(dir, name, 0);
	closep(fd);
	*fd = -1;
}
