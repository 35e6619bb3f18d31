/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * SHA-256 of a file while it is being written, by a thread that reads it back.
 *
 * Without it, taking over blocks takes twice as long.
 */
#pragma once

#include <stdint.h>

#include "util/cleanup.h"
#include "util/digest.h"
#include "util/error.h"

struct pack_digest;

/** Begin with an empty file that can be read; its descriptor is borrowed. */
int pack_digest_new(int fd, struct pack_digest **ret, struct error *err);

/** It has been written up to here, and that part does not change any more. */
void pack_digest_advance(struct pack_digest *digest, uint64_t end);

/** Wait for the digest of what has been written; to be called once. */
int pack_digest_end(struct pack_digest *digest, uint8_t ret[static DIGEST_SIZE], struct error *err);

/** Stop the thread, done or not. */
void pack_digest_free(struct pack_digest *digest);
DEFINE_CLEANUP(struct pack_digest *, pack_digest_free)
#define AUTOPACKDIGEST CLEANUP(pack_digest_freep)
