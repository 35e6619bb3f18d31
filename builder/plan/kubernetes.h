/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The Kubernetes files of a node: kubeadm configuration, Cilium values,
 * FluxInstance, age key, and the first-boot service that uses them.
 *
 * What a role gets:
 *
 *     everyone      k8s-firstboot.service, its steps, /etc/nib/kubernetes.env, and
 *                   /etc/nib/kubeadm.yaml (0600: it holds the bootstrap token)
 *     init          the CA and its key, if the bundle has one; /root/keys.txt (0600);
 *                   Cilium values, load balancer, FluxInstance, the list of nodes
 *     controlplane  the certificate key, in its kubeadm.yaml
 *     worker        nothing more
 *
 * The scripts also read NODE_NAME, NODE_ROLE, NODE_INTERFACE, NODE_ADDRESS (empty for
 * DHCP) and CLUSTER_ENDPOINT from /etc/nib/node.env, which is not written here.
 */
#pragma once

#include "plan/inputs.h"
#include "plan/plan.h"
#include "plan/release.h"

/**
 * Add the Kubernetes operations of a node.
 *
 * Without a bundle there is no token to join with: then all of this is left out,
 * but the age key, and a warning says so.
 *
 * @param release  for the installed kubeadm version
 * @param diags    gets warnings, and mistakes in templates
 */
int kubernetes_plan(const struct inputs *inputs, const struct release *release, struct plan *plan,
		    struct diags *diags, struct error *err);

/** Name of the unit that starts first boot, to be named in presets. */
#define FIRSTBOOT_UNIT "k8s-firstboot.service"
