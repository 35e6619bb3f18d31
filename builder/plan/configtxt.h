/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Edits of config.txt, the firmware's settings.
 *
 * Lines are "key=value" or comments; a line "[pi5]" is a filter for the lines
 * after it, up to the next filter.
 */
#pragma once

#include "util/error.h"

/**
 * Have these lines, and no older ones of nib's, at the end of the file, for every
 * board ("[all]").
 *
 * @param lines  ended by NULL; without any the block goes away
 * @param ret    the new text, owned by the caller
 */
int configtxt_set(const char *text, const char *const *lines, char **ret, struct error *err);

/**
 * The last value of a key that counts for a board.
 *
 * @param filters  the filters that apply to the board besides "all", ended by NULL
 * @return owned by the caller; NULL if there is none
 */
char *configtxt_get(const char *text, const char *const *filters, const char *key);
