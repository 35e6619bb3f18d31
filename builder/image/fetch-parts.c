/* SPDX-License-Identifier: Apache-2.0 */
#include "image/fetch-parts.h"

#include <curl/curl.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "util/alloc.h"
#include "util/text.h"

DEFINE_CLEANUP(CURLU *, curl_url_cleanup)
#define AUTOCURLU CLEANUP(curl_url_cleanupp)
DEFINE_CLEANUP(char *, curl_free)
#define AUTOCURLFREE CLEANUP(curl_freep)

static void set_text(char **to, const char *text)
{
	free(*to);
	*to = xstrdup(text);
}

static void set_number(uint64_t *to, const char *text)
{
	if (!text_parse_number(text, FETCH_UNKNOWN - 1, to))
		*to = FETCH_UNKNOWN;
}

/* "bytes 5-9/20", "bytes 5-9/ *" or, where nothing is sent, "bytes * /20". */
static void set_range(struct response *response, const char *text)
{
	if (!text_starts(text, "bytes "))
		return;

	const char *start = text + strlen("bytes ");
	const char *slash = strchr(start, '/');
	AUTOFREE char *first = xstrndup(start, strcspn(start, "-"));

	set_number(&response->start, first);
	if (slash)
		set_number(&response->total, slash + 1);
}

/* Does the line have this header?  Then *value is what follows. */
static bool is_header(const char *line, const char *name, const char **value)
{
	size_t len = strlen(name);

	if (strncasecmp(line, name, len) != 0 || line[len] != ':')
		return false;
	*value = line + len + 1;
	*value += strspn(*value, " \t");
	return true;
}

void response_add(struct response *response, const char *line, size_t len)
{
	AUTOFREE char *text = xstrndup(line, len);
	const char *value;

	for (len = strlen(text); len && strchr("\r\n \t", text[len - 1]);)
		text[--len] = '\0';

	if (text_starts(text, "HTTP/"))
		response_free(response);
	else if (is_header(text, "Content-Length", &value))
		set_number(&response->length, value);
	else if (is_header(text, "Content-Range", &value))
		set_range(response, value);
	else if (is_header(text, "Location", &value))
		set_text(&response->location, value);
	else if (is_header(text, "Last-Modified", &value))
		set_text(&response->modified, value);
	else if (is_header(text, "ETag", &value) && value[0] == '"')
		/* One that begins with W/ is the same for files that differ. */
		set_text(&response->etag, value);
}

const char *response_validator(const struct response *response)
{
	return response->etag ? response->etag : response->modified;
}

void response_free(struct response *response)
{
	free(response->etag);
	free(response->modified);
	free(response->location);
	*response = RESPONSE_NONE;
}

static CURLU *parse(const char *url)
{
	AUTOCURLU CURLU *parts = curl_url();

	if (!parts ||
	    curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
		return NULL;
	return TAKE(parts);
}

static bool has_scheme(CURLU *parts, const char *name)
{
	AUTOCURLFREE char *scheme = NULL;

	return curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
	       strcasecmp(scheme, name) == 0;
}

int fetch_check_url(const char *url, bool *ret, struct error *err)
{
	AUTOCURLU CURLU *parts = parse(url);

	if (!parts)
		return error_set(err, -EINVAL, "this is not a valid URL");
	*ret = has_scheme(parts, "file");
	if (!*ret && !has_scheme(parts, "http") && !has_scheme(parts, "https"))
		return error_set(err, -EINVAL, "only http, https and file are supported");
	return 0;
}

int fetch_follow(const char *from, const char *location, char **ret, struct error *err)
{
	AUTOCURLU CURLU *parts = parse(from);
	AUTOCURLFREE char *url = NULL;

	bool secure = parts && has_scheme(parts, "https");
	if (!parts ||
	    curl_url_set(parts, CURLUPART_URL, location,
			 CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE) != CURLUE_OK ||
	    curl_url_get(parts, CURLUPART_URL, &url, 0) != CURLUE_OK)
		return error_set(err, -EINVAL, "the server redirects to what is not a valid URL");

	AUTOFREE char *shown = fetch_shown_url(url);
	if (secure && has_scheme(parts, "http"))
		return error_set(err, -EINVAL, "the server redirects from https to http: '%s'",
				 shown);
	if (!has_scheme(parts, "https") && !has_scheme(parts, "http"))
		return error_set(err, -EINVAL,
				 "the server redirects to what is neither http nor https: '%s'",
				 shown);

	*ret = xstrdup(url);
	return 0;
}

/* Remove a part; was it there? */
static bool hide(CURLU *parts, CURLUPart part)
{
	AUTOCURLFREE char *text = NULL;

	bool found = curl_url_get(parts, part, &text, 0) == CURLUE_OK;
	(void)curl_url_set(parts, part, NULL, 0);
	return found;
}

char *fetch_shown_url(const char *url)
{
	AUTOCURLU CURLU *parts = parse(url);
	AUTOCURLFREE char *rest = NULL;

	/* Where its parts cannot be told apart, none can be shown. */
	if (!parts)
		return xstrdup("...");

	bool user = hide(parts, CURLUPART_USER);
	bool password = hide(parts, CURLUPART_PASSWORD);
	bool query = hide(parts, CURLUPART_QUERY);
	(void)hide(parts, CURLUPART_OPTIONS);
	(void)hide(parts, CURLUPART_FRAGMENT);
	if (curl_url_get(parts, CURLUPART_URL, &rest, 0) != CURLUE_OK)
		return xstrdup("...");

	const char *host = strstr(rest, "://");
	int scheme = host ? (int)(host + 3 - rest) : 0;
	char *shown = xasprintf("%.*s%s%s%s", scheme, rest, user || password ? "***@" : "",
				rest + scheme, query ? "?***" : "");

	text_make_printable(shown);
	return shown;
}
