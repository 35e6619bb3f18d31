/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Memory that is always there.
 *
 * These functions never return NULL: where there is no memory left they say so
 * and end the program.  At that point a *.partial.* file is the most that is
 * left behind, which the next run reports.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

/** Zeroed memory for count elements of size bytes each; overflow ends the program. */
void *xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));

/** Like reallocarray(3); new memory is not zeroed. */
void *xreallocarray(void *ptr, size_t count, size_t size) __attribute__((returns_nonnull));

/** Copy of a string; NULL gives NULL. */
char *xstrdup(const char *s);

/** Copy of the first len bytes, with a 0 byte added. */
char *xstrndup(const char *s, size_t len) __attribute__((returns_nonnull));

/** Formatted string, owned by the caller. */
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2), returns_nonnull));

/** Like xasprintf(). */
char *xvasprintf(const char *format, va_list args)
	__attribute__((format(printf, 1, 0), returns_nonnull));

/**
 * Make room for one more element at the end of a growing array.
 *
 * @param list   lvalue of the array pointer; starts as NULL
 * @param count  lvalue of the number of elements in use; incremented
 * @return pointer to the new, zeroed element
 */
#define ARRAY_ADD(list, count)                                           \
	({                                                               \
		(list) = array_grow((list), (count), sizeof((list)[0])); \
		&(list)[(count)++];                                      \
	})

/** Implementation of ARRAY_ADD(): capacity doubles whenever count reaches a power of two. */
void *array_grow(void *list, size_t count, size_t size) __attribute__((returns_nonnull));

/** Number of elements of a true array. */
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
