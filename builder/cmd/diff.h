/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * A plan against its base image, in the form of diff -u.
 */
#pragma once

#include "plan/disk.h"
#include "plan/plan.h"

/**
 * Print the difference that each operation makes.
 *
 * Content of secrets is left out unless show_secrets is set.  Text is compared by
 * the diff program.
 */
int diff_print_plan(const struct plan *plan, const struct disk *base, bool show_secrets,
		    struct error *err);
