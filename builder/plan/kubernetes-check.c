/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/kubernetes-check.h"

#include <string.h>

#include "config/net.h"
#include "util/alloc.h"
#include "util/text.h"
#include "util/version.h"

/* The place of a value, or of the cluster if it has none. */
static const struct location *place(const struct cluster *cluster, const struct location *at)
{
	return at->source ? at : &cluster->at;
}

static void compare_kubeadm(const struct cluster *cluster, const struct release *release,
			    const char *wanted, struct diags *diags)
{
	const char *installed = release->kubeadm_version ? release->kubeadm_version : "";
	bool has_crio = release->crio_version && release->crio_version[0];
	const struct location *at = place(cluster, &cluster->kubernetes.at);
	AUTOFREE char *have = version_minor(installed), *want = version_minor(wanted);

	if (!have) {
		diag_warning(diags, at, "the base image has no kubeadm%s",
			     has_crio ? "" : " and no CRI-O");
		diag_help(diags, "the node boots, but waits with Kubernetes until they are "
				 "installed; nib's cluster.md tells what a base image needs");
	} else if (want && strcmp(have, want) != 0) {
		diag_error(diags, at, "the base image has kubeadm %s, which does not install %s",
			   installed, wanted);
		diag_help(diags, "the minor versions have to be the same");
	}
}

static void choose_kubernetes(const struct cluster *cluster, const struct release *release,
			      struct kubernetes_release *ret, struct diags *diags)
{
	const char *installed = release->kubeadm_version ? release->kubeadm_version : "";
	const char *wanted = cluster->kubernetes.value;
	const struct location *at = place(cluster, &cluster->kubernetes.at);

	ret->kubernetes = version_full(wanted ? wanted : installed);
	if (!ret->kubernetes) {
		if (wanted)
			diag_error(diags, at, "'%s' is not a full version of Kubernetes", wanted);
		else
			diag_error(diags, at,
				   "no version of Kubernetes is given, and the base "
				   "image has no kubeadm");
		diag_help(diags, "add %s",
			  cluster_wording(&cluster->at, "'kubernetes: 1.34.2' to 'cluster:'",
					  "'--kubernetes 1.34.2'"));
		return;
	}

	AUTOFREE char *minor = version_minor(ret->kubernetes);

	if (!wanted && version_minor_below(minor, KUBERNETES_MINIMUM)) {
		diag_error(diags, at, "kubeadm %s of the base image is too old", installed);
		diag_help(diags, "Kubernetes %s.0 and later are possible", KUBERNETES_MINIMUM);
		return;
	}

	compare_kubeadm(cluster, release, ret->kubernetes, diags);
}

static void choose_gateway_api(const struct cluster *cluster, const struct versions *versions,
			       struct kubernetes_release *ret, struct diags *diags)
{
	const struct cilium *cilium = &cluster->cilium;
	AUTOFREE char *minor = version_minor(ret->cilium);

	if (!cilium->gateway_api.value)
		return;

	ret->gateway_api = xstrdup(versions_find(versions, "gateway-api", minor ? minor : "-"));
	if (!ret->gateway_api) {
		diag_error(diags, place(cluster, &cilium->gateway_api.at),
			   "no release of the Gateway API is known for Cilium %s", ret->cilium);
		diag_help(diags, "add a line to the file 'versions' in your templates");
	}
}

static char *find_or_report(const struct versions *versions, const char *component,
			    struct diags *diags)
{
	const char *version = versions_find(versions, component, "-");

	if (!version) {
		diag_error(diags, NULL, "the template 'versions' has no line for %s", component);
		diag_help(diags, "a file of your own replaces the installed one as a whole");
	}
	return xstrdup(version ? version : "0");
}

void kubernetes_choose(const struct inputs *inputs, const struct release *release,
		       const struct versions *versions, struct kubernetes_release *ret,
		       struct diags *diags)
{
	const struct cluster *cluster = inputs->cluster;
	const char *cilium = cluster->cilium.version.value;

	choose_kubernetes(cluster, release, ret, diags);
	ret->cilium = cilium ? xstrdup(cilium) : find_or_report(versions, "cilium", diags);
	ret->flux_operator = find_or_report(versions, "flux-operator", diags);
	ret->flux = find_or_report(versions, "flux", diags);
	choose_gateway_api(cluster, versions, ret, diags);
}

static void check_discovery(const struct inputs *inputs, struct diags *diags)
{
	const struct cluster *cluster = inputs->cluster;
	const struct location *at = place(cluster, &cluster->secrets.at);

	if (inputs->node->role == ROLE_INIT)
		return;

	if (!inputs->bundle.ca_hash) {
		diag_warning(diags, at, "the bundle holds no CA: '%s' joins whoever answers at %s",
			     inputs->node->name.value, cluster->endpoint.value);
		diag_help(diags, "with certs.k8s in the bundle, the CA is pinned by its hash");
	}
	if (inputs->node->role == ROLE_CONTROLPLANE && !inputs->bundle.certificate_key) {
		diag_error(diags, at, "without a certificate key '%s' cannot join as control plane",
			   inputs->node->name.value);
		diag_help(diags, "add 'nib: {certificatekey: KEY}' to the bundle; "
				 "'openssl rand -hex 32' makes one");
	}
}

static bool is_node_address(const struct cluster *cluster, const struct cidr *host)
{
	for (size_t i = 0; i < cluster->n_nodes; i++) {
		AUTOFREE char *text = node_static_address(&cluster->nodes[i]);
		struct cidr address;

		if (text && address_parse(text, &address) && address_equal(&address, host))
			return true;
	}

	return false;
}

static bool brings_static_pods(const struct node *node)
{
	for (size_t i = 0; i < node->n_files; i++) {
		const struct file_spec *file = &node->files[i];

		if (file->archive.value ||
		    (file->path.value &&
		     text_starts(file->path.value, "/etc/kubernetes/manifests/")))
			return true;
	}

	return false;
}

/* kubeadm itself talks to the endpoint, before anything in the cluster could answer there. */
static void check_endpoint(const struct inputs *inputs, struct diags *diags)
{
	const struct cluster *cluster = inputs->cluster;
	AUTOFREE char *host = endpoint_host(cluster->endpoint.value);
	struct cidr address;

	if (inputs->node->role != ROLE_INIT || !address_parse(host, &address) ||
	    is_node_address(cluster, &address) || brings_static_pods(inputs->node))
		return;

	diag_warning(diags, place(cluster, &cluster->endpoint.at),
		     "the endpoint %s is the address of no node", host);
	diag_help(diags, "something has to answer there before 'kubeadm init' ends, such as "
			 "kube-vip; nib's cluster.md tells how");
}

static void check_envoy(const struct inputs *inputs, struct diags *diags)
{
	const struct cluster *cluster = inputs->cluster;

	if (inputs->node->role != ROLE_INIT || !cluster->cilium.gateway_api.value ||
	    cluster_runs_envoy(cluster))
		return;

	diag_warning(diags, place(cluster, &cluster->cilium.gateway_api.at),
		     "the Gateway API needs Envoy, which does not start on every board here");
	diag_help(diags,
		  "the kernels of boards before the Raspberry Pi 5 have too small an address "
		  "space for it; see 'nib boards'");
}

void kubernetes_check(const struct inputs *inputs, struct diags *diags)
{
	check_discovery(inputs, diags);
	check_endpoint(inputs, diags);
	check_envoy(inputs, diags);
}
