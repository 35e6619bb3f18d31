/* SPDX-License-Identifier: Apache-2.0 */
#include "image/base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/base-cache.h"
#include "image/base-parts.h"
#include "image/fetch.h"
#include "util/alloc.h"

void base_begin_step(const struct base_options *options, const char *step)
{
	if (options->step)
		options->step(options->arg, step);
}

static int reject(const char *name, const uint8_t want[static DIGEST_SIZE],
		  const uint8_t got[static DIGEST_SIZE], struct error *err)
{
	char want_hex[DIGEST_HEX_SIZE], got_hex[DIGEST_HEX_SIZE];

	digest_hex(want, want_hex);
	digest_hex(got, got_hex);
	error_clear(err);
	return error_set(err, -EKEYREJECTED, "'%s' has SHA-256 %s, not %s", name, got_hex,
			 want_hex);
}

static int decode_file(int from, int to, const struct base_options *options,
		       struct decode_result *ret, struct error *err)
{
	const struct decode_options decode_options = {
		.max_size = options->max_size,
		.threads = options->threads,
		.progress = options->progress,
		.arg = options->arg,
	};

	base_begin_step(options, "decode");
	return decode_image(from, to, &decode_options, ret, err);
}

static int decode(const struct base *base, int from, const uint8_t *want,
		  const struct base_options *options, int to, struct decode_result *ret,
		  struct error *err)
{
	AUTOERROR struct error ignored = ERROR_NONE;
	uint8_t digest[DIGEST_SIZE];

	int r = decode_file(from, to, options, ret, err);
	/* That it is another file says more than how it is damaged. */
	if (r == -EBADMSG && want && digest_file(from, digest, &ignored) == 0 &&
	    memcmp(digest, want, DIGEST_SIZE) != 0)
		return reject(base->name, want, digest, err);
	return r < 0 ? error_prefix(err, "'%s'", base->name) : 0;
}

/* The digest of a raw source is that of the image; by it is told that it was raw. */
static int commit(struct cache_entry *entry, const struct decode_result *result, const char *origin,
		  struct error *err)
{
	if (result->format == DECODE_RAW)
		return cache_commit(entry, CACHE_SHA256, result->source_sha256, origin, err);
	return cache_commit(entry, CACHE_DATA, result->data_digest, origin, err);
}

int base_decode_into_cache(struct base *base, int from, const uint8_t *want, const char *name,
			   const struct base_options *options, uint8_t source[static DIGEST_SIZE],
			   struct error *err)
{
	AUTOENTRY struct cache_entry entry = CACHE_ENTRY_NONE;
	struct decode_result result = { 0 };

	int r = cache_begin(&base->cache, name, false, &entry, err);
	if (r == 0)
		r = decode(base, from, want, options, entry.fd, &result, err);
	if (r < 0)
		return r;

	memcpy(source, result.source_sha256, DIGEST_SIZE);
	free(entry.name);
	entry.name = base_cache_name("base", source);
	/* It may come from another place too, where somebody else decodes it. */
	AUTOCLOSE int lock = cache_lock(&base->cache, entry.name, err);
	r = lock < 0 ? lock : commit(&entry, &result, base->name, err);
	if (r < 0)
		return r;

	base->key = xstrdup(entry.name);
	base->fd = TAKE_FD(entry.fd);
	return !want || memcmp(source, want, DIGEST_SIZE) == 0
		       ? 0
		       : reject(base->name, want, source, err);
}

int base_find_decoded(struct base *base, const uint8_t source[static DIGEST_SIZE],
		      struct error *err)
{
	AUTOFREE char *name = base_cache_name("base", source);
	enum cache_digest kind;

	AUTOCLOSE int lock = cache_lock(&base->cache, name, err);
	if (lock < 0)
		return lock;

	AUTOCLOSE int fd = -1;
	int r = cache_find(&base->cache, name, &fd, &kind, err);
	if (r < 0 || fd < 0)
		return r;

	/* Without its source, nodes would be compressed in another way than with it. */
	if (base->packed < 0 && kind != CACHE_SHA256)
		return 0;

	base->fd = TAKE_FD(fd);
	base->key = TAKE(name);
	return 0;
}

void base_note_digest(struct base *base, const uint8_t sha256[static DIGEST_SIZE])
{
	memcpy(base->sha256, sha256, DIGEST_SIZE);
	base->has_sha256 = true;
}

/* Hash a raw file, unless that was done before and it is the same file still. */
static int check_raw(struct base *base, const uint8_t *want, const struct base_options *options,
		     struct error *err)
{
	uint8_t digest[DIGEST_SIZE];

	if (!want && !options->digest)
		return 0;

	if (!base_cache_digest(&base->cache, base->key, digest)) {
		base_begin_step(options, "hash");
		int r = digest_file(base->fd, digest, err);
		if (r < 0)
			return error_prefix(err, "'%s'", base->name);
		base_cache_note_digest(&base->cache, base->key, digest, base->name);
	}

