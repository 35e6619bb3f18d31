/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Options in front of a key in authorized_keys (sshd(8), AUTHORIZED_KEYS FILE FORMAT).
 */
#pragma once

#include "util/error.h"

/**
 * Check options and step behind them.
 *
 * @param pos  start of the options; on success the blank after them, on failure
 *             the place of the mistake
 * @param end  end of the line
 */
int sshoptions_skip(const char **pos, const char *end, struct error *err);
