/* SPDX-License-Identifier: Apache-2.0 */
#include "image/decode.h"

#include <sched.h>
#include <sys/mount.h>

#include "decoding.h"

/* With python, which writes what zip(1) cannot. */
#define PYTHON_ZIP "python3 -c 'import zipfile, sys; z = zipfile.ZipFile(\"in\", \"w\", "

static void assert_digest(void **state, const char *name, const char *file, const uint8_t *got,
			  int (*digest)(int fd, uint8_t *ret, struct error *err))
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTOCLOSE int fd = decoding_open(state, file, O_RDONLY);
	uint8_t want[DIGEST_SIZE];

	assert_int_equal(digest(fd, want, &err), 0);
	assert_case(name, memcmp(got, want, DIGEST_SIZE) == 0);
}

static void decodes(void **state, const char *name, const char *command, enum decode_format format,
		    unsigned threads)
{
	const struct decode_options options = { .max_size = DECODING_MAX_SIZE, .threads = threads };
	AUTOERROR struct error err = ERROR_NONE;
	struct decode_result result;

	decoding_run(state, name, command);
	if (decoding_decode(state, &options, &result, &err) < 0)
		fail_msg("%s: %s", name, err.message);

	assert_digest(state, name, "in", result.source_sha256, digest_file);
	decoding_run(state, name, "cmp sample out");
	struct stat out = decoding_stat(state, "out");
	assert_case(name, out.st_blocks * 512 <= DECODING_MOST_DATA);
	assert_case(name, (uint64_t)out.st_size == result.size);
	assert_case(name, result.format == format);
	assert_digest(state, name, "out", result.data_digest, sparse_digest_file);
	/* Whatever holes a file has. */
	assert_digest(state, name, "sample", result.data_digest, sparse_digest_file);
	decoding_run(state, name, "cat sample >dense");
	assert_digest(state, name, "dense", result.data_digest, sparse_digest_file);
}

