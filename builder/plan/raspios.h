/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What a node needs in a Raspberry Pi OS image (facts: shared with the design,
 * "raspberry-pi-os"): identity, users, network, first boot, Kubernetes host
 * settings.  Reads the image, adds operations, writes nothing.
 */
#pragma once

#include "image/backend.h"
#include "plan/inputs.h"
#include "plan/plan.h"
#include "plan/release.h"

/**
 * Plan a node.
 *
 * @param b       the base image, mounted by release_mount(), read-only
 * @param layout  its partitions
 * @param diags   gets warnings, and errors that point at cluster.yaml
 */
int raspios_plan(const struct inputs *inputs, struct backend *b, const struct layout *layout,
		 const struct release *release, struct plan *plan, struct diags *diags,
		 struct error *err);
