/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The plan: what an image has to hold for one node, as a list of final states.
 *
 * Adapters (plan/raspios.h) read an image and add operations.  Applying a plan
 * twice changes nothing the second time, and every operation can be read back.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "image/backend.h"
#include "util/buf.h"
#include "util/error.h"

/** Kinds of operation; their order has no meaning. */
enum plan_kind {
	/** A directory with this owner and mode. */
	PLAN_MKDIR,
	/** A regular file with this owner, mode and content. */
	PLAN_WRITE,
	/** A symbolic link. */
	PLAN_SYMLINK,
	/** Nothing at this path. */
	PLAN_REMOVE,
	/** The disk id in the MBR. */
	PLAN_DISK_ID,
};

/** One operation. */
struct plan_op {
	enum plan_kind kind;
	/** Path on the running node; "" for PLAN_DISK_ID; owned. */
	char *path;
	/** PLAN_MKDIR, PLAN_WRITE. */
	struct file_attr attr;
	/** PLAN_WRITE. */
	struct buf content;
	/** PLAN_SYMLINK; owned. */
	char *target;
	/** PLAN_DISK_ID. */
	uint32_t disk_id;
	/** The content must not be shown, and no plain digest of it be published. */
	bool secret;
	/** What it is for, in a few words, for people: "swap off"; a constant string. */
	const char *reason;
};

/** A list of operations, carried out in this order.  Initialise with { 0 }. */
struct plan {
	struct plan_op *ops;
	size_t count;
};

/** Root-owned files as most are. */
#define ATTR_ROOT_0644 ((struct file_attr){ .mode = 0644 })
#define ATTR_ROOT_0755 ((struct file_attr){ .mode = 0755 })
#define ATTR_ROOT_0600 ((struct file_attr){ .mode = 0600 })
#define ATTR_ROOT_0700 ((struct file_attr){ .mode = 0700 })

/**
 * Add an operation.
 *
 * A later operation on the same path takes the place of an earlier one, at the
 * earlier one's position.  The returned pointer is valid until the next call, to
 * set .secret.
 */
struct plan_op *plan_mkdir(struct plan *plan, const char *path, struct file_attr attr,
			   const char *reason);
/** See plan_mkdir().  Takes over the content. */
struct plan_op *plan_write(struct plan *plan, const char *path, struct buf content,
			   struct file_attr attr, const char *reason);
/** See plan_mkdir(). */
struct plan_op *plan_symlink(struct plan *plan, const char *path, const char *target,
			     const char *reason);
/** See plan_mkdir(). */
struct plan_op *plan_remove(struct plan *plan, const char *path, const char *reason);
/** See plan_mkdir(). */
struct plan_op *plan_disk_id(struct plan *plan, uint32_t disk_id, const char *reason);

/** The operation on path, or NULL; borrowed. */
const struct plan_op *plan_find(const struct plan *plan, const char *path);

/**
 * Complete a plan against the image it is for: directories that are missing on
 * the way to a file are added before it (root, 0755), and operations that the
 * image fulfils already are kept, so that verify reads them back too.
 */
int plan_complete(struct plan *plan, struct backend *b, struct error *err);

/** Release everything; back to { 0 }. */
void plan_free(struct plan *plan);
#define AUTOPLAN CLEANUP(plan_free)
