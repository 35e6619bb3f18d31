/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * From a plan to a finished image: copy, apply, verify, publish.
 */
#pragma once

#include "plan/apply.h"
#include "plan/disk.h"
#include "plan/inputs.h"
#include "util/progress.h"

/** How to build. */
struct build_options {
	const struct backend_ops *backend;
	/** Final path of the image. */
	const char *output;
	/** Overwrite an existing image, remove what killed runs left. */
	bool replace;
	/** Put SHA-256 digests of whole images into the manifest. */
	bool checksum;
	struct progress *progress;
	/** Called for each *.partial.* file that a killed run left. */
	void (*leftover)(void *arg, const char *path);
	void *arg;
};

/**
 * Make the complete plan of a node against its base image, and check that there
 * is room for it.  Writes nothing.
 *
 * Mistakes in the user's files go to diags; the plan may only be used if there
 * are none.
 */
int build_plan(const struct inputs *inputs, const struct disk *base, struct plan *plan,
	       struct diags *diags, struct error *err);

/** Can the output be written: not there yet (or to be replaced), and not the base image? */
int build_check_output(const struct disk *base, const struct build_options *options,
		       struct error *err);

/**
 * Write the image of a node, and its manifest beside it.
 *
 * The image is opened again read-only and every operation is read back before it
 * gets its final name.  On failure there is no file under a final name.
 */
int build_image(const struct inputs *inputs, const struct disk *base, const struct plan *plan,
		const struct build_options *options, struct error *err);
