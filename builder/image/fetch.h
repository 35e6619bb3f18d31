/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Base images from elsewhere: http, https and file, by libcurl.
 */
#pragma once

#include <stdint.h>

#include "image/copy.h"
#include "util/error.h"

/** How to download. */
struct fetch_options {
	/** Most bytes that the file may have; more is an error (-EFBIG). */
	uint64_t max_size;
	/** Counts bytes of the file; the total is 0 while nobody knows it.  May be NULL. */
	copy_progress *progress;
	/** Handed to progress. */
	void *arg;
	/** Seconds without a byte after which a transfer is broken off; 0 means 60. */
	unsigned stall_seconds;
	/** Milliseconds before it is tried again, twice that each further time; 0 means 1000. */
	unsigned pause;
};

/**
 * Download a file.
 *
 * What is asked of a server: certificates are always verified; at most 10 redirects are
 * followed, none to a file and none from https to http; the variables http_proxy,
 * https_proxy, all_proxy and no_proxy hold; ~/.netrc does not.  The length that a
 * server announces has to be what it sends.
 *
 * A transfer that breaks is continued where it broke (RFC 9110: Range with If-Range), up
 * to four times without getting a mebibyte further.  So is one that an earlier run left:
 * give the same file again, and what it holds is kept if the server still has the same
 * ETag, or Last-Modified.  That is remembered in the attribute user.nib.validator of
 * the file while it is not complete; where the file system knows no such attributes, and
 * for servers that tell neither, the download starts over.
 *
 * Nothing here says that the content is the right one: compare its digest.
 *
 * Threads may download at the same time.
 *
 * @param to   regular file, open for writing; holds what came so far after an error,
 *             everything after success
 * @return -EFBIG if it is too large, -ENOSPC with the bytes that are missing, whatever
 *         progress() returned where that was negative; -EINVAL for a URL, or a redirect,
 *         that is not allowed; else -EIO.  Messages begin with "download 'URL'" and never
 *         hold a password or a query.
 */
int fetch_url(const char *url, int to, const struct fetch_options *options, struct error *err);

/** A URL for messages: without credentials, query and fragment; owned by the caller. */
char *fetch_shown_url(const char *url);
