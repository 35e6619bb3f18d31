/* SPDX-License-Identifier: Apache-2.0 */
/* Large blocks of a compressed base, cut into small ones where a node changes something. */
#include "image.h"
#include "image/base-packed.h"

enum { MIB = 1 << 20 };

static const struct base_options options = { .max_size = 1 << 30, .threads = 2 };

/* An image of 32 MiB in two blocks, and one of a node that differs from it in 4 KiB. */
static void make_images(struct image *image)
{
	image_init(image);
	AUTOFREE char *cache = xasprintf("%s/cache", image->dir);
	assert_int_equal(setenv("XDG_CACHE_HOME", cache, 1), 0);
	RUN(image,
	    "seq 3000000 >base; truncate -s 32M base; "
	    "xz -0 -T2 --block-size=16MiB -k base; cp base node; "
	    "printf changed | dd of=node bs=1 seek=%d conv=notrunc",
	    5 * MIB);
}

static int open_in(const struct image *image, const char *name)
{
	AUTOFREE char *path = xasprintf("%s/%s", image->dir, name);

	return open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

static struct base open_base(const struct image *image)
{
	AUTOFREE char *path = xasprintf("%s/base.xz", image->dir);
	const struct base_source source = { .file = path };
	struct base base = BASE_NONE;

	assert_ok(base_open(&source, &options, &base, err));
	return base;
}

static void pack(const struct image *image, const char *name, struct pack_result *ret)
{
	const struct pack_spec spec = { PACK_XZ, 6 };
	AUTOBASE struct base base = open_base(image);
	AUTOPACKINDEX struct pack_index index = { 0 };
	AUTOBLOCKS struct base_blocks blocks = { 0 };
	AUTORANGES struct ranges changed = { 0 };
	AUTOCLOSE int raw = open_in(image, "node");
	AUTOCLOSE int to = open_in(image, name);
	AUTOCLOSE int packed = -1;

	assert_ok(base_packed(&base, &spec, &options, &index, &packed, err));
	assert_int_equal(packed, -1);
	assert_int_equal(index.count, 2);
	ranges_add(&changed, 5 * MIB, 5 * MIB + 4096);
	assert_ok(base_refine(&base, &index, &spec, &changed, 2, &blocks, err));
	assert_int_equal(blocks.index.count, 9);

	const struct pack_job job = {
		.raw = raw,
		.spec = spec,
		.base = &blocks.index,
		.changed = &changed,
		.to = to,
	};
	assert_ok(pack_image(&job, ret, err));
}

static void only_small_blocks_are_encoded(void **state)
{
	struct pack_result first, second;
	AUTOIMAGE struct image image;

	(void)state;
	make_images(&image);
	pack(&image, "first.xz", &first);
	assert_int_equal(first.encoded, 1);
	assert_int_equal(first.reused, 8);
	RUN(&image, "xz -t first.xz; xz -dc first.xz | cmp - node");

	/* From the cache this time, to the same result. */
	assert_shell(&image, "1\n", "ls cache/nib/block-*.record | wc -l");
	pack(&image, "second.xz", &second);
	RUN(&image, "cmp first.xz second.xz");
	assert_memory_equal(first.sha256, second.sha256, DIGEST_SIZE);
}

static void a_damaged_part_is_made_again(void **state)
{
	struct pack_result result;
	AUTOIMAGE struct image image;

	(void)state;
	make_images(&image);
	pack(&image, "first.xz", &result);
	RUN(&image, "f=$(ls cache/nib/block-*.record); f=${f%%.record}; "
		    "printf XXXX | dd of=$f bs=1 seek=30000 conv=notrunc");
	pack(&image, "second.xz", &result);
	RUN(&image, "cmp first.xz second.xz");
}

/* Its small blocks could not stand in one Stream with the others. */
static void another_check_is_left_alone(void **state)
{
	const struct pack_spec spec = { PACK_XZ, 6 };
	AUTOPACKINDEX struct pack_index index = { 0 };
	AUTOBLOCKS struct base_blocks blocks = { 0 };
	AUTORANGES struct ranges changed = { 0 };
	AUTOIMAGE struct image image;
	AUTOCLOSE int packed = -1;

	(void)state;
	make_images(&image);
	RUN(&image, "xz -0 -T2 --check=sha256 --block-size=16MiB -k -f base");
	AUTOBASE struct base base = open_base(&image);
	assert_ok(base_packed(&base, &spec, &options, &index, &packed, err));
	ranges_add(&changed, 0, 1);
	assert_ok(base_refine(&base, &index, &spec, &changed, 2, &blocks, err));
	assert_int_equal(blocks.index.count, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_small_blocks_are_encoded),
		cmocka_unit_test(a_damaged_part_is_made_again),
		cmocka_unit_test(another_check_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
