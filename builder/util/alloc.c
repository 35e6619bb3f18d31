/* SPDX-License-Identifier: Apache-2.0 */
#include "util/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The one place that ends the program: nothing useful can be done without memory. */
static void out_of_memory(void)
{
	static const char text[] = "nib: out of memory\n";

	(void)fwrite(text, 1, sizeof(text) - 1, stderr);
	exit(EXIT_FAILURE);
}

void *xcalloc(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size ? size : 1);
	if (!p)
		out_of_memory();

	return p;
}

void *xreallocarray(void *ptr, size_t count, size_t size)
{
	void *p = reallocarray(ptr, count ? count : 1, size ? size : 1);
	if (!p)
		out_of_memory();

	return p;
}

char *xstrndup(const char *s, size_t len)
{
	char *copy = xcalloc(len + 1, 1);

	memcpy(copy, s, len);
	return copy;
}

char *xstrdup(const char *s)
{
	return s ? xstrndup(s, strlen(s)) : NULL;
}

char *xvasprintf(const char *format, va_list args)
{
	char *s = NULL;

	if (vasprintf(&s, format, args) < 0)
		out_of_memory();

	return s;
}

char *xasprintf(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	char *s = xvasprintf(format, args);
	va_end(args);

	return s;
}

void *array_grow(void *list, size_t count, size_t size)
{
	if ((count & (count - 1)) == 0)
		list = xreallocarray(list, count ? count * 2 : 1, size);

	memset((char *)list + count * size, 0, size);
	return list;
}
