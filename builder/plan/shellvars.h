/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Files of assignments, NAME=value: os-release(5), /etc/default/ and the like.
 */
#pragma once

#include "util/buf.h"

/**
 * The last value of a name, without quotes and with their escapes undone.
 *
 * @return owned by the caller; NULL if there is none
 */
char *shellvars_get(const char *text, const char *name);

/**
 * Give a name one value: its first assignment is replaced in place, others are
 * dropped, and without any one is added at the end.  Comments are kept.
 *
 * @param value  as it shall stand in the file, quotes and all
 * @param ret    the new text, owned by the caller
 */
void shellvars_set(const char *text, const char *name, const char *value, char **ret);

/** Append NAME='value' and a newline, quoted for a shell. */
void shellvars_add(struct buf *buf, const char *name, const char *value);
