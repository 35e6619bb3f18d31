/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>

#include "cmd/session.h"
#include "util/json.h"

static const struct option_group *const groups[] = { &options_source, &options_backend,
						     &options_node, NULL };

static void report(const struct context *context, const struct node *node, const struct work *work)
{
	if (context->options->json) {
		AUTOJSON struct json_object *line = json_new_line("check");

		json_put_text(line, "node", node->name.value);
		json_put_text(line, "role", role_name(node->role));
		json_put_text(line, "board", node->board->name);
		json_put_text(line, "image", image_place(&node->image)->value);
		json_put_number(line, "operations", (int64_t)work->plan.count);
		json_print_line(line, stdout);
		return;
	}

	printf("%s: %s on %s: ok\n", node->name.value, role_name(node->role), node->board->title);
}

static int check_node(struct session *session, const struct node *node, struct error *err)
{
	AUTOWORK struct work work = WORK_NONE;

	int r = work_prepare(session, node, &work, err);
	if (r < 0)
		return r;

	report(session->context, node, &work);
	return 0;
}

static int run(const struct context *context, int argc, char *argv[], struct error *err)
{
	AUTOSESSION struct session session = { 0 };

	int r = session_open(context, &session, err);
	if (r < 0)
		return r;

	for (int i = 0; i < argc; i++) {
		const struct node *node;

		r = session_node(&session, argv[i], &node, err);
		if (r == 0)
			r = check_node(&session, node, err);
		if (r < 0)
			return r;
	}
	if (argc)
		return 0;

	/* Mistakes in one node's files do not hide those of the next. */
	for (size_t i = 0; i < session.cluster.n_nodes; i++) {
		r = check_node(&session, &session.cluster.nodes[i], err);
		if (r < 0 && err->message)
			return r;
	}

	return context->diags->errors ? -EINVAL : 0;
}

const struct command cmd_check = {
	.name = "check",
	.synopsis = "[NODE...]",
	.summary = "validate everything, write nothing",
	.description =
		"Reads the cluster file, every file it names and the base images, and makes\n"
		"the plan of each node.  All mistakes of the cluster file are shown together, "
		"then\n"
		"all of the files it names, then those of the images.  Nothing is written.\n",
	.max_args = 4096,
	.completes = "node",
	.groups = groups,
	.run = run,
};
