/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What a decoded cluster means, and whether that can work.
 *
 * Every function adds to diags what it finds and goes on; values that are not set
 * have been complained about by the decoder and are passed over.  Warnings of what is
 * missing wait until there are no errors: it may be what was refused.
 */
#pragma once

#include "config/cluster.h"

/** Fill in defaults, roles, boards and the endpoint. */
void resolve_cluster(struct cluster *cluster, struct diags *diags);

/** All checks below. */
void check_cluster(const struct cluster *cluster, struct diags *diags);

/** Names and addresses of nodes, gateways, name servers, Wi-Fi. */
void check_nodes(const struct cluster *cluster, struct diags *diags);

/** Whose address the endpoint is. */
void check_endpoint(const struct cluster *cluster, struct diags *diags);

/** Networks of pods and services, and addresses of load balancers. */
void check_subnets(const struct cluster *cluster, struct diags *diags);

/** Ranges of addresses for load balancers, and who announces them. */
void check_balancer(const struct cluster *cluster, struct diags *diags);

/** What Kubernetes, Cilium and Flux want of the nodes and of their sources. */
void check_kubernetes(const struct cluster *cluster, struct diags *diags);

/** Where a node's image comes from. */
void check_image(const struct node *node, struct diags *diags);

/** Users and files of a node. */
void check_content(const struct node *node, struct diags *diags);
