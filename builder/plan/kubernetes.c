/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/kubernetes.h"

#include "plan/kubernetes-check.h"
#include "plan/kubernetes-vars.h"
#include "plan/yamlcheck.h"
#include "template/template.h"
#include "util/alloc.h"

/** What is at work while a node is planned. */
struct planning {
	const struct inputs *inputs;
	struct plan *plan;
	struct diags *diags;
	struct kubernetes_vars vars;
};

static bool everyone(const struct inputs *inputs)
{
	(void)inputs;
	return true;
}

static bool is_init(const struct inputs *inputs)
{
	return inputs->node->role == ROLE_INIT;
}

static bool is_controlplane(const struct inputs *inputs)
{
	return inputs->node->role == ROLE_CONTROLPLANE;
}

static bool is_worker(const struct inputs *inputs)
{
	return inputs->node->role == ROLE_WORKER;
}

static bool has_pool(const struct inputs *inputs)
{
	return is_init(inputs) && inputs->cluster->cilium.pool.count > 0;
}

static bool has_flux(const struct inputs *inputs)
{
	return is_init(inputs) && inputs->cluster->flux.url.value;
}

/* The key opens secrets in the cluster also for a Flux that somebody installs later. */
static bool has_gitops(const struct inputs *inputs)
{
	return has_flux(inputs) || (is_init(inputs) && inputs->age_identity.len > 0);
}

static bool has_user(const struct inputs *inputs)
{
	return is_init(inputs) && inputs->node->n_users > 0;
}

/** A file that comes from a template. */
struct file {
	const char *template, *path;
	mode_t mode;
	/** YAML with names to replace; otherwise it is copied as it is. */
	bool render;
	bool secret;
	bool (*wanted)(const struct inputs *inputs);
	const char *reason;
};

#define STEP(name, who)                                                  \
	{                                                                \
		"firstboot/" name, "/usr/lib/k8s-firstboot/" name, 0755, \
			.wanted = (who), .reason = "step of first boot"  \
	}

/* clang-format off */
static const struct file files[] = {
	{ "kubernetes/kubeadm-init.yaml", "/etc/nib/kubeadm.yaml", 0600, .render = true,
	  .secret = true, .wanted = is_init, .reason = "start the cluster" },
	{ "kubernetes/kubeadm-join-controlplane.yaml", "/etc/nib/kubeadm.yaml", 0600, .render = true,
	  .secret = true, .wanted = is_controlplane, .reason = "join as control plane" },
	{ "kubernetes/kubeadm-join-worker.yaml", "/etc/nib/kubeadm.yaml", 0600, .render = true,
	  .secret = true, .wanted = is_worker, .reason = "join as worker" },
	{ "kubernetes/cilium-values.yaml", "/etc/nib/cilium-values.yaml", 0644, .render = true,
	  .wanted = is_init, .reason = "network of the cluster" },
	{ "kubernetes/cilium-loadbalancer.yaml", "/etc/nib/cilium-loadbalancer.yaml", 0644,
	  .render = true, .wanted = has_pool, .reason = "addresses for services" },
	{ "flux/operator-values.yaml", "/etc/nib/flux-operator-values.yaml", 0644, .render = true,
	  .wanted = has_flux, .reason = "GitOps" },
	{ "flux/flux-instance.yaml", "/etc/nib/flux-instance.yaml", 0644, .render = true,
	  .wanted = has_flux, .reason = "GitOps" },
	{ "systemd/k8s-firstboot.service", "/etc/systemd/system/" FIRSTBOOT_UNIT, 0644,
	  .wanted = everyone, .reason = "first boot" },
	{ "firstboot/k8s-firstboot.sh", "/usr/bin/k8s-firstboot.sh", 0755,
	  .wanted = everyone, .reason = "first boot" },
	{ "firstboot/common.sh", "/usr/lib/k8s-firstboot/common.sh", 0644,
	  .wanted = everyone, .reason = "shared by the steps of first boot" },
	STEP("10-preflight", everyone),
	STEP("20-runtime", everyone),
	STEP("30-kubeadm", everyone),
	STEP("40-cni", is_init),
	STEP("50-gitops", has_gitops),
	STEP("60-kubeconfig", has_user),
	STEP("70-csr", is_init),
	STEP("90-cleanup", everyone),
};
/* clang-format on */

/* A mistake in a template is the user's, who may have brought his own. */
static bool render(struct planning *planning, const struct source *source, struct buf *ret)
{
	AUTOERROR struct error err = ERROR_NONE;
	struct location at = { .source = source };
	size_t errors = planning->diags->errors;

	template_render(source, planning->vars.list, planning->vars.count, ret, planning->diags);
	if (planning->diags->errors > errors)
		return false;

	if (yaml_check(ret, &err) < 0) {
		diag_error(planning->diags, &at, "not YAML once it is rendered: %s", err.message);
		return false;
	}
	return true;
}

