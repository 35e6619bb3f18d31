/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Unknown keys, and what was meant by them.
 *
 * A mistyped key is told once and then read as the key that was meant: otherwise its
 * absence would be complained about as well, in every node if it is a default.
 */
#pragma once

#include "config/decode.h"
#include "config/tree.h"

/** The known key that an unknown one is near to, or the beginning of; NULL if there is none. */
const char *typo_nearest(const struct map *map, const char *key);

/** The tree again, with mistyped keys put right at every depth; see tree_entry.typed. */
const struct tree *typo_repair(const struct map *map, const struct tree *tree, struct arena *arena);

/** Does the mapping have an unknown key that may have been meant to be this one? */
bool typo_explains(const struct map *map, const struct tree *tree, const struct field *missing);
