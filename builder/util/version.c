/* SPDX-License-Identifier: Apache-2.0 */
#include "util/version.h"

#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"

enum { MAX_DIGITS = 6 };

/* The first n numbers of a version. */
static char *numbers(const char *version, unsigned n)
{
	const char *start = version + (version[0] == 'v'), *pos = start;

	for (unsigned i = 0; i < n; i++) {
		size_t digits = strspn(pos, "0123456789");

		if (digits == 0 || digits > MAX_DIGITS)
			return NULL;
		pos += digits;
		if (i + 1 < n && *pos++ != '.')
			return NULL;
	}

	return xstrndup(start, (size_t)(pos - start));
}

char *version_minor(const char *version)
{
	return numbers(version, 2);
}

char *version_full(const char *version)
{
	return numbers(version, 3);
}

bool version_minor_below(const char *a, const char *b)
{
	unsigned long major_a = strtoul(a, NULL, 10), major_b = strtoul(b, NULL, 10);

	if (major_a != major_b)
		return major_a < major_b;
	return strtoul(strchr(a, '.') + 1, NULL, 10) < strtoul(strchr(b, '.') + 1, NULL, 10);
}
