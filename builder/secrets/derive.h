/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Values that look random and are the same in every build: HMAC-SHA-256 keyed
 * with the cluster's seed, over the node's name and a purpose.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/** What values are derived from. */
struct derive {
	/** Key: the bundle's seed, or a digest of the cluster's name where there is none. */
	uint8_t seed[32];
	/** Node's name; borrowed. */
	const char *node;
};

/** len (at most 32) bytes for a purpose such as "disk-id" or "password:pi". */
void derive_bytes(const struct derive *derive, const char *purpose, uint8_t *ret, size_t len);

/** A version 8 UUID in text form (RFC 9562), 36 characters and a 0 byte. */
void derive_uuid(const struct derive *derive, const char *purpose, char ret[static 37]);

/** A 32-bit number that is not 0. */
uint32_t derive_u32(const struct derive *derive, const char *purpose);
