/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Scope-bound cleanup.
 *
 * A variable marked with one of these is released when it goes out of scope.
 * It must be initialised where it is declared.  To hand the value on instead,
 * return TAKE(variable).
 */
#pragma once

#include <stdlib.h>
#include <unistd.h>

/* Unused, because clang warns of a variable that is only there for its cleanup. */
#define CLEANUP(func) __attribute__((cleanup(func), unused))

/** Define func##p(), the cleanup handler that goes with the destructor func(). */
#define DEFINE_CLEANUP(type, func)          \
	static inline void func##p(type *p) \
	{                                   \
		if (*p)                     \
			func(*p);           \
	}

/** Cleanup handler of AUTOFREE. */
static inline void freep(void *p)
{
	free(*(void **)p);
}

/** Cleanup handler of AUTOCLOSE; a negative descriptor is left alone. */
static inline void closep(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

#define AUTOFREE CLEANUP(freep)
#define AUTOCLOSE CLEANUP(closep)

/** Move a pointer out of its variable, so that cleanup leaves it alone. */
#define TAKE(ptr)                           \
	({                                  \
		typeof(ptr) taken_ = (ptr); \
		(ptr) = NULL;               \
		taken_;                     \
	})

/** Move a file descriptor out of its variable. */
#define TAKE_FD(fd)                \
	({                         \
		int taken_ = (fd); \
		(fd) = -1;         \
		taken_;            \
	})
