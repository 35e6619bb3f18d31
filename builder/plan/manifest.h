/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * NODE.img.json: what went into an image.
 */
#pragma once

#include "plan/disk.h"
#include "plan/inputs.h"
#include "plan/plan.h"

/** What a manifest is about. */
struct manifest_subject {
	const struct inputs *inputs;
	const struct disk *base;
	const struct plan *plan;
	/** The finished image, and its final path. */
	int image_fd;
	const char *image_name;
	/** Add SHA-256 digests of both images, which costs more than building. */
	bool checksum;
};

/**
 * Write the manifest of an image to fd.
 *
 * Each operation is there with path, owner, mode, size and the SHA-256 of its
 * content; secrets without size and digest.
 */
int manifest_write(const struct manifest_subject *subject, int fd, struct error *err);
