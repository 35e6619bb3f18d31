/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Versions of software that is installed on first boot and has no key in
 * cluster.yaml: the table templates/versions.
 */
#pragma once

#include <stddef.h>

#include "util/diag.h"

/** One line of the table. */
struct version {
	/** "gateway-api". */
	char *component;
	/** Minor version of Cilium that it goes with; "-" if it goes with any. */
	char *for_cilium;
	/** "1.3.0". */
	char *version;
};

/** The table.  Initialise with { 0 }. */
struct versions {
	struct version *list;
	size_t count;
};

/** Read the table; lines that are not of the form COMPONENT FOR VERSION are errors in diags. */
void versions_parse(const struct source *source, struct versions *ret, struct diags *diags);

/** The version of a component; NULL if there is none; borrowed. */
const char *versions_find(const struct versions *versions, const char *component,
			  const char *for_cilium);

/** Release everything; back to { 0 }. */
void versions_free(struct versions *versions);
#define AUTOVERSIONS CLEANUP(versions_free)
