/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The Kubernetes files of a node: kubeadm configuration, Cilium values,
 * FluxInstance, age key, and the first-boot service that uses them.
 */
#pragma once

#include "plan/inputs.h"
#include "plan/plan.h"
#include "plan/release.h"

/**
 * Add the Kubernetes operations of a node.
 *
 * Without a bundle there is no token to join with: then the kubeadm
 * configuration and the first-boot service are left out, and a warning says so.
 *
 * @param release  for the installed kubeadm version
 * @param diags    gets warnings, and mistakes in templates
 */
int kubernetes_plan(const struct inputs *inputs, const struct release *release, struct plan *plan,
		    struct diags *diags, struct error *err);

/** Path of the unit that starts first boot, to be named in presets. */
#define FIRSTBOOT_UNIT "k8s-firstboot.service"
