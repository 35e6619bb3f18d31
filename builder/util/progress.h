/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What is being done right now: a bar on a terminal, a line per step elsewhere.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

/** How to show progress. */
enum progress_mode { PROGRESS_NONE, PROGRESS_LINES, PROGRESS_BAR };

/** One display. */
struct progress {
	FILE *to;
	enum progress_mode mode;
	/** Who and what, for the bar; not owned. */
	const char *subject, *step;
	/** Share shown last, in percent; -1 before the first. */
	int shown;
	/** Say how long each step took. */
	bool timed;
	/** When the step began. */
	struct timespec start;
};

/** A step begins. */
void progress_step(struct progress *progress, const char *subject, const char *step);

/** So much of the step is done; cheap enough to be called often. */
void progress_update(struct progress *progress, uint64_t done, uint64_t total);

/** Nothing is being done any more: clear the bar, so that other text can be printed. */
void progress_end(struct progress *progress);
