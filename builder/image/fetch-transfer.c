/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl follows a redirect, and drops what comes behind the announced length, without
 * asking.  Both are done here: every redirect is a request of its own, and every response
 * is read until the server closes.
 */
#include <curl/curl.h>
#include <errno.h>
#include <string.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "image/fetch-parts.h"
#include "image/sparse.h"
#include "util/alloc.h"
#include "util/file.h"
#include "util/text.h"

enum {
	CONNECT_SECONDS = 30,
	STALL_SECONDS = 60,
	/** Milliseconds for the server to close, once everything came. */
	LINGER = 1000,
};

uint64_t fetch_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

int fetch_report(struct fetch *f)
{
	const struct fetch_options *options = f->options;
	uint64_t total = f->total == FETCH_UNKNOWN ? 0 : f->total;

	int r = options->progress ? options->progress(options->arg, f->pos, total) : 0;
	return r < 0 && !f->err.code ? error_set_errno(&f->err, r, "stopped") : r;
}

static int check_size(struct fetch *f, uint64_t size)
{
	AUTOBUF struct buf limit = { 0 };

	if (size == FETCH_UNKNOWN || size <= f->options->max_size)
		return 0;

	text_add_size(&limit, f->options->max_size);
	return error_set(&f->err, -EFBIG, "more than %s; --max-image-size raises the limit",
			 buf_text(&limit));
}

int fetch_start_over(struct fetch *f, struct error *err)
{
	(void)fremovexattr(f->to, FETCH_ATTRIBUTE);
	free(f->validator);
	f->validator = NULL;
	f->pos = 0;
	if (ftruncate(f->to, 0) < 0)
		return error_set_errno(err, -errno, "write");
	return 0;
}

static int begin_whole(struct fetch *f)
{
	const struct response *response = &f->response;

	if (fetch_start_over(f, &f->err) < 0)
		return f->err.code;

	f->validator = xstrdup(response_validator(response));
	/* Where this fails, another run cannot continue. */
	if (f->validator && strlen(f->validator) <= FETCH_MAX_VALIDATOR)
		(void)fsetxattr(f->to, FETCH_ATTRIBUTE, f->validator, strlen(f->validator), 0);

	f->end = f->total = response->length;
	return 0;
}

static enum verdict begin_part(struct fetch *f)
{
	const struct response *response = &f->response;
	const char *validator = response_validator(response);

	if (response->start != f->pos || response->total < f->pos ||
	    (validator && f->validator && strcmp(validator, f->validator) != 0))
		return VERDICT_RESTART;

	f->end = f->total = response->total;
	if (response->length < f->total - f->pos)
		f->end = f->pos + response->length;
	return VERDICT_BODY;
}

static enum verdict judge(struct fetch *f)
{
	if (f->status == 206 && f->pos)
		return begin_part(f);
	if (f->status == 200)
		return begin_whole(f) < 0 ? VERDICT_REFUSED : VERDICT_BODY;
	/* There is nothing behind what we have: that was all, or the file is another. */
	if (f->status == 416 && f->pos)
		return f->response.total == f->pos ? VERDICT_COMPLETE : VERDICT_RESTART;
	if (f->status >= 300 && f->status < 400 && f->response.location)
		return VERDICT_REDIRECT;
	return VERDICT_REFUSED;
}

static size_t take_header(char *line, size_t size, size_t count, void *arg)
{
	struct fetch *f = arg;
	size_t len = size * count;

	response_add(&f->response, line, len);
	if (f->is_file || !(len == 0 || line[0] == '\r' || line[0] == '\n'))
		return len;

	/* The headers end here, or others follow those of a preliminary answer. */
	(void)curl_easy_getinfo(f->curl, CURLINFO_RESPONSE_CODE, &f->status);
	if (f->status < 200)
		return len;

	f->reached = true;
	f->verdict = judge(f);
	if (f->verdict != VERDICT_BODY || check_size(f, f->total) < 0)
		return 0;
	if (f->total != FETCH_UNKNOWN &&
	    sparse_check_space(f->to, f->total - f->pos, "download", &f->err) < 0)
		return 0;
	return len;
}

static size_t take_body(char *data, size_t size, size_t count, void *arg)
{
	struct fetch *f = arg;
	size_t len = size * count;

	if (f->end != FETCH_UNKNOWN && len > f->end - f->pos) {
		error_set(&f->err, -EIO,
			  "the server sends more than the %llu bytes that it announced",
			  (unsigned long long)f->end);
		return 0;
	}
	if (check_size(f, f->pos + len) < 0)
		return 0;

	int r = file_write_at(f->to, data, len, f->pos);
	if (r == -ENOSPC && f->total != FETCH_UNKNOWN)
		r = sparse_check_space(f->to, f->total - f->pos, "rest of the download", &f->err);
	if (r < 0) {
		if (!f->err.code)
			error_set_errno(&f->err, r, "write");
		return 0;
	}

	f->pos += len;
	if (f->pos > f->best)
		f->best = f->pos;
	return len;
}

