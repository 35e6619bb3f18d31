/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/realpath.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "util/alloc.h"

/* As many as the kernel follows. */
enum { MAX_LINKS = 40 };

/** A path on the way to being resolved. */
struct search {
	const struct plan *plan;
	struct backend *b;
	/** The directories so far, without links; "" is the root. */
	struct buf done;
	/** What is still to go, and the position in it; owned. */
	char *rest, *pos;
	unsigned links;
};

static void search_done(struct search *s)
{
	buf_free(&s->done);
	free(s->rest);
}

static void drop_last(struct search *s)
{
	const char *slash = strrchr(buf_text(&s->done), '/');

	s->done.len = slash ? (size_t)(slash - s->done.data) : 0;
	if (s->done.data)
		s->done.data[s->done.len] = '\0';
}

/* It has to lead to a directory of the image: what the back end finds there is not outside. */
static int check_link(const struct search *s, struct error *err)
{
	const char *link = buf_text(&s->done);
	AUTOFREE char *inside = xasprintf("%s/.", link);
	bool exists;

	if (s->plan && plan_find(s->plan, link))
		return error_set(err, -ENOTDIR,
				 "'%s' is a directory's link in the image, but planned to be "
				 "something else",
				 link);

	int r = backend_exists(s->b, inside, &exists, err);
	if (r == 0 && !exists)
		return error_set(err, -ENOTDIR, "'%s' is a symbolic link to nowhere in the image",
				 link);
	return r;
}

static int follow(struct search *s, struct error *err)
{
	AUTOFREE char *target = NULL;

	if (++s->links > MAX_LINKS)
		return error_set(err, -ELOOP, "'%s' leads through too many symbolic links",
				 buf_text(&s->done));

	int r = check_link(s, err);
	if (r < 0)
		return r;

	r = s->b->ops->readlink(s->b, buf_text(&s->done), &target, err);
	if (r < 0)
		return r;

	char *rest = xasprintf("%s/%s", target, s->pos);

	free(s->rest);
	s->rest = s->pos = rest;
	drop_last(s);
	if (*target == '/')
		buf_free(&s->done);
	return 0;
}

static int enter(struct search *s, const char *name, bool last, struct error *err)
{
	struct file_stat st;
	bool exists;

	if (strcmp(name, ".") == 0)
		return 0;
	if (strcmp(name, "..") == 0) {
		drop_last(s);
		return 0;
	}
	if (strlen(name) > NAME_MAX)
		return error_set(err, -ENAMETOOLONG, "a name of more than %d bytes", NAME_MAX);

	buf_addf(&s->done, "/%s", name);
	if (last)
		return 0;

	int r = backend_stat_optional(s->b, buf_text(&s->done), &st, &exists, err);
	if (r < 0 || !exists || st.type == FILE_DIRECTORY)
		return r;
	if (st.type == FILE_SYMLINK)
		return follow(s, err);
	return error_set(err, -ENOTDIR, "'%s' is not a directory in the image", buf_text(&s->done));
}

int plan_realpath(const struct plan *plan, struct backend *b, const char *path, char **ret,
		  struct error *err)
{
	CLEANUP(search_done) struct search s = { .plan = plan, .b = b, .rest = xstrdup(path) };

	if (strlen(path) >= PATH_MAX)
		return error_set(err, -ENAMETOOLONG, "a path of more than %d bytes", PATH_MAX - 1);

	for (s.pos = s.rest; s.pos[strspn(s.pos, "/")];) {
		s.pos += strspn(s.pos, "/");
		AUTOFREE char *name = xstrndup(s.pos, strcspn(s.pos, "/"));

		s.pos += strlen(name);
		int r = enter(&s, name, s.pos[strspn(s.pos, "/")] == '\0', err);
		if (r < 0)
			return r;
	}

	*ret = xstrdup(s.done.len ? buf_text(&s.done) : "/");
	return 0;
}
