/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/bases.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "image/base-packed.h"
#include "util/alloc.h"
#include "util/cancel.h"
#include "util/text.h"

/* Larger than any card; a decoder that is fed a bomb stops here. */
#define MAX_IMAGE_SIZE (64ULL << 30)

/** Who shows how it goes on. */
struct watch {
	struct progress *progress;
	bool json;
	/** Last part of the name of the base, in characters that can be printed; owned. */
	char *subject;
};

static struct watch watch_new(const struct context *context, const char *name)
{
	const char *slash = strrchr(name, '/');
	struct watch watch = {
		.progress = context->progress,
		.json = context->options->json && context->command->tells_steps,
		.subject = xstrdup(slash && slash[1] ? slash + 1 : name),
	};

	text_make_printable(watch.subject);
	return watch;
}

static void watch_end(struct watch *watch)
{
	progress_end(watch->progress);
	free(watch->subject);
}

static void begin_step(void *arg, const char *step)
{
	const struct watch *watch = arg;

	progress_step(watch->progress, watch->subject, step);
	if (watch->json)
		print_json_step("image", watch->subject, step);
}

static int progressed(void *arg, uint64_t done, uint64_t total)
{
	const struct watch *watch = arg;

	progress_update(watch->progress, watch->subject, done, total);
	return cancel_requested() ? -EINTR : 0;
}

static struct base_options options_for(const struct context *context, struct watch *watch)
{
	const struct options *o = context->options;

	return (struct base_options){
		.max_size = o->max_image_size ? o->max_image_size : MAX_IMAGE_SIZE,
		.digest = o->checksum,
		.step = begin_step,
		.progress = progressed,
		.arg = watch,
	};
}

static bool is_same(const struct image_source *a, const struct image_source *b)
{
	const struct text *x = image_place(a), *y = image_place(b);
	const char *p = a->sha256.value ? a->sha256.value : "";
	const char *q = b->sha256.value ? b->sha256.value : "";

	return !a->url.value == !b->url.value && strcmp(x->value, y->value) == 0 &&
	       strcmp(p, q) == 0;
}

static struct shared_base *find(const struct bases *bases, const struct image_source *source)
{
	for (size_t i = 0; i < bases->count; i++)
		if (is_same(bases->list[i]->source, source))
			return bases->list[i];

	return NULL;
}

static int open_base(const struct image_source *source, const struct context *context,
		     struct base *ret, struct error *err)
{
	CLEANUP(watch_end) struct watch watch = watch_new(context, image_place(source)->value);
	uint8_t sha256[DIGEST_SIZE];
	const struct base_source from = {
		.file = source->url.value ? NULL : source->file.value,
		.url = source->url.value,
		.sha256 = source->sha256.value && digest_parse(source->sha256.value, sha256)
				  ? sha256
				  : NULL,
	};
	const struct base_options options = options_for(context, &watch);
	AUTOCANCEL struct cancel cancel;

	cancel_begin(&cancel);
	int r = base_open(&from, &options, ret, err);
	if (r < 0 && cancel_requested()) {
		error_clear(err);
		return cancel_check(err);
	}
	return r;
}

/* A mistake in what the user wrote, not a failure of this computer. */
static bool is_mistake(int code)
{
	return code == -ENOENT || code == -EACCES || code == -EISDIR || code == -EINVAL ||
	       code == -EBADMSG || code == -EKEYREJECTED || code == -EFBIG || code == -ENOTDIR;
}

static int tell(const struct image_source *source, const struct context *context, struct error *err)
{
	const struct text *at = image_place(source);

	if (err->usage || !is_mistake(err->code))
		return err->code;
	if (err->code == -EKEYREJECTED)
		at = &source->sha256;

	diag_error(context->diags, &at->at, "%s", err->message);
	error_clear(err);
	err->code = -EINVAL;
	return -EINVAL;
}

int bases_get(struct bases *bases, const struct context *context, const struct node *node,
	      struct shared_base **ret, struct error *err)
{
	struct base base = BASE_NONE;

	*ret = find(bases, &node->image);
	if (*ret)
		return 0;

	if (open_base(&node->image, context, &base, err) < 0)
		return tell(&node->image, context, err);

	if (base.origin) {
		diag_warning(context->diags, &node->image.sha256.at,
			     "the image with this SHA-256 was in the cache already, from '%s'",
			     base.origin);
		diag_help(context->diags, "if another one is meant, give its SHA-256");
	}

	*ret = xcalloc(1, sizeof(**ret));
	**ret = (struct shared_base){ .source = &node->image, .base = base, .packed = -1 };
	*ARRAY_ADD(bases->list, bases->count) = *ret;
	return 0;
}

int bases_open_image(const struct context *context, const char *path,
		     const struct backend_ops *backend, struct disk *ret, struct error *err)
{
	CLEANUP(watch_end) struct watch watch = watch_new(context, path);
	const struct base_options options = options_for(context, &watch);
	AUTOCLOSE int fd = -1;

	int r = base_open_once(path, &options, &fd, err);
	if (r == 0)
		r = disk_attach(fd, path, backend, true, ret, err);
	if (r < 0)
		return r;

	ret->fd = TAKE_FD(fd);
	ret->owns_fd = true;
	return 0;
}

static int prepare(struct shared_base *shared, const struct context *context,
		   const struct pack_spec *pack, struct error *err)
{
	CLEANUP(watch_end) struct watch watch = watch_new(context, shared->base.name);
	const struct base_options options = options_for(context, &watch);
	AUTOCANCEL struct cancel cancel;
	int r = 0;

	cancel_begin(&cancel);
	if (!shared->has_map)
		r = base_map(&shared->base, &shared->map, err);
	shared->has_map = r == 0;
	if (r == 0 && pack->format != PACK_NONE && shared->index.count == 0)
		r = base_packed(&shared->base, pack, &options, &shared->index, &shared->packed,
				err);
	if (r == PACK_WHOLE)
		r = 0;
	if (r < 0 && cancel_requested()) {
		error_clear(err);
		return cancel_check(err);
	}
	return r;
}

int bases_prepare(struct bases *bases, const struct context *context, const struct pack_spec *pack,
		  struct error *err)
{
	int r = 0;

	for (size_t i = 0; i < bases->count && r == 0; i++)
		r = prepare(bases->list[i], context, pack, err);
	return r;
}

void bases_close(struct bases *bases)
{
	for (size_t i = 0; i < bases->count; i++) {
		struct shared_base *shared = bases->list[i];

		base_close(&shared->base);
		map_free(&shared->map);
		pack_index_free(&shared->index);
		closep(&shared->packed);
		free(shared);
	}

	free(bases->list);
	*bases = (struct bases){ 0 };
}
