/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever a file holds: blocks that are found cover an image, and lie within the file. */
#include "fuzz-image.h"
#include "image/pack.h"

static void check_blocks(const struct pack_index *index, size_t size)
{
	uint64_t raw = 0, packed = 0;

	FUZZ_CHECK(index->count > 0 && index->format != PACK_NONE);
	for (size_t i = 0; i < index->count; i++) {
		const struct pack_block *block = &index->list[i];

		FUZZ_CHECK(block->raw_start == raw && block->raw_size > 0);
		FUZZ_CHECK(block->packed_start >= packed && block->packed_size > block->padding);
		raw += block->raw_size;
		packed = block->packed_start + block->packed_size;
		FUZZ_CHECK(packed <= size);
	}
	FUZZ_CHECK(index->raw_size == raw);
	FUZZ_CHECK((index->format == PACK_XZ) == (index->filters != NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTOPACKINDEX struct pack_index index = { 0 };
	AUTOCLOSE int fd = fuzz_file(data, size, 0);

	int r = pack_index_read(fd, &index, &err);
	if (r == 0)
		check_blocks(&index, size);
	else if (r == PACK_WHOLE)
		FUZZ_CHECK(index.obstacle && !index.list);
	return 0;
}
