/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Errors with context.
 *
 * A function that can fail returns 0 or a negative errno, and takes a
 * struct error as its last parameter.  The function that detects the failure
 * sets the message; each caller that knows more about what was being done adds
 * a prefix; only main() prints.  Mistakes in a user's files are collected in
 * struct diags (util/diag.h) instead.
 */
#pragma once

#include <stdbool.h>

#include "util/cleanup.h"

/** Why an operation failed.  Initialise with ERROR_NONE. */
struct error {
	/** Negative errno, or 0 if there was no failure. */
	int code;
	/** The command line is wrong (exit status 2), not the work. */
	bool usage;
	/** One line of text without a final full stop or newline; owned. */
	char *message;
};

#define ERROR_NONE ((struct error){ 0 })

/**
 * Describe a failure.
 *
 * @param err   where to put it; must not hold an error yet
 * @param code  negative errno
 * @return code, so that callers can write "return error_set(...)"
 */
int error_set(struct error *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** Like error_set(), and append the text for the errno: "open 'x': No such file". */
int error_set_errno(struct error *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** Like error_set() with -EINVAL, for a command line that cannot be meant so. */
int error_set_usage(struct error *err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * Say what was being done when the failure happened: "node 'n1': <message>".
 *
 * @return the code of the error
 */
int error_prefix(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/**
 * Say what was being done to a file: "write '/etc/hosts': <message>".  A message
 * that names the file itself does not get the name a second time.
 */
int error_prefix_path(struct error *err, const char *what, const char *path);

/** A code of the functions above: never 0, which compilers and analysers cannot see from here. */
static inline int error_negative(int code)
{
	if (code >= 0)
		__builtin_unreachable();
	return code;
}
#define error_set(...) error_negative(error_set(__VA_ARGS__))
#define error_set_errno(...) error_negative(error_set_errno(__VA_ARGS__))
#define error_set_usage(...) error_negative(error_set_usage(__VA_ARGS__))
#define error_prefix(...) error_negative(error_prefix(__VA_ARGS__))
#define error_prefix_path(...) error_negative(error_prefix_path(__VA_ARGS__))

/** Say what can be done about it: "<message>; try this". */
void error_suffix(struct error *err, const char *text);

/** Free the message and go back to ERROR_NONE. */
void error_clear(struct error *err);

#define AUTOERROR CLEANUP(error_clear)
