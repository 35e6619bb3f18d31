/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Secrets that stand in a cluster file, by right or by mistake: their lines are
 * not shown, and messages do not quote them.
 */
#pragma once

#include "config/decode.h"

/**
 * Hide the value of a field that holds a secret or names a file of secrets,
 * whatever kind of value it is: all of it, or what names no file and may be the
 * secret itself.
 */
void hide_value(const struct decoder *d, const struct field *field, const struct tree *tree);

/** Hide the value of an unknown key that sounds like a secret's, such as "password". */
void hide_unknown(const struct decoder *d, const struct tree_entry *entry);

/** Hide the content of a file that is marked as a secret, be it by a wrong value. */
void hide_content(const struct decoder *d, const struct map *map, const struct tree *tree);

/** Hide lines that sound like secrets, of a file that cannot be parsed. */
void hide_lines(const struct source *source, struct diags *diags);
