/* SPDX-License-Identifier: Apache-2.0 */
#include "image/backend.h"

#include <errno.h>
#include <string.h>

#include "image/fs.h"
#include "util/alloc.h"
#include "util/text.h"

static const struct backend_ops *const backends[] = { &backend_direct };

const struct backend_ops *backend_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(backends); i++)
		if (strcmp(backends[i]->name, name) == 0)
			return backends[i];

	return NULL;
}

/* "Not there" becomes an answer, and every other failure stays one. */
static int optional(int r, struct error *failure, bool *found, struct error *err)
{
	*found = r == 0;
	if (r == 0 || r == -ENOENT) {
		error_clear(failure);
		return 0;
	}

	*err = *failure;
	return r;
}

int backend_read_optional(struct backend *b, const char *path, struct buf *ret, bool *found,
			  struct error *err)
{
	struct error failure = ERROR_NONE;

	int r = b->ops->read(b, path, ret, &failure);
	return optional(r, &failure, found, err);
}

int backend_stat_optional(struct backend *b, const char *path, struct file_stat *ret, bool *found,
			  struct error *err)
{
	struct error failure = ERROR_NONE;

	int r = b->ops->stat(b, path, ret, &failure);
	return optional(r, &failure, found, err);
}

int backend_exists(struct backend *b, const char *path, bool *ret, struct error *err)
{
	struct file_stat st;

	return backend_stat_optional(b, path, &st, ret, err);
}

void file_names_free(struct file_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->list[i]);

	free(names->list);
	*names = (struct file_names){ 0 };
}

void backend_free(struct backend *b)
{
	if (b)
		b->ops->free(b);
}

void fs_place_free(struct fs_place *place)
{
	free(place->dir_path);
	free(place->name);
	*place = (struct fs_place){ 0 };
}

int fs_no_space(const struct fs *fs, uint64_t needed, uint64_t free_bytes, struct error *err)
{
	return error_set(
		err, -ENOSPC, "no space left in '%s': %llu bytes are needed, %llu are missing",
		fs->mount, (unsigned long long)needed, (unsigned long long)(needed - free_bytes));
}
