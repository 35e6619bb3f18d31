/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "plan/apply.h"
#include "util/alloc.h"
#include "util/text.h"

/** What the operations on one file system need at most. */
struct need {
	/** Mount point; borrowed from the back end. */
	const char *mount;
	/** A path on it. */
	const char *path;
	struct file_space space;
	uint64_t units, inodes;
};

static int need_of(struct need **needs, size_t *count, struct backend *b, const char *path,
		   struct need **ret, struct error *err)
{
	const char *mount = b->ops->mount_of(b, path);

	for (size_t i = 0; i < *count; i++) {
		if (strcmp((*needs)[i].mount, mount) == 0) {
			*ret = &(*needs)[i];
			return 0;
		}
	}

	struct need *need = ARRAY_ADD(*needs, *count);
	*need = (struct need){ .mount = mount, .path = path };
	*ret = need;
	return b->ops->space(b, path, &need->space, err);
}

/*
 * A replaced file is counted in full, since the new one is written before the old
 * one is freed, and every new name may make its directory grow.
 */
static void count_op(const struct plan_op *op, enum plan_state state, struct need *need)
{
	uint64_t unit = need->space.unit;

	if (op->kind == PLAN_WRITE)
		need->units += (op->content.len + unit - 1) / unit;
	if (op->kind == PLAN_MKDIR || (op->kind == PLAN_SYMLINK && strlen(op->target) >= 60))
		need->units++;
	if (state == PLAN_MISSING)
		need->units++;
	need->inodes++;
}

static int check(const struct need *need, struct error *err)
{
	static const char way_out[] = "nib's cluster.md tells how to make room in a base image";
	const struct file_space *space = &need->space;
	AUTOBUF struct buf sizes = { 0 };

	if (need->units > space->free_units) {
		text_add_size(&sizes, need->units * space->unit);
		buf_adds(&sizes, " are needed, ");
		text_add_size(&sizes, (need->units - space->free_units) * space->unit);
		return error_set(err, -ENOSPC, "no room in file system '%s': %s are missing; %s",
				 need->mount, buf_text(&sizes), way_out);
	}

	if (need->inodes > space->free_inodes)
		return error_set(
			err, -ENOSPC,
			"no room in file system '%s': %llu inodes are needed, %llu are free; %s",
			need->mount, (unsigned long long)need->inodes,
			(unsigned long long)space->free_inodes, way_out);
	return 0;
}

static int add_op(const struct plan_op *op, struct need **needs, size_t *count, struct backend *b,
		  struct error *err)
{
	const struct plan_target target = { .fd = -1, .backend = b };
	AUTOFREE char *why = NULL;
	enum plan_state state;
	struct need *need;

	if (op->kind == PLAN_REMOVE || op->kind == PLAN_DISK_ID)
		return 0;

	int r = plan_compare(op, &target, &state, &why, err);
	if (r < 0 || state == PLAN_SAME || (op->kind == PLAN_MKDIR && state == PLAN_CHANGED))
		return r;

	r = need_of(needs, count, b, op->path, &need, err);
	if (r == 0)
		count_op(op, state, need);
	return r;
}

int plan_check_space(const struct plan *plan, struct backend *b, struct error *err)
{
	AUTOFREE struct need *needs = NULL;
	size_t count = 0;

	for (size_t i = 0; i < plan->count; i++) {
		int r = add_op(&plan->ops[i], &needs, &count, b, err);
		if (r < 0)
			return error_prefix_path(err, "check the room for", plan->ops[i].path);
	}

	for (size_t i = 0; i < count; i++) {
		int r = check(&needs[i], err);
		if (r < 0)
			return r;
	}

	return 0;
}
