/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Base images: a file or a URL, raw or compressed, as a raw image that can be read.
 *
 * A raw file is used where it is.  Anything else is decoded into the user's cache
 * once, under the SHA-256 of the source.
 */
#pragma once

#include "image/cache.h"
#include "image/decode.h"
#include "image/map.h"

/** Where a base image comes from. */
struct base_source {
	/** One of them; the other is NULL. */
	const char *file, *url;
	/** SHA-256 that the source must have; NULL if any will do, which a URL may not have. */
	const uint8_t *sha256;
};

/** How to get it. */
struct base_options {
	/** Most bytes that the raw image may have. */
	uint64_t max_size;
	/** Most threads that decode; 0 means one per processor. */
	unsigned threads;
	/** Find out the SHA-256 of the source in any case. */
	bool digest;
	/** A step begins: "download", "decode", "hash"; may be NULL. */
	void (*step)(void *arg, const char *step);
	/** Progress of the step; may be NULL. */
	copy_progress *progress;
	/** Handed to both. */
	void *arg;
};

/** A base image.  Initialise with BASE_NONE. */
struct base {
	/** The file or URL, for messages; owned. */
	char *name;
	/** The raw image, read-only. */
	int fd;
	/** The compressed source; -1 if the source is raw. */
	int packed;
	/** What it is packed in. */
	enum decode_format format;
	/** Where it was got from another time, if that is another place and it was not looked at
	 * this time; else NULL; owned. */
	char *origin;
	/** SHA-256 of the source, where it is known. */
	uint8_t sha256[DIGEST_SIZE];
	bool has_sha256;
	/** Name for what is kept about it in the cache; owned. */
	char *key;
	/** NONE where there is none: then nothing is kept, which only costs time. */
	struct cache cache;
};

#define BASE_NONE ((struct base){ .fd = -1, .packed = -1, .cache = CACHE_NONE })

/**
 * Open a base image, and get and decode it if it is not in the cache.
 *
 * @return -EBADMSG if it is damaged, -EKEYREJECTED if its SHA-256 is another one
 */
int base_open(const struct base_source *source, const struct base_options *options,
	      struct base *ret, struct error *err);

/**
 * Open an image that is looked at once: a compressed one is decoded into a file without
 * a name, never into the cache, for it may be a node's, with secrets in it.
 *
 * @param fd  the raw image, read-only, the caller's
 */
int base_open_once(const char *path, const struct base_options *options, int *fd,
		   struct error *err);

/** The map of its data; made once, and kept in the cache. */
int base_map(const struct base *base, struct map *ret, struct error *err);

/** Release everything; back to BASE_NONE. */
void base_close(struct base *base);
#define AUTOBASE CLEANUP(base_close)
