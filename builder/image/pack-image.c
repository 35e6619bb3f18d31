/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "image/pack-codec.h"
#include "image/pack-digest.h"
#include "image/pack-pool.h"
#include "image/pack.h"
#include "util/alloc.h"
#include "util/file.h"

enum {
	/** Copied at once from the base. */
	CHUNK = 128 << 10,
	/** Writing to the disk is started after so many bytes. */
	STRIDE = 16 << 20,
	/** Milliseconds between reports of progress. */
	INTERVAL = 100,
};

/** An image being compressed. */
struct packing {
	const struct pack_job *job;
	/** Encoding: settings, and those blocks of list that are not in the base. */
	struct pack_work work;
	struct ranges data;
	/** All blocks; those in the base have their place there until they are written. */
	struct pack_block *list;
	size_t count;
	/** The ones that are encoded; the array is owned. */
	const struct pack_block **encoded;
	size_t n_encoded;
	/** Where to write next, and up to where writing to the disk was started. */
	uint64_t pos, started;
	/** Bytes for the progress, and when it was reported last. */
	uint64_t done, total;
	struct timespec reported;
	char *chunk;
	struct pack_pool *pool;
	struct pack_digest *digest;
};

static void packing_free(struct packing *p)
{
	if (p->pool)
		pack_pool_free(p->pool);
	if (p->digest)
		pack_digest_free(p->digest);
	ranges_free(&p->data);
	free(p->list);
	free(p->encoded);
	free(p->chunk);
}
#define AUTOPACKING CLEANUP(packing_free)

static bool is_reused(const struct packing *p, const struct pack_block *block)
{
	return p->job->base &&
	       !ranges_meet(p->job->changed, block->raw_start, block->raw_start + block->raw_size);
}

static bool is_hole(const struct packing *p, const struct pack_block *block)
{
	return !ranges_meet(&p->data, block->raw_start, block->raw_start + block->raw_size);
}

/* Those of the base, or of one size. */
static void cut(struct packing *p, uint64_t size)
{
	const struct pack_index *base = p->job->base;
	const uint64_t block = p->work.codec->block;

	p->count = base ? base->count : (size_t)((size + block - 1) / block);
	p->list = xcalloc(p->count, sizeof(*p->list));
	for (size_t i = 0; i < p->count; i++) {
		const uint64_t start = i * block, left = size - start;

		if (base)
			p->list[i] = base->list[i];
		else
			p->list[i] = (struct pack_block){ .raw_start = start,
							  .raw_size = left < block ? left : block };
	}
}

static void choose(struct packing *p)
{
	struct pack_settings *settings = &p->work.settings;

	p->encoded = xcalloc(p->count, sizeof(*p->encoded));
	for (size_t i = 0; i < p->count; i++) {
		const struct pack_block *block = &p->list[i];

		if (is_reused(p, block)) {
			p->total += block->packed_size;
			continue;
		}

		if (block->raw_size > settings->block)
			settings->block = block->raw_size;
		p->total += is_hole(p, block) ? 0 : block->raw_size;
		p->encoded[p->n_encoded++] = block;
	}

	/* A node that changes nothing. */
	if (p->n_encoded == 0)
		settings->block = p->work.codec->block;
}

static int prepare(struct packing *p, struct error *err)
{
	const struct pack_job *job = p->job;
	const struct pack_codec *codec = pack_codec(job->spec.format);
	struct stat st;

	assert(codec && (!job->base || (job->base->format == job->spec.format && job->changed)));
	if (fstat(job->raw, &st) < 0)
		return error_set_errno(err, -errno, "compress");
	if (st.st_size == 0)
		return error_set(err, -EINVAL, "compress: the image is empty");
	if (job->base && job->base->raw_size != (uint64_t)st.st_size)
		return error_set(err, -EINVAL, "compress: the base has another size");

	int r = ranges_of_data(job->raw, &p->data, err);
	if (r < 0)
		return r;

	p->work.codec = codec;
	p->work.settings.level = job->spec.level;
	p->work.settings.check = job->base ? job->base->check : codec->check;
	p->work.settings.filters = job->base ? job->base->filters : NULL;
	p->chunk = xcalloc(1, CHUNK);
	cut(p, (uint64_t)st.st_size);
	choose(p);

	p->work.raw = job->raw;
	p->work.list = p->encoded;
	p->work.count = p->n_encoded;
	p->work.data = &p->data;
	p->work.threads = job->threads ? job->threads : 1;
	return 0;
}

