/* SPDX-License-Identifier: Apache-2.0 */
#include "image/cache-files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <unistd.h>

#include "util/alloc.h"
#include "util/buf.h"
#include "util/file.h"
#include "util/text.h"

#define RECORD_VERSION "nib cache 1"

static const char *const kinds[] = { [CACHE_SHA256] = "sha256", [CACHE_DATA] = "data" };

struct cache_identity cache_become(const struct cache *cache)
{
	struct cache_identity before = { geteuid(), getegid(), cache->uid != geteuid() };

	if (before.changed) {
		(void)setfsgid(cache->gid);
		(void)setfsuid(cache->uid);
	}
	return before;
}

void cache_leave(struct cache_identity *identity)
{
	if (identity->changed) {
		(void)setfsuid(identity->uid);
		(void)setfsgid(identity->gid);
	}
}

void cache_record_stamp(struct cache_record *record, const struct stat *st)
{
	record->size = (uint64_t)st->st_size;
	record->inode = st->st_ino;
	record->modified = st->st_mtim;
	record->changed = st->st_ctim;
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool cache_record_matches(const struct cache_record *record, const struct stat *st)
{
	return record->size == (uint64_t)st->st_size && record->inode == st->st_ino &&
	       same_time(&record->modified, &st->st_mtim) &&
	       same_time(&record->changed, &st->st_ctim);
}

static bool parse(const char *text, struct cache_record *ret)
{
	char hex[DIGEST_HEX_SIZE], kind[8];
	int origin = 0;

	int n = sscanf(text,
		       RECORD_VERSION "\nsize %" SCNu64 "\n%7s %64[0-9a-f]\ninode %" SCNu64
				      "\nmodified %ld.%ld\nchanged %ld.%ld\norigin%n",
		       &ret->size, kind, hex, &ret->inode, &ret->modified.tv_sec,
		       &ret->modified.tv_nsec, &ret->changed.tv_sec, &ret->changed.tv_nsec,
		       &origin);
	if (n != 8 || origin == 0 || text[origin] != ' ' || !digest_parse(hex, ret->digest))
		return false;

	ret->kind = strcmp(kind, kinds[CACHE_DATA]) == 0 ? CACHE_DATA : CACHE_SHA256;
	if (strcmp(kind, kinds[ret->kind]) != 0)
		return false;

	text += origin + 1;
	ret->origin = xstrndup(text, strcspn(text, "\n"));
	return true;
}

bool cache_record_read(const struct cache *cache, const char *name, struct cache_record *ret)
{
	enum { MAX = 65536 };
	AUTOFREE char *path = xasprintf("%s.record", name);
	AUTOBUF struct buf text = { 0 };
	AS_OWNER_OF(cache);

	AUTOCLOSE int fd = openat(cache->dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || file_read_fd(fd, MAX, &text) < 0)
		return false;
	return parse(buf_text(&text), ret);
}

static void add_time(struct buf *text, const char *key, const struct timespec *time)
{
	buf_addf(text, "%s %lld.%09ld\n", key, (long long)time->tv_sec, time->tv_nsec);
}

int cache_record_write(const struct cache *cache, const char *name,
		       const struct cache_record *record)
{
	AUTOFREE char *path = xasprintf("%s.record", name);
	AUTOFREE char *tmp = xasprintf("%s.record.partial", name);
	AUTOBUF struct buf text = { 0 };
	char hex[DIGEST_HEX_SIZE];
	AS_OWNER_OF(cache);

	digest_hex(record->digest, hex);
	buf_addf(&text, RECORD_VERSION "\nsize %" PRIu64 "\n%s %s\ninode %" PRIu64 "\n",
		 record->size, kinds[record->kind], hex, record->inode);
	add_time(&text, "modified", &record->modified);
	add_time(&text, "changed", &record->changed);
	buf_addf(&text, "origin %s\n", record->origin ? record->origin : "");

	AUTOCLOSE int fd = openat(cache->dir, tmp,
				  O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;

	int r = file_write_fd(fd, text.data, text.len);
	if (r == 0 && renameat(cache->dir, tmp, cache->dir, path) < 0)
		r = -errno;
	return r;
}

void cache_record_free(struct cache_record *record)
{
	free(record->origin);
	*record = (struct cache_record){ 0 };
}

void cache_drop(const struct cache *cache, const char *name)
{
	AUTOFREE char *record = xasprintf("%s.record", name);
	AS_OWNER_OF(cache);

	(void)unlinkat(cache->dir, record, 0);
	(void)unlinkat(cache->dir, name, 0);
}
