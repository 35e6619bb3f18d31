/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The binary form of OpenSSH public keys and certificates (RFC 4253, RFC 5656,
 * RFC 8709; PROTOCOL.certkeys and PROTOCOL.u2f of OpenSSH).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "util/buf.h"
#include "util/error.h"

/** Is it the name of a key type, also of one that is refused? */
bool sshwire_is_type(const char *name, size_t len);

/**
 * Read all fields of a key.
 *
 * @param name  the type in front of the base64 text; must be the one inside
 */
int sshwire_check(const char *name, size_t len, const struct buf *key, struct error *err);
