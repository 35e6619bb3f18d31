/* SPDX-License-Identifier: Apache-2.0 */
#include "image/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "image/pack-codec.h"
#include "util/alloc.h"
#include "util/file.h"
#include "util/text.h"

enum {
	/** Blocks of an index; each takes 40 bytes of memory. */
	BLOCKS_MAX = 1 << 20,
	/** Bytes that tell the format. */
	MAGIC_SIZE = 6,
};

static const struct pack_codec *const codecs[] = {
	[PACK_XZ] = &pack_xz,
	[PACK_ZSTD] = &pack_zstd,
	[PACK_GZIP] = &pack_gzip,
};

const struct pack_codec *pack_codec(enum pack_format format)
{
	return codecs[format];
}

const char *pack_suffix(enum pack_format format)
{
	static const char *const suffixes[] = {
		[PACK_NONE] = "",
		[PACK_XZ] = ".xz",
		[PACK_ZSTD] = ".zst",
		[PACK_GZIP] = ".gz",
	};

	return suffixes[format];
}

static int unknown_format(const char *text, struct error *err)
{
	AUTOBUF struct buf allowed = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(codecs); i++)
		if (codecs[i])
			buf_addf(&allowed, ", %s[:%d-%d]", codecs[i]->name, codecs[i]->min,
				 codecs[i]->max);
	return error_set_usage(err, "no compression '%s'; there are none%s", text,
			       buf_text(&allowed));
}

int pack_parse(const char *text, struct pack_spec *ret, struct error *err)
{
	size_t len = strcspn(text, ":");
	uint64_t level = 0;

	*ret = (struct pack_spec){ .format = PACK_NONE };
	if (strcmp(text, "none") == 0)
		return 0;

	for (size_t i = 0; i < ARRAY_SIZE(codecs); i++)
		if (codecs[i] && strlen(codecs[i]->name) == len &&
		    strncmp(codecs[i]->name, text, len) == 0)
			ret->format = (enum pack_format)i;

	const struct pack_codec *codec = pack_codec(ret->format);
	if (!codec)
		return unknown_format(text, err);

	ret->level = codec->standard;
	if (!text[len])
		return 0;

	if (!text_parse_number(text + len + 1, (uint64_t)codec->max, &level) ||
	    level < (uint64_t)codec->min)
		return error_set_usage(err, "%s has no level '%s'; there are %d to %d", codec->name,
				       text + len + 1, codec->min, codec->max);
	ret->level = (int)level;
	return 0;
}

int pack_index_refuse(struct pack_index *index, const char *obstacle)
{
	index->obstacle = obstacle;
	return PACK_WHOLE;
}

int pack_index_add(struct pack_index *index, const struct pack_block *block)
{
	if (block->raw_size > PACK_BLOCK_MAX)
		return pack_index_refuse(index, "it has blocks of more than 64 MiB");
	if (index->count == BLOCKS_MAX)
		return pack_index_refuse(index, "it has more than a million blocks");
	if (block->raw_size == 0)
		return 0;

	struct pack_block *new = ARRAY_ADD(index->list, index->count);

	*new = *block;
	new->raw_start = index->raw_size;
	index->raw_size += block->raw_size;
	return 0;
}

/* 0x184D2A50 to 5F are skippable frames of zstd, with which a file may start (RFC 8878). */
static enum pack_format detect(const uint8_t *magic)
{
	if (memcmp(magic,
		   "\xfd"
		   "7zXZ",
		   MAGIC_SIZE) == 0)
		return PACK_XZ;
	if (memcmp(magic, "\x28\xb5\x2f\xfd", 4) == 0 ||
	    ((magic[0] & 0xf0) == 0x50 && memcmp(magic + 1, "\x2a\x4d\x18", 3) == 0))
		return PACK_ZSTD;
	if (memcmp(magic, "\x1f\x8b", 2) == 0)
		return PACK_GZIP;
	return PACK_NONE;
}

static int read_index(int fd, struct pack_index *index, struct error *err)
{
	uint8_t magic[MAGIC_SIZE] = { 0 };
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_set_errno(err, -errno, "look at the compressed image");
	if (st.st_size < MAGIC_SIZE)
		return pack_index_refuse(index, "it is not compressed");

	int r = file_read_at(fd, magic, sizeof(magic), 0);
	if (r < 0)
		return error_set_errno(err, r, "read the compressed image");

	index->format = detect(magic);
	const struct pack_codec *codec = pack_codec(index->format);
	if (!codec)
		return pack_index_refuse(index, "it is not compressed");

	r = codec->index(fd, (uint64_t)st.st_size, index, err);
	if (r != 0)
		return r;

	/* One block of an image that would be cut in several. */
	if (index->count == 0 || (index->count == 1 && index->raw_size > codec->block))
		return pack_index_refuse(index, "it is not cut into blocks");
	return 0;
}

int pack_index_read(int fd, struct pack_index *ret, struct error *err)
{
	AUTOPACKINDEX struct pack_index index = { 0 };

	int r = read_index(fd, &index, err);
	if (r < 0)
		return r;

	for (size_t i = 0; i < index.count; i++)
		index.list[i].file = fd;

	if (r == PACK_WHOLE) {
		*ret = (struct pack_index){ .format = index.format, .obstacle = index.obstacle };
	} else {
		*ret = index;
		index = (struct pack_index){ 0 };
	}
	return r;
}

void pack_index_free(struct pack_index *index)
{
	free(index->list);
	free(index->filters);
	*index = (struct pack_index){ 0 };
}

void pack_encoder_free(struct pack_encoder *e)
{
	if (e)
		e->codec->free(e);
}

void pack_piece_free(struct pack_piece *piece)
{
	buf_free(&piece->data);
	piece->padding = 0;
}
