/* SPDX-License-Identifier: Apache-2.0 */
#include "util/error.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "util/alloc.h"

static int set(struct error *err, int code, char *message)
{
	assert(code < 0);
	assert(!err->message);

	*err = (struct error){ .code = code, .message = message };
	return code;
}

int(error_set)(struct error *err, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	char *message = xvasprintf(format, args);
	va_end(args);

	return set(err, code, message);
}

int(error_set_errno)(struct error *err, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	AUTOFREE char *what = xvasprintf(format, args);
	va_end(args);

	return set(err, code, xasprintf("%s: %s", what, strerror(-code)));
}

int(error_set_usage)(struct error *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set(err, -EINVAL, xvasprintf(format, args));
	va_end(args);

	err->usage = true;
	return err->code;
}

int(error_prefix)(struct error *err, const char *format, ...)
{
	va_list args;

	assert(err->code < 0);

	va_start(args, format);
	AUTOFREE char *prefix = xvasprintf(format, args);
	va_end(args);

	AUTOFREE char *old = err->message;
	err->message = xasprintf("%s: %s", prefix, old);
	return err->code;
}

int(error_prefix_path)(struct error *err, const char *what, const char *path)
{
	AUTOFREE char *name = xasprintf("'%s'", path);
	const char *found = strstr(err->message, name);

	if (!found)
		return error_prefix(err, "%s %s", what, name);
	if (found > err->message || err->message[strlen(name)] != ':')
		return error_prefix(err, "%s", what);

	AUTOFREE char *old = err->message;
	err->message = xasprintf("%s %s", what, old);
	return err->code;
}

void error_suffix(struct error *err, const char *text)
{
	AUTOFREE char *old = err->message;

	assert(err->code < 0);
	err->message = xasprintf("%s%s", old, text);
}

void error_clear(struct error *err)
{
	free(err->message);
	*err = ERROR_NONE;
}
