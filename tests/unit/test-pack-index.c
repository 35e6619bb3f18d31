/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "pack.h"

static int read_index(const struct image *image, struct pack_index *ret, struct error *err)
{
	AUTOFREE char *path = xasprintf("%s/base", image->dir);
	AUTOCLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	return pack_index_read(fd, ret, err);
}

/* Blocks of 1 MiB cover the image, and lie one behind the other in the file. */
static void assert_blocks(const char *name, const struct pack_index *index)
{
	uint64_t raw = 0, packed = 0;

	assert_case(name, index->count == 10);
	for (size_t i = 0; i < index->count; i++) {
		const struct pack_block *block = &index->list[i];

		assert_case(name, block->raw_start == raw);
		assert_case(name, block->raw_size == (i < 9 ? MIB : 100000));
		assert_case(name, block->packed_start >= packed && block->packed_size > 0);
		raw += block->raw_size;
		packed = block->packed_start + block->packed_size;
	}
	assert_case(name, index->raw_size == raw);
}

static void finds_blocks(void **state)
{
	/* clang-format off */
	static const struct {
		const char *command;
		enum pack_format format;
		const char *filters;
	} cases[] = {
		{ "xz -T2 -0 --block-size=1MiB -c $img >base", PACK_XZ, "lzma2:dict=256KiB" },
		{ "xz -T2 -0 --block-size=1MiB -c $img >base; head -c 64 /dev/zero >>base", PACK_XZ, "lzma2:dict=256KiB" },
		{ "xz -T2 --block-size=1MiB --x86=start=4096 --lzma2=dict=64KiB -c $img >base", PACK_XZ, "x86:start=4KiB lzma2:dict=64KiB" },
		{ "for f in mib/*; do zstd -q -c $f; done >base", PACK_ZSTD, NULL },
		{ "for f in mib/*; do zstd -q --no-check -c $f; printf '\\x50\\x2a\\x4d\\x18\\0\\0\\0\\0'; done >base", PACK_ZSTD, NULL },
		{ "printf '\\x5f\\x2a\\x4d\\x18\\x01\\0\\0\\0.' >base; for f in mib/*; do zstd -q -c $f; done >>base; zstd -q -c </dev/null >>base", PACK_ZSTD, NULL },
	};
	/* clang-format on */
	AUTOIMAGE struct image image;

	(void)state;
	pack_make(&image);
	RUN(&image, "mkdir mib; split -b 1M -d $img mib/");
	TEST_EACH (i, cases) {
		AUTOERROR struct error err = ERROR_NONE;
		AUTOPACKINDEX struct pack_index index = { 0 };

		RUN(&image, "%s", cases[i].command);
		int r = read_index(&image, &index, &err);
		if (r != 0)
			fail_msg("%s: %s", cases[i].command, r < 0 ? err.message : index.obstacle);
		assert_blocks(cases[i].command, &index);
		assert_case(cases[i].command, index.format == cases[i].format);
		if (cases[i].filters)
			assert_text(cases[i].command, index.filters, cases[i].filters);
	}
}

/* A small image is in one block anyway. */
static void takes_one_block_where_there_would_be_one(void **state)
{
	static const char *const commands[] = { "xz -T2 -c $img >base", "zstd -q -c $img >base" };
	AUTOIMAGE struct image image;

	(void)state;
	image_init(&image);
	RUN(&image, "head -c 1M /dev/urandom >$img");
	TEST_EACH (i, commands) {
		AUTOERROR struct error err = ERROR_NONE;
		AUTOPACKINDEX struct pack_index index = { 0 };

		RUN(&image, "%s", commands[i]);
		assert_int_equal(read_index(&image, &index, &err), 0);
		assert_int_equal(index.count, 1);
	}
}

