/* SPDX-License-Identifier: Apache-2.0 */
#include "secrets/sshoptions.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "util/alloc.h"

/* Options that sshd(8) knows; it ignores a whole line for the sake of one it does not. */
/* clang-format off */
static const struct {
	const char *name;
	/** "no-" may stand before it. */
	bool negatable;
	/** ="VALUE" follows. */
	bool value;
} options[] = {
	{ "agent-forwarding", .negatable = true },
	{ "cert-authority" },
	{ "command",          .value = true },
	{ "environment",      .value = true },
	{ "expiry-time",      .value = true },
	{ "from",             .value = true },
	{ "permitlisten",     .value = true },
	{ "permitopen",       .value = true },
	{ "port-forwarding",  .negatable = true },
	{ "principals",       .value = true },
	{ "pty",              .negatable = true },
	{ "restrict" },
	{ "touch-required",   .negatable = true },
	{ "tunnel",           .value = true },
	{ "user-rc",          .negatable = true },
	{ "verify-required",  .negatable = true },
	{ "x11-forwarding",   .negatable = true },
};
/* clang-format on */

static bool name_is(const char *name, size_t len, const char *want)
{
	return strlen(want) == len && strncasecmp(name, want, len) == 0;
}

/* Whether a value has to follow; -1 for an option that does not exist. */
static int wants_value(const char *name, size_t len)
{
	bool negated = len > 3 && strncasecmp(name, "no-", 3) == 0;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		if (name_is(name, len, options[i].name))
			return options[i].value;
		if (negated && options[i].negatable && name_is(name + 3, len - 3, options[i].name))
			return false;
	}

	return -1;
}

/* "..." with \" in it; the position after it, or NULL if it does not end. */
static const char *skip_quoted(const char *pos, const char *end)
{
	for (pos++; pos < end; pos++) {
		if (*pos == '\\' && pos + 1 < end && pos[1] == '"')
			pos++;
		else if (*pos == '"')
			return pos + 1;
	}

	return NULL;
}

static int check_option(const char **pos, const char *end, struct error *err)
{
	const char *name = *pos;

	while (*pos < end && !strchr("=,\" \t", **pos))
		(*pos)++;

	int value = wants_value(name, (size_t)(*pos - name));
	bool has_value = *pos < end && **pos == '=';

	if (value < 0 || (!value && has_value)) {
		*pos = name;
		return error_set(err, -EINVAL, "neither a type of key nor an option of sshd(8)");
	}
	if (!value)
		return 0;
	if (!has_value || *pos + 1 == end || (*pos)[1] != '"')
		return error_set(err, -EINVAL, "the option needs a value in double quotes");

	const char *after = skip_quoted(*pos + 1, end);
	if (!after)
		return error_set(err, -EINVAL, "a quote that is not closed");

	*pos = after;
	return 0;
}

int sshoptions_skip(const char **pos, const char *end, struct error *err)
{
	for (;;) {
		int r = check_option(pos, end, err);
		if (r < 0)
			return r;

		if (*pos < end && (**pos == ' ' || **pos == '\t'))
			return 0;
		if (*pos == end)
			return error_set(err, -EINVAL, "options, but no key after them");
		if (**pos != ',')
			return error_set(err, -EINVAL, "options are separated by commas");
		(*pos)++;
	}
}
