/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * A raw image for tests of compression, and what compresses it.
 */
#pragma once

#include "image.h"
#include "image/pack.h"

enum { MIB = 1 << 20 };

/** Ten blocks of 1 MiB, the last one short: text, random, three holes, zeros that were written,
 * text, a hole with 4 KiB in it, random, text. */
static inline void pack_make(struct image *image)
{
	image_init(image);
	RUN(image, "put() { dd of=$img bs=1M seek=$1 conv=notrunc iflag=fullblock status=none; }; "
		   "noise() { openssl enc -aes-128-ctr -nosalt -pass pass:$1 -pbkdf2 -in /dev/zero "
		   "2>/dev/null | head -c 1M || :; }; "
		   "truncate -s $((9 * 1048576 + 100000)) $img; "
		   "seq 1000000 | head -c 1M | put 0 || :; noise a | put 1; "
		   "head -c 1M /dev/zero | put 5; seq 1000000 2000000 | head -c 1M | put 6 || :; "
		   "noise b | head -c 4096 | put 7 || :; noise c | put 8; "
		   "seq 100000 | head -c 100000 | put 9 || :");
}

/** Compress $img into a new file of this name beside it.  base is such a file, NULL without. */
static inline int pack_to(const struct image *image, const char *name, struct pack_job *job,
			  const char *base, struct pack_result *ret, struct error *err)
{
	AUTOFREE char *to = xasprintf("%s/%s", image->dir, name);
	AUTOFREE char *from = xasprintf("%s/%s", image->dir, base ? base : "");
	AUTOCLOSE int raw_fd = open(image->path, O_RDONLY | O_CLOEXEC);
	AUTOCLOSE int to_fd = open(to, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	AUTOCLOSE int base_fd = open(from, O_RDONLY | O_CLOEXEC);
	AUTOPACKINDEX struct pack_index index = { 0 };

	assert_true(raw_fd >= 0 && to_fd >= 0 && base_fd >= 0);
	if (base) {
		AUTOERROR struct error failure = ERROR_NONE;

		if (pack_index_read(base_fd, &index, &failure) != 0)
			fail_msg("%s: %s", base,
				 failure.message ? failure.message : index.obstacle);
		job->base = &index;
	}
	job->raw = raw_fd;
	job->to = to_fd;

	int r = pack_image(job, ret, err);
	job->base = NULL;
	return r;
}

/** What --compress would be given. */
static inline struct pack_spec pack_spec_of(const char *text)
{
	struct pack_spec spec;

	assert_ok(pack_parse(text, &spec, err));
	return spec;
}
