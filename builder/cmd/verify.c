/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/session.h"
#include "plan/identity.h"
#include "util/alloc.h"
#include "util/json.h"
#include "util/print.h"

static const struct option_group *const groups[] = { &options_backend, &options_source,
						     &options_node, NULL };

static void report_mismatch(const struct options *options, const struct plan_mismatch *mismatch)
{
	if (options->json) {
		AUTOJSON struct json_object *line = json_new_line("mismatch");

		json_put_text(line, "operation", plan_verb(mismatch->op->kind));
		if (mismatch->op->path[0])
			json_put_text(line, "path", mismatch->op->path);
		json_put_text(line, "found", mismatch->text);
		json_print_line(line, stdout);
		return;
	}

	print_line(stdout, "%s%s%s", mismatch->op->path, mismatch->op->path[0] ? ": " : "",
		   mismatch->text);
}

/* The node that an image says it is, in characters that a shell leaves alone; "" if none. */
static char *node_in_image(struct backend *backend)
{
	AUTOERROR struct error ignored = ERROR_NONE;
	AUTOIDENTITY struct identity identity = { 0 };

	if (identity_read(backend, &identity, &ignored) < 0 || !identity.node ||
	    identity.node[strspn(identity.node, "abcdefghijklmnopqrstuvwxyz0123456789-")])
		return xstrdup("");

	return xstrdup(identity.node);
}

static void report(const struct options *options, const char *node, const struct disk *disk,
		   const struct plan *plan, const struct plan_mismatches *mismatches)
{
	AUTOFREE char *found = node_in_image(disk->backend);
	const char *image = disk->name;
	bool is_other = *found && strcmp(found, node) != 0;

	for (size_t i = 0; i < mismatches->count; i++)
		report_mismatch(options, &mismatches->list[i]);

	if (options->json) {
		AUTOJSON struct json_object *line = json_new_line("verify");

		json_put_text(line, "node", node);
		json_put_text(line, "image", image);
		json_put_number(line, "operations", (int64_t)plan->count);
		json_put_number(line, "mismatches", (int64_t)mismatches->count);
		json_print_line(line, stdout);
		return;
	}

	if (mismatches->count)
		print_line(stdout, "%s: %zu of %zu operations are not as planned for %s%s%s", image,
			   mismatches->count, plan->count, node,
			   is_other ? "; it is the image of " : "", is_other ? found : "");
	else
		print_line(stdout, "%s: holds %s, %zu operations read back", image, node,
			   plan->count);
}

static int verify(struct session *session, const struct node *node, const char *image,
		  struct error *err)
{
	AUTOMISMATCHES struct plan_mismatches mismatches = { 0 };
	AUTOWORK struct work work = WORK_NONE;
	AUTODISK struct disk disk = DISK_NONE;

	int r = work_prepare(session, node, &work, err);
	if (r < 0)
		return r;

	r = bases_open_image(session->context, image, session->backend, &disk, err);
	if (r < 0)
		return r;

	const struct plan_target target = { .fd = disk.fd, .backend = disk.backend };

	r = plan_verify(&work.plan, &target, &mismatches, err);
	if (r < 0)
		return error_prefix(err, "image '%s'", image);

	report(session->context->options, node->name.value, &disk, &work.plan, &mismatches);
	if (mismatches.count)
		err->code = -EBADMSG;
	return err->code;
}

static char *advise(const struct context *context, const char *image)
{
	AUTOERROR struct error ignored = ERROR_NONE;
	AUTODISK struct disk disk = DISK_NONE;

	if (bases_open_image(context, image, &backend_direct, &disk, &ignored) < 0)
		return xstrdup("");

	AUTOFREE char *node = node_in_image(disk.backend);

	return *node ? xasprintf("; it says that it is '%s': nib verify %s %s", node, node, image)
		     : xstrdup("");
}

static int wrong_usage(const struct context *context, const char *argument, struct error *err)
{
	if (session_from_options(context->options))
		return error_set_usage(err, "the options describe the node; usage: nib verify "
					    "--hostname NAME ... IMAGE");
	if (access(argument, F_OK) < 0)
		return error_set_usage(err,
				       "one argument is missing; usage: nib verify NODE IMAGE");

	error_set_usage(err, "which node is to be in '%s'? usage: nib verify NODE IMAGE", argument);

	AUTOFREE char *advice = advise(context, argument);

	error_suffix(err, advice);
	return err->code;
}

static int run(const struct context *context, int argc, char *argv[], struct error *err)
{
	AUTOSESSION struct session session = { 0 };
	bool from_options = session_from_options(context->options);
	const struct node *node;

	if (argc != (from_options ? 1 : 2))
		return wrong_usage(context, argv[0], err);

	int r = check_image_argument(argv[argc - 1], err);
	if (r < 0)
		return r;

	r = session_open(context, &session, err);
	if (r < 0)
		return r;

	r = session_node(&session, from_options ? session.cluster.nodes[0].name.value : argv[0],
			 &node, err);
	if (r < 0)
		return r;

	return verify(&session, node, argv[argc - 1], err);
}

const struct command cmd_verify = {
	.name = "verify",
	.synopsis = "NODE IMAGE",
	.summary = "does this image hold this node?",
	.description =
		"Makes the node's plan from the base image and reads every operation back from\n"
		"IMAGE.  Exit status 1 if anything differs: content, owner, mode, links.\n",
	.min_args = 1,
	.max_args = 2,
	.completes = "node image",
	.hides_warnings = true,
	.groups = groups,
	.run = run,
};
