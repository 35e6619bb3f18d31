/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "image/base-packed.h"
#include "image/sparse.h"
#include "util/alloc.h"
#include "util/file.h"

enum {
	/** Smaller blocks are encoded anew in less time than looking for their parts saves. */
	LARGE = 4 << 20,
	CHUNK = 128 << 10,
};

/** A refinement on its way. */
struct refining {
	const struct base *base;
	const struct pack_index *index;
	const struct pack_spec *spec;
	const struct ranges *changed;
	unsigned threads;
	struct base_blocks *ret;
};

/* A Stream has one integrity check, and small blocks are made with the usual one. */
static bool can_refine(const struct refining *r)
{
	if (r->base->cache.dir < 0)
		return false;
	return r->index->format != PACK_XZ ||
	       (r->index->check == LZMA_CHECK_CRC64 &&
		strncmp(r->index->filters, "lzma2", strlen("lzma2")) == 0);
}

static bool is_large(const struct refining *r, const struct pack_block *block)
{
	return block->raw_size > LARGE &&
	       ranges_meet(r->changed, block->raw_start, block->raw_start + block->raw_size);
}

/* The content of one block as a file, without a name. */
static int extract(const struct refining *r, const struct pack_block *block, struct error *err)
{
	AUTOFREE char *chunk = xcalloc(1, CHUNK);
	AUTOCLOSE int fd = memfd_create("block", MFD_CLOEXEC);
	struct sparse to = { .fd = fd };
	int code = 0;

	if (fd < 0 || ftruncate(fd, (off_t)block->raw_size) < 0)
		return error_set_errno(err, -errno, "create a file in memory");

	for (uint64_t pos = 0; code == 0 && pos < block->raw_size; pos += CHUNK) {
		uint64_t left = block->raw_size - pos;
		size_t len = left < CHUNK ? (size_t)left : CHUNK;

		code = file_read_at(r->base->fd, chunk, len, block->raw_start + pos);
		if (code == 0)
			code = sparse_write(&to, chunk, len, pos);
	}

	return code < 0 ? error_set_errno(err, code, "read '%s'", r->base->name) : TAKE_FD(fd);
}

static int encode(const struct refining *r, const struct pack_block *block, const char *name,
		  int *fd, struct error *err)
{
	AUTOENTRY struct cache_entry entry = CACHE_ENTRY_NONE;
	struct pack_result result;

	AUTOCLOSE int raw = extract(r, block, err);
	if (raw < 0)
		return raw;

	int code = cache_begin(&r->base->cache, name, false, &entry, err);
	if (code < 0)
		return code;

	const struct pack_job job = {
		.raw = raw,
		.spec = *r->spec,
		.to = entry.fd,
		.threads = r->threads,
	};

	code = pack_image(&job, &result, err);
	if (code == 0)
		code = cache_commit(&entry, CACHE_SHA256, result.sha256, r->base->name, err);
	if (code == 0)
		*fd = TAKE_FD(entry.fd);
	return code;
}

static int find_or_encode(const struct refining *r, const struct pack_block *block, int *fd,
			  struct error *err)
{
	AUTOFREE char *name =
		xasprintf("block-%s%s-%d-%" PRIu64, r->base->key, pack_suffix(r->spec->format),
			  r->spec->level, block->raw_start);

	AUTOCLOSE int lock = cache_lock(&r->base->cache, name, err);
	if (lock < 0)
		return lock;

	int code = cache_find(&r->base->cache, name, fd, NULL, err);
	return code < 0 || *fd >= 0 ? code : encode(r, block, name, fd, err);
}

static void add_block(struct pack_index *index, const struct pack_block *block, uint64_t offset)
{
	struct pack_block *new = ARRAY_ADD(index->list, index->count);

	*new = *block;
	new->raw_start += offset;
}

/* Put the small blocks in the place of a large one; what cannot be used is left out. */
static int cut(const struct refining *r, const struct pack_block *block, struct error *err)
{
	AUTOERROR struct error ignored = ERROR_NONE;
	AUTOPACKINDEX struct pack_index parts = { 0 };
	int fd = -1;

	int code = find_or_encode(r, block, &fd, err);
	if (code < 0)
		return code;

	*ARRAY_ADD(r->ret->files, r->ret->n_files) = fd;
	if (pack_index_read(fd, &parts, &ignored) != 0 || parts.raw_size != block->raw_size) {
		add_block(&r->ret->index, block, 0);
		return 0;
	}

	for (size_t i = 0; i < parts.count; i++)
		add_block(&r->ret->index, &parts.list[i], block->raw_start);
	return 0;
}

int base_refine(const struct base *base, const struct pack_index *index,
		const struct pack_spec *spec, const struct ranges *changed, unsigned threads,
		struct base_blocks *ret, struct error *err)
{
	const struct refining r = { base, index, spec, changed, threads, ret };
	bool possible = can_refine(&r);

	ret->index = *index;
	ret->index.list = NULL;
	ret->index.count = 0;
	ret->index.filters = xstrdup(index->filters);
	for (size_t i = 0; i < index->count; i++) {
		const struct pack_block *block = &index->list[i];
		int code = 0;

		if (possible && is_large(&r, block))
			code = cut(&r, block, err);
		else
			add_block(&ret->index, block, 0);
		if (code < 0)
			return code;
	}

	return 0;
}

void base_blocks_free(struct base_blocks *blocks)
{
	for (size_t i = 0; i < blocks->n_files; i++)
		closep(&blocks->files[i]);

	free(blocks->files);
	pack_index_free(&blocks->index);
	*blocks = (struct base_blocks){ 0 };
}