static int add_file(struct planning *planning, const struct file *file, struct error *err)
{
	const struct source *source = template_find(planning->inputs->template_dirs,
						    ARRAY_SIZE(planning->inputs->template_dirs),
						    file->template, planning->diags, err);
	AUTOBUF struct buf content = { 0 };

	if (!source)
		return err->code;

	if (!file->render)
		content = buf_copy(&source->text);
	else if (!render(planning, source, &content))
		return 0;

	struct plan_op *op = plan_write(planning->plan, file->path, TAKE_BUF(content),
					(struct file_attr){ .mode = file->mode }, file->reason);
	op->secret = file->secret;
	return 0;
}

static int add_files(struct planning *planning, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		int r = 0;

		if (files[i].wanted(planning->inputs))
			r = add_file(planning, &files[i], err);
		if (r < 0)
			return r;
	}

	return 0;
}

static void add_secret(struct plan *plan, const char *path, const struct buf *content,
		       const char *reason)
{
	plan_write(plan, path, buf_copy(content), ATTR_ROOT_0600, reason)->secret = true;
}

/* kubeadm makes everything else from the CA, so the hash that the others check comes out true. */
static void add_ca(const struct inputs *inputs, struct plan *plan)
{
	const struct bundle *bundle = &inputs->bundle;

	if (!is_init(inputs) || !bundle->ca_hash)
		return;

	plan_mkdir(plan, "/etc/kubernetes/pki", ATTR_ROOT_0700, "cluster CA");
	plan_write(plan, "/etc/kubernetes/pki/ca.crt", buf_copy(&bundle->ca_crt), ATTR_ROOT_0644,
		   "cluster CA");
	add_secret(plan, "/etc/kubernetes/pki/ca.key", &bundle->ca_key, "cluster CA");
}

static void add_state(struct planning *planning, const struct kubernetes_release *release)
{
	const struct inputs *inputs = planning->inputs;
	struct plan *plan = planning->plan;
	struct buf env = { 0 }, nodes = { 0 };

	kubernetes_env(inputs, release, &env);
	plan_write(plan, "/etc/nib/kubernetes.env", env, ATTR_ROOT_0644, "versions for first boot");

	if (is_init(inputs)) {
		kubernetes_nodes(inputs->cluster, &nodes);
		plan_write(plan, "/etc/nib/nodes", nodes, ATTR_ROOT_0644,
			   "whose certificates to approve");
	}

	plan_mkdir(plan, "/etc/kubernetes", ATTR_ROOT_0755, "configuration of kubeadm");
	/* A base image that was booted once must not look as if first boot were over. */
	plan_mkdir(plan, "/var/lib/k8s-firstboot", ATTR_ROOT_0700, "stamps of first boot");
	plan_remove(plan, "/var/lib/k8s-firstboot-done", "first boot is still to come");
	plan_symlink(plan, "/etc/systemd/system/multi-user.target.wants/" FIRSTBOOT_UNIT,
		     "/etc/systemd/system/" FIRSTBOOT_UNIT, "start first boot");
}

static int load_versions(const struct inputs *inputs, struct versions *ret, struct diags *diags,
			 struct error *err)
{
	const struct source *source = template_find(
		inputs->template_dirs, ARRAY_SIZE(inputs->template_dirs), "versions", diags, err);

	if (!source)
		return err->code;

	versions_parse(source, ret, diags);
	return 0;
}

static int plan_firstboot(const struct inputs *inputs, const struct release *release,
			  struct plan *plan, struct diags *diags, struct error *err)
{
	CLEANUP(kubernetes_release_free) struct kubernetes_release chosen = { 0 };
	AUTOVERSIONS struct versions versions = { 0 };
	struct planning planning = { .inputs = inputs, .plan = plan, .diags = diags };

	int r = load_versions(inputs, &versions, diags, err);
	if (r < 0)
		return r;

	kubernetes_choose(inputs, release, &versions, &chosen, diags);
	kubernetes_check(inputs, diags);

	kubernetes_vars_make(inputs, &chosen, &planning.vars);
	r = add_files(&planning, err);
	if (r == 0) {
		add_state(&planning, &chosen);
		add_ca(inputs, plan);
	}

	kubernetes_vars_free(&planning.vars);
	return r;
}

int kubernetes_plan(const struct inputs *inputs, const struct release *release, struct plan *plan,
		    struct diags *diags, struct error *err)
{
	const struct cluster *cluster = inputs->cluster;

	if (inputs->age_identity.len)
		add_secret(plan, "/root/keys.txt", &inputs->age_identity, "opens secrets in Git");

	if (!inputs->has_bundle) {
		diag_warning(diags, &cluster->at,
			     "without secrets there is no token to join with, so no Kubernetes "
			     "configuration and no first boot go into the image");
		diag_help(diags, "name a bundle with '%s'; nib's cluster.md tells what is in it",
			  cluster_wording(&cluster->at, "secrets:", "--secrets"));
		return 0;
	}

	return plan_firstboot(inputs, release, plan, diags, err);
}
