/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * SHA-256 and HMAC-SHA-256 (OpenSSL EVP).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "util/error.h"

#define DIGEST_SIZE 32
#define DIGEST_HEX_SIZE (2 * DIGEST_SIZE + 1)

/** SHA-256 of len bytes. */
void digest_sha256(const void *data, size_t len, uint8_t ret[static DIGEST_SIZE]);

/** HMAC-SHA-256. */
void digest_hmac(const void *key, size_t key_len, const void *data, size_t len,
		 uint8_t ret[static DIGEST_SIZE]);

/** SHA-256 of a whole file, from its start; holes are read as zeros. */
int digest_file(int fd, uint8_t ret[static DIGEST_SIZE], struct error *err);

/** Lower-case hexadecimal, with a 0 byte at the end. */
void digest_hex(const uint8_t digest[static DIGEST_SIZE], char ret[static DIGEST_HEX_SIZE]);
