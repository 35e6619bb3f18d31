/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Parts of a download.  Only for builder/image/fetch*.c and their tests.
 */
#pragma once

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

#include "image/fetch.h"

/** The attribute of an incomplete file, and the longest value that is remembered. */
#define FETCH_ATTRIBUTE "user.nib.validator"
enum { FETCH_MAX_VALIDATOR = 1024 };

/** A size that was not told. */
#define FETCH_UNKNOWN UINT64_MAX

/** What the headers of a response say (RFC 9110).  Begin with RESPONSE_NONE. */
struct response {
	/** Content-Length, in bytes. */
	uint64_t length;
	/** Content-Range: first byte that is sent, and bytes of the whole file. */
	uint64_t start, total;
	/** A strong ETag, quotes and all; owned. */
	char *etag;
	/** Last-Modified; owned. */
	char *modified;
	/** Location; owned. */
	char *location;
};

#define RESPONSE_NONE                    \
	((struct response){              \
		.length = FETCH_UNKNOWN, \
		.start = FETCH_UNKNOWN,  \
		.total = FETCH_UNKNOWN,  \
	})

/** Take in a header line of len bytes; the status line of a new response begins anew. */
void response_add(struct response *response, const char *line, size_t len);

/** What tells one state of the file from another: ETag, else Last-Modified, else NULL. */
const char *response_validator(const struct response *response);

/** Release it; back to RESPONSE_NONE. */
void response_free(struct response *response);

/** -EINVAL unless it is a URL of http, https or file.  *ret tells whether of file. */
int fetch_check_url(const char *url, bool *ret, struct error *err);

/**
 * Where a redirect leads.
 *
 * @param from      URL of http or https
 * @param location  URL, or one relative to from
 * @param ret       owned by the caller
 * @return -EINVAL unless that is http or https, and https if from is
 */
int fetch_follow(const char *from, const char *location, char **ret, struct error *err);

/** What to do about a response, which its headers tell. */
enum verdict {
	/** There was none. */
	VERDICT_NONE,
	/** Take what comes. */
	VERDICT_BODY,
	/** Nothing more to come: all is there. */
	VERDICT_COMPLETE,
	/** Elsewhere. */
	VERDICT_REDIRECT,
	/** The file changed: begin anew. */
	VERDICT_RESTART,
	/** The server does not give it. */
	VERDICT_REFUSED,
};

/** How an attempt ended, if not with a negative errno. */
enum fetch_outcome { FETCH_DONE, FETCH_REDIRECTED, FETCH_BROKEN };

/** A download. */
struct fetch {
	const struct fetch_options *options;
	/** Not owned. */
	int to;
	/** The URL is one of file. */
	bool is_file;
	/** Owned. */
	CURL *curl;
	/** Bytes that `to` holds, and the most that it held. */
	uint64_t pos, best;
	/** What tells that the server still has the same file; may be NULL; owned. */
	char *validator;
	/** There was a response in this run. */
	bool reached;

	/** The response at hand. */
	struct response response;
	enum verdict verdict;
	/** Of the response: 200. */
	long status;
	/** Where what is sent now ends, and the file; FETCH_UNKNOWN if not told. */
	uint64_t end, total;
	/** When all of it had come, by fetch_now(); 0 before. */
	uint64_t complete_since;
	/** What a callback failed with: no further attempts. */
	struct error err;
	/** The text of libcurl. */
	char text[CURL_ERROR_SIZE];
};

/** Milliseconds of a clock that only goes onwards. */
uint64_t fetch_now(void);

/** Tell progress; what it returns, which is in f->err then. */
int fetch_report(struct fetch *f);

/** Forget what came so far. */
int fetch_start_over(struct fetch *f, struct error *err);

/**
 * Make one request for what is missing.
 *
 * @return an outcome (of FETCH_BROKEN, err tells the reason), or a negative errno if
 *         further attempts are of no use
 */
int fetch_attempt(struct fetch *f, const char *url, struct error *err);
