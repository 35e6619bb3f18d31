/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Base images of a run: each is opened, and if need be downloaded and decoded, once,
 * however many nodes are made from it.
 */
#pragma once

#include "cmd/cmd.h"
#include "config/cluster.h"
#include "plan/build.h"

/** A base image in use. */
struct shared_base {
	/** What the cluster file says of it; borrowed. */
	const struct image_source *source;
	struct base base;
	/** For builds: where it has data. */
	struct map map;
	bool has_map;
	/** The blocks of its compressed form; none if there is none. */
	struct pack_index index;
	/** The file of the cache that they are in; -1 if it is the source. */
	int packed;
};

/** All of them.  Initialise with { 0 }. */
struct bases {
	struct shared_base **list;
	size_t count;
};

/**
 * The base image of a node.  What is wrong with it goes to the context's diags, at the
 * place that names it.
 *
 * @param ret  borrowed from bases
 * @return -EINVAL without a message if it went to diags
 */
int bases_get(struct bases *bases, const struct context *context, const struct node *node,
	      struct shared_base **ret, struct error *err);

/** Open any image read-only, a compressed one too, which is decoded for this once. */
int bases_open_image(const struct context *context, const char *path,
		     const struct backend_ops *backend, struct disk *ret, struct error *err);

/** Make ready what builds need of all of them besides: maps, and their compressed forms if
 * pack asks for any. */
int bases_prepare(struct bases *bases, const struct context *context, const struct pack_spec *pack,
		  struct error *err);

/** Release everything. */
void bases_close(struct bases *bases);
