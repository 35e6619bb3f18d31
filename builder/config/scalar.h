/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Text, yes or no, numbers: what one scalar of a file means for its key.
 *
 * nib knows the type of every key, so plain text is taken as it is written:
 * "1.10" stays "1.10", "0644" are four digits, and NO is Norway.
 */
#pragma once

#include <stdbool.h>

#include "config/cluster.h"
#include "config/decode.h"

/** Text, checked for its form and resolved if it is a path; false after an error. */
bool scalar_text(const struct decoder *d, const struct field *field, const struct tree *tree,
		 struct text *ret);

/** true or false. */
void scalar_flag(const struct decoder *d, const struct field *field, const struct tree *tree,
		 struct flag *ret);

/** A whole number. */
void scalar_number(const struct decoder *d, const struct field *field, const struct tree *tree,
		   unsigned *ret);

/** Does text have a form? */
bool format_matches(const struct format *format, const char *text);
