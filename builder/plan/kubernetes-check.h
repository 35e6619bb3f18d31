/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What has to fit together for a node to join: versions, secrets, endpoint.
 */
#pragma once

#include "plan/inputs.h"
#include "plan/kubernetes-vars.h"
#include "plan/release.h"

/**
 * Choose the version of everything that is installed on first boot.
 *
 * Kubernetes is what cluster.yaml says, or else the kubeadm of the base image,
 * which has to be of the same minor version.
 *
 * @return the versions may only be used if diags has no error
 */
void kubernetes_choose(const struct inputs *inputs, const struct release *release,
		       const struct versions *versions, struct kubernetes_release *ret,
		       struct diags *diags);

/** Find what cannot work, or works in a way that the user should know. */
void kubernetes_check(const struct inputs *inputs, struct diags *diags);
