/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What the templates of templates/kubernetes and templates/flux may use, and what
 * the first-boot scripts find in /etc/nib/kubernetes.env.
 */
#pragma once

#include "plan/inputs.h"
#include "plan/versions.h"
#include "template/template.h"
#include "util/diag.h"

/** Stands in a rendered file where only the node knows its address (DHCP). */
#define NODE_ADDRESS_PLACEHOLDER "@NODE_ADDRESS@"

/** Which software, of which version. */
struct kubernetes_release {
	/** "1.34.2". */
	char *kubernetes;
	/** "1.18.12". */
	char *cilium;
	/** "1.3.0"; NULL without Gateway API. */
	char *gateway_api;
	/** "0.58.1", "2.x". */
	char *flux_operator, *flux;
};

/** Release everything; back to { 0 }. */
void kubernetes_release_free(struct kubernetes_release *release);

/** The names that templates may use.  Initialise with { 0 }. */
struct kubernetes_vars {
	/** Values point into .values, quoted for YAML. */
	struct template_var *list;
	size_t count;
	/** Wiped when they are released. */
	struct buf *values;
	size_t n_values;
};

/** Fill in all names. */
void kubernetes_vars_make(const struct inputs *inputs, const struct kubernetes_release *release,
			  struct kubernetes_vars *ret);

/** Wipe and release everything; back to { 0 }. */
void kubernetes_vars_free(struct kubernetes_vars *vars);

/**
 * Append the lines of /etc/nib/kubernetes.env, quoted for a shell; none is secret:
 *
 *     KUBERNETES_VERSION, CILIUM_VERSION, FLUX_OPERATOR_VERSION
 *     GATEWAY_API_VERSION                empty without Gateway API
 *     UPLOAD_CERTS                       "yes" if further control planes join by certificate key
 *     KUBECONFIG_USER                    who gets the administrator's kubeconfig; may be empty
 */
void kubernetes_env(const struct inputs *inputs, const struct kubernetes_release *release,
		    struct buf *ret);

/** Append a line "NAME ADDRESS" or "NAME dhcp" for every node, for /etc/nib/nodes. */
void kubernetes_nodes(const struct cluster *cluster, struct buf *ret);

/** Host of "HOST:PORT" without the brackets of IPv6, owned. */
char *endpoint_host(const char *endpoint);

/** Address of a node without its prefix, owned; NULL for DHCP. */
char *node_static_address(const struct node *node);

/** Does Envoy start on every node (boards with 39 bits of address space cannot run it)? */
bool cluster_runs_envoy(const struct cluster *cluster);
