/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What fuzz targets share.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/alloc.h"

/** The input as a string; it ends at its first 0 byte.  Owned by the caller. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	return xstrndup((const char *)data, size);
}

/** Stop if a property does not hold, in release builds as well. */
#define FUZZ_CHECK(condition)                                                           \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                        \
		}                                                                       \
	} while (0)