static int report(struct packing *p, struct error *err)
{
	int r = p->job->progress ? p->job->progress(p->job->arg, p->done, p->total) : 0;

	(void)clock_gettime(CLOCK_MONOTONIC, &p->reported);
	return r < 0 ? error_set_errno(err, r, "compress") : 0;
}

static int report_in_time(struct packing *p, struct error *err)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	long passed = (long)(now.tv_sec - p->reported.tv_sec) * 1000 +
		      (now.tv_nsec - p->reported.tv_nsec) / 1000000;
	return passed < INTERVAL ? 0 : report(p, err);
}

/* Else all of it would wait in memory until it is flushed; failing is harmless. */
static void start_writeback(struct packing *p)
{
	if (p->pos - p->started < STRIDE)
		return;

	(void)sync_file_range(p->job->to, (off_t)p->started, (off_t)(p->pos - p->started),
			      SYNC_FILE_RANGE_WRITE);
	p->started = p->pos;
}

static int append(struct packing *p, const void *data, size_t len, struct error *err)
{
	int r = file_write_at(p->job->to, data, len, p->pos);

	if (r < 0)
		return error_set_errno(err, r, "compress: write");
	p->pos += len;
	start_writeback(p);
	pack_digest_advance(p->digest, p->pos);
	return 0;
}

static int take_over(struct packing *p, struct pack_block *block, struct error *err)
{
	const uint64_t from = block->packed_start, size = block->packed_size;
	int r = 0;

	block->packed_start = p->pos;
	for (uint64_t pos = 0; r == 0 && pos < size; pos += CHUNK) {
		size_t len = size - pos < CHUNK ? (size_t)(size - pos) : CHUNK;

		r = file_read_at(block->file, p->chunk, len, from + pos);
		if (r < 0)
			return error_set_errno(err, r, "compress: read the compressed base");
		r = append(p, p->chunk, len, err);
	}

	p->done += size;
	return r;
}

static int add_encoded(struct packing *p, struct pack_block *block, struct error *err)
{
	AUTOPIECE struct pack_piece piece = { 0 };
	int r;

	while ((r = pack_pool_next(p->pool, INTERVAL, &piece, err)) == PACK_POOL_BUSY) {
		r = report(p, err);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;

	block->packed_start = p->pos;
	block->packed_size = piece.data.len;
	block->padding = piece.padding;
	p->done += is_hole(p, block) ? 0 : block->raw_size;
	return append(p, piece.data.data, piece.data.len, err);
}

static int add_blocks(struct packing *p, struct error *err)
{
	size_t encoded = 0;
	int r = 0;

	for (size_t i = 0; i < p->count && r == 0; i++) {
		bool encode = encoded < p->n_encoded && p->encoded[encoded] == &p->list[i];

		encoded += encode;
		r = encode ? add_encoded(p, &p->list[i], err) : take_over(p, &p->list[i], err);
		if (r == 0)
			r = report_in_time(p, err);
	}

	return r;
}

static int write_all(struct packing *p, struct error *err)
{
	const struct pack_codec *codec = p->work.codec;
	AUTOBUF struct buf head = { 0 }, tail = { 0 };

	int r = codec->head ? codec->head(&p->work.settings, &head, err) : 0;
	if (r == 0)
		r = append(p, buf_text(&head), head.len, err);
	if (r == 0)
		r = add_blocks(p, err);
	if (r == 0 && codec->tail)
		r = codec->tail(&p->work.settings, p->list, p->count, &tail, err);
	return r < 0 ? r : append(p, buf_text(&tail), tail.len, err);
}

int pack_image(const struct pack_job *job, struct pack_result *ret, struct error *err)
{
	AUTOPACKING struct packing p = { .job = job };

	int r = prepare(&p, err);
	if (r == 0)
		r = report(&p, err);
	if (r == 0)
		r = pack_digest_new(job->to, &p.digest, err);
	if (r == 0)
		r = pack_pool_new(&p.work, &p.pool, err);
	if (r == 0)
		r = write_all(&p, err);
	if (r == 0)
		r = report(&p, err);
	if (r == 0)
		r = pack_digest_end(p.digest, ret->sha256, err);
	if (r < 0)
		return r;

	ret->size = p.pos;
	ret->reused = p.count - p.n_encoded;
	ret->encoded = p.n_encoded;
	return 0;
}
