/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

#include "pack.h"

/* How bases are made from $img, in the file base; $mib is a directory with its blocks. */
/* clang-format off */
static const struct base {
	const char *spec, *tool, *command;
	/** Its blocks are of 2 MiB instead of one. */
	bool large;
} bases[] = {
	{ "xz:0",  "xz",   "xz -T2 -0 --block-size=1MiB -c $img >base" },
	{ "xz:0",  "xz",   "xz -T2 -0 --block-size=1MiB --check=none -c $img >base" },
	{ "xz:0",  "xz",   "xz -T2 -0 --block-size=1MiB --check=crc32 -c $img >base" },
	{ "xz:0",  "xz",   "xz -T2 -0 --block-size=1MiB --check=sha256 -c $img >base" },
	{ "xz:0",  "xz",   "xz -T2 --block-size=1MiB --x86 --lzma2=preset=0 -c $img >base" },
	{ "xz:0",  "xz",   "xz -T2 --block-size=1MiB --delta=dist=4 --arm --lzma2=dict=64KiB -c $img >base" },
	{ "zst",   "zstd", "for f in mib/*; do zstd -q -c $f; done >base" },
	{ "zst",   "zstd", "for f in mib/*; do printf '\\x5a\\x2a\\x4d\\x18\\x02\\0\\0\\0ab'; zstd -q --no-check -c $f; done >base" },
	{ "zst:1", "zstd", "for f in mib/*; do zstd -q -10 -c $f; done >base" },
};
/* clang-format on */

/** A change to an image, in bytes, and how many blocks of 1 MiB and 2 MiB it concerns. */
struct change {
	uint64_t start, end;
	size_t blocks, large;
};

/* Of the raw image; the last block is short. */
static const struct change changes[] = {
	{ 0, 0, 0, 0 },
	{ 0, 1, 1, 1 },
	{ MIB - 1, MIB, 1, 1 },
	{ MIB, MIB + 1, 1, 1 },
	{ 2 * MIB - 1, 2 * MIB + 1, 2, 2 },
	{ 3 * MIB + 5000, 3 * MIB + 5001, 1, 1 },
	{ 9 * MIB + 99999, 9 * MIB + 100000, 1, 1 },
	{ 4 * MIB, 8 * MIB, 4, 2 },
	{ 0, 9 * MIB + 100000, 10, 5 },
};

static void change(const struct image *image, const struct change *change)
{
	AUTOCLOSE int fd = open(image->path, O_WRONLY | O_CLOEXEC);

	for (uint64_t pos = change->start; pos < change->end; pos += 4096)
		assert_int_equal(file_write_at(fd, "!", 1, pos), 0);
	if (change->end > change->start)
		assert_int_equal(file_write_at(fd, "?", 1, change->end - 1), 0);
}

/* Blocks are counted, the result is read, and threads make no difference. */
static void assert_reuse(const struct image *image, const struct base *base,
			 const struct change *what)
{
	AUTOFREE char *name =
		xasprintf("%s: %" PRIu64 "-%" PRIu64, base->spec, what->start, what->end);
	const size_t blocks = base->large ? what->large : what->blocks;
	AUTORANGES struct ranges ranges = { 0 };
	struct pack_result result;
	struct pack_job job = { .spec = pack_spec_of(base->spec),
				.threads = 2,
				.changed = &ranges };

	ranges_add(&ranges, what->start, what->end);
	change(image, what);
	assert_ok(pack_to(image, "out", &job, "base", &result, err));
	assert_int_equal(result.encoded, blocks);
	assert_int_equal(result.reused, (base->large ? 5 : 10) - blocks);
	RUN(image, "%s -dc <out | cmp - $img || { echo '%s'; false; }", base->tool, name);
	if (blocks < 2)
		return;

	job.threads = 8;
	assert_ok(pack_to(image, "again", &job, "base", &result, err));
	RUN(image, "cmp out again");
}

