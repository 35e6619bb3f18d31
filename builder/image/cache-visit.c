/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "image/cache-files.h"
#include "util/alloc.h"
#include "util/text.h"

/** Names in the directory, without those of locks and records. */
struct names {
	char **list;
	size_t count;
};

static void names_free(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->list[i]);
	free(names->list);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int read_names(const struct cache *cache, struct names *ret, struct error *err)
{
	int fd = openat(cache->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir) {
		int code = -errno;

		closep(&fd);
		return error_set_errno(err, code, "cache '%s'", cache->path);
	}

	for (const struct dirent *entry; (entry = readdir(dir));) {
		const char *name = entry->d_name;

		if (name[0] != '.' && !text_ends(name, ".lock") && !text_ends(name, ".record") &&
		    !text_ends(name, ".record.partial"))
			*ARRAY_ADD(ret->list, ret->count) = xstrdup(name);
	}
	(void)closedir(dir);

	if (ret->count)
		qsort(ret->list, ret->count, sizeof(*ret->list), compare);
	return 0;
}

static char *lock_name(const char *name)
{
	size_t len = strlen(name) - (text_ends(name, ".partial") ? strlen(".partial") : 0);

	return xasprintf("%.*s.lock", (int)len, name);
}

/* The lock that goes with a file, also with one that is not complete; -1 if it is taken. */
static int try_lock(const struct cache *cache, const char *name)
{
	AUTOFREE char *path = lock_name(name);
	AS_OWNER_OF(cache);

	AUTOCLOSE int fd =
		openat(cache->dir, path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 ? TAKE_FD(fd) : -1;
}

static bool describe(const struct cache *cache, const char *name, struct cache_record *record,
		     struct cache_item *ret)
{
	AUTOFREE char *path = xasprintf("%s.record", name);
	struct stat st, used;
	AS_OWNER_OF(cache);

	if (fstatat(cache->dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
		return false;
	if (fstatat(cache->dir, path, &used, AT_SYMLINK_NOFOLLOW) < 0)
		used = st;

	(void)cache_record_read(cache, name, record);
	*ret = (struct cache_item){
		.name = name,
		.origin = record->origin ? record->origin : "",
		.size = (uint64_t)st.st_size,
		.allocated = (uint64_t)st.st_blocks * 512,
		.used = used.st_mtim,
	};
	return true;
}

static void remove_all(const struct cache *cache, const char *name)
{
	AUTOFREE char *lock = lock_name(name);

	cache_drop(cache, name);
	AS_OWNER_OF(cache);
	(void)unlinkat(cache->dir, lock, 0);
}

int cache_visit(const struct cache *cache, int (*found)(void *arg, const struct cache_item *item),
		void *arg, struct error *err)
{
	CLEANUP(names_free) struct names names = { 0 };

	int r = read_names(cache, &names, err);
	if (r < 0)
		return r;

	for (size_t i = 0; i < names.count; i++) {
		AUTORECORD struct cache_record record = { 0 };
		struct cache_item item;

		if (!describe(cache, names.list[i], &record, &item))
			continue;

		AUTOCLOSE int lock = try_lock(cache, names.list[i]);
		item.locked = lock < 0;
		r = found(arg, &item);
		if (r < 0)
			return r;
		if (r > 0)
			remove_all(cache, names.list[i]);
	}

	return 0;
}
