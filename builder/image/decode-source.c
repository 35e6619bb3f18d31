/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sys/stat.h>

#include "image/decode-parts.h"
#include "util/alloc.h"
#include "util/file.h"

/** Read at once; stays in the processor's cache until it was hashed and decoded. */
enum { CHUNK = 128 << 10 };

int source_open(int fd, const struct decode_options *options, struct source *ret, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_set_errno(err, -errno, "read");
	if (!S_ISREG(st.st_mode))
		return error_set(err, -EINVAL, "not a regular file");

	*ret = (struct source){
		.fd = fd,
		.size = (uint64_t)st.st_size,
		.end = (uint64_t)st.st_size,
		.chunk = xcalloc(1, CHUNK),
		.options = options,
	};
	return 0;
}

int source_passed(struct source *source, const void *data, size_t len, struct error *err)
{
	const struct decode_options *options = source->options;

	source->pos += len;
	digest_add(source->digest, data, len);

	int r = options->progress ? options->progress(options->arg, source->pos, source->size) : 0;
	return r < 0 ? error_set_errno(err, r, "decode") : 0;
}

int source_fill(struct source *source, struct error *err)
{
	if (source->left || source->pos == source->end)
		return 0;

	uint64_t rest = source->end - source->pos;
	size_t len = rest < CHUNK ? (size_t)rest : CHUNK;
	int r = file_read_at(source->fd, source->chunk, len, source->pos);
	if (r < 0)
		return error_set_errno(err, r, "read");

	source->next = source->chunk;
	source->left = len;
	return source_passed(source, source->chunk, len, err);
}

void source_close(struct source *source)
{
	digest_free(source->digest);
	free(source->chunk);
	*source = (struct source){ 0 };
}
