/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * From a plan to a finished image: copy, apply, verify, publish.
 */
#pragma once

#include "image/base.h"
#include "image/pack.h"
#include "plan/apply.h"
#include "plan/disk.h"
#include "plan/inputs.h"

/** What many nodes are made from: looked up once, and only read by each.  All borrowed. */
struct build_base {
	const struct base *base;
	/** Where it has data. */
	const struct map *map;
	/** The blocks of its compressed form; NULL where there is none. */
	const struct pack_index *index;
};

/** How to build. */
struct build_options {
	const struct backend_ops *backend;
	struct build_base from;
	/** Final path of the raw image; that of a compressed one has a suffix more. */
	const char *output;
	/** How the image is compressed, if it is. */
	struct pack_spec pack;
	/** Leave the raw image beside the compressed one. */
	bool keep_raw;
	/** Blocks to compress at the same time. */
	unsigned threads;
	/** Overwrite an existing image, remove what killed runs left. */
	bool replace;
	/** Put SHA-256 digests of whole images into the manifest. */
	bool checksum;
	/** A step begins; and how far it is. */
	void (*step)(void *arg, const char *step);
	copy_progress *progress;
	/** Called for each *.partial.* file that a killed run left. */
	void (*leftover)(void *arg, const char *path);
	/** Handed to all of them. */
	void *arg;
};

/** What was built.  Initialise with { 0 }. */
struct build_result {
	/** Path of the image, compressed if it is; owned. */
	char *path;
	/** Its size in bytes. */
	uint64_t size;
	/** Its digest, where has_sha256: it is compressed, or a checksum was asked for. */
	uint8_t sha256[DIGEST_SIZE];
	bool has_sha256;
	/** Blocks taken over from the compressed base, and encoded. */
	size_t reused, encoded;
};

/** Release what it owns. */
void build_result_free(struct build_result *result);
#define AUTORESULT CLEANUP(build_result_free)

/**
 * Make the complete plan of a node against its base image, and check that there
 * is room for it.  Writes nothing.
 *
 * Mistakes in the user's files go to diags; the plan may only be used if there
 * are none.
 *
 * @return -EINVAL if the image is none that a node can be made from
 */
int build_plan(const struct inputs *inputs, const struct disk *base, struct plan *plan,
	       struct diags *diags, struct error *err);

/** Can the output be written: not there yet (or to be replaced), and not the base image? */
int build_check_output(const struct disk *base, const struct build_options *options,
		       struct error *err);

/**
 * Write the image of a node, and its block map and manifest beside it.
 *
 * The image is opened again read-only and every operation is read back before it
 * gets its final name.  On failure there is no file under a final name.
 */
int build_image(const struct inputs *inputs, const struct disk *base, const struct plan *plan,
		const struct build_options *options, struct build_result *ret, struct error *err);
