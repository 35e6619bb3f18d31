/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Bech32 (BIP 173) as age uses it: without the limit of 90 characters.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "util/buf.h"

/**
 * Decode "PREFIX1DATA", all upper or all lower case.
 *
 * @param prefix  what has to stand before the last "1", in the case of the text
 * @param ret     gets the bytes
 * @return false if the prefix, a character, the padding or the checksum is wrong
 */
bool bech32_decode(const char *text, size_t len, const char *prefix, struct buf *ret);

/** Append "prefix1data" in lower case. */
void bech32_encode(struct buf *ret, const char *prefix, const struct buf *data);
