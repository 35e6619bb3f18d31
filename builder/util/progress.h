/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What is being done right now: bars on a terminal, a line per step elsewhere.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

/** How to show progress. */
enum progress_mode { PROGRESS_NONE, PROGRESS_LINES, PROGRESS_BARS };

/** One of several things that are being done. */
struct progress_row {
	/** Whoever it is about; owned. */
	char *subject;
	/** What is being done; owned. */
	char *step;
	/** How far it is, in bytes; total is 0 where that is not known. */
	uint64_t done, total;
	/** When the step began. */
	struct timespec start;
};

/** One display.  Set the first three. */
struct progress {
	FILE *to;
	enum progress_mode mode;
	/** Say how long each step took. */
	bool timed;
	/** Rows in the order in which they began. */
	struct progress_row *rows;
	size_t count;
	/** Subjects in all, and those that are finished; no line about them if there is but one. */
	size_t subjects, finished;
	/** When the first began. */
	struct timespec start;
	/** Lines on the terminal now, and when they were drawn. */
	size_t drawn;
	struct timespec drawn_at;
};

/** So many subjects will come. */
void progress_begin(struct progress *progress, size_t subjects);

/** A step begins, and the one before it has ended. */
void progress_step(struct progress *progress, const char *subject, const char *step);

/** So much of the step is done; cheap enough to be called often. */
void progress_update(struct progress *progress, const char *subject, uint64_t done, uint64_t total);

/** The subject is finished. */
void progress_finish(struct progress *progress, const char *subject);

/** Clear the bars, so that other text can be printed; the next call draws them again. */
void progress_clear(struct progress *progress);

/** Nothing is being done any more: clear, and release. */
void progress_end(struct progress *progress);
#define AUTOPROGRESS CLEANUP(progress_end)
