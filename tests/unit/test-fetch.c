/* SPDX-License-Identifier: Apache-2.0 */
#include "image/fetch.h"

#include <sys/xattr.h>

#include "fetching.h"
#include "image/fetch-parts.h"

static const struct fetch_options quick = { .max_size = 1 << 20, .pause = 1, .stall_seconds = 1 };

/* Nobody remembers what is complete. */
static void assert_complete(struct fixture *fixture, const char *name)
{
	AUTOFREE char *out = tmpdir_path(&fixture->dir, "out");

	assert_case(name, tmpdir_shell(&fixture->dir, "cd \"$1\"; cmp content out") == 0);
	assert_case(name, getxattr(out, FETCH_ATTRIBUTE, NULL, 0) < 0);
}

static void downloads(void **state)
{
	static const struct {
		const char *path, *requests;
	} cases[] = {
		{ "/normal", "- -" },
		{ "/keep", "- -" },
		{ "/no-range", "- -, bytes=150000- \"one\"" },
		{ "/early", "- -, bytes=75000- \"one\", bytes=150000- \"one\"" },
		{ "/modified", "- -, bytes=150000- Sat, 01 Feb 2025 10:00:00 GMT" },
		{ "/nothing-to-compare", "- -, - -" },
		{ "/changed", "- -, bytes=150000- \"one\"" },
		{ "/glued", "- -, bytes=150000- \"one\", - -" },
		{ "/shrunk", "- -, bytes=300001- \"one\", - -" },
		{ "/wrong-range", "- -, bytes=150000- \"one\", - -" },
		{ "/chunked", "- -" },
		{ "/close", "- -" },
		{ "/preliminary", "- -" },
		{ "/busy", "- -, - -, - -" },
		{ "/stall", "- -, bytes=150000- \"one\"" },
		{ "/redirect", "- -" },
		{ "/redirect-relative/x", "- -" },
		{ "/redirect-ten", "- -, - -, - -, - -, - -, - -, - -, - -, - -, - -" },
	};
	struct fixture *fixture = *state;

	TEST_EACH (i, cases) {
		AUTOERROR struct error err = ERROR_NONE;

		if (fetch(fixture, cases[i].path, &quick, O_TRUNC, &err) < 0)
			fail_msg("%s: %s", cases[i].path, err.message);
		assert_complete(fixture, cases[i].path);
		AUTOFREE char *got = requests(fixture, cases[i].path);
		assert_text(cases[i].path, got, cases[i].requests);
	}
}

static void names_failures(void **state)
{
	/* clang-format off */
	static const struct {
		const char *path;
		int code;
		const char *message; /* behind "download 'URL': ", unless it begins so */
	} cases[] = {
		{ "/404",           -EIO, "the server answers 404" },
		{ "/401",           -EIO, "the server answers 401" },
		{ "/no-location",   -EIO, "the server answers 302" },
		{ "/always-busy",   -EIO, "the server answers 503" },
		{ "/always-early",  -EIO, "the server closes the connection after 5000 of 300000 bytes" },
		{ "/more",          -EIO, "the server sends more than the 300000 bytes that it announced" },
		{ "/huge",          -EFBIG, "more than 1 MiB; --max-image-size raises the limit" },
		{ "/loop",          -EIO, "the server redirects more than 10 times" },
		{ "/to-file",       -EINVAL, "the server redirects to what is neither http nor https: 'file:///etc/hostname'" },
		{ "/to-ftp",        -EINVAL, "the server redirects to what is neither http nor https: 'ftp://***@127.0.0.1/x?***'" },
		{ "/to-nowhere",    -EINVAL, "the server redirects to what is not a valid URL" },
		{ "/always-stall",   -EIO, "Operation too slow. Less than 1 bytes/sec transferred the last 1 seconds" },
		{ "/silent",        -EIO, "Empty reply from server" },
		{ "/garbage",       -EIO, "Received HTTP/0.9 when not allowed" },
		{ "ftp://127.0.0.1/x", -EINVAL, "download 'ftp://127.0.0.1/x': only http, https and file are supported" },
		{ "scp://user:secret@host/x?token=secret", -EINVAL, "download 'scp://***@host/x?***': only http, https and file are supported" },
		{ "http://[/secret", -EINVAL, "download '...': this is not a valid URL" },
		{ "file:///nowhere", -EIO, "download 'file:///nowhere': Couldn't open file /nowhere" },
	};
	/* clang-format on */
	struct fixture *fixture = *state;

	TEST_EACH (i, cases) {
		AUTOERROR struct error err = ERROR_NONE;
		AUTOFREE char *url = url_of(fixture, cases[i].path);
		AUTOFREE char *longer = xasprintf("download '%s': %s", url, cases[i].message);
		bool whole = strncmp(cases[i].message, "download", 8) == 0;

		int r = fetch(fixture, cases[i].path, &quick, O_TRUNC, &err);
		assert_text(cases[i].path, err.message, whole ? cases[i].message : longer);
		assert_case(cases[i].path, r == cases[i].code);
	}
}