static void decodes_all_formats(void **state)
{
	/* clang-format off */
	static const struct {
		const char *name, *command;
		enum decode_format format;
	} cases[] = {
		{ "raw",              "cp sample in", DECODE_RAW },
		{ "raw, no holes",    "cat sample >in", DECODE_RAW },
		{ "xz, one block",    "xz -0 -T1 <sample >in", DECODE_XZ },
		{ "xz, blocks",       "xz -0 -T2 --block-size=1MiB <sample >in", DECODE_XZ },
		{ "xz, large blocks", "xz -0 -T2 --block-size=8MiB <sample >in", DECODE_XZ },
		{ "xz, no sizes",     "xz -0 -T1 --block-size=1MiB <sample >in", DECODE_XZ },
		{ "xz, sha256",       "xz -0 --check=sha256 <sample >in", DECODE_XZ },
		{ "xz, no check",     "xz -0 --check=none <sample >in", DECODE_XZ },
		{ "xz, filters",      "xz --x86 --delta=dist=4 --lzma2=preset=0 <sample >in", DECODE_XZ },
		{ "zstd",             "zstd -q sample -o in", DECODE_ZSTD },
		{ "zstd, no sizes",   "zstd -q --no-check <sample >in", DECODE_ZSTD },
		{ "zstd, window",     "zstd -q --long=27 <sample >in", DECODE_ZSTD },
		{ "zstd, frames",     "split -b 3000001 --filter='zstd -q' sample >in", DECODE_ZSTD },
		{ "zstd, skippable",  "printf 'P*M\\30\\3\\0\\0\\0abc' >in; zstd -q <sample >>in; printf '_*M\\30\\0\\0\\0\\0' >>in", DECODE_ZSTD },
		{ "zstd, empty frame", "zstd -q <sample >in; : | zstd -q >>in", DECODE_ZSTD },
		{ "gzip",             "gzip -1n <sample >in", DECODE_GZIP },
		{ "gzip, name",       "gzip -1cN sample >in", DECODE_GZIP },
		{ "gzip, members",    "split -b 3000001 --filter='gzip -1n' sample >in", DECODE_GZIP },
		{ "gzip, empty",      "gzip -1n <sample >in; : | gzip -n >>in", DECODE_GZIP },
		{ "zip",              "zip -q1X in.zip sample; mv in.zip in", DECODE_ZIP },
		{ "zip, stored",      "zip -q0X in.zip sample; mv in.zip in", DECODE_ZIP },
		{ "zip, stream",      "cat sample | zip -q1X - - >in", DECODE_ZIP },
		{ "zip, comment",     "echo of mine | zip -q1Xz in.zip sample >&2; mv in.zip in", DECODE_ZIP },
		{ "zip, more around", "mkdir -p d/e __MACOSX/d; touch -d @0 d/.DS_Store __MACOSX/d/._sample d/._x; cp sample d/e/; touch -d @0 d d/e d/e/sample __MACOSX __MACOSX/d; zip -qr1X in.zip __MACOSX d; mv in.zip in; rm -r d __MACOSX", DECODE_ZIP },
		{ "zip64",            PYTHON_ZIP "8); f = z.open(zipfile.ZipInfo(\"sample\"), \"w\", force_zip64=True); f.write(open(\"sample\", \"rb\").read()); f.close(); z.close()'", DECODE_ZIP },
		{ "zip, bzip2",       PYTHON_ZIP "12, compresslevel=1); z.writestr(zipfile.ZipInfo(\"sample\"), open(\"sample\", \"rb\").read(), 12); z.close()'", DECODE_ZIP },
		{ "zip, utf-8",       PYTHON_ZIP "8); z.writestr(zipfile.ZipInfo(\"s\\u00e4mple\"), open(\"sample\", \"rb\").read(), 8); z.close()'", DECODE_ZIP },
	};
	/* clang-format on */

	TEST_EACH (i, cases)
		decodes(state, cases[i].name, cases[i].command, cases[i].format, (unsigned)i % 3);
}

static void small_images(void **state)
{
	/* clang-format off */
	static const struct {
		const char *name, *command, *want;
	} cases[] = {
		{ "one byte",     "printf x >in", "printf x" },
		{ "zeros",        "head -c 10000 /dev/zero >in", "head -c 10000 /dev/zero" },
		{ "one byte, xz", "printf x | xz >in", "printf x" },
		{ "just a chunk", "head -c 131072 /dev/zero | tr '\\0' a | gzip >in", "gzip -dc in" },
		{ "one byte, zip", "printf x >x; zip -q in.zip x; mv in.zip in", "printf x" },
	};
	/* clang-format on */
	const struct decode_options options = { .max_size = 131072 };

	TEST_EACH (i, cases) {
		AUTOERROR struct error err = ERROR_NONE;
		struct decode_result result;

		decoding_run(state, cases[i].name, cases[i].command);
		if (decoding_decode(state, &options, &result, &err) < 0)
			fail_msg("%s: %s", cases[i].name, err.message);
		AUTOFREE char *command = xasprintf("cd \"$1\"; %s | cmp - out", cases[i].want);
		assert_case(cases[i].name, tmpdir_shell(state, command) == 0);
	}
}

/** Progress as told. */
struct told {
	unsigned calls;
	uint64_t done, total;
	int stop;
};

static int tell(void *arg, uint64_t done, uint64_t total)
{
	struct told *told = arg;

	assert_true(done >= told->done);
	told->calls++;
	told->done = done;
	told->total = total;
	return told->stop;
}

