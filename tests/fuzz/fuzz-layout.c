/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever a file holds: partitions that are reported lie within it, one behind the other. */
#include "fuzz-image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTOLAYOUT struct layout layout = { 0 };
	AUTOCLOSE int fd = fuzz_file(data, size, 1 << 20);
	uint64_t end = 0;

	if (layout_read(fd, "fuzz", &layout, &err) < 0)
		return 0;

	FUZZ_CHECK(layout.count > 0);
	for (size_t i = 0; i < layout.count; i++) {
		const struct partition *part = &layout.partitions[i];

		FUZZ_CHECK(part->size > 0 && part->offset >= end);
		end = part->offset + part->size;
		FUZZ_CHECK(end <= layout.size && part->fs_type && part->part_uuid);
	}

	return 0;
}
