/* SPDX-License-Identifier: Apache-2.0 */
#include "image/pack.h"

#include <archive.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "pack.h"
#include "util/digest.h"

static void parses_specs(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text;
		enum pack_format format;
		int level;
		const char *suffix, *message;
	} cases[] = {
		{ "none",   PACK_NONE, 0,  "",     NULL },
		{ "xz",     PACK_XZ,   6,  ".xz",  NULL },
		{ "xz:0",   PACK_XZ,   0,  ".xz",  NULL },
		{ "xz:9",   PACK_XZ,   9,  ".xz",  NULL },
		{ "zst",    PACK_ZSTD, 3,  ".zst", NULL },
		{ "zst:19", PACK_ZSTD, 19, ".zst", NULL },
		{ "gz",     PACK_GZIP, 6,  ".gz",  NULL },
		{ "gz:1",   PACK_GZIP, 1,  ".gz",  NULL },
		{ "xz:10",  0, 0, "", "xz has no level '10'; there are 0 to 9" },
		{ "xz:",    0, 0, "", "xz has no level ''; there are 0 to 9" },
		{ "gz:0",   0, 0, "", "gz has no level '0'; there are 1 to 9" },
		{ "zst:-1", 0, 0, "", "zst has no level '-1'; there are 1 to 19" },
		{ "zs",     0, 0, "", "no compression 'zs'; there are none, xz[:0-9], zst[:1-19], gz[:1-9]" },
		{ "none:1", 0, 0, "", "no compression 'none:1'; there are none, xz[:0-9], zst[:1-19], gz[:1-9]" },
		{ "",       0, 0, "", "no compression ''; there are none, xz[:0-9], zst[:1-19], gz[:1-9]" },
		{ ":3",     0, 0, "", "no compression ':3'; there are none, xz[:0-9], zst[:1-19], gz[:1-9]" },
	};
	/* clang-format on */

	(void)state;
	TEST_EACH (i, cases) {
		AUTOERROR struct error err = ERROR_NONE;
		struct pack_spec spec;

		int r = pack_parse(cases[i].text, &spec, &err);
		if (cases[i].message) {
			assert_case(cases[i].text, r < 0 && err.usage);
			assert_text(cases[i].text, err.message, cases[i].message);
			continue;
		}
		assert_case(cases[i].text, r == 0);
		assert_int_equal(spec.format, cases[i].format);
		assert_int_equal(spec.level, cases[i].level);
		assert_text(cases[i].text, pack_suffix(spec.format), cases[i].suffix);
	}
}

/* Size and digest are those of the file, and its own program gets the image from it. */
static void assert_packed(const struct image *image, const char *name,
			  const struct pack_result *result, const char *tool)
{
	char hex[DIGEST_HEX_SIZE];
	AUTOFREE char *size = xasprintf("%" PRIu64 "\n", result->size);

	digest_hex(result->sha256, hex);
	assert_shell(image, size, "stat -c %%s %s", name);
	RUN(image, "echo %s %s | sha256sum -c; %s -t <%s; %s -dc <%s | cmp - $img", hex, name, tool,
	    name, tool, name);
}

static const struct {
	const char *spec, *tool;
	/* Of the image. */
	size_t blocks;
} formats[] = { { "xz:0", "xz", 5 }, { "zst", "zstd", 10 }, { "gz:1", "gzip", 10 } };

static void packs_whole_images(void **state)
{
	AUTOIMAGE struct image image;

	(void)state;
	pack_make(&image);
	TEST_EACH (i, formats) {
		struct pack_result result;
		struct pack_job job = { .spec = pack_spec_of(formats[i].spec), .threads = 2 };

		assert_ok(pack_to(&image, "one", &job, NULL, &result, err));
		assert_packed(&image, "one", &result, formats[i].tool);
		assert_int_equal(result.reused, 0);
		assert_int_equal(result.encoded, formats[i].blocks);

		/* Random data does not shrink, nor grow much; all else is small. */
		assert_case(formats[i].spec, result.size > 2 * MIB && result.size < 3 * MIB);
		if (job.spec.format == PACK_XZ)
			/* One stream, five blocks whose headers hold both sizes. */
			assert_shell(&image, "1 CRC64 5\n",
				     "xz --list --robot -vv one | awk '"
				     "$1 == \"file\" { s = $2; c = $7 } "
				     "$13 == \"cu\" { n++ } END { print s, c, n }'");
	}
}

static void threads_make_no_difference(void **state)
{
	AUTOIMAGE struct image image;

	(void)state;
	pack_make(&image);
	TEST_EACH (i, formats) {
		struct pack_result one, eight;
		struct pack_job job = { .spec = pack_spec_of(formats[i].spec), .threads = 0 };

		assert_ok(pack_to(&image, "one", &job, NULL, &one, err));
		job.threads = 8;
		assert_ok(pack_to(&image, "eight", &job, NULL, &eight, err));
		RUN(&image, "cmp one eight");
		assert_memory_equal(one.sha256, eight.sha256, DIGEST_SIZE);
	}
}

