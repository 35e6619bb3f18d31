/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * age identity files (age-keygen(1)): AGE-SECRET-KEY-1..., one per line.
 */
#pragma once

#include "util/buf.h"
#include "util/error.h"

/**
 * Check an identity file: comments, blank lines and at least one X25519 identity
 * with a right bech32 checksum.  Messages never quote the file.
 *
 * @param line  where the mistake is, from 1; set on failure
 */
int age_check_identity(const struct buf *content, unsigned *line, struct error *err);

/** The public key of the first identity ("age1..."), owned by the caller. */
int age_recipient(const struct buf *identity, char **ret, struct error *err);
