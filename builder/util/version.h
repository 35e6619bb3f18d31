/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Numbers of versions.
 */
#pragma once

#include <stdbool.h>

/** "1.34" of "1.34.2", "v1.34.2" or dpkg's "1.34.2-1.1"; owned; NULL if it is no version. */
char *version_minor(const char *version);

/** "1.34.2" of the same; owned; NULL if it is no full version. */
char *version_full(const char *version);

/** Is "1.9" lower than "1.10"?  Both as version_minor() gives them. */
bool version_minor_below(const char *a, const char *b);
