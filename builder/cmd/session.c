/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/session.h"

#include <errno.h>
#include <string.h>

#include "util/alloc.h"
#include "util/file.h"
#include "util/text.h"

/* What is wrong stands in diags already. */
static int wrong_files(struct error *err)
{
	err->code = -EINVAL;
	return -EINVAL;
}

bool session_from_options(const struct options *options)
{
	return options->hostname || options->image;
}

static int load_options(const struct context *context, struct cluster *ret, struct error *err)
{
	const struct options *o = context->options;
	const struct cluster_options options = {
		.image = o->image,
		.image_sha256 = o->image_sha256,
		.hostname = o->hostname,
		.role = o->role,
		.board = o->board,
		.address = o->address,
		.gateway = o->gateway,
		.interface = o->interface,
		.ssh_keys = o->ssh_keys.list,
		.nameservers = o->nameservers.list,
		.password_file = o->password_file,
		.age_key = o->age_key,
		.secrets = o->secrets,
		.pod_subnet = o->pod_subnet,
		.service_subnet = o->service_subnet,
		.endpoint = o->endpoint,
		.kubernetes = o->kubernetes,
		.cluster_name = o->cluster_name,
		.templates = o->templates,
		.timezone = o->timezone,
	};

	if (o->file)
		return error_set_usage(err, "--file and --hostname exclude each other");
	if (!o->hostname)
		return error_set_usage(err, "--image needs --hostname");
	if (!o->image)
		return error_set_usage(err, "--hostname needs --image");

	return cluster_from_options(&options, context->boards_dir, ret, context->diags, err);
}

/* A node's options without a node would be ignored, and that would surprise. */
static int refuse_node_options(const struct options *options, struct error *err)
{
	for (size_t i = 0; i < options_node.count; i++) {
		const struct option_spec *spec = &options_node.specs[i];
		const void *field = (const char *)options + spec->offset;

		if (spec->kind == OPTION_TEXT && *(const char *const *)field)
			return error_set_usage(err, "--%s needs --hostname and --image",
					       spec->name);
		if (spec->kind == OPTION_LIST && ((const struct option_list *)field)->count)
			return error_set_usage(err, "--%s needs --hostname and --image",
					       spec->name);
	}

	return 0;
}

static int load_cluster(const struct context *context, struct cluster *ret, struct error *err)
{
	const struct options *options = context->options;

	if (session_from_options(options))
		return load_options(context, ret, err);

	int r = refuse_node_options(options, err);
	if (r < 0)
		return r;

	r = cluster_load(options->file ? options->file : "cluster.yaml", context->boards_dir, ret,
			 context->diags, err);
	if (r == -ENOENT && !options->file && access("cluster.yaml", F_OK) < 0)
		error_suffix(err,
			     "; name one with -f, or describe a node by --image and --hostname");
	if (r < 0)
		err->usage = true;
	return r;
}

static int find_backend(const char *name, const struct backend_ops **ret, struct error *err)
{
	if (!name || strcmp(name, "auto") == 0)
		name = "direct";

	*ret = backend_find(name);
	if (!*ret)
		return error_set_usage(err, "no back end '%s'; there are: auto, direct", name);
	return 0;
}

int session_open(const struct context *context, struct session *ret, struct error *err)
{
	ret->context = context;

	int r = find_backend(context->options->backend, &ret->backend, err);
	if (r < 0)
		return r;

	r = load_cluster(context, &ret->cluster, err);
	if (r < 0)
		return r;
	if (context->diags->errors)
		return wrong_files(err);

	/* What is wrong with it is in diags; the other files are still to be looked at. */
	inputs_load_bundle(&ret->cluster, &ret->bundle, &ret->has_bundle, context->diags);
	return ret->backend->check(err);
}

int session_node(const struct session *session, const char *name, const struct node **ret,
		 struct error *err)
{
	const struct cluster *cluster = &session->cluster;
	AUTOFREE const char **names = xcalloc(cluster->n_nodes, sizeof(*names));

	*ret = cluster_node(cluster, name);
	if (*ret)
		return 0;

	for (size_t i = 0; i < cluster->n_nodes; i++)
		names[i] = cluster->nodes[i].name.value;

	const char *near = text_suggest(name, names, cluster->n_nodes);
	if (near)
		return error_set_usage(err, "no node '%s'; did you mean '%s'?", name, near);
	return error_set_usage(err, "no node '%s' in the cluster file", name);
}

void session_close(struct session *session)
{
	bases_close(&session->bases);
	bundle_free(&session->bundle);
	cluster_free(&session->cluster);
}

/* Told together with the node's other files; what is in it is looked at once those are right. */
static bool image_is_readable(const struct node *node, struct diags *diags)
{
	const struct text *file = &node->image.file;

	if (!file->value || access(file->value, R_OK) == 0)
		return true;

	diag_error(diags, &file->at, "open '%s': %s", file->value, strerror(errno));
	return false;
}

/* What is wrong with a base image is a mistake at the place that names it. */
static int wrong_image(const struct session *session, const struct node *node, struct error *err)
{
	diag_error(session->context->diags, &image_place(&node->image)->at, "%s", err->message);
	error_clear(err);
	return wrong_files(err);
}

static int open_base(struct session *session, const struct node *node, struct work *ret,
		     struct error *err)
{
	int r = bases_get(&session->bases, session->context, node, &ret->shared, err);
	if (r < 0)
		return r;

	const struct base *base = &ret->shared->base;

	r = disk_attach(base->fd, base->name, session->backend, true, &ret->base, err);
	return r == 0 || err->usage ? r : wrong_image(session, node, err);
}

int work_prepare(struct session *session, const struct node *node, struct work *ret,
		 struct error *err)
{
	struct diags *diags = session->context->diags;

	inputs_load(&session->cluster, node, session->has_bundle ? &session->bundle : NULL,
		    session->context->templates_dir, &ret->inputs, diags);
	if (!image_is_readable(node, diags) || diags->errors)
		return wrong_files(err);

	int r = open_base(session, node, ret, err);
	if (r < 0)
		return r;

	r = build_plan(&ret->inputs, &ret->base, &ret->plan, diags, err);
	if (r == -EINVAL) {
		error_prefix(err, "image '%s'", ret->base.name);
		return wrong_image(session, node, err);
	}
	if (r < 0)
		return error_prefix(err, "node '%s'", node->name.value);
	return diags->errors ? wrong_files(err) : 0;
}

void work_close(struct work *work)
{
	plan_free(&work->plan);
	disk_close(&work->base);
	inputs_free(&work->inputs);
}
