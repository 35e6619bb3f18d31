/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/outputs.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "util/alloc.h"
#include "util/file.h"
#include "util/text.h"

/* Larger than that of any plan. */
enum { MAX_MANIFEST = 256 << 20 };

static bool is_packed(const struct build_options *options)
{
	return options->pack.format != PACK_NONE;
}

static bool keeps_raw(const struct build_options *options)
{
	return !is_packed(options) || options->keep_raw;
}

/* Is the image in this format one of the files that are written? */
static bool is_written(const struct build_options *options, enum pack_format format)
{
	return format == options->pack.format || (format == PACK_NONE && keeps_raw(options));
}

/* Of nib's: what stands beside it is replaced with it. */
static bool is_manifest(const char *path)
{
	AUTOERROR struct error ignored = ERROR_NONE;
	AUTOBUF struct buf text = { 0 };

	return file_read(path, MAX_MANIFEST, &text, NULL, &ignored) == 0 &&
	       text_starts(buf_text(&text), "{\n  \"nib\":");
}

static char *packed_path(const struct build_options *options)
{
	return xasprintf("%s%s", options->output, pack_suffix(options->pack.format));
}

static bool is_file(int fd, const struct stat *st)
{
	struct stat found;

	return fd >= 0 && fstat(fd, &found) == 0 && found.st_dev == st->st_dev &&
	       found.st_ino == st->st_ino;
}

/* Is path free, or a file that may be replaced? */
static int check_path(const struct disk *base, const struct build_options *options,
		      const char *path, struct error *err)
{
	struct stat to;

	if (stat(path, &to) < 0) {
		if (errno == ENOENT)
			return 0;
		return error_set_errno(err, -errno, "create '%s'", path);
	}

	if (is_file(base->fd, &to) || is_file(options->from.base->packed, &to))
		return error_set(err, -EINVAL, "'%s' is the base image itself", path);
	if (!S_ISREG(to.st_mode))
		return error_set(err, -EINVAL, "'%s' is not a regular file", path);
	if (!options->replace)
		return error_set(err, -EEXIST, "'%s' exists; --replace overwrites it", path);
	return 0;
}

int build_check_output(const struct disk *base, const struct build_options *options,
		       struct error *err)
{
	int r = 0;

	AUTOFREE char *bmap = xasprintf("%s.bmap", options->output);
	AUTOFREE char *manifest = xasprintf("%s.json", options->output);
	bool ours = is_manifest(manifest);

	/* Block map and manifest are those of all forms, so that only one set can stand there. */
	for (unsigned i = 0; i < PACK_FORMATS && r == 0; i++) {
		AUTOFREE char *path = xasprintf("%s%s", options->output, pack_suffix(i));

		r = check_path(base, options, path, err);
		if (r == 0 && !ours && !is_written(options, i) && access(path, F_OK) == 0)
			r = error_set(err, -EEXIST,
				      "'%s' is in the way, and no manifest tells that nib wrote it",
				      path);
	}

	if (r == 0)
		r = check_path(base, options, bmap, err);
	return r < 0 ? r : check_path(base, options, manifest, err);
}

static int open_output(const struct build_options *options, const char *path, struct output *ret,
		       struct error *err)
{
	int r = output_leftovers(path, options->replace, options->leftover, options->arg, err);

	return r < 0 ? r : output_open(path, ret, err);
}

int outputs_open(const struct build_options *options, struct outputs *ret, struct error *err)
{
	AUTOFREE char *packed = packed_path(options);

	int r = open_output(options, options->output, &ret->raw, err);
	if (r == 0 && is_packed(options))
		r = open_output(options, packed, &ret->packed, err);
	return r;
}

static int write_bmap(const struct outputs *outputs, const struct build_options *options,
		      const struct ranges *changed, struct error *err)
{
	AUTOBUF struct buf text = { 0 };
	AUTOMAP struct map map = { 0 };

	int r = map_make(outputs->raw.fd, options->from.map, changed, &map, NULL, NULL, err);
	if (r < 0)
		return r;

	map_print_bmap(&map, &text);
	r = file_write_fd(outputs->bmap.fd, text.data, text.len);
	return r < 0 ? error_set_errno(err, r, "write '%s'", outputs->bmap.path) : 0;
}

static int write_about(struct outputs *outputs, const struct build_options *options,
		       const struct manifest_subject *subject, const struct ranges *changed,
		       struct error *err)
{
	AUTOFREE char *bmap = xasprintf("%s.bmap", options->output);
	AUTOFREE char *manifest = xasprintf("%s.json", options->output);

	int r = open_output(options, bmap, &outputs->bmap, err);
	if (r == 0)
		r = open_output(options, manifest, &outputs->manifest, err);
	if (r == 0)
		r = write_bmap(outputs, options, changed, err);
	if (r == 0)
		r = manifest_write(subject, outputs->manifest.fd, err);
	return r;
}

/* The forms that are not written this time: they would be images of another plan. */
static void withdraw_others(const struct outputs *outputs, const struct build_options *options)
{
	for (unsigned i = 0; i < PACK_FORMATS; i++) {
		AUTOFREE char *name = xasprintf("%s%s", outputs->raw.name, pack_suffix(i));

		if (!is_written(options, i))
			(void)unlinkat(outputs->raw.dir, name, 0);
	}
}

/* In an order in which nothing old ever stands beside something new. */
static int publish(struct outputs *outputs, const struct build_options *options, struct error *err)
{
	struct output *const order[] = { &outputs->raw, &outputs->packed, &outputs->bmap,
					 &outputs->manifest };
	size_t first = keeps_raw(options) ? 0 : 1, i;
	int r = 0;

	if (options->replace) {
		output_withdraw(&outputs->manifest);
		output_withdraw(&outputs->bmap);
		withdraw_others(outputs, options);
	}

	for (i = first; i < ARRAY_SIZE(order) && r == 0; i++)
		if (order[i]->fd >= 0)
			r = output_publish(order[i], options->replace, err);
	while (r < 0 && i-- > first)
		if (order[i]->fd >= 0 && !order[i]->tmp)
			output_withdraw(order[i]);
	return r;
}

static int describe(const struct outputs *outputs, const struct build_options *options,
		    struct build_result *ret, struct error *err)
{
	struct stat st;

	ret->path = xstrdup(is_packed(options) ? outputs->packed.path : outputs->raw.path);
	if (is_packed(options))
		return 0;

	if (fstat(outputs->raw.fd, &st) < 0)
		return error_set_errno(err, -errno, "read '%s'", ret->path);
	ret->size = (uint64_t)st.st_size;
	ret->has_sha256 = options->checksum;
	return options->checksum ? digest_file(outputs->raw.fd, ret->sha256, err) : 0;
}

int outputs_publish(struct outputs *outputs, const struct build_options *options,
		    const struct manifest_subject *subject, const struct ranges *changed,
		    struct build_result *ret, struct error *err)
{
	int r = describe(outputs, options, ret, err);
	if (r == 0)
		r = write_about(outputs, options, subject, changed, err);
	return r < 0 ? r : publish(outputs, options, err);
}

void outputs_close(struct outputs *outputs)
{
	output_close(&outputs->raw);
	output_close(&outputs->packed);
	output_close(&outputs->bmap);
	output_close(&outputs->manifest);
}
