/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Password hashes as in /etc/shadow (crypt(5), libxcrypt).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "util/error.h"

/**
 * Hash a password with yescrypt.
 *
 * @param salt  random or derived bytes
 * @param ret   "$y$..."; owned by the caller
 */
int password_hash(const char *password, const uint8_t *salt, size_t salt_len, char **ret,
		  struct error *err);

/** Is it a hash that Debian's login accepts ($y$, $gy$, $7$, $2b$, $6$, $5$), complete and
 * well-formed? */
int password_check_hash(const char *hash, struct error *err);
