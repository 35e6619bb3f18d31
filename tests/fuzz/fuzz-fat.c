/* SPDX-License-Identifier: Apache-2.0 */
/* A hostile FAT is read without harm to the program; what mtools does is not tested here. */
#include "fuzz-image.h"

/* A FAT16 has some MiB, of which only the first bytes are worth a change. */
enum { SIZE = 4 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTOCLOSE int fd = fuzz_file(data, size, SIZE);
	const struct partition part = { .size = SIZE, .fs_type = (char *)(uintptr_t) "vfat" };
	AUTOERROR struct error err = ERROR_NONE;
	AUTOBACKEND struct backend *b = NULL;
	struct file_space space;

	FUZZ_CHECK(backend_direct.open(fd, true, 1700000000, &b, &err) == 0);
	if (b->ops->mount(b, &part, "/", &err) < 0)
		return 0;

	(void)b->ops->space(b, "/", &space, &err);
	fuzz_walk(b, "", 3);
	return 0;
}
