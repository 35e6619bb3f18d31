/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * YAML documents as trees in which every part knows its place.
 *
 * A subset of YAML 1.1 (libyaml): mappings, lists and text.  What lets a file say
 * something else than it seems to say is refused: duplicate keys, anchors,
 * aliases, merge keys, tags, further documents.
 */
#pragma once

#include <stddef.h>

#include "config/arena.h"
#include "config/tree.h"
#include "util/diag.h"

/** Largest file, in bytes. */
#define YAML_MAX_SIZE ((size_t)1 << 20)
/** Deepest nesting of lists and mappings. */
#define YAML_MAX_DEPTH 32
/** Most keys and values. */
#define YAML_MAX_NODES 100000
/** Longest key, in bytes. */
#define YAML_MAX_KEY 128

/**
 * Parse a document.
 *
 * @param source  its file; must be registered with diags, and locations point into it
 * @param arena   owns the tree
 * @return NULL if the text is no YAML at all; diags says why.  There may be errors
 *         in diags even if there is a tree.
 */
const struct tree *yaml_parse(const struct source *source, struct arena *arena,
			      struct diags *diags);
