/* SPDX-License-Identifier: Apache-2.0 */
/* What a back end says that it touched holds every byte that it changed. */
#include "image.h"
#include "image/ranges.h"

static void edit(struct backend *b)
{
	const struct file_attr attr = { .mode = 0755 };
	AUTOBUF struct buf content = { 0 };

	for (int i = 0; i < 5000; i++)
		buf_adds(&content, "0123456789");
	assert_ok(b->ops->mkdir(b, "/etc/nib", &attr, err));
	assert_ok(b->ops->write(b, "/etc/nib/large", &content, &attr, err));
	assert_ok(b->ops->write(b, "/etc/old", &content, &attr, err));
	assert_ok(b->ops->symlink(b, "/etc/link", "nib/large", err));
	assert_ok(b->ops->write(b, "/boot/firmware/large.txt", &content, &attr, err));
	assert_ok(b->ops->remove(b, "/etc/gone", err));
}

static void holds_every_change(void **state)
{
	const struct image_options options = {
		.root = "head -c 300000 /dev/urandom | tee etc/gone >etc/old; chmod 600 etc/old",
		.then = "cp $img before.img",
	};
	AUTORANGES struct ranges touched = { 0 }, all = { 0 }, found = { 0 }, want = { 0 };
	AUTOIMAGE struct image image;

	(void)state;
	image_make(&image, &options);
	AUTOFREE char *path = xasprintf("%s/before.img", image.dir);
	AUTOCLOSE int before = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(before >= 0);

	struct backend *b = image_mount(&image, false);
	edit(b);
	assert_ok(b->ops->finish(b, err));
	b->ops->touched(b, &touched);
	backend_free(b);

	ranges_add(&all, 0, image.layout.size);
	assert_ok(ranges_of_difference(before, image.fd, &all, &want, err));
	assert_ok(ranges_of_difference(before, image.fd, &touched, &found, err));
	assert_true(want.count > 5);
	assert_int_equal(found.count, want.count);
	assert_memory_equal(found.list, want.list, want.count * sizeof(*want.list));

	/* Otherwise nothing would be gained by it: the FAT, and little of the ext4. */
	assert_true(ranges_length(&touched) < image.layout.partitions[0].size + (8 << 20));
}

static void is_empty_read_only(void **state)
{
	const struct image_options options = { 0 };
	AUTORANGES struct ranges touched = { 0 };
	AUTOIMAGE struct image image;

	(void)state;
	image_make(&image, &options);
	struct backend *b = image_mount(&image, true);
	b->ops->touched(b, &touched);
	backend_free(b);
	assert_false(ranges_meet(&touched, image.layout.partitions[1].offset, image.layout.size));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_every_change),
		cmocka_unit_test(is_empty_read_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
