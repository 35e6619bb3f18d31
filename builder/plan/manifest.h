/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * NODE.img.json: what went into an image.
 */
#pragma once

#include "plan/build.h"
#include "plan/disk.h"
#include "plan/inputs.h"
#include "plan/plan.h"

/** What a manifest is about. */
struct manifest_subject {
	const struct inputs *inputs;
	const struct disk *base;
	const struct plan *plan;
	/** Where the base came from. */
	const struct base *source;
	/** The finished image. */
	const struct build_result *result;
};

/**
 * Write the manifest of an image to fd.
 *
 * Each operation is there with path, owner, mode, size and the SHA-256 of its
 * content; secrets without size and digest.
 */
int manifest_write(const struct manifest_subject *subject, int fd, struct error *err);
