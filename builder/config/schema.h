/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The one description of cluster.yaml: which keys there are, what they hold, and
 * where they go in the structs of config/cluster.h.
 */
#pragma once

#include "config/decode.h"
#include "util/buf.h"

/** The whole file, as struct cluster. */
extern const struct map schema_cluster;

/** An element of "nodes:", as struct node; "defaults:" has the same keys. */
extern const struct map schema_node;

/** Value of "version:". */
#define SCHEMA_VERSION "nib/v1"

/** Append the description as a JSON schema (draft-07), for editors: docs/cluster.schema.json. */
void schema_json(struct buf *ret);

/** A name of a host or a domain: DNS labels with dots between them. */
extern const struct format format_domain;