static void refuses_broken_chunks(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;

	/* The words are libcurl's. */
	assert_int_equal(fetch(*state, "/chunked-early", &quick, O_TRUNC, &err), -EIO);
}

static void refuses_closed_ports(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;

	/* At once: options would have it wait for an hour. */
	const struct fetch_options patient = { .max_size = 1 << 20, .pause = 3600000 };
	assert_int_equal(fetch(*state, "http://user:secret@127.0.0.1:1/x?token=secret", &patient,
			       O_TRUNC, &err),
			 -EIO);
	assert_non_null(strstr(err.message, "download 'http://***@127.0.0.1:1/x?***': Failed to "
					    "connect to 127.0.0.1 port 1"));
}

static void verifies_certificates(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;
	struct fixture *fixture = *state;
	AUTOFREE char *url = xasprintf("https://127.0.0.1:%u/normal", fixture->tls_port);

	assert_int_equal(fetch(fixture, url, &quick, O_TRUNC, &err), -EIO);
	assert_non_null(strstr(err.message, "certificate"));
}

static void sends_credentials_of_the_url(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;
	struct fixture *fixture = *state;
	AUTOFREE char *url = xasprintf("http://user:secret@127.0.0.1:%u/401/x", fixture->port);

	assert_int_equal(fetch(fixture, url, &quick, O_TRUNC, &err), 0);
	assert_complete(fixture, url);
}

static void reads_files(void **state)
{
	AUTOERROR struct error err = ERROR_NONE, failure = ERROR_NONE;
	const struct fetch_options small = { .max_size = SIZE - 1 };
	struct fixture *fixture = *state;
	AUTOFREE char *path = tmpdir_path(&fixture->dir, "content");
	AUTOFREE char *url = xasprintf("file://%s", path);

	assert_int_equal(fetch(fixture, url, &quick, O_TRUNC, &err), 0);
	assert_complete(fixture, url);
	/* What is in the file already is of no use. */
	assert_int_equal(fetch(fixture, url, &quick, 0, &err), 0);
	assert_complete(fixture, url);
	assert_int_equal(fetch(fixture, url, &small, O_TRUNC, &failure), -EFBIG);
}

static void goes_through_proxies(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;
	struct fixture *fixture = *state;
	AUTOFREE char *proxy = xasprintf("http://127.0.0.1:%u", fixture->port);

	assert_int_equal(setenv("http_proxy", proxy, 1), 0);
	int r = fetch(fixture, "http://nowhere.invalid/normal/proxy", &quick, O_TRUNC, &err);
	assert_int_equal(unsetenv("http_proxy"), 0);
	assert_int_equal(r, 0);
	assert_complete(fixture, "proxy");
}

/** Stops a download when so much came. */
struct stop {
	uint64_t at, total;
	unsigned calls;
};

static int stop_at(void *arg, uint64_t done, uint64_t total)
{
	struct stop *stop = arg;

	stop->calls++;
	stop->total = total;
	return done >= stop->at ? -ECANCELED : 0;
}

static void continues_what_another_run_left(void **state)
{
	struct stop stop = { .at = 1 };
	const struct fetch_options stopping = {
		.max_size = 1 << 20,
		.progress = stop_at,
		.arg = &stop,
		.pause = 1,
		.stall_seconds = 30,
	};
	AUTOERROR struct error err = ERROR_NONE, none = ERROR_NONE;
	struct fixture *fixture = *state;
	AUTOBUF struct buf left = { 0 };

	assert_int_equal(fetch(fixture, "/stall/x", &stopping, O_TRUNC, &err), -ECANCELED);
	assert_int_equal(stop.total, SIZE);
	left = tmpdir_read(&fixture->dir, "out");
	assert_true(left.len > 0 && left.len <= SIZE / 2);

	if (fetch(fixture, "/normal/again", &quick, 0, &none) < 0)
		fail_msg("%s", none.message);
	assert_complete(fixture, "continued");
	AUTOFREE char *got = requests(fixture, "/normal/again");
	AUTOFREE char *want = xasprintf("bytes=%zu- \"one\"", left.len);
	/* Not every file system has attributes. */
	assert_text("requests", got, strcmp(got, "- -") == 0 ? "- -" : want);
}

