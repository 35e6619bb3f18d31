/* SPDX-License-Identifier: Apache-2.0 */
/* A hostile ext4 is read, and changed, without harm to the program. */
#include <string.h>

#include "fuzz-image.h"

static void change(struct backend *b)
{
	static const char *const paths[] = { "/file", "/link", "/dir/x", "/new", "/hard" };
	static const struct file_attr attr = { 1, 2, 0600 };
	AUTOBUF struct buf content = { 0 };
	AUTOERROR struct error err = ERROR_NONE;

	memset(buf_reserve(&content, 20000), 'x', 20000);
	content.len = 20000;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		(void)b->ops->write(b, paths[i], &content, &attr, &err);
		error_clear(&err);
	}

	(void)b->ops->mkdir(b, "/dir/sub", &attr, &err);
	error_clear(&err);
	(void)b->ops->symlink(b, "/link", "target", &err);
	error_clear(&err);
	(void)b->ops->remove(b, "/new", &err);
	error_clear(&err);
	(void)b->ops->finish(b, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTOCLOSE int fd = fuzz_file(data, size, 0);
	const struct partition part = { .size = size, .fs_type = (char *)(uintptr_t) "ext4" };
	AUTOERROR struct error err = ERROR_NONE;
	AUTOBACKEND struct backend *b = NULL;
	struct file_space space;

	FUZZ_CHECK(backend_direct.open(fd, false, 1700000000, &b, &err) == 0);
	if (b->ops->mount(b, &part, "/", &err) < 0)
		return 0;

	(void)b->ops->space(b, "/", &space, &err);
	fuzz_walk(b, "", 3);
	change(b);
	return 0;
}
