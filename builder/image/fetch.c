/* SPDX-License-Identifier: Apache-2.0 */
#include "image/fetch.h"

#include <curl/curl.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>

#include "image/fetch-parts.h"
#include "util/alloc.h"

enum {
	REDIRECTS = 10,
	/** Attempts after the first. */
	RETRIES = 4,
	/** After so many more bytes they are counted anew. */
	ADVANCE = 1 << 20,
	/** Milliseconds. */
	PAUSE = 1000,
};

/* The same behind redirects. */
static int attempt_all(struct fetch *f, const char *first, struct error *err)
{
	AUTOFREE char *url = xstrdup(first);

	for (unsigned i = 0; i <= REDIRECTS; i++) {
		char *next;

		int r = fetch_attempt(f, url, err);
		if (r != FETCH_REDIRECTED)
			return r;

		r = fetch_follow(url, f->response.location, &next, err);
		if (r < 0)
			return r;
		free(url);
		url = next;
	}

	return error_set(err, -EIO, "the server redirects more than %d times", REDIRECTS);
}

/* What cannot be told from another state of the file is of no use. */
static int keep_or_start_over(struct fetch *f, struct error *err)
{
	return f->validator ? 0 : fetch_start_over(f, err);
}

static int pause_for(struct fetch *f, uint64_t ms, struct error *err)
{
	static const struct timespec slice = { .tv_nsec = 50000000 };

	for (uint64_t end = fetch_now() + ms; fetch_now() < end;) {
		if (fetch_report(f) < 0) {
			*err = f->err;
			f->err = ERROR_NONE;
			return err->code;
		}
		(void)nanosleep(&slice, NULL);
	}

	return 0;
}

static int attempt_often(struct fetch *f, const char *url, struct error *err)
{
	uint64_t mark = f->best;

	for (unsigned tries = 0;; tries++) {
		int r = attempt_all(f, url, err);
		if (r != FETCH_BROKEN)
			return r;

		if (f->best - mark >= ADVANCE) {
			mark = f->best;
			tries = 0;
		}
		if (tries >= RETRIES)
			return err->code;

		error_clear(err);
		r = keep_or_start_over(f, err);
		if (r == 0)
			r = pause_for(f,
				      (uint64_t)(f->options->pause ? f->options->pause : PAUSE)
					      << tries,
				      err);
		if (r < 0)
			return r;
	}
}

/* What an earlier run left in the file. */
static int look_back(struct fetch *f, struct error *err)
{
	char validator[FETCH_MAX_VALIDATOR + 1] = "";
	struct stat st;

	if (fstat(f->to, &st) < 0)
		return error_set_errno(err, -errno, "write");
	if (!S_ISREG(st.st_mode))
		return error_set(err, -EINVAL, "what it is written to is not a regular file");

	ssize_t n = fgetxattr(f->to, FETCH_ATTRIBUTE, validator, FETCH_MAX_VALIDATOR);
	if (f->is_file || n <= 0 || st.st_size == 0 || strpbrk(validator, "\r\n"))
		return fetch_start_over(f, err);

	f->validator = xstrdup(validator);
	f->pos = f->best = (uint64_t)st.st_size;
	return 0;
}

static int fetch(struct fetch *f, const char *url, struct error *err)
{
	int r = fetch_check_url(url, &f->is_file, err);
	if (r == 0)
		r = look_back(f, err);
	if (r == 0)
		r = attempt_often(f, url, err);
	if (r < 0)
		return r;

	(void)fremovexattr(f->to, FETCH_ATTRIBUTE);
	return 0;
}

static void fetch_done(struct fetch *f)
{
	curl_easy_cleanup(f->curl);
	response_free(&f->response);
	error_clear(&f->err);
	free(f->validator);
}

int fetch_url(const char *url, int to, const struct fetch_options *options, struct error *err)
{
	struct fetch f = { .options = options, .to = to, .response = RESPONSE_NONE };

	/* It counts, and has a lock of its own (libcurl 7.84). */
	CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
	if (code != CURLE_OK)
		return error_set(err, -EIO, "libcurl: %s", curl_easy_strerror(code));

	f.curl = curl_easy_init();
	int r = f.curl ? fetch(&f, url, err) : error_set_errno(err, -ENOMEM, "libcurl");
	fetch_done(&f);
	curl_global_cleanup();
	if (r == 0)
		return 0;

	AUTOFREE char *shown = fetch_shown_url(url);
	return error_prefix(err, "download '%s'", shown);
}