/* Killed after the last byte. */
static void continues_at_the_end(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;
	struct fixture *fixture = *state;
	AUTOFREE char *out = tmpdir_path(&fixture->dir, "out");

	assert_int_equal(tmpdir_shell(&fixture->dir, "cd \"$1\"; cp content out"), 0);
	if (setxattr(out, FETCH_ATTRIBUTE, "\"one\"", 5, 0) < 0)
		skip();
	assert_int_equal(fetch(fixture, "/normal/end", &quick, 0, &err), 0);
	assert_complete(fixture, "end");
	AUTOFREE char *got = requests(fixture, "/normal/end");
	assert_text("requests", got, "bytes=300000- \"one\"");
}

static void starts_over_without_attribute(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;
	struct fixture *fixture = *state;

	assert_int_equal(tmpdir_shell(&fixture->dir, "cd \"$1\"; echo x >left; mv left out"), 0);
	assert_int_equal(fetch(fixture, "/normal/over", &quick, 0, &err), 0);
	assert_complete(fixture, "over");
	AUTOFREE char *got = requests(fixture, "/normal/over");
	assert_text("requests", got, "- -");
}

static void can_be_stopped(void **state)
{
	static const char *const paths[] = { "/normal/stop", "/silent/stop", "/stall/stop" };

	TEST_EACH (i, paths) {
		AUTOERROR struct error err = ERROR_NONE;
		struct stop stop = { .at = 0 };

		/* In the transfer, or in the hour until the next one. */
		int r = fetch(*state, paths[i],
			      &(struct fetch_options){ .max_size = 1 << 20,
						       .progress = stop_at,
						       .arg = &stop,
						       .pause = 3600000 },
			      O_TRUNC, &err);
		assert_case(paths[i], r == -ECANCELED && stop.calls == 1);
	}
}

static void follows_redirects(void **state)
{
	/* clang-format off */
	static const struct {
		const char *from, *location, *want; /* NULL: refused */
	} cases[] = {
		{ "http://a/b/c?d",  "/e",               "http://a/e" },
		{ "http://a/b/c",    "e?f",              "http://a/b/e?f" },
		{ "http://a/b",      "//x/y",            "http://x/y" },
		{ "http://a/b",      "https://x/y",      "https://x/y" },
		{ "https://a/b",     "https://x/y",      "https://x/y" },
		{ "https://a/b",     "/e",               "https://a/e" },
		{ "http://a/b",      "/with space",      "http://a/with%20space" },
		{ "https://u:p@a/b", "https://x/y",      "https://x/y" },
		{ "https://a/b",     "http://x/y",       NULL },
		{ "https://a/b",     "HTTP://x/y",       NULL },
		{ "https://a/b",     "http://a/b",       NULL },
		{ "http://a/b",      "file:///etc/x",    NULL },
		{ "http://a/b",      "ftp://x/y",        NULL },
		{ "http://a/b",      "javascript:x",     NULL },
		{ "http://a/b",      "http://x:99999/",  NULL },
	};
	/* clang-format on */

	(void)state;
	TEST_EACH (i, cases) {
		AUTOERROR struct error err = ERROR_NONE;
		AUTOFREE char *got = NULL;

		int r = fetch_follow(cases[i].from, cases[i].location, &got, &err);
		if (cases[i].want)
			assert_text(cases[i].location, got, cases[i].want);
		else
			assert_case(cases[i].location, r == -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(downloads),
		cmocka_unit_test(names_failures),
		cmocka_unit_test(refuses_broken_chunks),
		cmocka_unit_test(refuses_closed_ports),
		cmocka_unit_test(verifies_certificates),
		cmocka_unit_test(sends_credentials_of_the_url),
		cmocka_unit_test(reads_files),
		cmocka_unit_test(goes_through_proxies),
		cmocka_unit_test(continues_what_another_run_left),
		cmocka_unit_test(continues_at_the_end),
		cmocka_unit_test(starts_over_without_attribute),
		cmocka_unit_test(can_be_stopped),
		cmocka_unit_test(follows_redirects),
	};

	return cmocka_run_group_tests(tests, fetching_setup, fetching_teardown);
}
