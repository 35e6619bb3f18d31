/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Child processes: an argument vector, a closed environment, no shell.
 */
#pragma once

#include <stddef.h>

#include "util/buf.h"
#include "util/error.h"

/** What to run.  Unset fields mean: empty input, output dropped. */
struct process {
	/** Program (looked up in PATH) and arguments, ended by NULL. */
	const char *const *argv;
	/** The child's whole environment besides PATH, "NAME=value", ended by NULL; may be NULL. */
	const char *const *env;
	/** Descriptors that the child keeps, under the same numbers, ended by -1; may be NULL. */
	const int *fds;
	/** Standard input; may be NULL. */
	const struct buf *input;
	/** Where standard output goes; may be NULL. */
	struct buf *output;
	/** Most bytes of output that are accepted; 0 means 64 MiB. */
	size_t max_output;
};

/** The path of a program in PATH, owned by the caller; NULL if it is not installed. */
char *process_find(const char *name);

/**
 * Run a program to its end.
 *
 * @param status  exit status; if NULL, any but 0 is an error that quotes the line
 *                of the program's standard error that says what failed
 * @return -ENOENT if there is no such program; err says so
 */
int process_run(const struct process *process, int *status, struct error *err);
