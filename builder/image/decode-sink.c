/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hashing and writing take about as long as decoding zstd, so that they are done by
 * another thread, from a ring of chunks.
 */
#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "image/decode-parts.h"
#include "image/sparse.h"
#include "util/alloc.h"
#include "util/text.h"

enum {
	/** All of the ring should stay in the processor's cache. */
	CHUNK = 128 << 10,
	SLOTS = 8,
};

struct sink {
	uint64_t max_size;
	/** Bytes added, and those of them that are in the chunk being filled. */
	uint64_t size;
	size_t filled;

	/** The ring: SLOTS chunks, and how much is in each. */
	char *chunks;
	size_t len[SLOTS];

	pthread_t thread;
	bool running;
	/** Guards all up to the next empty line. */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/** Chunks handed to the thread, and chunks it is done with. */
	uint64_t given, taken;
	/** No more chunks will come. */
	bool ended;
	/** What comes is dropped: it failed, or nobody wants it any more. */
	bool dropped;

	/** Only the thread's, until it ended or said that it dropped. */
	struct sparse to;
	uint64_t pos;
	struct error err;
};

/*
 * A full disk does not end the decoding: how much is missing is known when all is
 * decoded.  What was written is let go of meanwhile; others may need the room.
 */
static int take_chunk(struct sink *sink, const char *data, size_t len)
{
	uint64_t before = sink->to.data;

	int r = sparse_write(&sink->to, data, len, sink->pos);
	if (r == -ENOSPC) {
		sink->to.count_only = true;
		sink->to.data = before;
		if (ftruncate(sink->to.fd, 0) < 0)
			return error_set_errno(&sink->err, -errno, "write");
		r = sparse_write(&sink->to, data, len, sink->pos);
	}

	sink->pos += len;
	return r < 0 ? error_set_errno(&sink->err, r, "write") : 0;
}

static void *take_chunks(void *arg)
{
	struct sink *sink = arg;

	(void)pthread_mutex_lock(&sink->lock);
	for (;;) {
		while (sink->taken == sink->given && !sink->ended)
			(void)pthread_cond_wait(&sink->changed, &sink->lock);
		if (sink->taken == sink->given)
			break;

		size_t slot = sink->taken % SLOTS;
		bool dropped = sink->dropped;

		(void)pthread_mutex_unlock(&sink->lock);
		int r = dropped ? 0
				: take_chunk(sink, sink->chunks + slot * CHUNK, sink->len[slot]);
		(void)pthread_mutex_lock(&sink->lock);

		if (r < 0)
			sink->dropped = true;
		sink->taken++;
		(void)pthread_cond_signal(&sink->changed);
	}
	(void)pthread_mutex_unlock(&sink->lock);

	return NULL;
}

int sink_open(int fd, uint64_t max_size, struct sink **ret, struct error *err)
{
	AUTOSINK struct sink *sink = xcalloc(1, sizeof(*sink));

	sink->max_size = max_size;
	sink->chunks = xcalloc(SLOTS, CHUNK);
	sink->to.fd = fd;
	sink->to.digest = digest_new();
	(void)pthread_mutex_init(&sink->lock, NULL);
	(void)pthread_cond_init(&sink->changed, NULL);

	int r = pthread_create(&sink->thread, NULL, take_chunks, sink);
	if (r != 0)
		return error_set_errno(err, -r, "start a thread");

	sink->running = true;
	*ret = TAKE(sink);
	return 0;
}

void *sink_room(struct sink *sink, size_t *len)
{
	if (sink->filled == 0) {
		(void)pthread_mutex_lock(&sink->lock);
		while (sink->given - sink->taken == SLOTS)
			(void)pthread_cond_wait(&sink->changed, &sink->lock);
		(void)pthread_mutex_unlock(&sink->lock);
	}

	*len = CHUNK - sink->filled;
	return sink->chunks + sink->given % SLOTS * CHUNK + sink->filled;
}

/* Hand over the chunk being filled; false if the thread failed. */
static bool give_chunk(struct sink *sink)
{
	(void)pthread_mutex_lock(&sink->lock);
	sink->len[sink->given % SLOTS] = sink->filled;
	sink->given++;
	bool good = !sink->dropped;
	(void)pthread_cond_signal(&sink->changed);
	(void)pthread_mutex_unlock(&sink->lock);

	sink->filled = 0;
	return good;
}

static int failed(struct sink *sink, struct error *err)
{
	*err = sink->err;
	sink->err = ERROR_NONE;
	return err->code;
}

int sink_expect(const struct sink *sink, uint64_t more, struct error *err)
{
	AUTOBUF struct buf limit = { 0 };

	if (sink->size <= sink->max_size && more <= sink->max_size - sink->size)
		return 0;

	text_add_size(&limit, sink->max_size);
	return error_set(err, -EFBIG, "decodes to more than %s; --max-image-size raises the limit",
			 buf_text(&limit));
}

int sink_add(struct sink *sink, size_t len, struct error *err)
{
	int r = sink_expect(sink, len, err);
	if (r < 0)
		return r;

	sink->size += len;
	sink->filled += len;
	if (sink->filled == CHUNK && !give_chunk(sink))
		return failed(sink, err);
	return 0;
}

uint64_t sink_size(const struct sink *sink)
{
	return sink->size;
}

static void join(struct sink *sink, bool drop)
{
	if (!sink->running)
		return;

	(void)pthread_mutex_lock(&sink->lock);
	sink->ended = true;
	sink->dropped |= drop;
	(void)pthread_cond_signal(&sink->changed);
	(void)pthread_mutex_unlock(&sink->lock);

	(void)pthread_join(sink->thread, NULL);
	sink->running = false;
}

int sink_end(struct sink *sink, uint8_t data_digest[static DIGEST_SIZE], struct error *err)
{
	if (sink->size == 0)
		return error_set(err, -EINVAL, "the image is empty");

	if (sink->filled)
		(void)give_chunk(sink);
	join(sink, false);
	if (sink->err.code)
		return failed(sink, err);

	if (sink->to.count_only) {
		int r = sparse_check_space(sink->to.fd, sink->to.data, "image", err);
		return r < 0 ? r : error_set(err, -ENOSPC, "no space was left for a while");
	}
	if (ftruncate(sink->to.fd, (off_t)sink->size) < 0)
		return error_set_errno(err, -errno, "write");

	sparse_digest_end(&sink->to, sink->size, data_digest);
	return 0;
}

void sink_free(struct sink *sink)
{
	if (!sink)
		return;

	join(sink, true);
	(void)pthread_cond_destroy(&sink->changed);
	(void)pthread_mutex_destroy(&sink->lock);
	digest_free(sink->to.digest);
	error_clear(&sink->err);
	free(sink->chunks);
	free(sink);
}
