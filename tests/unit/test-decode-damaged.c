/* SPDX-License-Identifier: Apache-2.0 */
#include "decoding.h"

/** A command that makes "in", and what the message has to hold. */
struct damage {
	const char *name, *command;
	int code;
	const char *message;
};

static void refuses(void **state, const struct damage *damage)
{
	AUTOERROR struct error err = ERROR_NONE;
	struct decode_result result;

	decoding_run(state, damage->name, damage->command);
	int r = decoding_decode(state,
				&(struct decode_options){
					.max_size = DECODING_MAX_SIZE,
					.threads = 2,
				},
				&result, &err);
	if (r == 0)
		fail_msg("%s: decoded", damage->name);
	if (!strstr(err.message, damage->message))
		fail_msg("%s: got \"%s\", want \"%s\"", damage->name, err.message, damage->message);
	if (r != damage->code)
		fail_msg("%s: got %d, want %d", damage->name, r, damage->code);
}

#define XZ "xz -0 -T2 --block-size=1MiB <sample >in; "
#define XZ_DICTIONARY                                                                         \
	"xz -0 -T1 <sample >in; python3 -c 'import struct, zlib; f = open(\"in\", \"r+b\"); " \
	"f.seek(12); h = bytearray(f.read(8)); assert h[2:4] == b\"!\\1\"; h[4] = 33; "       \
	"f.seek(12); f.write(h + struct.pack(\"<I\", zlib.crc32(h)))'"

static void refuses_bad_xz(void **state)
{
	/* clang-format off */
	static const struct damage cases[] = {
		{ "header",         XZ "put in 9 x", -EBADMSG, "the xz data is damaged (its header does not match its checksum)" },
		{ "header flags",   XZ "put in 6 x", -EBADMSG, "the xz data is damaged" },
		{ "unknown check",  "xz -0 --check=none <sample >in; python3 -c 'import struct, zlib; f = open(\"in\", \"r+b\"); f.seek(6); f.write(b\"\\0\\2\" + struct.pack(\"<I\", zlib.crc32(b\"\\0\\2\")))'", -EINVAL, "the xz data has a check that is not supported" },
		{ "block header",   XZ "put in 14 x", -EBADMSG, "the xz data is damaged (block 1 of 13 " },
		{ "first block",    XZ "put in 20000 xyz", -EBADMSG, "the xz data is damaged (block 1 of 13 cannot be decoded or does not match its check)" },
		{ "later block",    XZ "put in 400000 xyz", -EBADMSG, "the xz data is damaged (block 6 or 7 of 13 cannot be decoded or does not match its check)" },
		{ "one block",      "xz -0 -T1 <sample >in; put in 20000 xyz", -EBADMSG, "the xz data is damaged (block 1 of 1 " },
		{ "block check",    "xz -0 -T1 <sample >in; n=$(size in); put in $((n - 12 - 20)) x", -EBADMSG, "the xz data is damaged (the last block does not match its check, or the index its blocks)" },
		{ "index",          XZ "put in $(($(size in) - 20)) x", -EBADMSG, "the xz data is damaged (its index cannot be read)" },
		{ "footer",         XZ "put in $(($(size in) - 12)) x", -EBADMSG, "the xz data is damaged (a block or the index)" },
		{ "footer magic",   XZ "put in $(($(size in) - 1)) x", -EBADMSG, "the xz data is damaged (a block or the index)" },
		{ "only magic",     "printf '\\3757zXZ\\0' >in", -EBADMSG, "the xz data ends too early" },
		{ "only header",    XZ "truncate -s 12 in", -EBADMSG, "the xz data ends too early" },
		{ "cut in header",  XZ "truncate -s 20 in", -EBADMSG, "the xz data ends too early" },
		{ "cut in block",   XZ "truncate -s 500000 in", -EBADMSG, "the xz data ends too early" },
		{ "cut in index",   XZ "truncate -s -20 in", -EBADMSG, "the xz data ends too early" },
		{ "cut in footer",  XZ "truncate -s -1 in", -EBADMSG, "the xz data ends too early" },
		{ "two streams",    XZ "xz -0 <sample >>in", -EBADMSG, "the xz data has more than one stream" },
		{ "stream padding", XZ "head -c 4 /dev/zero >>in", -EBADMSG, "stream padding follows the xz data" },
		{ "trailing",       XZ "echo more >>in", -EBADMSG, "something that is not xz follows the xz data" },
		{ "dictionary",     XZ_DICTIONARY, -EINVAL, "of memory to decode, more than 200 MiB" },
		{ "of nothing",     ": | xz >in", -EINVAL, "the image is empty" },
	};
	/* clang-format on */

	TEST_EACH (i, cases)
		refuses(state, &cases[i]);
}

