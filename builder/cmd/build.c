/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/session.h"
#include "util/alloc.h"
#include "util/json.h"
#include "util/print.h"
#include "util/text.h"

static const struct option_group *const groups[] = { &options_build, &options_backend,
						     &options_node, NULL };

/* One NAME.img for one node, else a directory. */
static int output_path(const struct options *options, const char *node, size_t n_nodes, char **ret,
		       struct error *err)
{
	const char *output = options->output ? options->output : "images";

	/* A device that is not there would become a directory. */
	if (text_starts(output, "/dev/"))
		return error_set_usage(err,
				       "nib build writes files, not devices; write the image to "
				       "a card with dd or rpi-imager");
	if (text_ends(output, ".img")) {
		if (n_nodes != 1)
			return error_set_usage(err,
					       "--output '%s' is one image, but %zu nodes are "
					       "built; give a directory",
					       output, n_nodes);
		*ret = xstrdup(output);
		return 0;
	}

	*ret = xasprintf("%s/%s.img", output, node);
	return 0;
}

static int make_directory(const struct options *options, struct error *err)
{
	const char *output = options->output ? options->output : "images";

	if (text_ends(output, ".img") || mkdir(output, 0777) == 0 || errno == EEXIST)
		return 0;

	return error_set_errno(err, -errno, "create directory '%s'", output);
}

static void leftover(void *arg, const char *path)
{
	const struct options *options = arg;

	if (!options->quiet)
		print_line(stderr, "nib: '%s' is left from a run that was killed%s", path,
			   options->replace ? "; removed" : "; --replace removes it");
}

static void report(const struct options *options, const struct node *node, const struct work *work,
		   const char *path)
{
	AUTOBUF struct buf size = { 0 };

	if (options->json) {
		AUTOJSON struct json_object *line = json_new_line("build");

		json_put_text(line, "node", node->name.value);
		json_put_text(line, "image", path);
		json_put_number(line, "size", (int64_t)work->base.layout.size);
		json_put_number(line, "operations", (int64_t)work->plan.count);
		json_print_line(line, stdout);
		return;
	}

	text_add_size(&size, work->base.layout.size);
	print_line(stdout, "%s  %s, %zu operations read back", path, size.data, work->plan.count);
}

static int build_node(const struct session *session, const struct node *node, size_t n_nodes,
		      bool only_check, struct error *err)
{
	const struct options *o = session->context->options;
	AUTOWORK struct work work = WORK_NONE;
	AUTOFREE char *path = NULL;

	int r = output_path(o, node->name.value, n_nodes, &path, err);
	if (r < 0)
		return r;

	r = work_prepare(session, node, &work, err);
	if (r < 0)
		return r;

	const struct build_options options = {
		.backend = session->backend,
		.output = path,
		.replace = o->replace,
		.checksum = o->checksum,
		.progress = session->context->progress,
		.leftover = leftover,
		.arg = (void *)(uintptr_t)o,
	};

	r = build_check_output(&work.base, &options, err);
	if (r < 0 || only_check)
		return r;

	r = make_directory(o, err);
	if (r == 0)
		r = build_image(&work.inputs, &work.base, &work.plan, &options, err);
	if (r < 0)
		return error_prefix(err, "node '%s'", node->name.value);

	report(o, node, &work, path);
	return 0;
}

/* Every node is checked before the first is written. */
static int build_nodes(const struct session *session, const struct node *const *nodes,
		       size_t n_nodes, struct error *err)
{
	for (size_t i = 0; i < n_nodes && n_nodes > 1; i++) {
		int r = build_node(session, nodes[i], n_nodes, true, err);
		if (r < 0 && err->message)
			return r;
	}
	if (session->context->diags->errors)
		return -EINVAL;

	for (size_t i = 0; i < n_nodes; i++) {
		int r = build_node(session, nodes[i], n_nodes, false, err);
		if (r < 0)
			return r;
	}

	return 0;
}

static int run(const struct context *context, int argc, char *argv[], struct error *err)
{
	AUTOSESSION struct session session = { 0 };

	int r = session_open(context, &session, err);
	if (r < 0)
		return r;

	size_t n = argc ? (size_t)argc : session.cluster.n_nodes;
	AUTOFREE const struct node **nodes = xcalloc(n, sizeof(struct node *));

	for (size_t i = 0; i < n; i++) {
		nodes[i] = &session.cluster.nodes[i < session.cluster.n_nodes ? i : 0];
		r = argc ? session_node(&session, argv[i], &nodes[i], err) : 0;
		if (r < 0)
			return r;
		for (size_t j = 0; j < i; j++)
			if (nodes[j] == nodes[i])
				return error_set_usage(err, "node '%s' is named twice", argv[i]);
	}

	return build_nodes(&session, nodes, n, err);
}

const struct command cmd_build = {
	.name = "build",
	.synopsis = "[NODE...]",
	.summary = "write bootable images (all nodes without NODE)",
	.description =
		"Copies the base image, edits the copy, reads every change back through a second,\n"
		"read-only open, and only then gives the image its name: images/NODE.img, mode "
		"0600,\n"
		"with a manifest NODE.img.json beside it.  Needs no root, no loop device, no VM.\n",
	.max_args = 4096,
	.completes = "node",
	.groups = groups,
	.run = run,
};