static void says_what_stands_against_reuse(void **state)
{
	/* clang-format off */
	static const struct {
		const char *command, *obstacle;
		enum pack_format format;
	} cases[] = {
		{ "cp $img base", "it is not compressed", PACK_NONE },
		{ "printf x >base", "it is not compressed", PACK_NONE },
		{ ">base", "it is not compressed", PACK_NONE },
		{ "bzip2 -c $img >base", "it is not compressed", PACK_NONE },
		{ "xz -T1 -0 -c $img >base", "its blocks do not say how large they are", PACK_XZ },
		{ "xz -T1 -0 --block-size=1MiB -c $img >base", "its blocks do not say how large they are", PACK_XZ },
		{ "xz -T2 -0 --block-size=100MiB -c $img >base", "it is not cut into blocks", PACK_XZ },
		{ "xz -c </dev/null >base", "it is not cut into blocks", PACK_XZ },
		{ "for i in 1 2; do xz -T2 -0 --block-size=1MiB -c $img; done >base", "it has several streams", PACK_XZ },
		{ "truncate -s 130M big; xz -T2 -0 --block-size=65MiB -c big >base", "it has blocks of more than 64 MiB", PACK_XZ },
		{ "zstd -q -c $img >base", "it is not cut into blocks", PACK_ZSTD },
		{ "for i in 1 2; do cat $img | zstd -q -c; done >base", "its frames do not say how large they are", PACK_ZSTD },
		{ "mkdir s; split -a 4 -b 4k $img s/; zstd -q --train s/* --maxdict=4096 -o dict; for i in 1 2; do zstd -q -D dict -c $img; done >base", "its frames need a dictionary", PACK_ZSTD },
		{ "gzip -1 -c $img >base", "its members do not say where they end", PACK_GZIP },
		{ "for i in 1 2; do gzip -1 -n -c $img; done >base", "its members do not say where they end", PACK_GZIP },
	};
	/* clang-format on */
	AUTOIMAGE struct image image;

	(void)state;
	pack_make(&image);
	TEST_EACH (i, cases) {
		AUTOERROR struct error err = ERROR_NONE;
		AUTOPACKINDEX struct pack_index index = { 0 };

		RUN(&image, "%s", cases[i].command);
		int r = read_index(&image, &index, &err);
		if (r != PACK_WHOLE)
			fail_msg("%s: %d %s", cases[i].command, r, err.message);
		assert_text(cases[i].command, index.obstacle, cases[i].obstacle);
		assert_int_equal(index.format, cases[i].format);
		assert_null(index.list);
	}
}

/* Each damage as a shell command; base is a good file. */
static void finds_damage(void **state)
{
	/* clang-format off */
	static const struct {
		const char *spec, *command, *message;
	} cases[] = {
		{ "xz:0", "truncate -s -4 base", "its index is wrong" },
		{ "xz:0", "truncate -s 1000 base", "its index is wrong" },
		{ "xz:0", "truncate -s 20 base", "its index is wrong" },
		{ "xz:0", "printf garbage >>base", "its index is wrong" },
		{ "xz:0", "poke 14 X", "the header of a block is wrong" },
		{ "xz:0", "poke 12 '\\0'", "there is no block where its index has one" },
		{ "xz:0", "poke $(($(stat -c %s base) - 40)) X", "its index is wrong" },
		{ "zst", "truncate -s -1 base", "it ends early" },
		{ "zst", "truncate -s 9 base", "it ends early" },
		{ "zst", "truncate -s 14 base", "it ends early" },
		{ "zst", "printf garbage >>base", "it ends early" },
		{ "zst", "printf 'more garbage behind the last frame' >>base", "something else is behind a frame" },
		{ "zst", "poke $((5 + 4)) '\\xff'", "a block is of no known type" },
		{ "zst", "printf '\\x50\\x2a\\x4d\\x18\\xff\\0\\0\\0' >>base", "it ends early" },
		{ "gz:1", "truncate -s -1 base", "it ends early" },
		{ "gz:1", "truncate -s 19 base", "it ends early" },
		{ "gz:1", "poke 16 '\\1\\0\\0'", "a member has an impossible size" },
		{ "gz:1", "poke 18 X", "it ends early" },
	};
	/* clang-format on */
	AUTOIMAGE struct image image;

	(void)state;
	pack_make(&image);
	TEST_EACH (i, cases) {
		AUTOERROR struct error failure = ERROR_NONE;
		AUTOFREE char *want =
			xasprintf("the compressed image is damaged: %s", cases[i].message);
		AUTOPACKINDEX struct pack_index index = { 0 };
		struct pack_result result;
		struct pack_job job = { .spec = pack_spec_of(cases[i].spec), .threads = 2 };

		assert_ok(pack_to(&image, "base", &job, NULL, &result, err));
		RUN(&image,
		    "poke() { printf \"$2\" | dd of=base bs=1 seek=$1 conv=notrunc status=none; }; "
		    "%s",
		    cases[i].command);
		int r = read_index(&image, &index, &failure);
		if (r != -EBADMSG)
			fail_msg("%s, %s: %d %s", cases[i].spec, cases[i].command, r,
				 index.obstacle);
		assert_text(cases[i].command, failure.message, want);
		assert_null(index.list);
	}
}

/* A file that cannot be read is no file of another kind. */
static void tells_that_it_cannot_be_read(void **state)
{
	AUTOIMAGE struct image image;
	AUTOERROR struct error err = ERROR_NONE;
	AUTOPACKINDEX struct pack_index index = { 0 };

	(void)state;
	image_init(&image);
	RUN(&image, "echo 123456 >$img");
	AUTOCLOSE int fd = open(image.path, O_WRONLY | O_CLOEXEC);

	assert_int_equal(pack_index_read(fd, &index, &err), -EBADF);
	assert_text("message", err.message, "read the compressed image: Bad file descriptor");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_blocks),
		cmocka_unit_test(takes_one_block_where_there_would_be_one),
		cmocka_unit_test(says_what_stands_against_reuse),
		cmocka_unit_test(finds_damage),
		cmocka_unit_test(tells_that_it_cannot_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