#define ZSTD "split -b 3000001 --filter='zstd -q' sample >in; "

static void refuses_bad_zstd(void **state)
{
	/* clang-format off */
	static const struct damage cases[] = {
		{ "header",        ZSTD "put in 4 '\\377'", -EBADMSG, "the zstd data is damaged (" },
		{ "block",         ZSTD "put in 200000 xyz", -EBADMSG, "the zstd data is damaged (" },
		{ "checksum",      "zstd -q <sample >in; put in $(($(size in) - 1)) x; put in $(($(size in) - 2)) y", -EBADMSG, "the zstd data is damaged (Restored data doesn't match checksum)" },
		{ "only magic",    ZSTD "truncate -s 4 in", -EBADMSG, "the zstd data ends too early" },
		{ "cut in block",  ZSTD "truncate -s 300000 in", -EBADMSG, "the zstd data ends too early" },
		{ "cut at end",    ZSTD "truncate -s -1 in", -EBADMSG, "the zstd data ends too early" },
		{ "trailing",      ZSTD "echo more >>in", -EBADMSG, "something that is not zstd follows the zstd data" },
		{ "window",        "zstd -q --long=28 <sample >in", -EINVAL, "the zstd data needs a window of more than 128 MiB" },
		{ "dictionary",    "zstd -q -D sample --dictID 5 <sample >in 2>&1 || zstd -q -D sample <sample >in", -EBADMSG, "the zstd data is damaged (" },
		{ "of nothing",    ": | zstd -q >in", -EINVAL, "the image is empty" },
	};
	/* clang-format on */

	TEST_EACH (i, cases)
		refuses(state, &cases[i]);
}

#define GZIP "split -b 3000001 --filter='gzip -1n' sample >in; "

static void refuses_bad_gzip(void **state)
{
	/* clang-format off */
	static const struct damage cases[] = {
		{ "method",        GZIP "put in 2 x", -EBADMSG, "the gzip data is damaged (unknown compression method)" },
		{ "header flags",  GZIP "put in 3 '\\377'", -EBADMSG, "the gzip data is damaged (unknown header flags set)" },
		{ "block",         GZIP "put in 10 '\\377'", -EBADMSG, "the gzip data is damaged (invalid block type)" },
		{ "checksum",      GZIP "put in $(($(size in) - 7)) '\\1\\2'", -EBADMSG, "the gzip data is damaged (incorrect data check)" },
		{ "length",        GZIP "put in $(($(size in) - 1)) x", -EBADMSG, "the gzip data is damaged (incorrect length check)" },
		{ "only magic",    GZIP "truncate -s 2 in", -EBADMSG, "the gzip data ends too early" },
		{ "cut in block",  GZIP "truncate -s 300000 in", -EBADMSG, "the gzip data ends too early" },
		{ "cut at end",    GZIP "truncate -s -1 in", -EBADMSG, "the gzip data ends too early" },
		{ "trailing",      GZIP "echo more >>in", -EBADMSG, "something that is not gzip follows the gzip data" },
		{ "trailing zero", GZIP "printf '\\0' >>in", -EBADMSG, "something that is not gzip follows the gzip data" },
		{ "of nothing",    ": | gzip >in", -EINVAL, "the image is empty" },
	};
	/* clang-format on */

	TEST_EACH (i, cases)
		refuses(state, &cases[i]);
}

#define ZIP "zip -q1X in.zip sample; mv in.zip in; "

