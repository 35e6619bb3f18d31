/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The user's cache: decoded base images, and what was found out about them.
 *
 * It is a directory of files that are made once and never changed.  Beside each,
 * NAME.record says how long it is, its SHA-256, and the inode number and times that
 * it had when it was complete.  As long as these are the same, the content is taken
 * to be; otherwise it is read and compared with the digest, and what differs is
 * dropped.  Several processes may use one cache: who makes a file holds its lock.
 *
 * Under sudo it is the invoking user's cache, and what is put there is that user's.
 *
 * What goes wrong with it is -EIO, never a code that speaks of the image.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "util/digest.h"

/** How the content of a file is digested. */
enum cache_digest {
	/** SHA-256 of all of it. */
	CACHE_SHA256,
	/** As by sparse_digest_file(). */
	CACHE_DATA,
};

/** An open cache.  Initialise with CACHE_NONE. */
struct cache {
	/** For messages; owned. */
	char *path;
	int dir;
	/** Whose it is. */
	uid_t uid;
	gid_t gid;
};

#define CACHE_NONE ((struct cache){ .dir = -1 })

/** Open the cache, and make it if there is none yet. */
int cache_open(struct cache *ret, struct error *err);

/** Release it. */
void cache_close(struct cache *cache);
#define AUTOCACHE CLEANUP(cache_close)

/**
 * Wait until nobody else makes the file of that name.
 *
 * @return a descriptor; closing it releases the lock
 */
int cache_lock(const struct cache *cache, const char *name, struct error *err);

/**
 * Find a file.  One that is not what its record says is removed and not found.
 *
 * @param fd    open for reading, the caller's; -1 if there is no such file
 * @param kind  what kind of digest it was committed with; may be NULL
 */
int cache_find(const struct cache *cache, const char *name, int *fd, enum cache_digest *kind,
	       struct error *err);

/** What a file was made from, as cache_commit() was told; "" if unknown; owned by the caller. */
char *cache_origin(const struct cache *cache, const char *name);

/** A file that is being made.  Initialise with CACHE_ENTRY_NONE. */
struct cache_entry {
	const struct cache *cache;
	/** Owned. */
	char *name, *tmp;
	/** Open for reading and writing. */
	int fd;
};

#define CACHE_ENTRY_NONE ((struct cache_entry){ .fd = -1 })

/**
 * Begin a file, empty; nobody finds it yet.
 *
 * @param resume  go on with what an earlier run left of it
 */
int cache_begin(const struct cache *cache, const char *name, bool resume, struct cache_entry *ret,
		struct error *err);

/**
 * The file is complete.
 *
 * @param kind    what the digest is of
 * @param digest  digest of its content
 * @param origin  what it was made from, for people; NULL if there is nothing to say
 */
int cache_commit(struct cache_entry *entry, enum cache_digest kind,
		 const uint8_t digest[static DIGEST_SIZE], const char *origin, struct error *err);

/** Release it; what was not committed is removed, unless it is kept to be resumed. */
void cache_entry_close(struct cache_entry *entry);
#define AUTOENTRY CLEANUP(cache_entry_close)

/** Keep what was not committed, for cache_begin() with resume. */
void cache_entry_keep(struct cache_entry *entry);

/** A file as it is listed. */
struct cache_item {
	const char *name;
	/** What it was made from; "" if unknown. */
	const char *origin;
	/** Bytes: its length, and what it takes on the disk. */
	uint64_t size, allocated;
	/** When it was last used. */
	struct timespec used;
	/** Some process is making it. */
	bool locked;
};

/**
 * Visit the files in order of their names.
 *
 * @param found  a positive return value removes the file; a negative one ends the visit
 */
int cache_visit(const struct cache *cache, int (*found)(void *arg, const struct cache_item *item),
		void *arg, struct error *err);
