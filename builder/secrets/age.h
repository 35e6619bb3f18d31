/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * age identity files (age-keygen(1)): AGE-SECRET-KEY-1..., one per line.
 */
#pragma once

#include "util/buf.h"
#include "util/error.h"

/**
 * Check an identity file: comments, empty lines and at least one identity, each
 * with a right bech32 checksum and length.  Messages never quote the file.
 *
 * X25519 identities (AGE-SECRET-KEY-1...) and post-quantum ones
 * (AGE-SECRET-KEY-PQ-1..., age 1.3) are accepted.  Plugin identities are refused:
 * in the cluster there is no plugin.  So are files encrypted with a passphrase,
 * which nothing there could unlock, and SSH keys, by name.
 *
 * @param line  where the mistake is, from 1; set on failure
 */
int age_check_identity(const struct buf *content, unsigned *line, struct error *err);

/**
 * The public key of the first X25519 identity ("age1..."), owned by the caller.
 *
 * @return -EOPNOTSUPP if there is none: the public key of a post-quantum identity
 *         needs ML-KEM, which OpenSSL 3.0 does not have
 */
int age_recipient(const struct buf *identity, char **ret, struct error *err);
