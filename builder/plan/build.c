/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/build.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "image/base-packed.h"
#include "image/mbr.h"
#include "plan/identity.h"
#include "plan/outputs.h"
#include "plan/raspios.h"
#include "util/alloc.h"
#include "util/cancel.h"

/* What another node has, its secrets too, would stay where this node's role wants nothing. */
static int check_identity(const struct inputs *inputs, const struct disk *base, struct error *err)
{
	AUTOIDENTITY struct identity identity = { 0 };

	int r = identity_read(base->backend, &identity, err);
	if (r < 0 || !identity.node || strcmp(identity.node, inputs->node->name.value) == 0)
		return r;

	return error_set(err, -EINVAL,
			 "it is the image of node '%s' already; a base image is needed",
			 identity.node);
}

int build_plan(const struct inputs *inputs, const struct disk *base, struct plan *plan,
	       struct diags *diags, struct error *err)
{
	int r = check_identity(inputs, base, err);
	if (r < 0)
		return r;

	r = raspios_plan(inputs, base->backend, &base->layout, &base->release, plan, diags, err);
	if (r < 0 || diags->errors)
		return r;

	r = plan_complete(plan, base->backend, err);
	if (r < 0)
		return r;

	return plan_check_space(plan, base->backend, err);
}

static int copy_progressed(void *arg, uint64_t done, uint64_t total)
{
	const struct build_options *options = arg;

	if (cancel_requested())
		return -EINTR;
	return options->progress ? options->progress(options->arg, done, total) : 0;
}

static void begin_step(const struct build_options *options, const char *step)
{
	if (options->step)
		options->step(options->arg, step);
}

static int apply(const struct disk *base, const struct plan *plan, int fd,
		 const struct build_options *options, struct ranges *touched, struct error *err)
{
	AUTODISK struct disk disk = DISK_NONE;

	int r = disk_attach(fd, options->output, options->backend, false, &disk, err);
	if (r < 0)
		return r;

	/* The partition table is the base's own until the plan changes it. */
	if (disk.layout.disk_id != base->layout.disk_id)
		return error_set(err, -EIO, "the copy of '%s' differs from it", base->name);

	const struct plan_target target = { .fd = fd, .backend = disk.backend };

	r = plan_apply(plan, &target, err);
	if (r == 0)
		r = disk.backend->ops->finish(disk.backend, err);
	if (r < 0)
		return r;

	/* The disk id is not the back end's. */
	ranges_add(touched, 0, SECTOR_SIZE);
	disk.backend->ops->touched(disk.backend, touched);
	return 0;
}

/* Read everything back through a second open, as another program would. */
static int verify(const struct plan *plan, const struct output *out,
		  const struct build_options *options, struct error *err)
{
	AUTOMISMATCHES struct plan_mismatches mismatches = { 0 };
	AUTODISK struct disk disk = DISK_NONE;

	AUTOCLOSE int fd = output_reopen(out, err);
	if (fd < 0)
		return fd;

	int r = disk_attach(fd, out->path, options->backend, true, &disk, err);
	if (r < 0)
		return r;

	const struct plan_target target = { .fd = disk.fd, .backend = disk.backend };

	r = plan_verify(plan, &target, &mismatches, err);
	if (r < 0)
		return r;

	if (mismatches.count)
		return error_set(err, -EBADMSG, "read back '%s': %s", mismatches.list[0].op->path,
				 mismatches.list[0].text);
	return 0;
}

static int fill(const struct disk *base, const struct plan *plan,
		const struct build_options *options, const struct output *out,
		struct ranges *changed, struct error *err)
{
	AUTORANGES struct ranges touched = { 0 };

	bool passing = options->pack.format != PACK_NONE && !options->keep_raw;

	begin_step(options, "copy");
	int r = copy_image(base->fd, out->fd, passing, copy_progressed, (void *)(uintptr_t)options,
			   err);
	if (r == -EINTR)
		return r;
	if (r < 0)
		return error_prefix(err, "copy '%s' to '%s'", base->name, options->output);

	begin_step(options, "apply");
	r = apply(base, plan, out->fd, options, &touched, err);
	if (r < 0)
		return r;

	begin_step(options, "verify");
	r = verify(plan, out, options, err);
	if (r == 0)
		r = ranges_of_difference(base->fd, out->fd, &touched, changed, err);
	return r < 0 ? r : cancel_check(err);
}

static int compress(const struct build_options *options, const struct outputs *outputs,
		    const struct ranges *changed, struct build_result *ret, struct error *err)
{
	AUTOBLOCKS struct base_blocks blocks = { 0 };
	struct pack_job job = {
		.raw = outputs->raw.fd,
		.spec = options->pack,
		.changed = changed,
		.to = outputs->packed.fd,
		.threads = options->threads,
		.progress = copy_progressed,
		.arg = (void *)(uintptr_t)options,
	};
	struct pack_result result;

	begin_step(options, "compress");
	if (options->from.index) {
		int r = base_refine(options->from.base, options->from.index, &options->pack,
				    changed, options->threads, &blocks, err);
		if (r < 0)
			return r;
		job.base = &blocks.index;
	}

	int r = pack_image(&job, &result, err);
	if (r < 0)
		return r == -EINTR ? r : error_prefix(err, "write '%s'", outputs->packed.path);

	memcpy(ret->sha256, result.sha256, DIGEST_SIZE);
	ret->has_sha256 = true;
	ret->size = result.size;
	ret->reused = result.reused;
	ret->encoded = result.encoded;
	return 0;
}

static int build(const struct inputs *inputs, const struct disk *base, const struct plan *plan,
		 const struct build_options *options, struct build_result *ret, struct error *err)
{
	AUTOOUTPUTS struct outputs outputs = OUTPUTS_NONE;
	AUTORANGES struct ranges changed = { 0 };

	int r = outputs_open(options, &outputs, err);
	if (r == 0)
		r = fill(base, plan, options, &outputs.raw, &changed, err);
	if (r == 0 && options->pack.format != PACK_NONE)
		r = compress(options, &outputs, &changed, ret, err);
	if (r < 0)
		return r;

	begin_step(options, "publish");
	const struct manifest_subject subject = {
		.inputs = inputs,
		.base = base,
		.plan = plan,
		.source = options->from.base,
		.result = ret,
	};
	return outputs_publish(&outputs, options, &subject, &changed, ret, err);
}

int build_image(const struct inputs *inputs, const struct disk *base, const struct plan *plan,
		const struct build_options *options, struct build_result *ret, struct error *err)
{
	AUTOCANCEL struct cancel cancel;

	cancel_begin(&cancel);
	int r = build(inputs, base, plan, options, ret, err);

	/* A child that ^C ended fails in its own words; what happened is the interruption. */
	if (r < 0 && cancel_requested()) {
		error_clear(err);
		return cancel_check(err);
	}

	return r;
}

void build_result_free(struct build_result *result)
{
	free(result->path);
	*result = (struct build_result){ 0 };
}
