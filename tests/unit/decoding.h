/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What the tests of image/decode.h share: a sample image, packed by other programs.
 */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "image/decode.h"
#include "tmpdir.h"

/** Any image of the tests is smaller. */
#define DECODING_MAX_SIZE ((uint64_t)1 << 30)

/** The most of the sample that is no hole: text and noise. */
enum { DECODING_MOST_DATA = 3 << 20 };

/** For every command: put FILE OFFSET TEXT overwrites, size FILE tells. */
#define DECODING_PRELUDE                                                                      \
	"cd \"$1\"; export LC_ALL=C; rm -f in; "                                              \
	"put() { printf \"$3\" | dd of=\"$1\" bs=1 seek=\"$2\" conv=notrunc status=none; }; " \
	"size() { stat -c %s \"$1\"; }; "

/** Run a command in the directory; it must succeed. */
static inline void decoding_run(void **state, const char *name, const char *command)
{
	AUTOFREE char *whole = xasprintf("%s%s", DECODING_PRELUDE, command);

	if (tmpdir_shell(state, whole) != 0)
		fail_msg("%s: this fails: %s", name, command);
}

/** Fixture: a directory with "sample", of an odd size and with holes. */
static inline int decoding_setup(void **state)
{
	int r = tmpdir_setup(state);

	if (r == 0)
		decoding_run(state, "sample",
			     "seq 200000 >sample; truncate -s 5M sample; "
			     "head -c 700001 /dev/urandom >>sample; truncate -s 12M sample; "
			     "printf end >>sample");
	return r;
}

static inline int decoding_open(void **state, const char *name, int flags)
{
	AUTOFREE char *path = tmpdir_path(state, name);
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd < 0)
		fail_msg("%s: %s", path, strerror(errno));
	return fd;
}

/** Decode "in" to "out". */
static inline int decoding_decode(void **state, const struct decode_options *options,
				  struct decode_result *result, struct error *err)
{
	AUTOCLOSE int from = decoding_open(state, "in", O_RDONLY);
	AUTOCLOSE int to = decoding_open(state, "out", O_RDWR | O_CREAT | O_TRUNC);

	return decode_image(from, to, options, result, err);
}

static inline struct stat decoding_stat(void **state, const char *name)
{
	AUTOFREE char *path = tmpdir_path(state, name);
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st;
}