static void make_blocks(struct image *image)
{
	pack_make(image);
	RUN(image, "mkdir mib; split -b 1M -d $img mib/; cp --sparse=always $img original");
}

static void reuses_bases_of_others(void **state)
{
	AUTOIMAGE struct image image;

	(void)state;
	make_blocks(&image);
	TEST_EACH (i, bases) {
		RUN(&image, "cp --sparse=always original $img; %s", bases[i].command);
		TEST_EACH (k, changes) {
			/* All of them with the first base, one after the other with others. */
			if (i > 0 && k > 0 && k != 1 + i % (ARRAY_SIZE(changes) - 1))
				continue;
			RUN(&image, "cp --sparse=always original $img");
			assert_reuse(&image, &bases[i], &changes[k]);
		}
	}
}

static void reuses_its_own(void **state)
{
	static const struct base own[] = {
		{ "xz:0", "xz", NULL, true },
		{ "zst", "zstd", NULL, false },
		{ "gz:1", "gzip", NULL, false },
	};
	AUTOIMAGE struct image image;

	(void)state;
	make_blocks(&image);
	TEST_EACH (i, own) {
		struct pack_result result;
		struct pack_job job = { .spec = pack_spec_of(own[i].spec), .threads = 2 };

		RUN(&image, "cp --sparse=always original $img");
		assert_ok(pack_to(&image, "base", &job, NULL, &result, err));
		TEST_EACH (k, changes) {
			RUN(&image, "cp --sparse=always original $img");
			assert_reuse(&image, &own[i], &changes[k]);
		}

		/* With everything encoded it is what packing without a base gives. */
		assert_ok(pack_to(&image, "fresh", &job, NULL, &result, err));
		RUN(&image, "cmp fresh out");
	}
}

/* Nothing changed: the file of "xz -T2" comes out as it was, Index and all. */
static void keeps_what_did_not_change(void **state)
{
	AUTOIMAGE struct image image;
	AUTORANGES struct ranges none = { 0 };
	struct pack_result result;

	(void)state;
	make_blocks(&image);
	TEST_EACH (i, bases) {
		struct pack_job job = { .spec = pack_spec_of(bases[i].spec), .changed = &none };

		RUN(&image, "%s", bases[i].command);
		assert_ok(pack_to(&image, "out", &job, "base", &result, err));
		if (i != 7) /* its skippable frames are left out */
			RUN(&image, "cmp base out");
	}
}

/* The integrity check and the filters are those of the base. */
static void keeps_check_and_filters(void **state)
{
	static const struct change all = { 0, 9 * MIB + 100000, 10, 5 };
	AUTOIMAGE struct image image;

	(void)state;
	make_blocks(&image);
	RUN(&image, "xz -T2 --check=sha256 --block-size=1MiB --delta=dist=4 --x86 "
		    "--lzma2=preset=0,dict=64KiB -c $img >base");
	assert_reuse(&image, &(struct base){ .spec = "xz:6", .tool = "xz" }, &all);
	assert_shell(&image, "10 SHA-256 cu --delta=dist=4 --x86 --lzma2=dict=64KiB\n",
		     "xz --list --robot -vv out | awk '$1 == \"block\" { print $10, $13, $16, $17, "
		     "$18 }' | sort | uniq -c | tr -s ' ' | sed 's/^ //'");
}

static void refuses_a_base_of_another_size(void **state)
{
	AUTOIMAGE struct image image;
	AUTOERROR struct error err = ERROR_NONE;
	AUTORANGES struct ranges none = { 0 };
	struct pack_result result;
	struct pack_job job = { .spec = pack_spec_of("xz:0"), .changed = &none };

	(void)state;
	make_blocks(&image);
	RUN(&image, "%s; printf x >>$img", bases[0].command);
	assert_int_equal(pack_to(&image, "out", &job, "base", &result, &err), -EINVAL);
	assert_text("message", err.message, "compress: the base has another size");
}

