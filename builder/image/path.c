/* SPDX-License-Identifier: Apache-2.0 */
#include "image/path.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "util/alloc.h"
#include "util/text.h"

/* The limits of Linux itself. */
enum { MAX_HOPS = 40, MAX_NAME = 255 };

/** A directory or file on the way. */
struct step {
	struct fs *fs;
	struct fs_node node;
	/** Name in the directory before; NULL for the root of the image; owned. */
	char *name;
	/** It is the root of a mounted file system. */
	bool mount_root;
};

/** A path on the way to being resolved. */
struct walk {
	const struct mounts *mounts;
	struct step *steps;
	size_t depth;
	/** What is still to go, and the position in it; owned. */
	char *rest, *pos;
	/** The symbolic link followed last, and its target; owned. */
	char *link, *target;
	/** So many bytes of rest do not come from that target. */
	size_t after_link;
	unsigned hops;
	/** Follow a link in the last component. */
	bool follow;
	/** The last component, if there is no such file; owned. */
	char *missing;
};

static void pop(struct walk *walk)
{
	free(walk->steps[--walk->depth].name);
}

static void walk_done(struct walk *walk)
{
	while (walk->depth)
		pop(walk);

	free(walk->steps);
	free(walk->rest);
	free(walk->link);
	free(walk->target);
	free(walk->missing);
}
#define AUTOWALK CLEANUP(walk_done)

static struct step *top(const struct walk *walk)
{
	return &walk->steps[walk->depth - 1];
}

static void push(struct walk *walk, struct fs *fs, const struct fs_node *node, const char *name)
{
	struct step step = { .fs = fs, .node = *node, .name = xstrdup(name) };

	for (size_t i = 0; i < walk->mounts->count; i++) {
		const struct mount *mount = &walk->mounts->list[i];

		if (mount->parent != step.fs || mount->covered != node->id ||
		    node->stat.type != FILE_DIRECTORY)
			continue;
		step.fs = mount->fs;
		step.node = mount->root;
		step.mount_root = true;
	}

	*ARRAY_ADD(walk->steps, walk->depth) = step;
}

/* The path of the topmost directory within its file system; "" is a root. */
static char *path_in_fs(const struct walk *walk)
{
	AUTOBUF struct buf path = { 0 };

	for (size_t i = 1; i < walk->depth; i++) {
		if (walk->steps[i].mount_root)
			buf_free(&path);
		else
			buf_addf(&path, "/%s", walk->steps[i].name);
	}

	return xstrdup(buf_text(&path));
}

/* The path of a name in the topmost directory, for a message: names may be hostile. */
static char *path_shown(const struct walk *walk, const char *name)
{
	AUTOBUF struct buf path = { 0 };

	for (size_t i = 1; i < walk->depth; i++)
		buf_addf(&path, "/%s", walk->steps[i].name);
	if (name)
		buf_addf(&path, "/%s", name);

	char *shown = xstrdup(buf_text(&path));
	text_make_printable(shown);
	return shown;
}

static bool in_link(const struct walk *walk)
{
	return walk->link && strlen(walk->pos) >= walk->after_link;
}

static int not_there(struct walk *walk, const char *name, struct error *err)
{
	AUTOFREE char *path = path_shown(walk, name);

	if (in_link(walk))
		return error_set(err, -ENOENT,
				 "'%s' is a symbolic link to '%s', which is not in the image",
				 walk->link, walk->target);

	return error_set(err, -ENOENT, "'%s' is not in the image", path);
}

static int leads_out(const struct walk *walk, const char *path, struct error *err)
{
	if (in_link(walk))
		return error_set(err, -EXDEV, "symbolic link '%s' -> '%s' leads out of the image",
				 walk->link, walk->target);

	return error_set(err, -EXDEV, "path '%s' leads out of the image", path);
}

/* Put the target of a link in front of what is still to go. */
static int follow_link(struct walk *walk, const struct fs_node *node, const char *name,
		       struct error *err)
{
	AUTOFREE char *link = path_shown(walk, name);
	char *target = NULL;

	int r = top(walk)->fs->ops->readlink(top(walk)->fs, node, &target, err);
	if (r < 0)
		return error_prefix(err, "'%s'", link);

	char *rest = xasprintf("%s/%s", target, walk->pos);
	size_t after = strlen(walk->pos);

	free(walk->rest);
	free(walk->link);
	free(walk->target);
	walk->rest = walk->pos = rest;
	walk->link = TAKE(link);
	walk->target = target;
	walk->after_link = after;
	while (target[0] == '/' && walk->depth > 1)
		pop(walk);

