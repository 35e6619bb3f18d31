/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Compressed images, whose blocks are reused for images that differ little.
 *
 * A compressed image is cut into blocks that can be decoded one by one: Blocks of
 * one xz Stream, frames of zstd, members of gzip.  A node's image differs from its
 * base in a few of them; the others are taken over from the compressed base as
 * they are.  What results is an ordinary file of its format.
 *
 * Nothing here can tell whether a block of the base still is what it was: one that
 * was damaged is taken over damaged.  Whoever passes a compressed base has compared
 * its SHA-256 before, on the same file descriptor, and knows that it decodes to the
 * base image.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "image/copy.h"
#include "image/ranges.h"
#include "util/cleanup.h"
#include "util/digest.h"
#include "util/error.h"

enum pack_format { PACK_NONE, PACK_XZ, PACK_ZSTD, PACK_GZIP, PACK_FORMATS };

/** How to compress. */
struct pack_spec {
	enum pack_format format;
	/** xz: 0 to 9, default 6; zstd: 1 to 19, default 3; gzip: 1 to 9, default 6; none: 0. */
	int level;
};

/** Parse "none", "xz", "zst" or "gz", each but the first with an optional level: "zst:19".
 * Anything else is a usage error that says what is allowed. */
int pack_parse(const char *text, struct pack_spec *ret, struct error *err);

/** What the name of such a file ends in: "", ".xz", ".zst" or ".gz". */
const char *pack_suffix(enum pack_format format);

/** A block of a compressed image.  All in bytes. */
struct pack_block {
	/** What it decodes to: a range of the raw image. */
	uint64_t raw_start, raw_size;
	/** Where it is in the compressed file, from header to checksum. */
	uint64_t packed_start, packed_size;
	/** The file that it is in, open for reading as long as the index is used; not owned. */
	int file;
	/** How much of packed_size is padding in front of the checksum (xz: 0 to 3, others: 0). */
	unsigned padding;
};

/** The blocks of a compressed image.  Initialise with { 0 }. */
struct pack_index {
	/** What the content of the file is; PACK_NONE if none of them. */
	enum pack_format format;
	/** Blocks in order, covering the raw image from 0 to raw_size; none is empty; owned. */
	struct pack_block *list;
	size_t count;
	/** Size of the raw image in bytes. */
	uint64_t raw_size;
	/** xz: the Stream's integrity check, an lzma_check. */
	unsigned check;
	/** xz: the filter chain of the first block, as of lzma_str_from_filters(), such as
	 * "x86 lzma2:dict=8MiB"; owned. */
	char *filters;
	/** PACK_WHOLE: what stands against reuse, for people; constant. */
	const char *obstacle;
};

/** Outcome of pack_index_read(): the file is not cut into blocks that can be reused. */
enum { PACK_WHOLE = 1 };

/**
 * Find the blocks of a compressed image.  Told by content, not by name; only headers
 * are read.
 *
 * - xz: one Stream whose Block Headers all hold both sizes, as "xz -T2" writes it
 * - zstd: frames that all hold the size of their content; skippable frames are left out
 * - gzip: members as pack_image() writes them (pack-gzip.c), since nothing else tells
 *   where a member ends
 *
 * and no block that decodes to more than 64 MiB, nor more than a million of them.
 *
 * @return 0; PACK_WHOLE for all other files, where ret only has format and obstacle;
 *         -EBADMSG if the file is damaged; -errno if it cannot be read
 */
int pack_index_read(int fd, struct pack_index *ret, struct error *err);

/** Release the list; back to { 0 }. */
void pack_index_free(struct pack_index *index);
#define AUTOPACKINDEX CLEANUP(pack_index_free)

/** What to compress. */
struct pack_job {
	/** The raw image, which nobody changes meanwhile; not empty. */
	int raw;
	/** Format, not PACK_NONE, and level of what is not reused. */
	struct pack_spec spec;
	/** Blocks of the compressed base, of the same format and the same raw size; NULL without
	 * one.  Its blocks are kept, and with xz its integrity check and filter chain, so that
	 * decoding needs no more memory than for the base. */
	const struct pack_index *base;
	/** Where the raw image may differ from the base; NULL if base is. */
	const struct ranges *changed;
	/** An empty regular file, open for reading and writing. */
	int to;
	/** Blocks to encode at the same time; 0 counts as 1.  The result does not depend on it, the
	 * memory does: for each of them 25 MiB with xz:6 and blocks of 2 MiB, 100 MiB with the
	 * 24 MiB of "xz -T2 -6", 6 MiB with zst:3. */
	unsigned threads;
	/** Called from this thread, at the start, ten times in a second and at the end; may be
	 * NULL.  done and total count bytes to encode, without holes, and bytes to take over. */
	copy_progress *progress;
	void *arg;
};

/** What became of it. */
struct pack_result {
	/** Size of the compressed file in bytes, and its SHA-256. */
	uint64_t size;
	uint8_t sha256[DIGEST_SIZE];
	/** Blocks taken over from the base, and encoded. */
	size_t reused, encoded;
};

/**
 * Compress an image.
 *
 * The result decodes to exactly the raw image, and has the same bytes for the same
 * raw image, base, changed ranges and level (and the same libraries).  Without a
 * base, blocks are of 2 MiB (xz) or 1 MiB.  Holes are not read, and blocks of zeros
 * are encoded once.
 *
 * On failure, the content of job->to is undefined.  No thread is left behind in any
 * case.
 */
int pack_image(const struct pack_job *job, struct pack_result *ret, struct error *err);
