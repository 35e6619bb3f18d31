/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What base.c and base-url.c share.
 */
#pragma once

#include "image/base.h"

/** Tell that a step begins. */
void base_begin_step(const struct base_options *options, const char *step);

/** The digest of the source is known now. */
void base_note_digest(struct base *base, const uint8_t sha256[static DIGEST_SIZE]);

/** Take the raw image from the cache, if it is there: then base->fd and base->key are set. */
int base_find_decoded(struct base *base, const uint8_t source[static DIGEST_SIZE],
		      struct error *err);

/**
 * Put the raw image into the cache under the digest that its source really has.  If that
 * is not the one that was asked for, it is not used, but found once that was corrected.
 *
 * @param from    the source
 * @param want    digest that it must have; NULL if any will do
 * @param name    what it is called in the cache until then; the caller holds its lock
 * @param source  its digest
 * @return -EKEYREJECTED if it has another one, with base->fd set all the same
 */
int base_decode_into_cache(struct base *base, int from, const uint8_t *want, const char *name,
			   const struct base_options *options, uint8_t source[static DIGEST_SIZE],
			   struct error *err);

/** base_open() for a URL. */
int base_open_url(const struct base_source *source, const struct base_options *options,
		  struct base *base, struct error *err);
