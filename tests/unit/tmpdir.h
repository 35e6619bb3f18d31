/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * A directory for the files of one test, and programs that work in it.
 */
#pragma once

#include <errno.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "test.h"
#include "util/alloc.h"
#include "util/file.h"
#include "util/output.h"
#include "util/process.h"

/** Fixture: a fresh directory as *state. */
static inline int tmpdir_setup(void **state)
{
	char *dir = xstrdup("/tmp/nib-test-XXXXXX");

	*state = dir;
	return mkdtemp(dir) ? 0 : -1;
}

static inline int tmpdir_remove_one(const char *path, const struct stat *st, int type,
				    struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/** Fixture: remove it. */
static inline int tmpdir_teardown(void **state)
{
	int r = nftw(*state, tmpdir_remove_one, 16, FTW_DEPTH | FTW_PHYS);

	free(*state);
	return r;
}

/** Path of a file in the directory, owned by the caller. */
static inline char *tmpdir_path(void **state, const char *name)
{
	return xasprintf("%s/%s", (const char *)*state, name);
}

/** Write a file with mode 0600. */
static inline void tmpdir_write(void **state, const char *name, const struct buf *content)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTOFREE char *path = tmpdir_path(state, name);
	AUTOOUTPUT struct output out = OUTPUT_NONE;

	assert_int_equal(output_open(path, &out, &err), 0);
	assert_int_equal(file_write_fd(out.fd, buf_text(content), content->len), 0);
	assert_int_equal(output_publish(&out, true, &err), 0);
}

/** Read a file. */
static inline struct buf tmpdir_read(void **state, const char *name)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTOFREE char *path = tmpdir_path(state, name);
	struct buf content = { 0 };

	if (file_read(path, 1 << 20, &content, NULL, &err) < 0)
		fail_msg("%s", err.message);
	return content;
}

/**
 * Run a shell command with the directory as $1, to prepare a test.
 *
 * @return its exit status, -ENOENT if the shell is not there
 */
static inline int tmpdir_shell(void **state, const char *command)
{
	AUTOERROR struct error err = ERROR_NONE;
	const char *argv[] = { "sh", "-ec", command, "sh", *state, NULL };
	int status = 0;

	int r = process_run(&(struct process){ .argv = argv }, &status, &err);
	return r < 0 ? r : status;
}

/** Is a program in PATH? */
static inline bool tmpdir_has(void **state, const char *program)
{
	AUTOFREE char *command = xasprintf("command -v %s >/dev/null", program);

	return tmpdir_shell(state, command) == 0;
}