/** A job that fails. */
struct failure {
	const char *name;
	/** Which descriptor to replace by what. */
	enum { RAW, BASE, TO } which;
	const char *path;
	int flags;
	int code;
	const char *message;
};

/* clang-format off */
static const struct failure failures[] = {
	{ "raw",      RAW,  "$img", O_WRONLY, -EBADF,  "compress: read: Bad file descriptor" },
	{ "base",     BASE, "base", O_WRONLY, -EBADF,  "compress: read the compressed base: Bad file descriptor" },
	{ "short",    BASE, "/dev/null", O_RDONLY, -EIO, "compress: read the compressed base: Input/output error" },
	{ "output",   TO,   "out", O_RDONLY,  -EBADF,  "compress: write: Bad file descriptor" },
	{ "unread",   TO,   "out", O_WRONLY,  -EBADF,  "compress: read back: Bad file descriptor" },
	{ "full",     TO,   "/dev/full", O_RDWR, -ENOSPC, "compress: write: No space left on device" },
};
/* clang-format on */

static int open_in(const struct image *image, const char *path, int flags)
{
	AUTOFREE char *file = xasprintf("%s/%s", image->dir, path);

	if (strcmp(path, "$img") == 0)
		return open(image->path, flags | O_CLOEXEC);
	return open(path[0] == '/' ? path : file, flags | O_CLOEXEC);
}

static void fail_as(const struct image *image, const struct failure *failure, bool with_base)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTORANGES struct ranges ranges = { 0 };
	AUTOPACKINDEX struct pack_index index = { 0 };
	AUTOCLOSE int raw = open_in(image, "$img", O_RDONLY);
	AUTOCLOSE int base = open_in(image, "base", O_RDONLY);
	AUTOCLOSE int to = open_in(image, "out", O_RDWR | O_CREAT | O_TRUNC);
	AUTOCLOSE int other = open_in(image, failure->path, failure->flags);
	struct pack_result result;

	assert_int_equal(pack_index_read(base, &index, &err), 0);
	ranges_add(&ranges, MIB, MIB + 1);
	for (size_t i = 0; i < index.count && failure->which == BASE; i++)
		index.list[i].file = other;

	const struct pack_job job = {
		.raw = failure->which == RAW ? other : raw,
		.spec = pack_spec_of("xz:0"),
		.base = with_base ? &index : NULL,
		.changed = &ranges,
		.to = failure->which == TO ? other : to,
		.threads = 4,
	};
	assert_case(failure->name, pack_image(&job, &result, &err) == failure->code);
	assert_text(failure->name, err.message, failure->message);
}

static void tells_what_failed(void **state)
{
	AUTOIMAGE struct image image;

	(void)state;
	make_blocks(&image);
	RUN(&image, "%s", bases[0].command);
	TEST_EACH (i, failures) {
		fail_as(&image, &failures[i], true);
		if (failures[i].which != BASE)
			fail_as(&image, &failures[i], false);
	}
}

/* As on a full disk, in the middle of the file. */
static void tells_that_there_is_no_room(void **state)
{
	static const struct failure failure = {
		"limit", TO, "limited", O_RDWR | O_CREAT, -EFBIG, "compress: write: File too large",
	};
	AUTOIMAGE struct image image;
	struct rlimit old, limit;

	(void)state;
	make_blocks(&image);
	RUN(&image, "%s", bases[0].command);
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	limit = old;
	for (limit.rlim_cur = 0; limit.rlim_cur <= 2 * MIB; limit.rlim_cur += 700000) {
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
		fail_as(&image, &failure, true);
		fail_as(&image, &failure, false);
	}
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reuses_bases_of_others),
		cmocka_unit_test(reuses_its_own),
		cmocka_unit_test(keeps_what_did_not_change),
		cmocka_unit_test(keeps_check_and_filters),
		cmocka_unit_test(refuses_a_base_of_another_size),
		cmocka_unit_test(tells_what_failed),
		cmocka_unit_test(tells_that_there_is_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
