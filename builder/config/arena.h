/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Memory that is released all at once.
 *
 * A document is a tree whose parts are shared: defaults appear under every node.
 * Nobody owns a part of it, the arena owns everything.
 */
#pragma once

#include <stddef.h>

#include "util/cleanup.h"

/** One allocation; private to arena.c. */
struct arena_block;

/** Allocations that live equally long.  Initialise with { 0 }. */
struct arena {
	/** The newest of them. */
	struct arena_block *blocks;
};

/** Zeroed memory for count elements of size bytes each; overflow ends the program. */
void *arena_alloc(struct arena *arena, size_t count, size_t size) __attribute__((returns_nonnull));

/** Copy of the first len bytes, with a 0 byte added. */
char *arena_strndup(struct arena *arena, const char *text, size_t len)
	__attribute__((returns_nonnull));

/** Copy of a string. */
char *arena_strdup(struct arena *arena, const char *text) __attribute__((returns_nonnull));

/** Formatted string. */
char *arena_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3), returns_nonnull));

/** Wipe and release everything, since any of it may hold a secret; back to { 0 }. */
void arena_free(struct arena *arena);
#define AUTOARENA CLEANUP(arena_free)
