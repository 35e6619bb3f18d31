/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Downloads from tests/http-server.py.
 */
#pragma once

#include <fcntl.h>
#include <sys/wait.h>

#include "image/fetch.h"
#include "tmpdir.h"

/** More than curl hands over at once. */
enum { SIZE = 300000 };

/** A directory, and a server of its file "content". */
struct fixture {
	/** First, for tmpdir_*(): the directory. */
	void *dir;
	pid_t server;
	/** The server ends when this is closed. */
	int input;
	unsigned port, tls_port;
};

/** Fill in the rest. */
static inline void start_server(struct fixture *fixture)
{
	AUTOFREE char *content = tmpdir_path(&fixture->dir, "content");
	AUTOFREE char *log = tmpdir_path(&fixture->dir, "log");
	AUTOFREE char *pem = tmpdir_path(&fixture->dir, "pem");
	int in[2], out[2];

	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	fixture->input = in[1];
	fixture->server = fork();
	if (fixture->server == 0) {
		(void)dup2(in[0], STDIN_FILENO);
		(void)dup2(out[1], STDOUT_FILENO);
		(void)execl(NIB_SOURCEDIR "/tests/http-server.py", "http-server.py", content, log,
			    pem, NULL);
		_exit(127);
	}

	(void)close(in[0]);
	(void)close(out[1]);
	FILE *ports = fdopen(out[0], "r");
	assert_non_null(ports);
	if (fscanf(ports, "%u %u", &fixture->port, &fixture->tls_port) != 2)
		fail_msg("the server does not start");
	(void)fclose(ports);
}

/** Fixture: an empty directory but for what the server needs, and the server. */
static inline int fetching_setup(void **state)
{
	static const char *const proxies[] = {
		"http_proxy",  "https_proxy", "all_proxy", "no_proxy",
		"HTTPS_PROXY", "ALL_PROXY",   "NO_PROXY",
	};
	struct fixture *fixture = xcalloc(1, sizeof(*fixture));

	TEST_EACH (i, proxies)
		(void)unsetenv(proxies[i]);
	if (tmpdir_setup(&fixture->dir) < 0)
		return -1;
	*state = fixture;

	AUTOFREE char *command = xasprintf(
		"cd \"$1\"; head -c %d /dev/urandom >content; : >log; "
		"openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=127.0.0.1 -keyout pem "
		"-out cert 2>&1; cat cert >>pem",
		SIZE);
	assert_int_equal(tmpdir_shell(&fixture->dir, command), 0);
	start_server(fixture);
	return 0;
}

/** Fixture: end it. */
static inline int fetching_teardown(void **state)
{
	struct fixture *fixture = *state;

	(void)close(fixture->input);
	(void)waitpid(fixture->server, NULL, 0);
	int r = tmpdir_teardown(&fixture->dir);
	free(fixture);
	return r;
}

/** A path of the server as URL, a URL as it is; owned by the caller. */
static inline char *url_of(const struct fixture *fixture, const char *path)
{
	if (strstr(path, "://"))
		return xstrdup(path);
	return xasprintf("http://127.0.0.1:%u%s", fixture->port, path);
}

/** "out" in the directory; owned by the caller. */
static inline int open_output(struct fixture *fixture, int flags)
{
	AUTOFREE char *path = tmpdir_path(&fixture->dir, "out");
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | flags, 0600);

	assert_true(fd >= 0);
	return fd;
}

/** Download to "out", an empty one unless flags are 0. */
static inline int fetch(struct fixture *fixture, const char *path,
			const struct fetch_options *options, int flags, struct error *err)
{
	AUTOFREE char *url = url_of(fixture, path);
	AUTOCLOSE int to = open_output(fixture, flags);

	return fetch_url(url, to, options, err);
}

/** The requests for a path, as the server logged them: "Range If-Range, ..."; owned by the caller.
 */
static inline char *requests(struct fixture *fixture, const char *path)
{
	AUTOBUF struct buf log = tmpdir_read(&fixture->dir, "log");
	AUTOFREE char *prefix = xasprintf("%s ", path);
	AUTOBUF struct buf found = { 0 };

	for (const char *line = buf_text(&log); *line; line += strcspn(line, "\n") + 1)
		if (strncmp(line, prefix, strlen(prefix)) == 0)
			buf_addf(&found, "%s%.*s", found.len ? ", " : "",
				 (int)(strcspn(line, "\n") - strlen(prefix)),
				 line + strlen(prefix));
	return xstrdup(buf_text(&found));
}
