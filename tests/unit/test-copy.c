/* SPDX-License-Identifier: Apache-2.0 */
#include "image/copy.h"

#include <errno.h>
#include <sys/stat.h>

#include "image.h"

/* Copy $img to "copy" beside it. */
static int copy(struct image *image, copy_progress *progress, void *arg, struct error *err)
{
	AUTOFREE char *to = xasprintf("%s/copy", image->dir);
	AUTOCLOSE int from_fd = open(image->path, O_RDONLY | O_CLOEXEC);
	AUTOCLOSE int to_fd = open(to, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(from_fd >= 0 && to_fd >= 0);
	return copy_image(from_fd, to_fd, false, progress, arg, err);
}

static uint64_t allocated(const struct image *image, const char *name)
{
	AUTOFREE char *path = xasprintf("%s/%s", image->dir, name);
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return (uint64_t)st.st_blocks * 512;
}

static void copies_stay_sparse(void **state)
{
	/* clang-format off */
	static const struct {
		const char *name, *command;
		uint64_t most; /* bytes that the copy may take */
	} cases[] = {
		{ "empty",          "touch $img", 0 },
		{ "one byte",       "printf x >$img", 4096 },
		{ "odd size",       "head -c 5000001 /dev/urandom >$img", 5004000 },
		{ "only a hole",    "truncate -s 100M $img", 0 },
		{ "hole at end",    "printf x >$img; truncate -s 100M $img", 4096 },
		{ "hole at start",  "truncate -s 100M $img; printf x >>$img", 4096 },
		{ "islands",        "truncate -s 64M $img; for i in $(seq 0 7 63); do printf x | dd of=$img bs=1M seek=$i conv=notrunc status=none; done", 10 * 4096 },
		{ "written zeros",  "head -c 20M /dev/zero >$img", 0 },
		{ "zeros and data", "head -c 3000000 /dev/zero >$img; printf x >>$img; head -c 3000000 /dev/zero >>$img", 4096 },
		{ "allocated",      "fallocate -l 20M $img; printf x | dd of=$img bs=1 seek=1000000 conv=notrunc status=none", 4096 },
	};
	/* clang-format on */

	(void)state;
	TEST_EACH (i, cases) {
		AUTOIMAGE struct image image;

		image_init(&image);
		RUN(&image, "%s", cases[i].command);
		assert_ok(copy(&image, NULL, NULL, err));
		RUN(&image, "cmp $img copy; [ $(stat -c %%s $img) = $(stat -c %%s copy) ]");
		assert_case(cases[i].name, allocated(&image, "copy") <= cases[i].most);
	}
}

struct progress {
	unsigned calls;
	uint64_t done, total;
	int stop;
};

static int count_progress(void *arg, uint64_t done, uint64_t total)
{
	struct progress *progress = arg;

	assert_true(done >= progress->done && done <= total);
	progress->calls++;
	progress->done = done;
	progress->total = total;
	return progress->stop;
}

static void tells_progress(void **state)
{
	AUTOIMAGE struct image image;
	AUTOERROR struct error failure = ERROR_NONE;
	struct progress progress = { 0 }, stop = { .stop = -ECANCELED };

	(void)state;
	image_init(&image);
	RUN(&image, "head -c 8M /dev/urandom >$img; truncate -s 100M $img");
	assert_ok(copy(&image, count_progress, &progress, err));
	assert_true(progress.calls >= 1);
	assert_int_equal(progress.done, 8 << 20);
	assert_int_equal(progress.total, 8 << 20);

	assert_int_equal(copy(&image, count_progress, &stop, &failure), -ECANCELED);
	assert_int_equal(stop.calls, 1);
}

/* A file of 16 MiB does not fit into a limit of 4 MiB; the text comes from the write. */
static void reports_failed_writes(void **state)
{
	AUTOIMAGE struct image image;

	(void)state;
	image_init(&image);
	RUN(&image, "head -c 1M /dev/urandom >$img");

	AUTOERROR struct error err = ERROR_NONE;
	AUTOCLOSE int from = open(image.path, O_RDONLY | O_CLOEXEC);
	AUTOCLOSE int to = open(image.path, O_RDONLY | O_CLOEXEC);

	assert_true(copy_image(from, to, false, NULL, NULL, &err) < 0);
	assert_non_null(strstr(err.message, "write: "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_stay_sparse),
		cmocka_unit_test(tells_progress),
		cmocka_unit_test(reports_failed_writes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