	base_note_digest(base, digest);
	return !want || memcmp(digest, want, DIGEST_SIZE) == 0
		       ? 0
		       : reject(base->name, want, digest, err);
}

/* The digest of a compressed file is known from the last time, or found while decoding. */
static int open_packed(struct base *base, const char *stamp, const uint8_t *want,
		       const struct base_options *options, struct error *err)
{
	AUTOFREE char *name = xasprintf("base-of-%s", stamp);
	uint8_t source[DIGEST_SIZE];

	AUTOCLOSE int lock = cache_lock(&base->cache, name, err);
	if (lock < 0)
		return lock;

	if (base_cache_digest(&base->cache, stamp, source)) {
		if (want && memcmp(source, want, DIGEST_SIZE) != 0)
			return reject(base->name, want, source, err);
		base_note_digest(base, source);
		int r = base_find_decoded(base, source, err);
		if (r < 0 || base->fd >= 0)
			return r;
	}

	int r = base_decode_into_cache(base, base->packed, want, name, options, source, err);
	if (base->fd < 0)
		return r;

	base_note_digest(base, source);
	base_cache_note_digest(&base->cache, stamp, source, base->name);
	return r;
}

static int open_regular(const char *path, enum decode_format *format, int *ret, struct error *err)
{
	struct stat st;

	/* Not blocking, or a FIFO would be waited for. */
	AUTOCLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_set_errno(err, -errno, "open image '%s'", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, -EINVAL, "open image '%s': not a regular file", path);

	int r = decode_detect(fd, format, err);
	if (r < 0)
		return error_prefix(err, "image '%s'", path);

	*ret = TAKE_FD(fd);
	return 0;
}

static int open_file(const struct base_source *source, const struct base_options *options,
		     struct base *base, struct error *err)
{
	AUTOERROR struct error ignored = ERROR_NONE;
	AUTOCLOSE int fd = -1;
	struct stat st;

	int r = open_regular(source->file, &base->format, &fd, err);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return error_set_errno(err, -errno, "open image '%s'", source->file);

	AUTOFREE char *stamp = base_cache_stamp(&st);
	if (base->format == DECODE_RAW) {
		base->fd = TAKE_FD(fd);
		base->key = TAKE(stamp);
		(void)cache_open(&base->cache, &ignored);
		return check_raw(base, source->sha256, options, err);
	}

	base->packed = TAKE_FD(fd);
	r = cache_open(&base->cache, err);
	return r < 0 ? r : open_packed(base, stamp, source->sha256, options, err);
}

static int open_unnamed(struct error *err)
{
	const char *directory = getenv("TMPDIR");

	/* Not /tmp, which may be in memory. */
	if (!directory || directory[0] != '/')
		directory = "/var/tmp";
	int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	return fd < 0 ? error_set_errno(err, -errno, "create a file in '%s'", directory) : fd;
}

int base_open_once(const char *path, const struct base_options *options, int *ret,
		   struct error *err)
{
	struct decode_result result = { 0 };
	enum decode_format format;
	AUTOCLOSE int fd = -1;

	int r = open_regular(path, &format, &fd, err);
	if (r < 0)
		return r;
	if (format == DECODE_RAW) {
		*ret = TAKE_FD(fd);
		return 0;
	}

	AUTOCLOSE int raw = open_unnamed(err);
	if (raw < 0)
		return raw;

	r = decode_file(fd, raw, options, &result, err);
	if (r < 0)
		return error_prefix(err, "image '%s'", path);
	*ret = TAKE_FD(raw);
	return 0;
}

int base_open(const struct base_source *source, const struct base_options *options,
	      struct base *ret, struct error *err)
{
	AUTOBASE struct base base = BASE_NONE;

	base.name = source->url ? fetch_shown_url(source->url) : xstrdup(source->file);
	int r = source->url ? base_open_url(source, options, &base, err)
			    : open_file(source, options, &base, err);
	if (r < 0)
		return r;

	*ret = base;
	base = BASE_NONE;
	return 0;
}

int base_map(const struct base *base, struct map *ret, struct error *err)
{
	AUTOFREE char *name = xasprintf("map-%s", base->key);
	AUTOBUF struct buf text = { 0 };

	if (base_cache_text(&base->cache, name, &text) && map_parse(buf_text(&text), ret))
		return 0;

	int r = map_make(base->fd, NULL, NULL, ret, NULL, NULL, err);
	if (r < 0)
		return error_prefix(err, "'%s'", base->name);

	buf_free(&text);
	text = (struct buf){ 0 };
	map_print(ret, &text);
	base_cache_note_text(&base->cache, name, &text, base->name);
	return 0;
}

void base_close(struct base *base)
{
	closep(&base->fd);
	closep(&base->packed);
	cache_close(&base->cache);
	free(base->origin);
	free(base->key);
	free(base->name);
	*base = BASE_NONE;
}
