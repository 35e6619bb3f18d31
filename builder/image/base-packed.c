/* SPDX-License-Identifier: Apache-2.0 */
#include "image/base-packed.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/alloc.h"
#include "util/jobs.h"

/* Is this file the base image in blocks of that format? */
static bool read_index(const struct base *base, int fd, enum pack_format format,
		       struct pack_index *ret)
{
	AUTOERROR struct error ignored = ERROR_NONE;
	AUTOPACKINDEX struct pack_index index = { 0 };
	struct stat st;

	if (fd < 0 || pack_index_read(fd, &index, &ignored) != 0 || index.format != format ||
	    fstat(base->fd, &st) < 0 || index.raw_size != (uint64_t)st.st_size)
		return false;

	*ret = index;
	index = (struct pack_index){ 0 };
	return true;
}

static int make(const struct base *base, const struct pack_spec *spec, const char *name,
		const struct base_options *options, struct pack_index *ret, int *fd,
		struct error *err)
{
	AUTOENTRY struct cache_entry entry = CACHE_ENTRY_NONE;
	struct pack_result result;

	int r = cache_begin(&base->cache, name, false, &entry, err);
	if (r < 0)
		return r;

	const struct pack_job job = {
		.raw = base->fd,
		.spec = *spec,
		.to = entry.fd,
		.threads = options->threads ? options->threads : jobs_processors(),
		.progress = options->progress,
		.arg = options->arg,
	};

	if (options->step)
		options->step(options->arg, "compress");
	r = pack_image(&job, &result, err);
	if (r == 0)
		r = cache_commit(&entry, CACHE_SHA256, result.sha256, base->name, err);
	if (r < 0)
		return error_prefix(err, "compress '%s'", base->name);

	if (!read_index(base, entry.fd, spec->format, ret))
		return error_set(err, -EIO, "compress '%s': what was written cannot be read",
				 base->name);
	*fd = TAKE_FD(entry.fd);
	return 0;
}

static int find_or_make(const struct base *base, const struct pack_spec *spec,
			const struct base_options *options, struct pack_index *ret, int *fd,
			struct error *err)
{
	AUTOFREE char *name =
		xasprintf("packed-%s%s-%d", base->key, pack_suffix(spec->format), spec->level);

	AUTOCLOSE int lock = cache_lock(&base->cache, name, err);
	if (lock < 0)
		return lock;

	AUTOCLOSE int found = -1;
	int r = cache_find(&base->cache, name, &found, NULL, err);
	if (r < 0)
		return r;
	if (read_index(base, found, spec->format, ret)) {
		*fd = TAKE_FD(found);
		return 0;
	}

	return make(base, spec, name, options, ret, fd, err);
}

static bool is_default_level(const struct pack_spec *spec)
{
	AUTOERROR struct error ignored = ERROR_NONE;
	struct pack_spec plain = { 0 };

	return pack_parse(pack_suffix(spec->format) + 1, &plain, &ignored) == 0 &&
	       plain.level == spec->level;
}

int base_packed(const struct base *base, const struct pack_spec *spec,
		const struct base_options *options, struct pack_index *ret, int *fd,
		struct error *err)
{
	*fd = -1;
	if (is_default_level(spec) && read_index(base, base->packed, spec->format, ret))
		return 0;

	return base->cache.dir < 0 ? PACK_WHOLE : find_or_make(base, spec, options, ret, fd, err);
}
