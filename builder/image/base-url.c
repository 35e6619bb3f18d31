/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "image/base-cache.h"
#include "image/base-parts.h"
#include "image/fetch.h"
#include "util/alloc.h"

/* Get the source into the cache; what a broken run left of it is gone on with. */
static int download(struct base *base, const struct base_source *source,
		    const struct base_options *options, struct cache_entry *ret, struct error *err)
{
	AUTOFREE char *name = base_cache_name("source", source->sha256);
	const struct fetch_options fetch = {
		.max_size = options->max_size,
		.progress = options->progress,
		.arg = options->arg,
	};

	int r = cache_begin(&base->cache, name, true, ret, err);
	if (r < 0)
		return r;

	base_begin_step(options, "download");
	r = fetch_url(source->url, ret->fd, &fetch, err);
	if (r < 0 && lseek(ret->fd, 0, SEEK_END) > 0)
		cache_entry_keep(ret);
	return r;
}

/* What it failed for may be gone the next time, such as a full disk. */
static void save_download(const struct base_source *source, const char *origin,
			  struct cache_entry *entry)
{
	AUTOERROR struct error ignored = ERROR_NONE;
	uint8_t digest[DIGEST_SIZE];

	if (digest_file(entry->fd, digest, &ignored) == 0 &&
	    memcmp(digest, source->sha256, DIGEST_SIZE) == 0)
		(void)cache_commit(entry, CACHE_SHA256, digest, origin, &ignored);
}

static int decode_download(struct base *base, const struct base_source *source,
			   const struct base_options *options, const char *name,
			   struct cache_entry *entry, struct error *err)
{
	AUTOERROR struct error ignored = ERROR_NONE;
	uint8_t digest[DIGEST_SIZE];

	int r = decode_detect(entry->fd, &base->format, err);
	if (r == 0)
		r = base_decode_into_cache(base, entry->fd, source->sha256, name, options, digest,
					   err);
	if (base->fd < 0)
		save_download(source, base->name, entry);
	if (base->fd < 0 || base->format == DECODE_RAW)
		return r;

	free(entry->name);
	entry->name = base_cache_name("source", digest);
	if (cache_commit(entry, CACHE_SHA256, digest, base->name, r < 0 ? &ignored : err) < 0)
		return err->code;

	base->packed = TAKE_FD(entry->fd);
	return r;
}

/* A new URL beside the old digest is a likely mistake. */
static void note_origin(struct base *base, const char *name)
{
	AUTOFREE char *origin = cache_origin(&base->cache, name);

	if (origin[0] && strcmp(origin, base->name) != 0)
		base->origin = TAKE(origin);
}

int base_open_url(const struct base_source *source, const struct base_options *options,
		  struct base *base, struct error *err)
{
	AUTOFREE char *packed = base_cache_name("source", source->sha256);
	AUTOFREE char *decoded = xasprintf("base-of-%s", packed);
	AUTOENTRY struct cache_entry entry = CACHE_ENTRY_NONE;

	base_note_digest(base, source->sha256);
	int r = cache_open(&base->cache, err);
	if (r < 0)
		return r;

	AUTOCLOSE int lock = cache_lock(&base->cache, packed, err);
	AUTOCLOSE int decoding = lock < 0 ? -1 : cache_lock(&base->cache, decoded, err);
	if (decoding < 0)
		return err->code;

	r = cache_find(&base->cache, packed, &base->packed, NULL, err);
	if (r == 0 && base->packed >= 0)
		r = decode_detect(base->packed, &base->format, err);
	if (r == 0)
		r = base_find_decoded(base, source->sha256, err);
	if (r < 0)
		return r;
	if (base->fd >= 0) {
		note_origin(base, base->packed >= 0 ? packed : base->key);
		return 0;
	}

	if (base->packed >= 0) {
		uint8_t digest[DIGEST_SIZE];

		return base_decode_into_cache(base, base->packed, source->sha256, decoded, options,
					      digest, err);
	}

	r = download(base, source, options, &entry, err);
	return r < 0 ? r : decode_download(base, source, options, decoded, &entry, err);
}
