/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd/diff.h"
#include "cmd/session.h"
#include "plan/realpath.h"
#include "util/alloc.h"
#include "util/json.h"
#include "util/print.h"
#include "util/text.h"

static const struct option_group *const groups[] = { &options_plan, &options_source,
						     &options_backend, &options_node, NULL };

/* How an operation compares with the base image, in one character. */
static const char marks[] = {
	[PLAN_SAME] = '=',
	[PLAN_CHANGED] = '~',
	[PLAN_MISSING] = '+',
};

static void print_json(const struct plan_op *op, enum plan_state state)
{
	static const char *const names[] = { "same", "changed", "missing" };
	AUTOJSON struct json_object *line = json_new_line("operation");

	json_put_text(line, "operation", plan_verb(op->kind));
	if (op->path[0])
		json_put_text(line, "path", op->path);
	json_put_text(line, "base", names[state]);
	if (op->kind == PLAN_WRITE || op->kind == PLAN_MKDIR) {
		AUTOFREE char *mode = xasprintf("%04o", op->attr.mode);

		json_put_text(line, "mode", mode);
		json_put_number(line, "uid", op->attr.uid);
		json_put_number(line, "gid", op->attr.gid);
	}
	if (op->kind == PLAN_SYMLINK)
		json_put_text(line, "target", op->target);
	if (op->kind == PLAN_DISK_ID) {
		AUTOFREE char *id = xasprintf("%08x", op->disk_id);

		json_put_text(line, "id", id);
	}
	if (op->secret)
		json_put_flag(line, "secret", true);
	json_put_text(line, "reason", op->reason);
	json_print_line(line, stdout);
}

/* The path comes last, since it and a link's target can be of any length. */
static void print_operation(const struct plan_op *op, enum plan_state state)
{
	char mark = op->kind == PLAN_REMOVE && state == PLAN_CHANGED ? '-' : marks[state];
	AUTOBUF struct buf attr = { 0 }, what = { 0 };

	if (op->kind == PLAN_WRITE || op->kind == PLAN_MKDIR)
		buf_addf(&attr, "%04o %u:%u", op->attr.mode, op->attr.uid, op->attr.gid);

	if (op->kind == PLAN_DISK_ID)
		buf_addf(&what, "%08x", op->disk_id);
	else if (op->kind == PLAN_SYMLINK)
		buf_addf(&what, "%s -> %s", op->path, op->target);
	else
		buf_addf(&what, "%s%s", op->path, op->secret ? " (secret)" : "");
	print_line(stdout, "%c %-7s %-14s %-36s %s", mark, plan_verb(op->kind), buf_text(&attr),
		   op->reason, buf_text(&what));
}

static int list(const struct context *context, const struct node *node, const struct work *work,
		struct error *err)
{
	const struct plan_target target = { .fd = work->base.fd, .backend = work->base.backend };
	size_t counts[3] = { 0 };

	if (!context->options->json)
		print_line(stdout, "%s: %s on %s, from %s (%s)", node->name.value,
			   role_name(node->role), node->board->title, work->base.name,
			   work->base.release.pretty_name);

	for (size_t i = 0; i < work->plan.count; i++) {
		const struct plan_op *op = &work->plan.ops[i];
		AUTOFREE char *why = NULL;
		enum plan_state state;

		int r = plan_compare(op, &target, &state, &why, err);
		if (r < 0)
			return r;

		counts[state]++;
		if (context->options->json)
			print_json(op, state);
		else
			print_operation(op, state);
	}

	if (!context->options->json)
		printf("%zu operations: %zu new (+), %zu changed (~, -), %zu as they are (=)\n",
		       work->plan.count, counts[PLAN_MISSING], counts[PLAN_CHANGED],
		       counts[PLAN_SAME]);
	return 0;
}

/* "hostname" may be meant for "/etc/hostname". */
static const char *suggest_path(const struct plan *plan, const char *path)
{
	AUTOFREE const char **paths = xcalloc(plan->count, sizeof(*paths));

	for (size_t i = 0; i < plan->count; i++) {
		const char *planned = plan->ops[i].path, *slash = strrchr(planned, '/');

		paths[i] = planned;
		if (slash && strcmp(slash + 1, path) == 0)
			return planned;
	}

	return text_suggest(path, paths, plan->count);
}

static int show(const struct context *context, const struct work *work, struct error *err)
{
	const char *path = context->options->show;
	AUTOERROR struct error ignored = ERROR_NONE;
	AUTOFREE char *real = NULL;

	/* "/bin/tool" is planned where it really is. */
	if (plan_realpath(NULL, work->base.backend, path, &real, &ignored) < 0)
		real = xstrdup(path);

	const struct plan_op *op = plan_find(&work->plan, real);
	if (!op) {
		const char *near = suggest_path(&work->plan, path);

		return error_set_usage(err, "'%s' is not in the plan%s%s%s", path,
				       near ? "; did you mean '" : "", near ? near : "",
				       near ? "'?" : "");
	}
	if (op->kind == PLAN_SYMLINK) {
		print_line(stdout, "%s", op->target);
		return 0;
	}
	if (op->kind != PLAN_WRITE)
		return error_set_usage(err, "'%s' has no content: the plan is to %s it", path,
				       plan_verb(op->kind));
	if (op->secret && !context->options->show_secrets)
		return error_set_usage(err, "'%s' holds secrets; --show-secrets prints them", path);

	(void)fwrite(buf_text(&op->content), 1, op->content.len, stdout);
	return 0;
}

static int run(const struct context *context, int argc, char *argv[], struct error *err)
{
	AUTOSESSION struct session session = { 0 };
	AUTOWORK struct work work = WORK_NONE;
	const struct node *node;

	if (!argc && !session_from_options(context->options))
		return error_set_usage(err, "which node? see 'nib plan --help'");

	if (context->options->json && (context->options->show || context->options->diff))
		return error_set_usage(err, "--json does not go with --show and --diff");

	if (context->options->show && context->options->diff)
		return error_set_usage(err, "--show and --diff exclude each other");

	int r = session_open(context, &session, err);
	if (r < 0)
		return r;

	r = session_node(&session, argc ? argv[0] : session.cluster.nodes[0].name.value, &node,
			 err);
	if (r < 0)
		return r;

	r = work_prepare(&session, node, &work, err);
	if (r < 0)
		return r;

	if (context->options->show)
		return show(context, &work, err);
	if (context->options->diff)
		return diff_print_plan(&work.plan, &work.base, context->options->show_secrets, err);
	return list(context, node, &work, err);
}

const struct command cmd_plan = {
	.name = "plan",
	.synopsis = "NODE",
	.summary = "show what would be changed in a node's image",
	.description =
		"Lists every operation, compared with the base image: + is new, ~ is changed,\n"
		"- is removed, = is in the base image already.  Writes nothing.\n",
	.max_args = 1,
	.completes = "node",
	.groups = groups,
	.run = run,
};
