/* SPDX-License-Identifier: Apache-2.0 */
#include "image/pack-digest.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "util/alloc.h"
#include "util/file.h"

/* Read at once: what was just written is still in the processor's cache. */
enum { CHUNK = 128 << 10 };

struct pack_digest {
	int fd;
	pthread_t thread;
	/** For all below but digest and chunk, which are the thread's. */
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	/** Written up to here; up to here when the thread was woken. */
	uint64_t end, told;
	/** Nothing more comes; what is there is not wanted either. */
	bool complete, stop;
	bool joined;
	/** Negative errno of a failed read. */
	int code;
	struct digest *digest;
	char chunk[CHUNK];
};

/* How many bytes there are behind pos; waits for a full chunk, or the end. */
static size_t available(struct pack_digest *d, uint64_t pos)
{
	(void)pthread_mutex_lock(&d->mutex);
	while (!d->complete && !d->stop && d->end - pos < CHUNK)
		(void)pthread_cond_wait(&d->changed, &d->mutex);

	uint64_t left = d->stop ? 0 : d->end - pos;
	(void)pthread_mutex_unlock(&d->mutex);
	return left < CHUNK ? (size_t)left : CHUNK;
}

static void *follow(void *arg)
{
	struct pack_digest *d = arg;
	uint64_t pos = 0;

	for (size_t len; d->code == 0 && (len = available(d, pos)) > 0; pos += len) {
		d->code = file_read_at(d->fd, d->chunk, len, pos);
		if (d->code == 0)
			digest_add(d->digest, d->chunk, len);
	}

	return NULL;
}

int pack_digest_new(int fd, struct pack_digest **ret, struct error *err)
{
	struct pack_digest *d = xcalloc(1, sizeof(*d));

	d->fd = fd;
	d->digest = digest_new();
	(void)pthread_mutex_init(&d->mutex, NULL);
	(void)pthread_cond_init(&d->changed, NULL);
	*ret = d;

	int r = pthread_create(&d->thread, NULL, follow, d);
	d->joined = r != 0;
	return r ? error_set_errno(err, -r, "compress: start a thread") : 0;
}

void pack_digest_advance(struct pack_digest *d, uint64_t end)
{
	(void)pthread_mutex_lock(&d->mutex);
	d->end = end;
	if (end - d->told >= CHUNK) {
		d->told = end;
		(void)pthread_cond_signal(&d->changed);
	}
	(void)pthread_mutex_unlock(&d->mutex);
}

static void join(struct pack_digest *d, bool *flag)
{
	if (d->joined)
		return;

	(void)pthread_mutex_lock(&d->mutex);
	*flag = true;
	(void)pthread_cond_signal(&d->changed);
	(void)pthread_mutex_unlock(&d->mutex);
	(void)pthread_join(d->thread, NULL);
	d->joined = true;
}

int pack_digest_end(struct pack_digest *d, uint8_t ret[static DIGEST_SIZE], struct error *err)
{
	join(d, &d->complete);
	if (d->code < 0)
		return error_set_errno(err, d->code, "compress: read back");

	digest_end(d->digest, ret);
	return 0;
}

void pack_digest_free(struct pack_digest *d)
{
	join(d, &d->stop);
	(void)pthread_cond_destroy(&d->changed);
	(void)pthread_mutex_destroy(&d->mutex);
	digest_free(d->digest);
	free(d);
}