static void tells_progress(void **state)
{
	static const char *const commands[] = {
		"cp sample in",
		"xz -0 <sample >in",
		"zstd -q <sample >in",
		"gzip -1 <sample >in",
		"zip -q1 in.zip sample; mv in.zip in",
	};

	TEST_EACH (i, commands) {
		AUTOERROR struct error err = ERROR_NONE, failure = ERROR_NONE;
		struct told told = { 0 }, stop = { .stop = -ECANCELED };
		struct decode_result result;

		decoding_run(state, "progress", commands[i]);
		assert_int_equal(decoding_decode(state,
						 &(struct decode_options){
							 .max_size = DECODING_MAX_SIZE,
							 .progress = tell,
							 .arg = &told,
						 },
						 &result, &err),
				 0);
		assert_case(commands[i], told.calls > 1 && told.done == told.total);
		assert_case(commands[i],
			    told.total == (uint64_t)decoding_stat(state, "in").st_size);

		assert_int_equal(decoding_decode(state,
						 &(struct decode_options){
							 .max_size = DECODING_MAX_SIZE,
							 .progress = tell,
							 .arg = &stop,
						 },
						 &result, &failure),
				 -ECANCELED);
		assert_int_equal(stop.calls, 1);
	}
}

static void refuses_large_images(void **state)
{
	/* clang-format off */
	static const struct {
		const char *command;
		bool early; /* its headers tell */
	} cases[] = {
		{ "cp sample in", true },
		{ "xz -0 -T2 --block-size=1MiB <sample >in", true },
		{ "xz -0 -T1 <sample >in", true },
		{ "zstd -q sample -o in", true },
		{ "zstd -q <sample >in", false },
		{ "gzip -1 <sample >in", false },
		{ "zip -q1 in.zip sample; mv in.zip in", true },
		{ "cat sample | zip -q1 - - >in", true },
	};
	/* clang-format on */
	const uint64_t size = (12 << 20) + 3;

	TEST_EACH (i, cases) {
		AUTOERROR struct error err = ERROR_NONE, none = ERROR_NONE;
		struct decode_result result;

		decoding_run(state, "bomb", cases[i].command);
		assert_int_equal(
			decoding_decode(state, &(struct decode_options){ size - 1 }, &result, &err),
			-EFBIG);
		assert_text(cases[i].command, err.message,
			    "decodes to more than 12 MiB; --max-image-size raises the limit");
		if (cases[i].early)
			assert_case(cases[i].command, decoding_stat(state, "out").st_size == 0);
		assert_int_equal(
			decoding_decode(state, &(struct decode_options){ size }, &result, &none),
			0);
	}
}

/* In a name space of its own, where this process may mount. */
static bool mount_small(const char *dir)
{
	if (unshare(CLONE_NEWNS) < 0)
		return false;
	return mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("tmpfs", dir, "tmpfs", 0, "size=1m") == 0;
}

static void names_missing_space(void **state)
{
	const struct decode_options options = { .max_size = DECODING_MAX_SIZE };
	AUTOERROR struct error err = ERROR_NONE;
	AUTOFREE char *dir = tmpdir_path(state, "small");
	struct decode_result result;

	decoding_run(state, "space", "zstd -q <sample >in; mkdir small");
	if (!mount_small(dir))
		skip();

	AUTOCLOSE int from = decoding_open(state, "in", O_RDONLY);
	AUTOCLOSE int to = decoding_open(state, "small/out", O_RDWR | O_CREAT | O_TRUNC);
	int r = decode_image(from, to, &options, &result, &err);
	bool unmounted = umount2(dir, MNT_DETACH) == 0;

	assert_true(unmounted);
	assert_int_equal(r, -ENOSPC);
	/* tmpfs takes some for itself. */
	if (!strstr(err.message, "no space left: the image needs 1.9 MiB, 9"))
		fail_msg("%s", err.message);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_all_formats), cmocka_unit_test(small_images),
		cmocka_unit_test(tells_progress),      cmocka_unit_test(refuses_large_images),
		cmocka_unit_test(names_missing_space),
	};

	return cmocka_run_group_tests(tests, decoding_setup, tmpdir_teardown);
}