static int take_progress(void *arg, curl_off_t total, curl_off_t done, curl_off_t up_total,
			 curl_off_t up_done)
{
	struct fetch *f = arg;

	if (f->is_file && total > 0)
		f->total = (uint64_t)total;
	(void)done;
	(void)up_total;
	(void)up_done;
	if (fetch_report(f) < 0)
		return 1;

	/* Some servers do not close when asked to. */
	if (f->verdict != VERDICT_BODY || f->pos != f->end)
		return 0;
	if (!f->complete_since)
		f->complete_since = fetch_now();
	return fetch_now() - f->complete_since > LINGER;
}

static void set_options(struct fetch *f, const char *url, struct curl_slist *headers)
{
	const struct fetch_options *options = f->options;
	long stall = options->stall_seconds ? (long)options->stall_seconds : STALL_SECONDS;
	CURL *curl = f->curl;

	curl_easy_reset(curl);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https,file");
	curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "nib/" NIB_VERSION);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	/* Other signals than those of this thread's choice would hit all threads. */
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, stall);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, f->text);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, f);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, f);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, take_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, f);
	/* Only where a response ends with the connection, more than was announced is seen. */
	if (!f->is_file) {
		curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
		curl_easy_setopt(curl, CURLOPT_IGNORE_CONTENT_LENGTH, 1L);
	}
}

DEFINE_CLEANUP(struct curl_slist *, curl_slist_free_all)
#define AUTOSLIST CLEANUP(curl_slist_free_allp)

static void add_header(struct curl_slist **list, const char *text)
{
	struct curl_slist *longer = curl_slist_append(*list, text);

	/* Without memory, as all of util/alloc.h. */
	if (!longer)
		abort();
	*list = longer;
}

static CURLcode request(struct fetch *f, const char *url)
{
	AUTOSLIST struct curl_slist *headers = NULL;

	response_free(&f->response);
	f->verdict = VERDICT_NONE;
	f->end = f->total = FETCH_UNKNOWN;
	f->complete_since = 0;
	f->text[0] = '\0';

	add_header(&headers, "Connection: close");
	if (f->pos) {
		AUTOFREE char *condition = xasprintf("If-Range: %s", f->validator);
		add_header(&headers, condition);
	}

	set_options(f, url, headers);
	AUTOFREE char *range = f->pos ? xasprintf("%llu-", (unsigned long long)f->pos) : NULL;
	curl_easy_setopt(f->curl, CURLOPT_RANGE, range);

	CURLcode code = curl_easy_perform(f->curl);

	/* What they refer to goes out of scope. */
	curl_easy_setopt(f->curl, CURLOPT_HTTPHEADER, NULL);
	return code;
}

/* May another attempt end better? */
static bool is_transient(const struct fetch *f, CURLcode code)
{
	switch (code) {
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_SSL_CONNECT_ERROR: return f->reached;
	case CURLE_GOT_NOTHING:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR: return true;
	default: return false;
	}
}

static int fail(const struct fetch *f, CURLcode code, struct error *err)
{
	error_set(err, -EIO, "%s", f->text[0] ? f->text : curl_easy_strerror(code));
	return is_transient(f, code) ? FETCH_BROKEN : err->code;
}

static int refused(const struct fetch *f, struct error *err)
{
	static const long transient[] = { 408, 429, 500, 502, 503, 504 };

	error_set(err, -EIO, "the server answers %ld", f->status);
	for (size_t i = 0; i < ARRAY_SIZE(transient); i++)
		if (f->status == transient[i])
			return FETCH_BROKEN;
	return err->code;
}

/* Whatever libcurl says of the end of the connection, the bytes count. */
static int end_of_body(const struct fetch *f, CURLcode code, struct error *err)
{
	uint64_t end = f->total != FETCH_UNKNOWN ? f->total : f->end;

	if (end == FETCH_UNKNOWN)
		return code == CURLE_OK ? FETCH_DONE : fail(f, code, err);
	if (f->pos == end)
		return FETCH_DONE;
	if (code == CURLE_OPERATION_TIMEDOUT)
		return fail(f, code, err);

	error_set(err, -EIO, "the server closes the connection after %llu of %llu bytes",
		  (unsigned long long)f->pos, (unsigned long long)end);
	return FETCH_BROKEN;
}

int fetch_attempt(struct fetch *f, const char *url, struct error *err)
{
	CURLcode code = request(f, url);

	if (f->err.code) {
		*err = f->err;
		f->err = ERROR_NONE;
		return err->code;
	}

	switch (f->verdict) {
	case VERDICT_BODY: return end_of_body(f, code, err);
	case VERDICT_COMPLETE: return FETCH_DONE;
	case VERDICT_REDIRECT: return FETCH_REDIRECTED;
	case VERDICT_REFUSED: return refused(f, err);
	case VERDICT_RESTART:
		if (fetch_start_over(f, err) < 0)
			return err->code;
		error_set(err, -EIO, "the file changed on the server meanwhile");
		return FETCH_BROKEN;
	default: break;
	}

	return f->is_file && code == CURLE_OK ? FETCH_DONE : fail(f, code, err);
}
