/* SPDX-License-Identifier: Apache-2.0 */
#include "image/base-cache.h"

#include <inttypes.h>
#include <unistd.h>

#include "util/alloc.h"
#include "util/file.h"

/* Larger than the map of any image that fits a card. */
enum { MAX_TEXT = 64 << 20 };

char *base_cache_name(const char *kind, const uint8_t sha256[static DIGEST_SIZE])
{
	char hex[DIGEST_HEX_SIZE];

	digest_hex(sha256, hex);
	return xasprintf("%s-%s", kind, hex);
}

char *base_cache_stamp(const struct stat *st)
{
	AUTOBUF struct buf text = { 0 };
	uint8_t digest[DIGEST_SIZE];

	buf_addf(&text, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %lld.%09ld %lld.%09ld",
		 (uint64_t)st->st_dev, (uint64_t)st->st_ino, (uint64_t)st->st_size,
		 (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec, (long long)st->st_ctim.tv_sec,
		 st->st_ctim.tv_nsec);
	digest_sha256(text.data, text.len, digest);
	return base_cache_name("file", digest);
}

bool base_cache_text(const struct cache *cache, const char *name, struct buf *ret)
{
	AUTOERROR struct error ignored = ERROR_NONE;
	AUTOCLOSE int fd = -1;

	if (cache->dir < 0)
		return false;
	return cache_find(cache, name, &fd, NULL, &ignored) == 0 && fd >= 0 &&
	       file_read_fd(fd, MAX_TEXT, ret) == 0;
}

void base_cache_note_text(const struct cache *cache, const char *name, const struct buf *text,
			  const char *origin)
{
	AUTOENTRY struct cache_entry entry = CACHE_ENTRY_NONE;
	AUTOERROR struct error ignored = ERROR_NONE;
	uint8_t digest[DIGEST_SIZE];

	if (cache->dir < 0)
		return;

	AUTOCLOSE int lock = cache_lock(cache, name, &ignored);
	if (lock < 0 || cache_begin(cache, name, false, &entry, &ignored) < 0 ||
	    file_write_fd(entry.fd, buf_text(text), text->len) < 0)
		return;

	digest_sha256(buf_text(text), text->len, digest);
	(void)cache_commit(&entry, CACHE_SHA256, digest, origin, &ignored);
}

bool base_cache_digest(const struct cache *cache, const char *name, uint8_t ret[static DIGEST_SIZE])
{
	AUTOBUF struct buf text = { 0 };

	return base_cache_text(cache, name, &text) && digest_parse(buf_text(&text), ret);
}

void base_cache_note_digest(const struct cache *cache, const char *name,
			    const uint8_t digest[static DIGEST_SIZE], const char *origin)
{
	AUTOBUF struct buf text = { 0 };
	char hex[DIGEST_HEX_SIZE];

	digest_hex(digest, hex);
	buf_adds(&text, hex);
	base_cache_note_text(cache, name, &text, origin);
}
