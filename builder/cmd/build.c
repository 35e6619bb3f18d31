/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd/building.h"
#include "util/alloc.h"
#include "util/jobs.h"
#include "util/print.h"
#include "util/text.h"

static const struct option_group *const groups[] = { &options_build, &options_source,
						     &options_backend, &options_node, NULL };

/** Nodes that were chosen; pointers into the cluster.  Initialise with { 0 }. */
struct choice {
	const struct node **list;
	size_t count;
};

static void choice_free(struct choice *choice)
{
	free(choice->list);
}

static int add_node(struct choice *choice, const struct node *node, struct error *err)
{
	for (size_t i = 0; i < choice->count; i++)
		if (choice->list[i] == node)
			return error_set_usage(err, "node '%s' is named twice", node->name.value);

	*ARRAY_ADD(choice->list, choice->count) = node;
	return 0;
}

static int choose(const struct session *session, int argc, char *argv[], struct choice *ret,
		  struct error *err)
{
	for (int i = 0; i < argc; i++) {
		const struct node *node;

		int r = session_node(session, argv[i], &node, err);
		if (r == 0)
			r = add_node(ret, node, err);
		if (r < 0)
			return r;
	}

	for (size_t i = 0; argc == 0 && i < session->cluster.n_nodes; i++)
		*ARRAY_ADD(ret->list, ret->count) = &session->cluster.nodes[i];
	return 0;
}

/* "I/N": of the nodes, every Nth from the Ith on, counted from 0. */
static int take_shard(const char *text, struct choice *choice, struct error *err)
{
	uint64_t index, shards;
	const char *slash = strchr(text, '/');
	AUTOFREE char *first = xstrndup(text, slash ? (size_t)(slash - text) : strlen(text));
	size_t kept = 0;

	if (!slash || !text_parse_number(first, UINT32_MAX, &index) ||
	    !text_parse_number(slash + 1, UINT32_MAX, &shards) || index >= shards)
		return error_set_usage(err,
				       "--shard '%s' is no shard; it is I/N with I from 0 to N-1, "
				       "as in 0/4",
				       text);

	for (size_t i = 0; i < choice->count; i++)
		if (i % shards == index)
			choice->list[kept++] = choice->list[i];
	choice->count = kept;
	return 0;
}

static int check_output(const char *output, size_t n_nodes, struct error *err)
{
	/* A device that is not there would become a directory. */
	if (text_starts(output, "/dev/"))
		return error_set_usage(err,
				       "nib build writes files, not devices; write the image to "
				       "a card with dd or rpi-imager");
	if (text_ends(output, ".img") && n_nodes != 1)
		return error_set_usage(err,
				       "--output '%s' is one image, but %zu nodes are built; give "
				       "a directory",
				       output, n_nodes);
	return 0;
}

/* More processes than nodes would be idle. */
static unsigned parallel_of(const struct options *options, size_t n_nodes)
{
	uint64_t wanted = options->jobs ? options->jobs : jobs_processors();

	return (unsigned)(wanted < n_nodes ? wanted : n_nodes);
}

static int run(const struct context *context, int argc, char *argv[], struct error *err)
{
	const struct options *o = context->options;
	AUTOSESSION struct session session = { 0 };
	CLEANUP(choice_free) struct choice choice = { 0 };
	AUTOBUILDING struct building building = {
		.session = &session,
		.output = o->output ? o->output : "images",
		.work = WORK_NONE,
	};

	int r = o->compress ? pack_parse(o->compress, &building.pack, err) : 0;
	if (r == 0 && o->keep_raw && building.pack.format == PACK_NONE)
		r = error_set_usage(err, "--keep-raw needs --compress");
	if (r == 0)
		r = session_open(context, &session, err);
	if (r == 0)
		r = choose(&session, argc, argv, &choice, err);
	if (r == 0 && o->shard)
		r = take_shard(o->shard, &choice, err);
	if (r == 0)
		r = check_output(building.output, choice.count, err);
	if (r < 0)
		return r;
	/* Of few nodes in many shards, some get none. */
	if (choice.count == 0) {
		if (!o->quiet)
			print_line(stderr, "nib: no node is in shard %s", o->shard);
		return 0;
	}

	building.nodes = choice.list;
	building.n_nodes = choice.count;
	building.parallel = parallel_of(o, choice.count);
	return building_run(&building, err);
}

const struct command cmd_build = {
	.name = "build",
	.synopsis = "[NODE...]",
	.summary = "write bootable images (all nodes without NODE)",
	.description =
		"Copies the base image, edits the copy, reads every change back through a second,\n"
		"read-only open, and only then gives the image its name: images/NODE.img, mode "
		"0600,\n"
		"with a block map NODE.img.bmap and a manifest NODE.img.json beside it.  Needs no\n"
		"root, no loop device, no VM.  With --compress, blocks of the compressed base "
		"that\n"
		"did not change are taken over, so that it takes seconds.\n",
	.max_args = 4096,
	.completes = "node",
	.tells_steps = true,
	.groups = groups,
	.run = run,
};
