/* SPDX-License-Identifier: Apache-2.0 */
#include "image/pack-pool.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "image/sparse.h"
#include "util/alloc.h"
#include "util/file.h"

/* Bytes of small blocks that are encoded ahead, so that no thread waits for another. */
enum { AHEAD = 16 << 20 };

/** A block on its way through a thread. */
struct slot {
	bool done;
	struct pack_piece piece;
	struct error err;
};

/** A block of zeros, encoded. */
struct zeros {
	uint64_t size;
	struct pack_piece piece;
};

struct pack_pool {
	const struct pack_work *work;
	pthread_t *threads;
	unsigned n_threads;
	/** Threads are to end; also looked at in the middle of a block. */
	atomic_bool stop;

	/** For all below. */
	pthread_mutex_t mutex;
	/** A block is done; a slot is free. */
	pthread_cond_t done, room;
	/** Block number i is in slot i modulo their number, from when it is taken by a thread
	 * until its result is taken from the pool. */
	struct slot *slots;
	size_t n_slots;
	/** Number of blocks taken by threads, and of results taken from the pool. */
	size_t taken, returned;
	/** One for every size there is. */
	struct zeros *zeros;
	size_t n_zeros;
};

/** A thread's own. */
struct worker {
	struct pack_pool *pool;
	struct pack_encoder *encoder;
	char *chunk;
};

static size_t chunk_length(const struct pack_block *block, uint64_t pos)
{
	uint64_t left = block->raw_size - pos;

	return left < PACK_CHUNK ? (size_t)left : PACK_CHUNK;
}

static int read_chunk(const struct worker *w, const struct pack_block *block, uint64_t pos,
		      struct error *err)
{
	int r = file_read_at(w->pool->work->raw, w->chunk, chunk_length(block, pos),
			     block->raw_start + pos);

	return r < 0 ? error_set_errno(err, r, "compress: read") : 0;
}

/* Holes are not read, and data only up to the first that is not zero. */
static int is_zero(const struct worker *w, const struct pack_block *block, bool *ret,
		   struct error *err)
{
	*ret = true;
	if (!ranges_meet(w->pool->work->data, block->raw_start, block->raw_start + block->raw_size))
		return 0;

	for (uint64_t pos = 0; *ret && pos < block->raw_size; pos += PACK_CHUNK) {
		int r = read_chunk(w, block, pos, err);
		if (r < 0)
			return r;
		*ret = sparse_is_zero(w->chunk, chunk_length(block, pos));
	}

	return 0;
}

static int encode_data(const struct worker *w, const struct pack_block *block, bool zero,
		       struct pack_piece *ret, struct error *err)
{
	const struct pack_codec *codec = w->encoder->codec;
	int r = codec->begin(w->encoder, block->raw_size, ret, err);

	if (zero)
		memset(w->chunk, 0, PACK_CHUNK);
	for (uint64_t pos = 0; r == 0 && pos < block->raw_size; pos += PACK_CHUNK) {
		const size_t len = chunk_length(block, pos);

		if (atomic_load(&w->pool->stop))
			return error_set_errno(err, -ECANCELED, "compress");
		if (!zero)
			r = read_chunk(w, block, pos, err);
		if (r == 0)
			r = codec->add(w->encoder, w->chunk, len, pos + len == block->raw_size, ret,
				       err);
	}

	return r;
}

static const struct zeros *find_zeros(const struct pack_pool *pool, uint64_t size)
{
	for (size_t i = 0; i < pool->n_zeros; i++)
		if (pool->zeros[i].size == size)
			return &pool->zeros[i];
	return NULL;
}

static void copy_piece(struct pack_piece *ret, const struct pack_piece *piece)
{
	*ret = (struct pack_piece){ buf_copy(&piece->data), piece->padding };
}

/* Two threads may encode the first ones of a size at the same time: it does no harm. */
static int encode_zeros(const struct worker *w, const struct pack_block *block,
			struct pack_piece *ret, struct error *err)
{
	struct pack_pool *pool = w->pool;

	(void)pthread_mutex_lock(&pool->mutex);
	const struct zeros *known = find_zeros(pool, block->raw_size);
	if (known)
		copy_piece(ret, &known->piece);
	(void)pthread_mutex_unlock(&pool->mutex);
	if (known)
		return 0;

	int r = encode_data(w, block, true, ret, err);
	if (r < 0)
		return r;

	(void)pthread_mutex_lock(&pool->mutex);
	if (!find_zeros(pool, block->raw_size)) {
		struct zeros *new = ARRAY_ADD(pool->zeros, pool->n_zeros);

		new->size = block->raw_size;
		copy_piece(&new->piece, ret);
	}
	(void)pthread_mutex_unlock(&pool->mutex);
	return 0;
}

