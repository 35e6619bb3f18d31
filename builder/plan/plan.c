/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/plan.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "util/alloc.h"

static void op_done(struct plan_op *op)
{
	free(op->path);
	free(op->target);
	buf_free(&op->content);
}

static struct plan_op *find(const struct plan *plan, const char *path)
{
	for (size_t i = 0; i < plan->count; i++)
		if (strcmp(plan->ops[i].path, path) == 0)
			return &plan->ops[i];

	return NULL;
}

const struct plan_op *plan_find(const struct plan *plan, const char *path)
{
	return find(plan, path);
}

static struct plan_op *add(struct plan *plan, enum plan_kind kind, const char *path,
			   const char *reason)
{
	struct plan_op *op = find(plan, path);

	assert(kind == PLAN_DISK_ID || path[0] == '/');

	if (op)
		op_done(op);
	else
		op = ARRAY_ADD(plan->ops, plan->count);

	*op = (struct plan_op){ .kind = kind, .path = xstrdup(path), .reason = reason };
	return op;
}

struct plan_op *plan_mkdir(struct plan *plan, const char *path, struct file_attr attr,
			   const char *reason)
{
	struct plan_op *op = add(plan, PLAN_MKDIR, path, reason);

	op->attr = attr;
	return op;
}

struct plan_op *plan_write(struct plan *plan, const char *path, struct buf content,
			   struct file_attr attr, const char *reason)
{
	struct plan_op *op = add(plan, PLAN_WRITE, path, reason);

	op->attr = attr;
	op->content = content;
	return op;
}

struct plan_op *plan_symlink(struct plan *plan, const char *path, const char *target,
			     const char *reason)
{
	struct plan_op *op = add(plan, PLAN_SYMLINK, path, reason);

	op->target = xstrdup(target);
	return op;
}

struct plan_op *plan_remove(struct plan *plan, const char *path, const char *reason)
{
	return add(plan, PLAN_REMOVE, path, reason);
}

struct plan_op *plan_disk_id(struct plan *plan, uint32_t disk_id, const char *reason)
{
	struct plan_op *op = add(plan, PLAN_DISK_ID, "", reason);

	op->disk_id = disk_id;
	return op;
}

/** A plan that is being put into order. */
struct completion {
	struct plan *from;
	/** Operations of `from` that were moved to `to`. */
	bool *moved;
	struct plan to;
	struct backend *backend;
};

static void move_op(struct completion *c, size_t i)
{
	if (c->moved[i])
		return;

	c->moved[i] = true;
	*ARRAY_ADD(c->to.ops, c->to.count) = c->from->ops[i];
}

/* One directory on the way to a file: planned already, in the image, or to be made. */
static int add_directory(struct completion *c, const char *path, struct error *err)
{
	const struct plan_op *planned = find(c->from, path);
	bool exists;

	if (planned && planned->kind == PLAN_MKDIR) {
		move_op(c, (size_t)(planned - c->from->ops));
		return 0;
	}
	if (find(&c->to, path))
		return 0;

	int r = backend_exists(c->backend, path, &exists, err);
	if (r < 0)
		return r;

	if (!exists)
		plan_mkdir(&c->to, path, ATTR_ROOT_0755, "directory");
	return 0;
}

static int add_parents(struct completion *c, const char *path, struct error *err)
{
	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		AUTOFREE char *parent = xstrndup(path, (size_t)(slash - path));

		int r = add_directory(c, parent, err);
		if (r < 0)
			return r;
	}

	return 0;
}

static int complete_op(struct completion *c, size_t i, struct error *err)
{
	const struct plan_op *op = &c->from->ops[i];

	if (op->kind != PLAN_REMOVE && op->kind != PLAN_DISK_ID) {
		int r = add_parents(c, op->path, err);
		if (r < 0)
			return error_prefix_path(err, "plan", op->path);
	}

	move_op(c, i);
	return 0;
}

int plan_complete(struct plan *plan, struct backend *b, struct error *err)
{
	AUTOFREE bool *moved = xcalloc(plan->count, sizeof(*moved));
	struct completion c = { .from = plan, .moved = moved, .backend = b };
	int r = 0;

	for (size_t i = 0; i < plan->count && r == 0; i++)
		r = complete_op(&c, i, err);

	/* What was not moved after a failure still has one owner. */
	for (size_t i = 0; i < plan->count; i++)
		move_op(&c, i);

	free(plan->ops);
	*plan = c.to;
	return r;
}

void plan_free(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		op_done(&plan->ops[i]);

	free(plan->ops);
	*plan = (struct plan){ 0 };
}
