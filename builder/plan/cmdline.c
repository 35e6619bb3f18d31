/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/cmdline.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <string.h>

#include "util/alloc.h"
#include "util/buf.h"

struct token {
	const char *start;
	size_t len;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_control(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f;
}

static bool next_token(const char **pos, struct token *ret)
{
	const char *p = *pos;
	bool quoted = false;

	while (is_blank(*p))
		p++;
	if (!*p)
		return false;

	ret->start = p;
	for (; *p && (quoted || !is_blank(*p)); p++)
		if (*p == '"')
			quoted = !quoted;

	ret->len = (size_t)(p - ret->start);
	*pos = p;
	return true;
}

static int check_text(const char *text, struct error *err)
{
	size_t len = strcspn(text, "\n");
	bool quoted = false;

	if (text[len + strspn(text + len, " \t\r\n")] != '\0')
		return error_set(err, -EINVAL, "kernel command line has more than one line");

	for (size_t i = 0; i < len; i++) {
		if (is_control(text[i]) && !is_blank(text[i]))
			return error_set(err, -EINVAL,
					 "kernel command line contains a control character");
		if (text[i] == '"')
			quoted = !quoted;
	}

	if (quoted)
		return error_set(err, -EINVAL,
				 "kernel command line has a quote that is not closed");
	return 0;
}

static int check_parameter(const char *parameter, struct error *err)
{
	for (const char *p = parameter; *p; p++) {
		if (is_control(*p) || *p == '"')
			return error_set(err, -EINVAL,
					 "kernel parameter contains a quote or control character");
		if (*p == ' ')
			return error_set(err, -EINVAL, "kernel parameter '%s' contains a space",
					 parameter);
	}

	return 0;
}

static void add_token(struct buf *line, const char *start, size_t len)
{
	if (line->len)
		buf_adds(line, " ");
	buf_add(line, start, len);
}

static int finish(struct buf *line, char **ret, struct error *err)
{
	if (line->len > CMDLINE_MAX)
		return error_set(err, -EINVAL,
				 "kernel command line has %zu bytes, but at most %d are possible",
				 line->len, CMDLINE_MAX);

	buf_adds(line, "\n");
	*ret = xstrdup(buf_text(line));
	return 0;
}

/* Whether the token is "key" or "key=...". */
static bool has_key(const struct token *token, const char *key)
{
	size_t len = strlen(key);

	return token->len >= len && memcmp(token->start, key, len) == 0 &&
	       (token->len == len || token->start[len] == '=');
}

static bool is_token(const struct token *token, const char *parameter)
{
	return token->len == strlen(parameter) && memcmp(token->start, parameter, token->len) == 0;
}

/* Keep one of the tokens that are meant, as `parameter`, or add it. */
static int put(const char *text, const char *key, const char *parameter, char **ret,
	       struct error *err)
{
	AUTOBUF struct buf line = { 0 };
	struct token token;
	bool done = false;

	int r = check_text(text, err);
	if (r == 0)
		r = check_parameter(parameter, err);
	if (r < 0)
		return r;

	while (next_token(&text, &token)) {
		if (!(key ? has_key(&token, key) : is_token(&token, parameter))) {
			add_token(&line, token.start, token.len);
		} else if (!done) {
			add_token(&line, parameter, strlen(parameter));
			done = true;
		}
	}
	if (!done)
		add_token(&line, parameter, strlen(parameter));

	return finish(&line, ret, err);
}

int cmdline_set(const char *text, const char *key, const char *value, char **ret, struct error *err)
{
	AUTOFREE char *parameter = value ? xasprintf("%s=%s", key, value) : xstrdup(key);

	return put(text, key, parameter, ret, err);
}

int cmdline_add(const char *text, const char *parameter, char **ret, struct error *err)
{
	return put(text, NULL, parameter, ret, err);
}

int cmdline_remove(const char *text, const char *pattern, char **ret, struct error *err)
{
	AUTOBUF struct buf line = { 0 };
	struct token token;

	int r = check_text(text, err);
	if (r < 0)
		return r;

	while (next_token(&text, &token)) {
		AUTOFREE char *parameter = xstrndup(token.start, token.len);

		if (fnmatch(pattern, parameter, FNM_NOESCAPE) != 0)
			add_token(&line, token.start, token.len);
	}

	return finish(&line, ret, err);
}

char *cmdline_get(const char *text, const char *key)
{
	AUTOFREE char *value = NULL;
	struct token token;
	size_t len = strlen(key);

	while (next_token(&text, &token)) {
		if (!has_key(&token, key) || token.len == len)
			continue;
		free(value);
		value = xstrndup(token.start + len + 1, token.len - len - 1);
	}

	return TAKE(value);
}
