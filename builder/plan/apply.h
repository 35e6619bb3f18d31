/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Carrying out a plan, and reading it back.
 */
#pragma once

#include "plan/plan.h"

/** An open image that a plan is about. */
struct plan_target {
	/** The image; for the partition table. */
	int fd;
	/** Its file systems, mounted. */
	struct backend *backend;
};

/** How an image compares with one operation. */
enum plan_state {
	/** As planned. */
	PLAN_SAME,
	/** There, but different. */
	PLAN_CHANGED,
	/** Not there at all. */
	PLAN_MISSING,
};

/** What verification found wrong. */
struct plan_mismatch {
	const struct plan_op *op;
	/** "mode is 0644 instead of 0600"; owned. */
	char *text;
};

/** A list of them.  Initialise with { 0 }. */
struct plan_mismatches {
	struct plan_mismatch *list;
	size_t count;
};

/** "write", "remove", ...: what an operation does, in a word. */
const char *plan_verb(enum plan_kind kind);

/**
 * Compare an image with an operation.
 *
 * @param state  what was found
 * @param why    what differs, owned by the caller; NULL for PLAN_SAME
 */
int plan_compare(const struct plan_op *op, const struct plan_target *target, enum plan_state *state,
		 char **why, struct error *err);

/**
 * Check that the file systems have room for everything that a plan adds.
 *
 * Fails with -ENOSPC and the number of bytes or inodes that are missing.
 */
int plan_check_space(const struct plan *plan, struct backend *b, struct error *err);

/** Carry out every operation that the image does not fulfil yet. */
int plan_apply(const struct plan *plan, const struct plan_target *target, struct error *err);

/** Read every operation back.  Differences are no failure: they go to the list. */
int plan_verify(const struct plan *plan, const struct plan_target *target,
		struct plan_mismatches *ret, struct error *err);

/** Release a list; back to { 0 }. */
void plan_mismatches_free(struct plan_mismatches *mismatches);
#define AUTOMISMATCHES CLEANUP(plan_mismatches_free)
