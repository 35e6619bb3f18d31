/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What is kept in the cache about base images, by name.
 *
 *   base-SHA256    raw image, decoded from the source with that digest
 *   source-SHA256  source that was downloaded
 *   file-SHA256    digest of a file of the user's; the name is that of what stat(2) says
 *   map-...        map of the raw image with the name behind it
 *   block-...      one block of that, from a given byte on, cut into smaller ones
 *   packed-...     the raw image with the name behind it, compressed in blocks
 *
 * Keeping short texts is a matter of speed: where it fails, nothing is said.
 */
#pragma once

#include <sys/stat.h>

#include "image/cache.h"
#include "util/buf.h"

/** "KIND-SHA256"; owned by the caller. */
char *base_cache_name(const char *kind, const uint8_t sha256[static DIGEST_SIZE]);

/** "file-SHA256" for a file: another one as soon as it is written to; owned by the caller. */
char *base_cache_stamp(const struct stat *st);

/** The text that was kept under a name; false if there is none. */
bool base_cache_text(const struct cache *cache, const char *name, struct buf *ret);

/** Keep a text. */
void base_cache_note_text(const struct cache *cache, const char *name, const struct buf *text,
			  const char *origin);

/** The digest that was kept under a name; false if there is none. */
bool base_cache_digest(const struct cache *cache, const char *name,
		       uint8_t ret[static DIGEST_SIZE]);

/** Keep a digest. */
void base_cache_note_digest(const struct cache *cache, const char *name,
			    const uint8_t digest[static DIGEST_SIZE], const char *origin);
