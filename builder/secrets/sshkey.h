/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * OpenSSH public keys, in the form of authorized_keys (sshd(8)).
 */
#pragma once

#include "util/buf.h"
#include "util/error.h"

/**
 * Check one line of an authorized_keys file.
 *
 * Options in front are allowed.  The base64 part is decoded and its fields are
 * read, so a truncated or mistyped key is found.  All public key types of OpenSSH
 * are known, also sk-* and certificates; ssh-dss is refused.
 *
 * @param column  where in the line the mistake is, from 1; set on failure
 * @param err     says what is wrong, without quoting the key
 */
int sshkey_check_line(const char *line, size_t len, unsigned *column, struct error *err);

/**
 * Check the content of a public key file: at least one key, only valid keys,
 * blank lines and comments, and not a private key in any of the formats of
 * OpenSSH, PEM or PuTTY, which is refused by name.
 *
 * @param line, column  where the mistake is, from 1; set on failure
 */
int sshkey_check(const struct buf *content, unsigned *line, unsigned *column, struct error *err);