static void refuses_bad_zip(void **state)
{
	/* clang-format off */
	static const struct damage cases[] = {
		{ "two images",     "cp sample other; zip -q1X in.zip sample other; mv in.zip in; rm other", -EINVAL, "the zip holds more than one file: 'sample' and 'other'" },
		{ "no image",       "mkdir d; touch d/.DS_Store; zip -qr in.zip d; mv in.zip in; rm -r d", -EINVAL, "the zip holds no image" },
		{ "nothing",        "printf 'PK\\5\\6' >in; head -c 18 /dev/zero >>in", -EINVAL, "the zip holds no image" },
		{ "encrypted",      "zip -q1X -P secret in.zip sample; mv in.zip in", -EINVAL, "'sample' in the zip is encrypted" },
		{ "link",           "ln -s sample link; zip -q1Xy in.zip link; mv in.zip in; rm link", -EINVAL, "'link' in the zip is not a regular file" },
		{ "empty image",    ": >empty; zip -q in.zip empty; mv in.zip in", -EINVAL, "the image is empty" },
		{ "control characters", "n=$(printf 'a\\33b'); : >\"$n\"; zip -q in.zip \"$n\" sample; mv in.zip in; rm \"$n\"", -EINVAL, "'a?b' and 'sample'" },
		{ "local header",   ZIP "put in 26 '\\377\\377'", -EBADMSG, "the zip " },
		{ "data",           ZIP "put in 300000 xyz", -EBADMSG, "the zip cannot be read (" },
		{ "checksum",       ZIP "put in 14 '\\1\\2'", -EBADMSG, "the zip cannot be read (" },
		{ "method",         ZIP "put in 8 x; n=$(size in); put in $((n - 22 - 52 + 10)) x", -EBADMSG, "the zip cannot be read (Unsupported ZIP compression method" },
		{ "directory",      ZIP "n=$(size in); put in $((n - 22 - 52)) x", -EBADMSG, "the zip data is damaged (its directory)" },
		{ "end record",     ZIP "n=$(size in); put in $((n - 22)) x", -EBADMSG, "the zip data ends too early" },
		{ "only magic",     ZIP "truncate -s 4 in", -EBADMSG, "the zip data ends too early" },
		{ "cut in data",    ZIP "truncate -s 300000 in", -EBADMSG, "the zip data ends too early" },
		{ "cut at end",     ZIP "truncate -s -1 in", -EBADMSG, "the zip data ends too early" },
		{ "trailing",       ZIP "echo more >>in", -EBADMSG, "something that is not zip follows the zip data" },
		{ "large directory", "python3 -c 'import zipfile; z = zipfile.ZipFile(\"in\", \"w\"); z.write(\"sample\"); [z.writestr(\"._%060d\" % i, \"\") for i in range(1500)]; z.close()'", -EINVAL, "the zip is not in the order of its files, or has too many" },
	};
	/* clang-format on */

	TEST_EACH (i, cases)
		refuses(state, &cases[i]);
}

static void refuses_other_formats(void **state)
{
	/* clang-format off */
	static const struct damage cases[] = {
		{ "bzip2", "bzip2 <sample >in", -EINVAL, "the format is bzip2, which cannot be read; nib reads raw images" },
		{ "lz4",   "lz4 -q <sample >in", -EINVAL, "the format is lz4," },
		{ "lzma",  "xz --format=lzma -6 <sample >in", -EINVAL, "the format is lzma," },
		{ "tar",   "tar -cf in sample", -EINVAL, "the format is tar," },
		{ "7z",    "printf '7z\\274\\257\\47\\34abc' >in", -EINVAL, "the format is 7z," },
		{ "qcow2", "printf 'QFI\\373\\0\\0\\0\\3' >in", -EINVAL, "the format is qcow2," },
		{ "VDI",   "head -c 64 /dev/zero >in; printf '\\177\\20\\332\\276' >>in", -EINVAL, "the format is VDI," },
		{ "empty", ": >in", -EINVAL, "the image is empty" },
	};
	/* clang-format on */

	TEST_EACH (i, cases)
		refuses(state, &cases[i]);
}

static void refuses_what_is_no_file(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTOCLOSE int to = decoding_open(state, "out", O_RDWR | O_CREAT | O_TRUNC);
	AUTOCLOSE int from = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	struct decode_result result;

	assert_int_equal(decode_image(from, to, &(struct decode_options){ 1 }, &result, &err),
			 -EINVAL);
	assert_text("message", err.message, "not a regular file");
}

static void reports_failed_writes(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;
	struct decode_result result;

	decoding_run(state, "write", "xz -0 -T2 --block-size=1MiB <sample >in; : >out");
	AUTOCLOSE int from = decoding_open(state, "in", O_RDONLY);
	AUTOCLOSE int to = decoding_open(state, "out", O_RDONLY);
	int r = decode_image(from, to, &(struct decode_options){ DECODING_MAX_SIZE }, &result,
			     &err);

	assert_int_equal(r, -EBADF);
	assert_text("message", err.message, "write: Bad file descriptor");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_bad_xz),        cmocka_unit_test(refuses_bad_zstd),
		cmocka_unit_test(refuses_bad_gzip),      cmocka_unit_test(refuses_bad_zip),
		cmocka_unit_test(refuses_other_formats), cmocka_unit_test(refuses_what_is_no_file),
		cmocka_unit_test(reports_failed_writes),
	};

	return cmocka_run_group_tests(tests, decoding_setup, tmpdir_teardown);
}
