/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What the parts of the cache share: its files as the user that it belongs to, and
 * their records.
 */
#pragma once

#include <sys/stat.h>

#include "image/cache.h"

/** Who touched files before; back by cache_leave(). */
struct cache_identity {
	uid_t uid;
	gid_t gid;
	bool changed;
};

/**
 * Touch files as the cache's owner.  Under sudo nothing of root's then comes into the
 * user's directory, and no link in it leads root anywhere the user could not go.
 */
struct cache_identity cache_become(const struct cache *cache);

/** Touch files as before. */
void cache_leave(struct cache_identity *identity);
#define AS_OWNER_OF(cache) \
	CLEANUP(cache_leave) struct cache_identity identity_ = cache_become(cache)

/** What a record says.  Initialise with { 0 }. */
struct cache_record {
	uint64_t size;
	enum cache_digest kind;
	uint8_t digest[DIGEST_SIZE];
	/** The file as it was when it was complete. */
	uint64_t inode;
	struct timespec modified, changed;
	/** May be empty; owned. */
	char *origin;
};

/** Take size and stamp from what fstat(2) says. */
void cache_record_stamp(struct cache_record *record, const struct stat *st);

/** Is the file as it was when it was complete? */
bool cache_record_matches(const struct cache_record *record, const struct stat *st);

/** Read NAME.record; false if there is none that can be used. */
bool cache_record_read(const struct cache *cache, const char *name, struct cache_record *ret);

/** Write NAME.record; 0 or -errno. */
int cache_record_write(const struct cache *cache, const char *name,
		       const struct cache_record *record);

/** Release what it owns. */
void cache_record_free(struct cache_record *record);
#define AUTORECORD CLEANUP(cache_record_free)

/** Remove a file and its record. */
void cache_drop(const struct cache *cache, const char *name);
