/* SPDX-License-Identifier: Apache-2.0 */
#include "image/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image/cache-files.h"
#include "image/sparse.h"
#include "util/alloc.h"
#include "util/lock.h"
#include "util/text.h"

/* Who called sudo; NULL if nobody did. */
static const struct passwd *invoking_user(void)
{
	const char *text = geteuid() == 0 ? getenv("SUDO_UID") : NULL;
	uint64_t uid;

	if (!text || !text_parse_number(text, UINT32_MAX - 1, &uid) || uid == 0)
		return NULL;
	return getpwuid((uid_t)uid);
}

/* As the XDG Base Directory Specification has it: a relative path counts as unset. */
static char *find_path(const struct passwd *user)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (cache && cache[0] == '/')
		return xasprintf("%s/nib", cache);
	/* Under sudo that is root's, or the user's; who called is what counts. */
	if (!user && home && home[0] == '/')
		return xasprintf("%s/.cache/nib", home);
	if (!user)
		user = getpwuid(geteuid());
	return user ? xasprintf("%s/.cache/nib", user->pw_dir) : NULL;
}

static int make_directories(const char *path)
{
	AUTOFREE char *copy = xstrdup(path);

	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, 0700) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}

	return mkdir(copy, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

static int fail(const struct cache *cache, int code, const char *what, struct error *err)
{
	error_set_errno(err, code, "cache '%s': %s", cache->path, what);
	if (code == -EROFS || code == -EACCES)
		error_suffix(err, "; XDG_CACHE_HOME names another place for it");
	/* Else it would look as if the image were not readable. */
	err->code = -EIO;
	return err->code;
}

int cache_open(struct cache *ret, struct error *err)
{
	const struct passwd *user = invoking_user();
	AUTOCACHE struct cache cache = {
		.path = find_path(user),
		.dir = -1,
		.uid = user ? user->pw_uid : geteuid(),
		.gid = user ? user->pw_gid : getegid(),
	};

	if (!cache.path)
		return error_set(err, -ENOENT, "there is no place for a cache: set XDG_CACHE_HOME");

	AS_OWNER_OF(&cache);
	int r = make_directories(cache.path);
	if (r < 0)
		return fail(&cache, r, "make it", err);

	cache.dir = open(cache.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cache.dir < 0)
		return fail(&cache, -errno, "open it", err);

	*ret = cache;
	cache = CACHE_NONE;
	return 0;
}

void cache_close(struct cache *cache)
{
	closep(&cache->dir);
	free(cache->path);
	*cache = CACHE_NONE;
}

int cache_lock(const struct cache *cache, const char *name, struct error *err)
{
	AUTOFREE char *path = xasprintf("%s.lock", name);
	AS_OWNER_OF(cache);

	int fd = lock_take(cache->dir, path, err);
	if (fd >= 0 || fd == -EINTR)
		return fd;

	int code = fd;
	error_clear(err);
	return fail(cache, code, "lock it", err);
}

/* Its times say that it is another file, or one that was written to. */
static bool content_is_same(const struct cache *cache, const char *name, int fd,
			    struct cache_record *record)
{
	AUTOERROR struct error ignored = ERROR_NONE;
	uint8_t digest[DIGEST_SIZE];
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || record->size != (uint64_t)st.st_size)
		return false;
	if (cache_record_matches(record, &st))
		return true;
	int r = record->kind == CACHE_DATA ? sparse_digest_file(fd, digest, &ignored)
					   : digest_file(fd, digest, &ignored);
	if (r < 0 || memcmp(digest, record->digest, sizeof(digest)) != 0)
		return false;

	/* So that it is not read again the next time. */
	cache_record_stamp(record, &st);
	(void)cache_record_write(cache, name, record);
	return true;
}

/* When it was last used, for cache_visit(); the file itself must keep its times. */
static void note_use(const struct cache *cache, const char *name)
{
	AUTOFREE char *path = xasprintf("%s.record", name);
	AS_OWNER_OF(cache);

	(void)utimensat(cache->dir, path, NULL, AT_SYMLINK_NOFOLLOW);
}

int cache_find(const struct cache *cache, const char *name, int *ret, enum cache_digest *kind,
	       struct error *err)
{
	AUTORECORD struct cache_record record = { 0 };
	AUTOCLOSE int fd = -1;

	*ret = -1;
	{
		AS_OWNER_OF(cache);
		fd = openat(cache->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	}
	if (fd < 0 && errno != ELOOP)
		return errno == ENOENT ? 0 : fail(cache, -errno, name, err);

	/* A link is not ours; without a record, who made it did not come to the end. */
	if (fd < 0 || !cache_record_read(cache, name, &record) ||
	    !content_is_same(cache, name, fd, &record)) {
		cache_drop(cache, name);
		return 0;
	}

	note_use(cache, name);
	if (kind)
		*kind = record.kind;
	*ret = TAKE_FD(fd);
	return 0;
}

char *cache_origin(const struct cache *cache, const char *name)
{
	AUTORECORD struct cache_record record = { 0 };

	(void)cache_record_read(cache, name, &record);
	return record.origin ? TAKE(record.origin) : xstrdup("");
}

int cache_begin(const struct cache *cache, const char *name, bool resume, struct cache_entry *ret,
		struct error *err)
{
	int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | (resume ? 0 : O_TRUNC);
	AUTOFREE char *tmp = xasprintf("%s.partial", name);
	AS_OWNER_OF(cache);

	int fd = openat(cache->dir, tmp, flags, 0600);
	if (fd < 0)
		return fail(cache, -errno, "write to it", err);

	*ret = (struct cache_entry){
		.cache = cache,
		.name = xstrdup(name),
		.tmp = TAKE(tmp),
		.fd = fd,
	};
	return 0;
}

int cache_commit(struct cache_entry *entry, enum cache_digest kind,
		 const uint8_t digest[static DIGEST_SIZE], const char *origin, struct error *err)
{
	const struct cache *cache = entry->cache;
	AUTORECORD struct cache_record record = {
		.kind = kind,
		.origin = xstrdup(origin ? origin : ""),
	};
	struct stat st;

	text_make_printable(record.origin);
	memcpy(record.digest, digest, DIGEST_SIZE);
	/* After a power failure the record must not stand beside a file of zeros. */
	if (fsync(entry->fd) < 0)
		return fail(cache, -errno, "write to it", err);

	{
		AS_OWNER_OF(cache);
		if (renameat(cache->dir, entry->tmp, cache->dir, entry->name) < 0)
			return fail(cache, -errno, "write to it", err);
	}
	free(TAKE(entry->tmp));

	/* Renaming changed its times. */
	if (fstat(entry->fd, &st) < 0)
		return fail(cache, -errno, "write to it", err);
	cache_record_stamp(&record, &st);

	int r = cache_record_write(cache, entry->name, &record);
	return r < 0 ? fail(cache, r, "write to it", err) : 0;
}

void cache_entry_keep(struct cache_entry *entry)
{
	free(TAKE(entry->tmp));
}

void cache_entry_close(struct cache_entry *entry)
{
	if (entry->tmp) {
		AS_OWNER_OF(entry->cache);
		(void)unlinkat(entry->cache->dir, entry->tmp, 0);
	}

	closep(&entry->fd);
	free(entry->tmp);
	free(entry->name);
	*entry = CACHE_ENTRY_NONE;
}