	text_make_printable(walk->target);
	if (++walk->hops > MAX_HOPS)
		return error_set(err, -ELOOP, "too many symbolic links, the last is '%s' -> '%s'",
				 walk->link, walk->target);
	if (target[0] == '\0')
		return error_set(err, -EINVAL, "symbolic link '%s' is empty", walk->link);
	return 0;
}

/* One component that is neither "." nor "..". */
static int enter(struct walk *walk, const char *name, bool last, struct error *err)
{
	struct step *dir = top(walk);
	struct fs_node node;
	bool found;

	int r = dir->fs->ops->lookup(dir->fs, &dir->node, name, &node, &found, err);
	if (r < 0) {
		AUTOFREE char *path = path_shown(walk, name);

		return error_prefix(err, "'%s'", path);
	}

	if (!found && last && !in_link(walk)) {
		walk->missing = xstrdup(name);
		return 0;
	}
	if (!found)
		return not_there(walk, name, err);
	if (node.stat.type == FILE_SYMLINK && (walk->follow || !last))
		return follow_link(walk, &node, name, err);

	push(walk, dir->fs, &node, name);
	return 0;
}

static int step_on(struct walk *walk, const char *path, const char *name, bool last,
		   struct error *err)
{
	if (top(walk)->node.stat.type != FILE_DIRECTORY) {
		AUTOFREE char *where = path_shown(walk, NULL);

		return error_set(err, -ENOTDIR, "'%s' is not a directory", where);
	}

	if (strlen(name) > MAX_NAME)
		return error_set(err, -ENAMETOOLONG, "a name in '%s' has more than %d bytes", path,
				 MAX_NAME);
	if (strcmp(name, ".") == 0)
		return 0;
	if (strcmp(name, "..") != 0)
		return enter(walk, name, last, err);
	if (walk->depth == 1)
		return leads_out(walk, path, err);

	pop(walk);
	return 0;
}

static int walk_start(struct walk *walk, const char *path, struct error *err)
{
	if (path[0] != '/' || strlen(path) >= PATH_MAX)
		return error_set(err, -EINVAL, "'%s' is not an absolute path of less than %d bytes",
				 path, PATH_MAX);
	if (walk->mounts->count == 0)
		return error_set(err, -EINVAL, "no file system is mounted");

	walk->rest = walk->pos = xstrdup(path);
	push(walk, walk->mounts->list[0].fs, &walk->mounts->list[0].root, NULL);
	top(walk)->mount_root = true;
	return 0;
}

/* Stops before a component that cannot be entered, so that the steps so far are good. */
static int walk_run(struct walk *walk, const char *path, struct error *err)
{
	int r = walk_start(walk, path, err);

	while (r == 0) {
		walk->pos += strspn(walk->pos, "/");
		size_t len = strcspn(walk->pos, "/");
		if (len == 0)
			break;

		AUTOFREE char *name = xstrndup(walk->pos, len);
		walk->pos += len;
		bool last = walk->pos[strspn(walk->pos, "/")] == '\0';

		r = step_on(walk, path, name, last, err);
	}

	return r;
}

int path_resolve(const struct mounts *mounts, const char *path, bool follow, struct fs_place *ret,
		 struct error *err)
{
	AUTOWALK struct walk walk = { .mounts = mounts, .follow = follow };

	int r = walk_run(&walk, path, err);
	if (r < 0)
		return r;

	struct fs_place place = { .exists = !walk.missing };
	const struct step *last = top(&walk);

	if (walk.missing) {
		place.name = TAKE(walk.missing);
	} else {
		place.node = last->node;
		place.name = xstrdup(last->mount_root ? "" : last->name);
		if (!last->mount_root)
			pop(&walk);
	}

	place.fs = top(&walk)->fs;
	place.dir = top(&walk)->node;
	place.dir_path = path_in_fs(&walk);
	*ret = place;
	return 0;
}

int path_mount(const struct mounts *mounts, const char *path, const struct mount **ret,
	       struct error *err)
{
	AUTOERROR struct error missing = ERROR_NONE;
	AUTOWALK struct walk walk = { .mounts = mounts };

	int r = walk_run(&walk, path, &missing);
	if (r < 0 && r != -ENOENT) {
		*err = missing;
		missing = ERROR_NONE;
		return r;
	}

	*ret = &mounts->list[0];
	for (size_t i = 0; i < mounts->count; i++)
		if (mounts->list[i].fs == top(&walk)->fs)
			*ret = &mounts->list[i];
	return 0;
}
