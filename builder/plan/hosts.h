/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Edits of hosts(5).
 */
#pragma once

#include <stddef.h>

#include "util/error.h"

/** A line for /etc/hosts. */
struct hosts_entry {
	const char *address, *name;
};

/**
 * Give the node its name and tell it about others.
 *
 * The name gets the one line with 127.0.1.1; the names in `gone` are taken off
 * every loopback address; the entries become nib's block at the end.  All other
 * lines are kept as they are.
 *
 * @param gone  names that the image had, ended by NULL; "localhost" always stays
 * @param ret   the new text, owned by the caller
 */
int hosts_set(const char *text, const char *name, const char *const *gone,
	      const struct hosts_entry *entries, size_t n_entries, char **ret, struct error *err);
