/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Base64 (RFC 4648, section 4), strictly: no blanks, padding required.
 */
#pragma once

#include <stddef.h>

#include "util/buf.h"

/**
 * Decode base64.
 *
 * @param ret  gets the bytes; unchanged on failure
 * @return the number of characters that were right: len if all were
 */
size_t base64_decode(const char *text, size_t len, struct buf *ret);
