/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/guard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "util/alloc.h"
#include "util/text.h"

static bool is_known(const struct guard *guard, const struct stat *st)
{
	for (size_t i = 0; i < guard->count; i++)
		if (guard->list[i].inode == st->st_ino && guard->list[i].device == st->st_dev)
			return true;

	return false;
}

static void add(struct guard *guard, const char *path)
{
	struct stat st;

	if (path && stat(path, &st) == 0 && S_ISREG(st.st_mode) && !is_known(guard, &st))
		*ARRAY_ADD(guard->list, guard->count) =
			(struct guarded){ .device = st.st_dev, .inode = st.st_ino };
}

static void add_image(struct guard *guard, const struct image_source *image)
{
	static const char scheme[] = "file://";
	const char *url = image->url.value;

	add(guard, image->file.value);
	/* Behind the name of a host, which is empty or this one. */
	if (url && text_starts(url, scheme))
		add(guard, strchr(url + strlen(scheme), '/'));
}

static void add_node(struct guard *guard, const struct node *node)
{
	add_image(guard, &node->image);
	add(guard, node->network.wifi.password_file.value);
	for (size_t i = 0; i < node->n_users; i++) {
		add(guard, node->users[i].password_file.value);
		for (size_t j = 0; j < node->users[i].ssh_keys.count; j++)
			add(guard, node->users[i].ssh_keys.list[j].value);
	}
	for (size_t i = 0; i < node->n_files; i++) {
		add(guard, node->files[i].source.value);
		add(guard, node->files[i].archive.value);
	}
}

void guard_find(const struct cluster *cluster, const char *file, struct guard *ret)
{
	add(ret, file);
	add(ret, cluster->secrets.value);
	add(ret, cluster->age_identity.value);
	for (size_t i = 0; i < cluster->n_nodes; i++)
		add_node(ret, &cluster->nodes[i]);
}

int guard_check(const struct guard *guard, const char *path, struct error *err)
{
	struct stat st;

	if (stat(path, &st) < 0 || !is_known(guard, &st))
		return 0;
	return error_set(err, -EINVAL, "'%s' is one of the files that the cluster is made from",
			 path);
}

void guard_free(struct guard *guard)
{
	free(guard->list);
	*guard = (struct guard){ 0 };
}
