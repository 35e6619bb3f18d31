/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/diff.h"

#include <stdio.h>
#include <string.h>

#include "plan/apply.h"
#include "util/alloc.h"
#include "util/file.h"
#include "util/print.h"
#include "util/process.h"

static bool is_text(const struct buf *content)
{
	return content->len == 0 || !memchr(content->data, '\0', content->len);
}

/* Both sides are handed over as files in memory: nothing touches a disk. */
static int print_diff(const char *path, const struct buf *old, const struct buf *new, bool is_new,
		      struct error *err)
{
	AUTOBUF struct buf output = { 0 };
	int status;

	AUTOCLOSE int a = file_memfd("old", old, err);
	if (a < 0)
		return err->code;
	AUTOCLOSE int b = file_memfd("new", new, err);
	if (b < 0)
		return err->code;

	AUTOFREE char *a_path = xasprintf("/proc/self/fd/%d", a);
	AUTOFREE char *b_path = xasprintf("/proc/self/fd/%d", b);
	AUTOFREE char *a_label = is_new ? xstrdup("/dev/null") : xasprintf("a%s", path);
	AUTOFREE char *b_label = xasprintf("b%s", path);
	const char *const argv[] = { "diff",  "-u", "--label", a_label, "--label",
				     b_label, "--", a_path,    b_path,  NULL };
	const int fds[] = { a, b, -1 };
	const struct process process = { .argv = argv, .fds = fds, .output = &output };

	int r = process_run(&process, &status, err);
	if (r < 0)
		return r;

	print_text(stdout, buf_text(&output));
	return 0;
}

static void print_attr(const struct plan_op *op, const char *why)
{
	if (op->kind == PLAN_SYMLINK)
		print_line(stdout, "symlink %s -> %s: %s", op->path, op->target, why);
	else if (op->kind == PLAN_MKDIR || op->kind == PLAN_WRITE)
		print_line(stdout, "%s %s %04o %u:%u: %s", plan_verb(op->kind), op->path,
			   op->attr.mode, op->attr.uid, op->attr.gid, why);
	else if (op->kind == PLAN_DISK_ID)
		print_line(stdout, "%s %08x: %s", plan_verb(op->kind), op->disk_id, why);
	else
		print_line(stdout, "%s %s: %s", plan_verb(op->kind), op->path, why);
}

static int print_write(const struct plan_op *op, const struct plan_target *target,
		       bool show_secrets, struct error *err)
{
	AUTOBUF struct buf old = { 0 };
	struct file_stat st;
	bool there;

	int r = backend_stat_optional(target->backend, op->path, &st, &there, err);
	if (r < 0)
		return r;

	if (there && st.type == FILE_REGULAR) {
		r = target->backend->ops->read(target->backend, op->path, &old, err);
		if (r < 0)
			return r;
	}

	if (op->secret && !show_secrets) {
		print_line(stdout, "secret content of %s differs (--show-secrets prints it)",
			   op->path);
		return 0;
	}
	if (!is_text(&old) || !is_text(&op->content)) {
		print_line(stdout, "binary content of %s: %zu bytes, now %zu bytes", op->path,
			   old.len, op->content.len);
		return 0;
	}

	return print_diff(op->path, &old, &op->content, !there, err);
}

static int print_op(const struct plan_op *op, const struct plan_target *target, bool show_secrets,
		    struct error *err)
{
	AUTOFREE char *why = NULL;
	enum plan_state state;

	int r = plan_compare(op, target, &state, &why, err);
	if (r < 0 || state == PLAN_SAME)
		return r;

	print_attr(op, why);
	return op->kind == PLAN_WRITE ? print_write(op, target, show_secrets, err) : 0;
}

int diff_print_plan(const struct plan *plan, const struct disk *base, bool show_secrets,
		    struct error *err)
{
	const struct plan_target target = { .fd = base->fd, .backend = base->backend };

	for (size_t i = 0; i < plan->count; i++) {
		int r = print_op(&plan->ops[i], &target, show_secrets, err);
		if (r < 0)
			return error_prefix_path(err, "compare", plan->ops[i].path);
	}

	return 0;
}