static int encode(struct worker *w, const struct pack_block *block, struct pack_piece *ret,
		  struct error *err)
{
	const struct pack_work *work = w->pool->work;
	bool zero = false;

	int r = w->encoder ? 0 : work->codec->start(&work->settings, &w->encoder, err);
	if (r == 0)
		r = is_zero(w, block, &zero, err);
	if (r < 0)
		return r;

	return zero ? encode_zeros(w, block, ret, err) : encode_data(w, block, false, ret, err);
}

/* The number of a block that nobody has taken; false if there are no more. */
static bool take(struct pack_pool *pool, size_t *ret)
{
	(void)pthread_mutex_lock(&pool->mutex);
	while (!atomic_load(&pool->stop) && pool->taken < pool->work->count &&
	       pool->taken - pool->returned == pool->n_slots)
		(void)pthread_cond_wait(&pool->room, &pool->mutex);

	bool more = !atomic_load(&pool->stop) && pool->taken < pool->work->count;
	if (more)
		*ret = pool->taken++;
	(void)pthread_mutex_unlock(&pool->mutex);
	return more;
}

static void *run(void *arg)
{
	struct pack_pool *pool = arg;
	AUTOFREE char *chunk = xcalloc(1, PACK_CHUNK);
	struct worker w = { .pool = pool, .chunk = chunk };

	for (size_t i; take(pool, &i);) {
		struct slot *slot = &pool->slots[i % pool->n_slots];

		(void)encode(&w, pool->work->list[i], &slot->piece, &slot->err);
		(void)pthread_mutex_lock(&pool->mutex);
		slot->done = true;
		(void)pthread_cond_signal(&pool->done);
		(void)pthread_mutex_unlock(&pool->mutex);
	}

	pack_encoder_free(w.encoder);
	return NULL;
}

static int start_threads(struct pack_pool *pool, unsigned count, struct error *err)
{
	pool->threads = xcalloc(count, sizeof(*pool->threads));

	for (unsigned i = 0; i < count; i++) {
		int r = pthread_create(&pool->threads[i], NULL, run, pool);
		if (r)
			return error_set_errno(err, -r, "compress: start a thread");
		pool->n_threads++;
	}

	return 0;
}

int pack_pool_new(const struct pack_work *work, struct pack_pool **ret, struct error *err)
{
	struct pack_pool *pool = xcalloc(1, sizeof(*pool));
	unsigned threads = work->threads < work->count ? work->threads : (unsigned)work->count;

	pool->work = work;
	pool->n_slots = threads + (size_t)(AHEAD / work->settings.block);
	pool->slots = xcalloc(pool->n_slots, sizeof(*pool->slots));
	(void)pthread_mutex_init(&pool->mutex, NULL);
	(void)pthread_cond_init(&pool->done, NULL);
	(void)pthread_cond_init(&pool->room, NULL);
	*ret = pool;
	return start_threads(pool, threads, err);
}

int pack_pool_next(struct pack_pool *pool, unsigned wait, struct pack_piece *ret, struct error *err)
{
	struct slot *slot = &pool->slots[pool->returned % pool->n_slots];
	struct timespec until;
	int r = 0;

	assert(pool->returned < pool->work->count);
	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += (long)wait * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;

	(void)pthread_mutex_lock(&pool->mutex);
	while (!slot->done && r == 0)
		r = pthread_cond_timedwait(&pool->done, &pool->mutex, &until);

	r = PACK_POOL_BUSY;
	if (slot->done) {
		*ret = slot->piece;
		*err = slot->err;
		*slot = (struct slot){ 0 };
		pool->returned++;
		(void)pthread_cond_signal(&pool->room);
		r = err->code;
	}
	(void)pthread_mutex_unlock(&pool->mutex);
	return r;
}

void pack_pool_free(struct pack_pool *pool)
{
	(void)pthread_mutex_lock(&pool->mutex);
	atomic_store(&pool->stop, true);
	(void)pthread_cond_broadcast(&pool->room);
	(void)pthread_mutex_unlock(&pool->mutex);

	for (unsigned i = 0; i < pool->n_threads; i++)
		(void)pthread_join(pool->threads[i], NULL);
	for (size_t i = 0; i < pool->n_slots; i++) {
		pack_piece_free(&pool->slots[i].piece);
		error_clear(&pool->slots[i].err);
	}
	for (size_t i = 0; i < pool->n_zeros; i++)
		pack_piece_free(&pool->zeros[i].piece);

	(void)pthread_cond_destroy(&pool->room);
	(void)pthread_cond_destroy(&pool->done);
	(void)pthread_mutex_destroy(&pool->mutex);
	free(pool->zeros);
	free(pool->slots);
	free(pool->threads);
	free(pool);
}
