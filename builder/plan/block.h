/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Lines that nib owns in a file that others write as well, between two comments:
 *
 *     # nib: begin
 *     ...
 *     # nib: end
 */
#pragma once

#include "util/error.h"

/**
 * Make the block the last lines of a text.
 *
 * Whatever is in the text's own block now is dropped, everything else is kept.
 *
 * @param body  lines with their newlines; "" for no block at all
 * @param ret   the new text, owned by the caller
 * @return -EINVAL if the text has a begin without an end
 */
int block_set(const char *text, const char *body, char **ret, struct error *err);
