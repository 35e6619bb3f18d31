/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/apply.h"

#include <errno.h>
#include <string.h>

#include "util/alloc.h"

/** What is found where an operation wants something. */
struct found {
	enum plan_state state;
	/** Why state is not PLAN_SAME; owned. */
	char *why;
};

static void differs(struct found *found, enum plan_state state, char *why)
{
	free(found->why);
	found->state = state;
	found->why = why;
}

static void compare_attr(const struct file_attr *want, const struct file_stat *st,
			 struct found *found)
{
	const struct file_attr *is = &st->attr;

	if (!st->has_attr)
		return;

	if (is->mode != want->mode)
		differs(found, PLAN_CHANGED,
			xasprintf("mode is %04o instead of %04o", is->mode, want->mode));
	else if (is->uid != want->uid || is->gid != want->gid)
		differs(found, PLAN_CHANGED,
			xasprintf("owner is %u:%u instead of %u:%u", is->uid, is->gid, want->uid,
				  want->gid));
}

/* Look at the path; when something of the right type is there, its attributes are next. */
static int look(const struct plan_op *op, const struct plan_target *target, enum file_type want,
		struct found *found, struct file_stat *st, struct error *err)
{
	static const char *const types[] = { "a file", "a directory", "a symbolic link",
					     "a special file" };
	bool there;

	int r = backend_stat_optional(target->backend, op->path, st, &there, err);
	if (r < 0)
		return r;

	if (!there)
		differs(found, PLAN_MISSING, xasprintf("is missing"));
	else if (st->type != want)
		differs(found, PLAN_CHANGED,
			xasprintf("is %s instead of %s", types[st->type], types[want]));
	return 0;
}

static int compare_mkdir(const struct plan_op *op, const struct plan_target *target,
			 struct found *found, struct error *err)
{
	struct file_stat st;

	int r = look(op, target, FILE_DIRECTORY, found, &st, err);
	if (r < 0)
		return r;

	if (found->state == PLAN_SAME)
		compare_attr(&op->attr, &st, found);
	return 0;
}

static size_t first_difference(const struct buf *a, const struct buf *b)
{
	size_t i = 0;

	while (i < a->len && i < b->len && a->data[i] == b->data[i])
		i++;

	return i;
}

static int compare_write(const struct plan_op *op, const struct plan_target *target,
			 struct found *found, struct error *err)
{
	AUTOBUF struct buf content = { 0 };
	struct file_stat st;

	int r = look(op, target, FILE_REGULAR, found, &st, err);
	if (r < 0 || found->state != PLAN_SAME)
		return r;

	compare_attr(&op->attr, &st, found);
	if (found->state != PLAN_SAME)
		return 0;

	if (st.size != op->content.len) {
		differs(found, PLAN_CHANGED,
			xasprintf("has %llu bytes instead of %zu", (unsigned long long)st.size,
				  op->content.len));
		return 0;
	}

	r = target->backend->ops->read(target->backend, op->path, &content, err);
	if (r < 0)
		return r;

	if (!buf_equal(&content, &op->content))
		differs(found, PLAN_CHANGED,
			xasprintf("content differs from byte %zu on",
				  first_difference(&content, &op->content) + 1));
	return 0;
}

static int compare_symlink(const struct plan_op *op, const struct plan_target *target,
			   struct found *found, struct error *err)
{
	AUTOFREE char *to = NULL;
	struct file_stat st;

	int r = look(op, target, FILE_SYMLINK, found, &st, err);
	if (r < 0 || found->state != PLAN_SAME)
		return r;

	r = target->backend->ops->readlink(target->backend, op->path, &to, err);
	if (r < 0)
		return r;

	if (strcmp(to, op->target) != 0)
		differs(found, PLAN_CHANGED,
			xasprintf("leads to '%s' instead of '%s'", to, op->target));
	return 0;
}

static int compare_remove(const struct plan_op *op, const struct plan_target *target,
			  struct found *found, struct error *err)
{
	bool there;

	int r = backend_exists(target->backend, op->path, &there, err);
	if (r < 0)
		return r;

	if (there)
		differs(found, PLAN_CHANGED, xasprintf("is there, but should not be"));
	return 0;
}

static int compare_disk_id(const struct plan_op *op, const struct plan_target *target,
			   struct found *found, struct error *err)
{
	AUTOLAYOUT struct layout layout = { 0 };

	int r = layout_read(target->fd, "image", &layout, err);
	if (r < 0)
		return r;

