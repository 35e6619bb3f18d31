/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Edits of a kernel command line: cmdline.txt, which is one line.
 *
 * Every edit is old text in, new text out, and changes nothing the second time.
 * Parameters are separated by blanks; as in the kernel, double quotes hide blanks.
 * The result has single blanks and a newline at the end.
 *
 * All edits fail with -EINVAL where the old text has more than one line, control
 * characters or an open quote, or where the new one would be longer than the
 * kernel takes.
 */
#pragma once

#include "util/error.h"

/** Most bytes in a line: COMMAND_LINE_SIZE of arm64, without the 0 byte. */
#define CMDLINE_MAX 2047

/**
 * Give a parameter one value: the first one of that name is replaced in place,
 * others are dropped, and without any it is added at the end.
 *
 * @param value  without blanks and quotes; NULL for a parameter without a value
 * @param ret    the new text, owned by the caller
 */
int cmdline_set(const char *text, const char *key, const char *value, char **ret,
		struct error *err);

/**
 * Have a parameter ("cgroup_enable=memory") exactly once, whatever other values of
 * that name there are; a new one goes to the end.
 */
int cmdline_add(const char *text, const char *parameter, char **ret, struct error *err);

/** Take out every parameter that matches a shell pattern ("systemd.run*"). */
int cmdline_remove(const char *text, const char *pattern, char **ret, struct error *err);

/** The last value of a parameter, which is the one that counts; NULL if there is none; owned. */
char *cmdline_get(const char *text, const char *key);
