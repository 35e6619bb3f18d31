/* SPDX-License-Identifier: Apache-2.0 */
#include "config/cluster.h"

#include <errno.h>
#include <string.h>

#include "config/check.h"
#include "config/hide.h"
#include "config/load.h"
#include "config/schema.h"
#include "config/typo.h"
#include "config/yaml.h"
#include "util/alloc.h"
#include "util/file.h"
#include "util/text.h"

const char *role_name(enum role role)
{
	static const char *const names[] = {
		[ROLE_INIT] = "init", [ROLE_CONTROLPLANE] = "controlplane", [ROLE_WORKER] = "worker"
	};

	return names[role];
}

const char *cluster_wording(const struct location *at, const char *in_file, const char *as_option)
{
	return at->source && !at->line ? as_option : in_file;
}

/* The root again, with the defaults merged under each element of "nodes:". */
static const struct tree *merge_defaults(const struct tree *root, struct arena *arena)
{
	const struct tree_entry *defaults = tree_find(root, "defaults");
	const struct tree_entry *nodes = tree_find(root, "nodes");

	if (!defaults || !nodes || nodes->value->kind != TREE_LIST ||
	    nodes->value->count > DECODE_MAX_LIST)
		return root;

	struct tree *list = arena_alloc(arena, 1, sizeof(*list));
	*list = *nodes->value;
	list->entries = arena_alloc(arena, list->count, sizeof(*list->entries));
	for (size_t i = 0; i < list->count; i++)
		list->entries[i].value = decode_merge(&schema_node, defaults->value,
						      nodes->value->entries[i].value, arena);

	struct tree *merged = arena_alloc(arena, 1, sizeof(*merged));
	*merged = *root;
	merged->entries = arena_alloc(arena, root->count, sizeof(*merged->entries));
	memcpy(merged->entries, root->entries, root->count * sizeof(*merged->entries));
	for (size_t i = 0; i < root->count; i++)
		if (strcmp(root->entries[i].key, "nodes") == 0)
			merged->entries[i].value = list;

	return merged;
}

int cluster_from_tree(const struct tree *tree, const char *boards_dir, struct cluster *cluster,
		      struct diags *diags, struct error *err)
{
	const struct decoder decoder = { .arena = &cluster->memory,
					 .diags = diags,
					 .directory = cluster->directory,
					 .root = &schema_cluster };

	int r = boards_load(boards_dir, &cluster->boards, diags, err);
	if (r < 0)
		return r;

	tree = typo_repair(&schema_cluster, tree, &cluster->memory);
	decode_map(&decoder, &schema_cluster, merge_defaults(tree, &cluster->memory), DECODE_WHOLE,
		   cluster);
	resolve_cluster(cluster, diags);
	check_cluster(cluster, diags);
	return 0;
}

/* Another file, of keys perhaps, that was given by mistake: none of its lines may be shown. */
static bool is_cluster_file(const struct source *source)
{
	struct line line;

	for (const char *pos = buf_text(&source->text); text_next_line(&pos, &line);)
		if (text_starts(line.start, "version:"))
			return true;

	return false;
}

int cluster_parse(const struct source *source, const char *directory, const char *boards_dir,
		  struct cluster *ret, struct diags *diags, struct error *err)
{
	AUTOCLUSTER struct cluster cluster = { 0 };

	cluster.directory = arena_strdup(&cluster.memory, directory);
	if (!is_cluster_file(source))
		diags_hide(diags, &(struct location){ .source = source });

	const struct tree *tree = yaml_parse(source, &cluster.memory, diags);
	if (!tree) {
		hide_lines(source, diags);
	} else {
		int r = cluster_from_tree(tree, boards_dir, &cluster, diags, err);
		if (r < 0)
			return r;
	}

	*ret = cluster;
	cluster = (struct cluster){ 0 };
	return 0;
}

int cluster_load(const char *path, const char *boards_dir, struct cluster *ret, struct diags *diags,
		 struct error *err)
{
	AUTOBUF struct buf text = { 0 };
	AUTOFREE char *directory = file_dirname(path);

	/* One byte more than allowed is enough to say at the right place what is wrong. */
	int r = file_read(path, YAML_MAX_SIZE + 1, &text, NULL, err);
	if (r < 0)
		return r;

	const struct source *source = diags_source(diags, path, TAKE_BUF(text));
	return cluster_parse(source, directory, boards_dir, ret, diags, err);
}

const struct node *cluster_node(const struct cluster *cluster, const char *name)
{
	for (size_t i = 0; i < cluster->n_nodes; i++)
		if (cluster->nodes[i].name.value && strcmp(cluster->nodes[i].name.value, name) == 0)
			return &cluster->nodes[i];

	return NULL;
}

const struct node *cluster_init_node(const struct cluster *cluster)
{
	for (size_t i = 0; i < cluster->n_nodes; i++)
		if (cluster->nodes[i].role == ROLE_INIT)
			return &cluster->nodes[i];

	return NULL;
}

void cluster_free(struct cluster *cluster)
{
	boards_free(&cluster->boards);
	arena_free(&cluster->memory);
	*cluster = (struct cluster){ 0 };
}
