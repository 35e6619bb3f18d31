/* SPDX-License-Identifier: Apache-2.0 */
#include "config/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "util/alloc.h"

/* One malloc() per allocation, so that tools see every access beyond its end. */
struct arena_block {
	struct arena_block *next;
	size_t size;
	max_align_t data[];
};

void *arena_alloc(struct arena *arena, size_t count, size_t size)
{
	size_t bytes;

	/* An impossible size fails in the allocator, which ends the program. */
	if (__builtin_mul_overflow(count, size, &bytes) ||
	    bytes > SIZE_MAX - sizeof(struct arena_block))
		bytes = SIZE_MAX - sizeof(struct arena_block);

	struct arena_block *block = xcalloc(1, sizeof(*block) + bytes);

	block->next = arena->blocks;
	block->size = bytes;
	arena->blocks = block;
	return block->data;
}

char *arena_strndup(struct arena *arena, const char *text, size_t len)
{
	char *copy = arena_alloc(arena, len + 1, 1);

	memcpy(copy, text, len);
	return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	AUTOFREE char *text = xvasprintf(format, args);
	va_end(args);

	return arena_strdup(arena, text);
}

void arena_free(struct arena *arena)
{
	while (arena->blocks) {
		struct arena_block *block = arena->blocks;

		arena->blocks = block->next;
		explicit_bzero(block->data, block->size);
		free(block);
	}
}
