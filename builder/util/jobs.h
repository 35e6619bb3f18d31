/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Jobs in child processes, several at a time.
 *
 * A job is a copy of the program as it was when the job began: what happens to its
 * memory, even a crash, stays with it.  It tells how it gets on through a pipe that
 * all jobs share.  ^C and SIGTERM reach every job (util/cancel.h), and so does the
 * death of the program itself.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "util/error.h"

/** What a job can tell. */
enum job_news {
	/** A step begins; text is its name. */
	JOB_STEP,
	/** So much of the step is done. */
	JOB_PROGRESS,
	/** Something that people should know. */
	JOB_NOTE,
	/** The job is done; text is its result. */
	JOB_DONE,
	/** The job failed; text says why. */
	JOB_FAILED,
};

/** News from a job. */
struct job_event {
	/** Its number, from 0. */
	size_t job;
	enum job_news news;
	/** For JOB_PROGRESS. */
	uint64_t done, total;
	/** "" for JOB_PROGRESS; shortened if it is longer than a pipe takes at once. */
	const char *text;
};

/** A job's end of the pipe. */
struct job {
	size_t number;
	int pipe;
};

/** Jobs to do. */
struct jobs {
	size_t count;
	/** Most at a time. */
	unsigned parallel;
	/**
	 * Begin a job, before its process is made: what is set up here the job finds.
	 * A failure is the job's.  May be NULL.
	 */
	int (*begin)(void *arg, size_t number, struct error *err);
	/** In the job's process: do it.  On success it has sent JOB_DONE. */
	int (*run)(void *arg, const struct job *job, struct error *err);
	/** Behind begin(), also if that failed: release what it set up. */
	void (*end)(void *arg, size_t number);
	/** News came. */
	void (*event)(void *arg, const struct job_event *event);
	/** Handed to all of them. */
	void *arg;
};

/** Processors that jobs can run on; at least 1. */
unsigned jobs_processors(void);

/** Tell; done and total are for JOB_PROGRESS, where text is "". */
void job_tell(const struct job *job, enum job_news news, const char *text, uint64_t done,
	      uint64_t total);

/**
 * Do all jobs.  One that fails does not stop the others.
 *
 * @param failed  how many failed
 * @return -EINTR if all were stopped by a signal; else 0, or why none could be done
 */
int jobs_run(const struct jobs *jobs, size_t *failed, struct error *err);