	if (layout.disk_id != op->disk_id)
		differs(found, PLAN_CHANGED,
			xasprintf("disk id is %08x instead of %08x", layout.disk_id, op->disk_id));
	return 0;
}

static int apply_mkdir(const struct plan_op *op, const struct plan_target *target,
		       struct error *err)
{
	return target->backend->ops->mkdir(target->backend, op->path, &op->attr, err);
}

static int apply_write(const struct plan_op *op, const struct plan_target *target,
		       struct error *err)
{
	return target->backend->ops->write(target->backend, op->path, &op->content, &op->attr, err);
}

static int apply_symlink(const struct plan_op *op, const struct plan_target *target,
			 struct error *err)
{
	return target->backend->ops->symlink(target->backend, op->path, op->target, err);
}

static int apply_remove(const struct plan_op *op, const struct plan_target *target,
			struct error *err)
{
	return target->backend->ops->remove(target->backend, op->path, err);
}

static int apply_disk_id(const struct plan_op *op, const struct plan_target *target,
			 struct error *err)
{
	return layout_set_disk_id(target->fd, op->disk_id, err);
}

/* How each kind of operation is called, carried out and read back. */
/* clang-format off */
static const struct {
	const char *verb;
	int (*apply)(const struct plan_op *op, const struct plan_target *target, struct error *err);
	int (*compare)(const struct plan_op *op, const struct plan_target *target,
		       struct found *found, struct error *err);
} kinds[] = {
	[PLAN_MKDIR]   = { "mkdir",   apply_mkdir,   compare_mkdir },
	[PLAN_WRITE]   = { "write",   apply_write,   compare_write },
	[PLAN_SYMLINK] = { "symlink", apply_symlink, compare_symlink },
	[PLAN_REMOVE]  = { "remove",  apply_remove,  compare_remove },
	[PLAN_DISK_ID] = { "disk-id", apply_disk_id, compare_disk_id },
};
/* clang-format on */

const char *plan_verb(enum plan_kind kind)
{
	return kinds[kind].verb;
}

int plan_compare(const struct plan_op *op, const struct plan_target *target, enum plan_state *state,
		 char **why, struct error *err)
{
	struct found found = { .state = PLAN_SAME };

	int r = kinds[op->kind].compare(op, target, &found, err);
	if (r < 0) {
		free(found.why);
		return r;
	}

	*state = found.state;
	*why = found.why;
	return 0;
}

/*
 * Links can lead anywhere in the image, also those that the plan makes; a file system
 * without owners and modes shows what is on it to everyone.
 */
static int check_secret(const struct plan_op *op, const struct plan_target *target,
			struct error *err)
{
	struct file_stat st;

	if (!op->secret)
		return 0;

	int r = target->backend->ops->stat(target->backend, op->path, &st, err);
	if (r < 0)
		return r;
	if (!st.has_attr)
		return error_set(err, -EPERM,
				 "it holds secrets, but would be on a file system that everyone "
				 "can read");
	return 0;
}

static int apply_op(const struct plan_op *op, const struct plan_target *target, struct error *err)
{
	AUTOFREE char *why = NULL;
	enum plan_state state;

	int r = plan_compare(op, target, &state, &why, err);
	if (r < 0 || state == PLAN_SAME)
		return r;

	r = kinds[op->kind].apply(op, target, err);
	return r < 0 ? r : check_secret(op, target, err);
}

int plan_apply(const struct plan *plan, const struct plan_target *target, struct error *err)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_op *op = &plan->ops[i];

		if (apply_op(op, target, err) < 0)
			return error_prefix_path(err, plan_verb(op->kind), op->path);
	}

	return 0;
}

int plan_verify(const struct plan *plan, const struct plan_target *target,
		struct plan_mismatches *ret, struct error *err)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_op *op = &plan->ops[i];
		enum plan_state state;
		char *why = NULL;

		if (plan_compare(op, target, &state, &why, err) < 0 ||
		    (state == PLAN_SAME && check_secret(op, target, err) < 0))
			return error_prefix_path(err, "verify", op->path);
		if (state != PLAN_SAME)
			*ARRAY_ADD(ret->list, ret->count) =
				(struct plan_mismatch){ .op = op, .text = why };
	}

	return 0;
}

void plan_mismatches_free(struct plan_mismatches *mismatches)
{
	for (size_t i = 0; i < mismatches->count; i++)
		free(mismatches->list[i].text);

	free(mismatches->list);
	*mismatches = (struct plan_mismatches){ 0 };
}
