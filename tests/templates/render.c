/* SPDX-License-Identifier: Apache-2.0 */
/* render CLUSTER.yaml NODE KUBEADM-VERSION DIRECTORY: write what kubernetes_plan() plans for a node
 * into a directory, for check-rendered.py. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "plan/kubernetes.h"
#include "util/alloc.h"
#include "util/file.h"
#include "util/output.h"

static void make_parents(char *path)
{
	for (char *c = path + 1; *c; c++) {
		if (*c != '/')
			continue;
		*c = '\0';
		(void)mkdir(path, 0755);
		*c = '/';
	}
}

static int write_op(const struct plan_op *op, const char *directory, struct error *err)
{
	AUTOFREE char *path = xasprintf("%s%s", directory, op->path);
	AUTOOUTPUT struct output out = OUTPUT_NONE;

	make_parents(path);
	int r = output_open(path, &out, err);
	if (r < 0)
		return r;
	r = file_write_fd(out.fd, buf_text(&op->content), op->content.len);
	return r < 0 ? error_set_errno(err, r, "write '%s'", path)
		     : output_publish(&out, true, err);
}

static int plan_node(const struct cluster *cluster, char *argv[], struct plan *plan,
		     struct diags *diags, struct error *err)
{
	const struct node *node = cluster_node(cluster, argv[2]);
	struct release release = { .kubeadm_version = argv[3] };
	AUTOBUNDLE struct bundle bundle = { 0 };
	AUTOINPUTS struct inputs inputs = { 0 };
	AUTOFREE char *templates = xasprintf("%s/templates", getenv("NIB_SOURCE_ROOT"));
	bool found;

	if (!node)
		return error_set(err, -ENOENT, "no node '%s'", argv[2]);

	inputs_load_bundle(cluster, &bundle, &found, diags);
	if (diags->errors)
		return error_set(err, -EINVAL, "no bundle");

	inputs_load(cluster, node, found ? &bundle : NULL, templates, &inputs, diags);
	return kubernetes_plan(&inputs, &release, plan, diags, err);
}

static int run(char *argv[], struct diags *diags, struct error *err)
{
	AUTOCLUSTER struct cluster cluster = { 0 };
	AUTOPLAN struct plan plan = { 0 };
	AUTOFREE char *boards = xasprintf("%s/boards", getenv("NIB_SOURCE_ROOT"));

	int r = cluster_load(argv[1], boards, &cluster, diags, err);
	if (r == 0 && !diags->errors)
		r = plan_node(&cluster, argv, &plan, diags, err);

	diags_print(diags, stderr, false, true);
	for (size_t i = 0; r == 0 && i < plan.count; i++)
		if (plan.ops[i].kind == PLAN_WRITE)
			r = write_op(&plan.ops[i], argv[4], err);
	return r;
}

int main(int argc, char *argv[])
{
	AUTODIAGS struct diags diags = { 0 };
	AUTOERROR struct error err = ERROR_NONE;

	if (argc != 5 || !getenv("NIB_SOURCE_ROOT"))
		return 2;

	if (run(argv, &diags, &err) < 0) {
		fprintf(stderr, "render: %s\n", err.message);
		return 1;
	}
	return diags.errors ? 1 : 0;
}