/* Levels reach the encoder. */
static void levels_differ(void **state)
{
	static const char *const specs[][2] = {
		{ "xz:0", "xz:6" },
		{ "zst:1", "zst:15" },
		{ "gz:1", "gz:9" },
	};
	AUTOIMAGE struct image image;

	(void)state;
	pack_make(&image);
	TEST_EACH (i, specs) {
		struct pack_result low, high;
		struct pack_job job = { .spec = pack_spec_of(specs[i][0]), .threads = 2 };

		assert_ok(pack_to(&image, "low", &job, NULL, &low, err));
		job.spec = pack_spec_of(specs[i][1]);
		assert_ok(pack_to(&image, "high", &job, NULL, &high, err));
		assert_case(specs[i][1], high.size != low.size);
	}
}

/* Zeros are the same whether they are read or not. */
static void holes_make_no_difference(void **state)
{
	AUTOIMAGE struct image image;

	(void)state;
	pack_make(&image);
	TEST_EACH (i, formats) {
		struct pack_result sparse, dense;
		struct pack_job job = { .spec = pack_spec_of(formats[i].spec), .threads = 2 };

		assert_ok(pack_to(&image, "sparse", &job, NULL, &sparse, err));
		RUN(&image, "cp --sparse=never $img dense; mv dense $img");
		assert_ok(pack_to(&image, "dense", &job, NULL, &dense, err));
		RUN(&image, "cmp sparse dense; cp --sparse=always $img sparse; mv sparse $img");
	}
}

/* libarchive, with which others write images to cards. */
static void libarchive_reads_them(void **state)
{
	AUTOIMAGE struct image image;

	(void)state;
	pack_make(&image);
	TEST_EACH (i, formats) {
		AUTOFREE char *packed = xasprintf("%s/packed", image.dir);
		AUTOFREE char *raw = xasprintf("%s/raw", image.dir);
		struct pack_result result;
		struct pack_job job = { .spec = pack_spec_of(formats[i].spec), .threads = 2 };
		struct archive *archive = archive_read_new();
		struct archive_entry *entry;

		assert_ok(pack_to(&image, "packed", &job, NULL, &result, err));
		AUTOCLOSE int fd = open(raw, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

		assert_int_equal(archive_read_support_filter_all(archive), ARCHIVE_OK);
		assert_int_equal(archive_read_support_format_raw(archive), ARCHIVE_OK);
		assert_int_equal(archive_read_open_filename(archive, packed, 10240), ARCHIVE_OK);
		assert_int_equal(archive_read_next_header(archive, &entry), ARCHIVE_OK);
		if (archive_read_data_into_fd(archive, fd) != ARCHIVE_OK)
			fail_msg("%s: %s", formats[i].spec, archive_error_string(archive));
		(void)archive_read_free(archive);
		/* It leaves a hole at the end away. */
		RUN(&image, "truncate -s $(stat -c %%s $img) raw; cmp raw $img");
	}
}

struct progress {
	unsigned calls, stop_at;
	uint64_t done, total;
};

static int count_progress(void *arg, uint64_t done, uint64_t total)
{
	struct progress *progress = arg;

	assert_true(done >= progress->done && done <= total);
	progress->done = done;
	progress->total = total;
	return ++progress->calls == progress->stop_at ? -ECANCELED : 0;
}

static void tells_progress(void **state)
{
	AUTOIMAGE struct image image;
	struct pack_result result;
	struct progress progress = { 0 };
	struct pack_job job = {
		.spec = pack_spec_of("xz:6"),
		.threads = 8,
		.progress = count_progress,
		.arg = &progress,
	};

	(void)state;
	pack_make(&image);
	assert_ok(pack_to(&image, "out", &job, NULL, &result, err));
	assert_true(progress.calls >= 2);
	/* All but the one block of 2 MiB that is a hole. */
	assert_int_equal(progress.total, 7 * MIB + 100000);
	assert_int_equal(progress.done, progress.total);

	for (unsigned stop_at = 1; stop_at <= progress.calls && stop_at < 4; stop_at++) {
		AUTOERROR struct error err = ERROR_NONE;
		struct progress stop = { .stop_at = stop_at };

		job.arg = &stop;
		int r = pack_to(&image, "out", &job, NULL, &result, &err);
		/* A faster run may call less often; never does it go on after a call that failed.
		 */
		assert_true(r == -ECANCELED || (r == 0 && stop.calls < stop_at));
		assert_true(r == 0 || stop.calls == stop_at);
	}
}

static void refuses_an_empty_image(void **state)
{
	AUTOIMAGE struct image image;
	AUTOERROR struct error err = ERROR_NONE;
	struct pack_result result;
	struct pack_job job = { .spec = pack_spec_of("xz") };

	(void)state;
	image_init(&image);
	RUN(&image, "touch $img");
	assert_int_equal(pack_to(&image, "out", &job, NULL, &result, &err), -EINVAL);
	assert_text("message", err.message, "compress: the image is empty");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_specs),
		cmocka_unit_test(packs_whole_images),
		cmocka_unit_test(threads_make_no_difference),
		cmocka_unit_test(levels_differ),
		cmocka_unit_test(holes_make_no_difference),
		cmocka_unit_test(libarchive_reads_them),
		cmocka_unit_test(tells_progress),
		cmocka_unit_test(refuses_an_empty_image),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
