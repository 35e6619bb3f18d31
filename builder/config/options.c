/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "config/cluster.h"
#include "config/load.h"
#include "config/schema.h"
#include "util/alloc.h"

/*
 * Options become the tree that a file of one node would give, so that the same
 * decoding and the same checks apply; the place of a value is its option's name.
 */
struct maker {
	struct arena *arena;
	struct diags *diags;
	/** Place of values that no option gave. */
	struct location command_line;
};

#define MAX_ENTRIES 12

static struct tree *make_tree(struct maker *m, enum tree_kind kind, const struct location *at)
{
	struct tree *tree = arena_alloc(m->arena, 1, sizeof(*tree));

	*tree = (struct tree){ .kind = kind, .at = *at };
	if (kind != TREE_TEXT)
		tree->entries = arena_alloc(m->arena, MAX_ENTRIES, sizeof(*tree->entries));
	return tree;
}

static void add(struct tree *to, const char *key, const struct tree *value)
{
	to->entries[to->count++] =
		(struct tree_entry){ .key = key, .key_at = value->at, .value = value };
}

static struct location option_place(struct maker *m, const char *option)
{
	return (struct location){ .source = diags_source(m->diags, option, (struct buf){ 0 }) };
}

static void add_text(struct maker *m, struct tree *to, const char *key, const char *option,
		     const char *value)
{
	if (!value)
		return;

	struct location at = option ? option_place(m, option) : m->command_line;
	struct tree *text = make_tree(m, TREE_TEXT, &at);

	text->text = arena_strdup(m->arena, value);
	add(to, key, text);
}

static void add_list(struct maker *m, struct tree *to, const char *key, const char *option,
		     const char *const *values)
{
	size_t count = 0;

	while (values && values[count])
		count++;
	if (!count)
		return;

	struct location at = option_place(m, option);
	struct tree *list = make_tree(m, TREE_LIST, &at);

	list->entries = arena_alloc(m->arena, count, sizeof(*list->entries));
	for (size_t i = 0; i < count; i++) {
		struct tree *text = make_tree(m, TREE_TEXT, &at);

		text->text = arena_strdup(m->arena, values[i]);
		list->entries[list->count++].value = text;
	}
	add(to, key, list);
}

static struct tree *add_map(struct maker *m, struct tree *to, const char *key)
{
	struct tree *map = make_tree(m, TREE_MAP, &m->command_line);

	add(to, key, map);
	return map;
}

static struct tree *add_map_list(struct maker *m, struct tree *to, const char *key)
{
	struct tree *list = make_tree(m, TREE_LIST, &m->command_line);
	struct tree *map = make_tree(m, TREE_MAP, &m->command_line);

	list->entries[list->count++].value = map;
	add(to, key, list);
	return map;
}

static void add_user(struct maker *m, struct tree *node, const struct cluster_options *o)
{
	struct tree *user, *sudo;

	if (!o->password_file && !(o->ssh_keys && o->ssh_keys[0]))
		return;

	user = add_map_list(m, node, "users");
	add_text(m, user, "name", NULL, "pi");
	add_list(m, user, "sshKeys", "--ssh-key", o->ssh_keys);
	add_text(m, user, "passwordFile", "--password-file", o->password_file);

	sudo = make_tree(m, TREE_TEXT, &m->command_line);
	sudo->text = "true";
	sudo->plain = true;
	add(user, "sudo", sudo);
}

static void add_node(struct maker *m, struct tree *root, const struct cluster_options *o)
{
	struct tree *node = add_map_list(m, root, "nodes");
	struct tree *image, *network;

	add_text(m, node, "name", "--hostname", o->hostname);
	add_text(m, node, "role", "--role", o->role);
	add_text(m, node, "address", "--address", o->address);
	add_text(m, node, "board", o->board ? "--board" : NULL, o->board ? o->board : "rpi5");
	image = add_map(m, node, "image");
	add_text(m, image, strstr(o->image, "://") ? "url" : "file", "--image", o->image);
	add_text(m, image, "sha256", "--image-sha256", o->image_sha256);
	add_text(m, node, "timezone", "--timezone", o->timezone);

	network = add_map(m, node, "network");
	add_text(m, network, "interface", "--interface", o->interface);
	add_text(m, network, "gateway", "--gateway", o->gateway);
	add_list(m, network, "nameservers", "--nameserver", o->nameservers);
	add_user(m, node, o);
}

static const struct tree *make_document(struct maker *m, const struct cluster_options *o)
{
	struct tree *root = make_tree(m, TREE_MAP, &m->command_line);
	struct tree *cluster = add_map(m, root, "cluster");

	add_text(m, root, "version", NULL, SCHEMA_VERSION);
	add_text(m, cluster, "name", o->cluster_name ? "--cluster-name" : NULL,
		 o->cluster_name ? o->cluster_name : "kubernetes");
	add_text(m, cluster, "endpoint", "--endpoint", o->endpoint);
	add_text(m, cluster, "kubernetes", "--kubernetes", o->kubernetes);
	add_text(m, cluster, "podSubnet", "--pod-subnet", o->pod_subnet);
	add_text(m, cluster, "serviceSubnet", "--service-subnet", o->service_subnet);
	add_text(m, root, "secrets", "--secrets", o->secrets);
	add_text(m, root, "templates", "--templates", o->templates);
	if (o->age_key)
		add_text(m, add_map(m, root, "age"), "identity", "--age-key", o->age_key);
	add_node(m, root, o);
	return root;
}

int cluster_from_options(const struct cluster_options *options, const char *boards_dir,
			 struct cluster *ret, struct diags *diags, struct error *err)
{
	AUTOCLUSTER struct cluster cluster = { 0 };
	struct maker maker = { .arena = &cluster.memory, .diags = diags };

	if (!options->hostname)
		return error_set_usage(err, "without a cluster file, --hostname is needed");
	if (!options->image)
		return error_set_usage(err, "without a cluster file, --image is needed");

	cluster.directory = ".";
	maker.command_line = option_place(&maker, "command line");

	int r = cluster_from_tree(make_document(&maker, options), boards_dir, &cluster, diags, err);
	if (r < 0)
		return r;

	*ret = cluster;
	cluster = (struct cluster){ 0 };
	return 0;
}
