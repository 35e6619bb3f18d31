/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/imagetext.h"

#include <errno.h>
#include <string.h>

#include "util/alloc.h"

/* As many as the kernel follows. */
enum { MAX_LINKS = 40 };

/* Append the components of a path to another one, "." and ".." resolved; false above "/". */
static bool add_components(struct buf *path, const char *more)
{
	while (*more) {
		size_t len = strcspn(more, "/");

		if (len == 2 && memcmp(more, "..", 2) == 0) {
			if (!path->len)
				return false;
			path->len = (size_t)(strrchr(buf_text(path), '/') - path->data);
			path->data[path->len] = '\0';
		} else if (len && !(len == 1 && *more == '.')) {
			buf_adds(path, "/");
			buf_add(path, more, len);
		}
		more += len + (more[len] == '/');
	}

	return true;
}

/* The path that a symbolic link at `link` leads to. */
static int link_target(const char *link, const char *target, char **ret, struct error *err)
{
	AUTOBUF struct buf path = { 0 };
	bool ok = true;

	if (*target != '/') {
		ok = add_components(&path, link);
		ok = ok && add_components(&path, "..");
	}
	if (!ok || !add_components(&path, target))
		return error_set(err, -EXDEV, "'%s' leads out of the image", link);

	*ret = xstrdup(path.len ? buf_text(&path) : "/");
	return 0;
}

static int follow(struct backend *b, char **path, struct file_stat *st, bool *found,
		  struct error *err)
{
	for (int i = 0; i < MAX_LINKS; i++) {
		AUTOFREE char *target = NULL, *next = NULL;

		int r = backend_stat_optional(b, *path, st, found, err);
		if (r < 0 || !*found || st->type != FILE_SYMLINK)
			return r;

		r = b->ops->readlink(b, *path, &target, err);
		if (r == 0)
			r = link_target(*path, target, &next, err);
		if (r < 0)
			return r;

		free(*path);
		*path = TAKE(next);
	}

	return error_set(err, -ELOOP, "'%s' leads through too many symbolic links", *path);
}

static int check_text(const char *path, const struct buf *text, struct error *err)
{
	size_t line = 0;

	for (size_t i = 0; i < text->len; i++) {
		if (text->data[i] == '\0')
			return error_set(err, -EINVAL, "'%s' is not a text: it has 0 bytes", path);

		line = text->data[i] == '\n' ? 0 : line + 1;
		if (line > IMAGETEXT_LINE_MAX)
			return error_set(err, -EINVAL, "'%s' has a line of more than %d bytes",
					 path, IMAGETEXT_LINE_MAX);
	}

	return 0;
}

static int read_file(struct backend *b, size_t max, struct imagetext *text, struct error *err)
{
	struct file_stat st;

	int r = follow(b, &text->path, &st, &text->found, err);
	if (r < 0 || !text->found)
		return r;

	if (st.type != FILE_REGULAR)
		return error_set(err, -EINVAL, "'%s' is not a file", text->path);
	if (st.size > max)
		return error_set(err, -EFBIG, "'%s' has %llu bytes, but at most %zu are expected",
				 text->path, (unsigned long long)st.size, max);

	text->attr = st.attr;
	r = b->ops->read(b, text->path, &text->text, err);
	if (r < 0)
		return r;

	return check_text(text->path, &text->text, err);
}

int imagetext_read(struct backend *b, const char *path, size_t max, struct imagetext *ret,
		   struct error *err)
{
	AUTOIMAGETEXT struct imagetext text = {
		.path = xstrdup(path),
		.attr = { .mode = 0644 },
	};

	int r = read_file(b, max, &text, err);
	if (r < 0)
		return r;

	*ret = text;
	text = (struct imagetext){ 0 };
	return 0;
}

int imagetext_require(struct backend *b, const char *path, struct imagetext *ret, struct error *err)
{
	int r = imagetext_read(b, path, IMAGETEXT_MAX, ret, err);
	if (r < 0 || ret->found)
		return r;

	/* The back end knows why: a link on the way may lead to nowhere. */
	return b->ops->read(b, path, &ret->text, err);
}

void imagetext_free(struct imagetext *text)
{
	free(text->path);
	buf_free(&text->text);
	*text = (struct imagetext){ 0 };
}
