/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The files that a built node consists of:
 *
 *   NODE.img          raw image; not kept if it is compressed, but with keep_raw
 *   NODE.img.xz       or .zst, .gz: compressed image
 *   NODE.img.bmap     block map of the raw image
 *   NODE.img.json     manifest
 */
#pragma once

#include "plan/build.h"
#include "plan/manifest.h"
#include "util/output.h"

/** The files, while they are written.  Initialise with OUTPUTS_NONE. */
struct outputs {
	struct output raw, packed, bmap, manifest;
};

#define OUTPUTS_NONE ((struct outputs){ OUTPUT_NONE, OUTPUT_NONE, OUTPUT_NONE, OUTPUT_NONE })

/** Create the images under temporary names; what killed runs left is reported, and with
 * options->replace removed. */
int outputs_open(const struct build_options *options, struct outputs *ret, struct error *err);

/**
 * Write block map and manifest, and give all files their final names.  On failure none
 * has one.
 *
 * @param changed  where the raw image differs from the base
 * @param ret      path, and what is not set yet: size and digest of a raw image
 */
int outputs_publish(struct outputs *outputs, const struct build_options *options,
		    const struct manifest_subject *subject, const struct ranges *changed,
		    struct build_result *ret, struct error *err);

/** Release everything; what was not published is removed. */
void outputs_close(struct outputs *outputs);
#define AUTOOUTPUTS CLEANUP(outputs_close)
