/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/kubernetes-vars.h"

#include <string.h>

#include "config/net.h"
#include "plan/shellvars.h"
#include "util/alloc.h"
#include "util/text.h"
#include "util/version.h"

/* Cilium's Envoy needs 48 bits, and is content with the 47 of the Raspberry Pi 5's kernel. */
enum { ENVOY_ADDRESS_BITS = 47 };

void kubernetes_release_free(struct kubernetes_release *release)
{
	free(release->kubernetes);
	free(release->cilium);
	free(release->gateway_api);
	free(release->flux_operator);
	free(release->flux);
	*release = (struct kubernetes_release){ 0 };
}

void kubernetes_vars_free(struct kubernetes_vars *vars)
{
	for (size_t i = 0; i < vars->n_values; i++)
		buf_free(&vars->values[i]);
	free(vars->values);
	free(vars->list);
	*vars = (struct kubernetes_vars){ 0 };
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

char *endpoint_host(const char *endpoint)
{
	const char *colon = strrchr(endpoint, ':');
	size_t len = colon ? (size_t)(colon - endpoint) : strlen(endpoint);

	if (len > 2 && endpoint[0] == '[' && endpoint[len - 1] == ']')
		return xstrndup(endpoint + 1, len - 2);
	return xstrndup(endpoint, len);
}

static const char *endpoint_port(const char *endpoint)
{
	const char *colon = strrchr(endpoint, ':');

	return colon && colon[1] ? colon + 1 : "6443";
}

char *node_static_address(const struct node *node)
{
	const char *text = node->address.value;

	if (!text || strcmp(text, "dhcp") == 0)
		return NULL;
	return xstrndup(text, strcspn(text, "/"));
}

bool cluster_runs_envoy(const struct cluster *cluster)
{
	for (size_t i = 0; i < cluster->n_nodes; i++) {
		const struct board *board = cluster->nodes[i].board;

		if (board && board->address_bits < ENVOY_ADDRESS_BITS)
			return false;
	}

	return true;
}

static void set(struct kubernetes_vars *vars, const char *name, struct buf value)
{
	*ARRAY_ADD(vars->values, vars->n_values) = value;
	*ARRAY_ADD(vars->list, vars->count) =
		(struct template_var){ .name = name, .value = buf_text(&value) };
}

static void set_plain(struct kubernetes_vars *vars, const char *name, const char *value)
{
	set(vars, name, buf_from(value));
}

static void set_bool(struct kubernetes_vars *vars, const char *name, bool value)
{
	set_plain(vars, name, value ? "true" : "false");
}

static void set_quoted(struct kubernetes_vars *vars, const char *name, const char *value)
{
	struct buf text = { 0 };

	text_add_quoted(&text, or_empty(value));
	set(vars, name, text);
}

/* One more element of a list in YAML's flow style; the list is closed by end_list(). */
static void add_element(struct buf *list, const char *value)
{
	buf_adds(list, list->len ? ", " : "[");
	text_add_quoted(list, value);
}

static void end_list(struct buf *list)
{
	buf_adds(list, list->len ? "]" : "[]");
}

static void set_cert_sans(struct kubernetes_vars *vars, const struct cluster *cluster)
{
	AUTOFREE char *host = endpoint_host(or_empty(cluster->endpoint.value));
	struct buf list = { 0 };

	add_element(&list, host);
	add_element(&list, "127.0.0.1");
	for (size_t i = 0; i < cluster->n_nodes; i++) {
		const struct node *node = &cluster->nodes[i];
		AUTOFREE char *address = node_static_address(node);

		if (node->role == ROLE_WORKER)
			continue;
		if (strcmp(node->name.value, host) != 0)
			add_element(&list, node->name.value);
		if (address && strcmp(address, host) != 0)
			add_element(&list, address);
	}
	end_list(&list);
	set(vars, "CERT_SANS", list);
}

/*
 * Without workers there would be nowhere for a pod to run.  A node that was
 * described by options stands alone in its cluster only for lack of a file.
 */
static bool pods_run_on_control_planes(const struct cluster *cluster)
{
	for (size_t i = 0; i < cluster->n_nodes; i++)
		if (cluster->nodes[i].role == ROLE_WORKER || cluster->nodes[i].at.line == 0)
			return false;

	return true;
}

static void set_registration(struct kubernetes_vars *vars, const struct inputs *inputs)
{
	AUTOFREE char *address = node_static_address(inputs->node);
	struct buf args = { 0 };

	set_quoted(vars, "NODE_NAME", inputs->node->name.value);
	set_quoted(vars, "ADVERTISE_ADDRESS", address ? address : NODE_ADDRESS_PLACEHOLDER);
	set_plain(vars, "TAINTS",
		  pods_run_on_control_planes(inputs->cluster)
			  ? "[]"
			  : "[{key: node-role.kubernetes.io/control-plane, effect: NoSchedule}]");

	/* With DHCP the kubelet finds its address by itself, at every start. */
	if (address) {
		buf_adds(&args, "[{name: node-ip, value: ");
		text_add_quoted(&args, address);
		buf_adds(&args, "}]");
	} else {
		buf_adds(&args, "[]");
	}
	set(vars, "KUBELET_ARGS", args);
}

static void set_discovery(struct kubernetes_vars *vars, const struct bundle *bundle)
{
	struct buf hashes = { 0 };

	if (bundle->ca_hash)
		add_element(&hashes, bundle->ca_hash);
	end_list(&hashes);

	set_quoted(vars, "TOKEN", bundle->token);
	set_quoted(vars, "CERTIFICATE_KEY", bundle->certificate_key);
	set(vars, "CA_CERT_HASHES", hashes);
	set_bool(vars, "SKIP_CA_VERIFICATION", !bundle->ca_hash);
}

static void set_cluster(struct kubernetes_vars *vars, const struct cluster *cluster,
			const struct kubernetes_release *release)
{
	const char *endpoint = or_empty(cluster->endpoint.value);
	AUTOFREE char *host = endpoint_host(endpoint);
	AUTOFREE char *version = xasprintf("v%s", or_empty(release->kubernetes));

	set_quoted(vars, "KUBERNETES_VERSION", version);
	set_quoted(vars, "CLUSTER_NAME", cluster->name.value);
	set_quoted(vars, "CLUSTER_ENDPOINT", endpoint);
	set_quoted(vars, "ENDPOINT_HOST", host);
	set_plain(vars, "ENDPOINT_PORT", endpoint_port(endpoint));
	set_quoted(vars, "POD_SUBNET", cluster->pod_subnet.value);
	set_quoted(vars, "SERVICE_SUBNET", cluster->service_subnet.value);
	set_quoted(vars, "DNS_DOMAIN", cluster->dns_domain.value);
	set_cert_sans(vars, cluster);
}

/* "FIRST-LAST" or a CIDR, as blocks of a CiliumLoadBalancerIPPool. */
static void set_blocks(struct kubernetes_vars *vars, const struct texts *pool)
{
	struct buf blocks = { 0 };

	for (size_t i = 0; i < pool->count; i++) {
		const char *range = pool->list[i].value, *dash = strchr(range, '-');
		AUTOFREE char *first = xstrndup(range, strcspn(range, "-"));

		buf_adds(&blocks, i ? ", {" : "[{");
		buf_adds(&blocks, dash ? "start: " : "cidr: ");
		text_add_quoted(&blocks, first);
		if (dash) {
			buf_adds(&blocks, ", stop: ");
			text_add_quoted(&blocks, dash + 1);
		}
		buf_adds(&blocks, "}");
	}
	end_list(&blocks);
	set(vars, "LB_BLOCKS", blocks);
}

static bool has_interface_before(const struct cluster *cluster, size_t n, const char *interface)
{
	for (size_t i = 0; i < n; i++) {
		const char *other = cluster->nodes[i].network.interface.value;

		if (other && strcmp(other, interface) == 0)
			return true;
	}

	return false;
}

/* Without a choice of the user's: the interfaces that the nodes are known by. */
static void set_interfaces(struct kubernetes_vars *vars, const struct cluster *cluster)
{
	const struct texts *chosen = &cluster->cilium.interfaces;
	struct buf list = { 0 };

	for (size_t i = 0; i < chosen->count; i++)
		add_element(&list, chosen->list[i].value);

	for (size_t i = 0; !chosen->count && i < cluster->n_nodes; i++) {
		const char *interface = cluster->nodes[i].network.interface.value;

		if (!interface || has_interface_before(cluster, i, interface))
			continue;

		AUTOFREE char *pattern = xasprintf("^%s$", interface);
		add_element(&list, pattern);
	}

	end_list(&list);
	set(vars, "LB_INTERFACES", list);
}

static void set_cilium(struct kubernetes_vars *vars, const struct cluster *cluster,
		       const struct kubernetes_release *release)
{
	const struct cilium *cilium = &cluster->cilium;
	AUTOFREE char *minor = version_minor(or_empty(release->cilium));
	bool v2 = minor && !version_minor_below(minor, "1.18");

	set_plain(vars, "OPERATOR_REPLICAS", cluster->n_nodes > 1 ? "2" : "1");
	set_bool(vars, "GATEWAY_API", cilium->gateway_api.value);
	set_bool(vars, "L7_PROXY", cilium->gateway_api.value || cluster_runs_envoy(cluster));
	set_bool(vars, "L2_ANNOUNCEMENTS", cilium->pool.count > 0);
	set_plain(vars, "LB_POOL_API", v2 ? "cilium.io/v2" : "cilium.io/v2alpha1");
	set_blocks(vars, &cilium->pool);
	set_interfaces(vars, cluster);
}

static void set_flux(struct kubernetes_vars *vars, const struct inputs *inputs,
		     const struct kubernetes_release *release)
{
	const struct flux *flux = &inputs->cluster->flux;

	set_quoted(vars, "FLUX_VERSION", release->flux);
	set_quoted(vars, "FLUX_KIND", flux->kind.value);
	set_quoted(vars, "FLUX_URL", flux->url.value);
	set_quoted(vars, "FLUX_REF", flux->ref.value);
	set_quoted(vars, "FLUX_PATH", flux->path.value);
	set_quoted(vars, "FLUX_PULL_SECRET", flux->pull_secret.value);
	set_plain(vars, "IF_SOPS", inputs->age_identity.len ? "" : "# ");
}

void kubernetes_vars_make(const struct inputs *inputs, const struct kubernetes_release *release,
			  struct kubernetes_vars *ret)
{
	set_registration(ret, inputs);
	set_discovery(ret, &inputs->bundle);
	set_cluster(ret, inputs->cluster, release);
	set_cilium(ret, inputs->cluster, release);
	set_flux(ret, inputs, release);
}

void kubernetes_env(const struct inputs *inputs, const struct kubernetes_release *release,
		    struct buf *ret)
{
	const struct node *node = inputs->node;

	shellvars_add(ret, "KUBERNETES_VERSION", or_empty(release->kubernetes));
	shellvars_add(ret, "CILIUM_VERSION", or_empty(release->cilium));
	shellvars_add(ret, "GATEWAY_API_VERSION", or_empty(release->gateway_api));
	shellvars_add(ret, "FLUX_OPERATOR_VERSION", or_empty(release->flux_operator));
	shellvars_add(ret, "UPLOAD_CERTS", inputs->bundle.certificate_key ? "yes" : "");
	shellvars_add(ret, "KUBECONFIG_USER", node->n_users ? node->users[0].name.value : "");
}

void kubernetes_nodes(const struct cluster *cluster, struct buf *ret)
{
	for (size_t i = 0; i < cluster->n_nodes; i++) {
		AUTOFREE char *address = node_static_address(&cluster->nodes[i]);

		buf_addf(ret, "%s %s\n", cluster->nodes[i].name.value, address ? address : "dhcp");
	}
}
