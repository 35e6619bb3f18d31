/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/build.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "image/copy.h"
#include "plan/identity.h"
#include "plan/manifest.h"
#include "plan/raspios.h"
#include "util/alloc.h"
#include "util/cancel.h"
#include "util/output.h"

/* What another node has, its secrets too, would stay where this node's role wants nothing. */
static int check_identity(const struct inputs *inputs, const struct disk *base, struct error *err)
{
	AUTOIDENTITY struct identity identity = { 0 };

	int r = identity_read(base->backend, &identity, err);
	if (r < 0 || !identity.node || strcmp(identity.node, inputs->node->name.value) == 0)
		return r;

	return error_set(err, -EINVAL,
			 "'%s' is the image of node '%s' already; a base image is needed",
			 base->name, identity.node);
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

/* Is path free, or a file that may be replaced? */
static int check_path(const struct disk *base, const char *path, bool replace, struct error *err)
{
	struct stat from, to;

	if (stat(path, &to) < 0) {
		if (errno == ENOENT)
			return 0;
		return error_set_errno(err, -errno, "create '%s'", path);
	}

	if (fstat(base->fd, &from) < 0)
		return error_set_errno(err, -errno, "read '%s'", base->name);
	if (from.st_dev == to.st_dev && from.st_ino == to.st_ino)
		return error_set(err, -EINVAL, "'%s' is the base image itself", path);
	if (!S_ISREG(to.st_mode))
		return error_set(err, -EINVAL, "'%s' is not a regular file", path);
	if (!replace)
		return error_set(err, -EEXIST, "'%s' exists; --replace overwrites it", path);
	return 0;
}

static char *manifest_path(const struct build_options *options)
{
	return xasprintf("%s.json", options->output);
}

int build_check_output(const struct disk *base, const struct build_options *options,
		       struct error *err)
{
	AUTOFREE char *manifest = manifest_path(options);

	int r = check_path(base, options->output, options->replace, err);
	if (r < 0)
		return r;

	return check_path(base, manifest, options->replace, err);
}

static int copy_progressed(void *arg, uint64_t done, uint64_t total)
{
	progress_update(arg, done, total);
	return cancel_requested() ? -EINTR : 0;
}

static int apply(const struct disk *base, const struct plan *plan, int fd,
		 const struct build_options *options, struct error *err)
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
	if (r < 0)
		return r;

	return disk.backend->ops->finish(disk.backend, err);
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

static int fill(const struct inputs *inputs, const struct disk *base, const struct plan *plan,
		const struct build_options *options, struct output *out, struct error *err)
{
	const char *name = inputs->node->name.value;
	struct progress *progress = options->progress;

	progress_step(progress, name, "copy");
	int r = copy_image(base->fd, out->fd, copy_progressed, progress, err);
	if (r == -EINTR)
		return r;
	if (r < 0)
		return error_prefix(err, "copy '%s' to '%s'", base->name, options->output);

	progress_step(progress, name, "apply");
	r = apply(base, plan, out->fd, options, err);
	if (r < 0)
		return r;

	progress_step(progress, name, "verify");
	r = verify(plan, out, options, err);
	if (r < 0)
		return r;

	return cancel_check(err);
}

static int publish(const struct inputs *inputs, const struct disk *base, const struct plan *plan,
		   const struct build_options *options, struct output *out, struct error *err)
{
	AUTOFREE char *path = manifest_path(options);
	AUTOOUTPUT struct output manifest = OUTPUT_NONE;

	int r = output_open(path, &manifest, err);
	if (r < 0)
		return r;

	const struct manifest_subject subject = {
		.inputs = inputs,
		.base = base,
		.plan = plan,
		.image_fd = out->fd,
		.image_name = options->output,
		.checksum = options->checksum,
	};
	r = manifest_write(&subject, manifest.fd, err);
	if (r < 0)
		return r;

	progress_step(options->progress, inputs->node->name.value, "publish");
	/* An old manifest must not stand beside a new image, not even for a moment. */
	if (options->replace)
		output_withdraw(&manifest);

	r = output_publish(out, options->replace, err);
	if (r < 0)
		return r;

	r = output_publish(&manifest, options->replace, err);
	if (r < 0)
		output_withdraw(out);
	return r;
}

static int build(const struct inputs *inputs, const struct disk *base, const struct plan *plan,
		 const struct build_options *options, struct error *err)
{
	AUTOOUTPUT struct output out = OUTPUT_NONE;

	int r = output_leftovers(options->output, options->replace, options->leftover, options->arg,
				 err);
	if (r < 0)
		return r;

	r = output_open(options->output, &out, err);
	if (r < 0)
		return r;

	r = fill(inputs, base, plan, options, &out, err);
	if (r < 0)
		return r;

	return publish(inputs, base, plan, options, &out, err);
}

int build_image(const struct inputs *inputs, const struct disk *base, const struct plan *plan,
		const struct build_options *options, struct error *err)
{
	AUTOCANCEL struct cancel cancel;

	cancel_begin(&cancel);
	int r = build(inputs, base, plan, options, err);
	progress_end(options->progress);

	/* A child that ^C ended fails in its own words; what happened is the interruption. */
	if (r < 0 && cancel_requested()) {
		error_clear(err);
		return cancel_check(err);
	}

	return r;
}
