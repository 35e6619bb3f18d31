/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * SHA-256 and HMAC-SHA-256 (OpenSSL EVP).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "util/error.h"

#define DIGEST_SIZE 32
#define DIGEST_HEX_SIZE (2 * DIGEST_SIZE + 1)

/** SHA-256 of len bytes. */
void digest_sha256(const void *data, size_t len, uint8_t ret[static DIGEST_SIZE]);

/** SHA-256 of data that comes piece by piece. */
struct digest;

/** Begin; owned by the caller. */
struct digest *digest_new(void) __attribute__((returns_nonnull));

/** Add len bytes. */
void digest_add(struct digest *digest, const void *data, size_t len);

/** The digest of all that was added; nothing can be added afterwards. */
void digest_end(struct digest *digest, uint8_t ret[static DIGEST_SIZE]);

/** Release it; NULL is fine. */
void digest_free(struct digest *digest);
DEFINE_CLEANUP(struct digest *, digest_free)
#define AUTODIGEST CLEANUP(digest_freep)

/** HMAC-SHA-256. */
void digest_hmac(const void *key, size_t key_len, const void *data, size_t len,
		 uint8_t ret[static DIGEST_SIZE]);

/** SHA-256 of a whole file, from its start; holes are read as zeros. */
int digest_file(int fd, uint8_t ret[static DIGEST_SIZE], struct error *err);

/** Lower-case hexadecimal, with a 0 byte at the end. */
void digest_hex(const uint8_t digest[static DIGEST_SIZE], char ret[static DIGEST_HEX_SIZE]);

/** The reverse, upper case too; false if text is no such digest. */
bool digest_parse(const char *text, uint8_t ret[static DIGEST_SIZE]);
