/* SPDX-License-Identifier: Apache-2.0 */
/* The direct back end on FAT; every result is read back by mtools and fsck.vfat. */
#include "image.h"

#include <errno.h>

static const struct file_attr attr = { 0, 0, 0755 };

static void put_bytes(struct backend *b, const char *path, const char *byte, size_t len)
{
	AUTOBUF struct buf content = { 0 };

	memset(buf_reserve(&content, len), byte[0], len);
	content.len = len;
	assert_ok(b->ops->write(b, path, &content, &attr, err));
}

#define MTOOLS "drive=$img@@1M; "

static void writes_files(void **state)
{
	static const struct image_options formats[] = {
		{ .fat = "-F 16 -s 1", .fat_mib = 8 },
		{ .fat = "-F 16 -s 4", .fat_mib = 16 },
		{ .fat = "-F 32 -s 1", .fat_mib = 40 },
		{ .fat = "-F 32 -s 4", .fat_mib = 140 },
		{ .fat = "-F 32 -s 1 -f 1", .fat_mib = 40 },
	};
	static const size_t sizes[] = { 0, 1, 511, 512, 513, 2047, 2048, 2049, 3000000 };

	(void)state;
	TEST_EACH (f, formats) {
		AUTOIMAGE struct image image;

		image_make(&image, &formats[f]);
		struct backend *b = image_mount(&image, false);

		TEST_EACH (i, sizes) {
			AUTOFREE char *path =
				xasprintf("/boot/firmware/A file of %zu bytes.txt", sizes[i]);
			AUTOBUF struct buf got = { 0 };
			struct file_stat st;

			put_bytes(b, path, "x", sizes[i] / 2);
			put_bytes(b, path, "y", sizes[i]);
			assert_ok(b->ops->read(b, path, &got, err));
			assert_int_equal(got.len, sizes[i]);
			assert_ok(b->ops->stat(b, path, &st, err));
			assert_case(path, st.type == FILE_REGULAR && st.size == sizes[i] &&
						  !st.has_attr && st.attr.mode == 0755);
		}
		image_finish(b);
		image_check(&image);

		TEST_EACH (i, sizes)
			RUN(&image,
			    MTOOLS "mtype -i $drive '::/A file of %zu bytes.txt' >got; "
				   "head -c %zu /dev/zero | tr '\\0' y | cmp - got",
			    sizes[i], sizes[i]);
	}
}

static void keeps_names(void **state)
{
	/* clang-format off */
	static const char *const names[] = {
		"A Name with spaces", "CMDLINE.TXT", "a+b,c;d=e.txt", "bcm2712-rpi-cm5l-cm5io.dtb",
		"config.txt", "lower.TXT", "many.dots.in.it", "no-extension", "two.~1",
	};
	/* clang-format on */
	AUTOFREE char *longest = xcalloc(1, 256);
	AUTONAMES struct file_names list = { 0 };
	AUTOIMAGE struct image image;

	(void)state;
	memset(longest, 'z', 255);
	image_make(&image, &(struct image_options){ .fat = "-F 32 -s 1", .fat_mib = 40 });
	struct backend *b = image_mount(&image, false);

	assert_ok(b->ops->mkdir(b, "/boot/firmware/Long Directory Name", &attr, err));
	TEST_EACH (i, names) {
		AUTOFREE char *path = xasprintf("/boot/firmware/Long Directory Name/%s", names[i]);

		put_bytes(b, path, "x", 1);
	}
	AUTOFREE char *last = xasprintf("/boot/firmware/LONGDI~1/%s", longest);
	put_bytes(b, last, "x", 1);

	assert_ok(b->ops->list(b, "/boot/firmware/long directory name", &list, err));
	assert_int_equal(list.count, sizeof(names) / sizeof(names[0]) + 1);
	TEST_EACH (i, names)
		assert_text("list", list.list[i], names[i]);
	assert_text("list", list.list[list.count - 1], longest);
	image_finish(b);
	image_check(&image);

	AUTOBUF struct buf want = { 0 };
	for (size_t i = 0; i < list.count; i++)
		buf_addf(&want, "::/Long Directory Name/%s\n", list.list[i]);
	assert_shell(&image, buf_text(&want),
		     MTOOLS "mdir -b -i $drive '::/Long Directory Name' | LC_ALL=C sort");
}

static void replaces_without_regard_to_case(void **state)
{
	AUTONAMES struct file_names list = { 0 };
	AUTOIMAGE struct image image;

	(void)state;
	image_make(&image, &(struct image_options){ 0 });
	struct backend *b = image_mount(&image, false);

	put_bytes(b, "/boot/firmware/Config.TXT", "a", 600);
	put_bytes(b, "/boot/firmware/config.txt", "b", 5);
	put_bytes(b, "/boot/firmware/A Long Name.txt", "c", 5);
	put_bytes(b, "/boot/firmware/a long name.TXT", "d", 5);
	assert_ok(b->ops->list(b, "/boot/firmware", &list, err));
	assert_int_equal(list.count, 2);
	assert_text("long", list.list[0], "a long name.TXT");
	assert_text("short", list.list[1], "config.txt");
	image_finish(b);
	image_check(&image);
	assert_shell(&image, "bbbbb", MTOOLS "mtype -i $drive ::/CONFIG.TXT");
	assert_shell(&image, "ddddd", MTOOLS "mtype -i $drive '::/A LONG NAME.TXT'");
}

static void removes(void **state)
{
	AUTOIMAGE struct image image;
	struct file_space before, after;

	(void)state;
	image_make(&image, &(struct image_options){ .fat = "-F 32 -s 4", .fat_mib = 140 });
	struct backend *b = image_mount(&image, false);
	AUTOERROR struct error failure = ERROR_NONE;

	assert_ok(b->ops->space(b, "/boot/firmware", &before, err));
	assert_int_equal(before.unit, 2048);
	assert_int_equal(before.free_inodes, UINT64_MAX);
	assert_ok(b->ops->mkdir(b, "/boot/firmware/d", &attr, err));
	assert_ok(b->ops->mkdir(b, "/boot/firmware/d", &attr, err));
	put_bytes(b, "/boot/firmware/d/f", "x", 10000);
	assert_ok(b->ops->space(b, "/boot/firmware/d", &after, err));
	assert_int_equal(before.free_units - after.free_units, 1 + 5);
	assert_int_equal(b->ops->remove(b, "/boot/firmware/d", &failure), -ENOTEMPTY);
	error_clear(&failure);
	assert_ok(b->ops->remove(b, "/boot/firmware/D/F", err));
	assert_ok(b->ops->remove(b, "/boot/firmware/d", err));
	assert_int_equal(b->ops->remove(b, "/boot/firmware/d", &failure), -ENOENT);
	assert_ok(b->ops->space(b, "/boot/firmware", &after, err));
	assert_int_equal(before.free_units, after.free_units);
	image_finish(b);
	image_check(&image);
	assert_shell(&image, "", MTOOLS "mdir -b -i $drive ::/ || :");
}

static void refuses_what_a_fat_cannot(void **state)
{
	/* clang-format off */
	static const struct {
		const char *name, *want;
	} cases[] = {
		{ "a*b",   "a name with '*' is not safe on a FAT" },
		{ "a?b",   "a name with '?' is not safe on a FAT" },
		{ "a[b]",  "a name with '[' is not safe on a FAT" },
		{ "a\\b",  "a name with '\\' is not safe on a FAT" },
		{ "a:b",   "a name with ':' is not safe on a FAT" },
		{ "a\nb",  "a name with other than printable ASCII characters is not safe on a FAT" },
		{ "\xc3\xa4", "a name with other than printable ASCII characters is not safe on a FAT" },
		{ "a.",    "this name is not safe on a FAT" },
		{ "a ",    "this name is not safe on a FAT" },
		{ " a",    "this name is not safe on a FAT" },
	};
	/* clang-format on */
	AUTOBUF struct buf content = buf_from("x");
	AUTOIMAGE struct image image;

	(void)state;
	image_make(&image, &(struct image_options){ 0 });
	struct backend *b = image_mount(&image, false);
	AUTOBUF struct buf before = shell(&image, "sha256sum $img");

	TEST_EACH (i, cases) {
		AUTOFREE char *path = xasprintf("/boot/firmware/%s", cases[i].name);
		AUTOFREE char *want = xasprintf("'%s': %s", path, cases[i].want);
		AUTOERROR struct error failure = ERROR_NONE;

		assert_int_equal(b->ops->write(b, path, &content, &attr, &failure), -EINVAL);
		assert_text(cases[i].name, failure.message, want);
		error_clear(&failure);
		assert_int_equal(b->ops->mkdir(b, path, &attr, &failure), -EINVAL);
	}

	AUTOERROR struct error failure = ERROR_NONE;
	assert_int_equal(b->ops->symlink(b, "/boot/firmware/l", "x", &failure), -EPERM);
	assert_text("symlink", failure.message, "'/boot/firmware/l': a FAT has no symbolic links");
	image_finish(b);
	assert_shell(&image, buf_text(&before), "sha256sum $img");
}

static void reports_missing_space(void **state)
{
	AUTOIMAGE struct image image;
	AUTOERROR struct error failure = ERROR_NONE;
	AUTOBUF struct buf big = { 0 };
	struct file_space space;

	(void)state;
	big.len = 9 << 20;
	memset(buf_reserve(&big, big.len), 0, 1);
	image_make(&image, &(struct image_options){ 0 });
	struct backend *b = image_mount(&image, false);

	/* A file may take the place of one that is as big, and no more. */
	assert_ok(b->ops->space(b, "/boot/firmware", &space, err));
	put_bytes(b, "/boot/firmware/big", "x", space.free_units * 512);
	put_bytes(b, "/boot/firmware/big", "y", space.free_units * 512);
	big.len = space.free_units * 512 + 1;
	assert_true(b->ops->write(b, "/boot/firmware/big", &big, &attr, &failure) < 0);
	AUTOFREE char *want = xasprintf("'/boot/firmware/big': no space left in '/boot/firmware': "
					"%" PRIu64 " bytes are needed, 512 are missing",
					space.free_units * 512 + 512);
	assert_text("big", failure.message, want);
	error_clear(&failure);
	assert_int_equal(b->ops->mkdir(b, "/boot/firmware/d", &attr, &failure), -ENOSPC);
	image_finish(b);
	image_check(&image);
}

/* Settings of the user's own mtools must not change what is written. */
static void ignores_configuration_of_mtools(void **state)
{
	AUTOIMAGE struct image image;
	AUTOFREE char *home = xstrdup(getenv("HOME"));

	(void)state;
	image_make(&image, &(struct image_options){ 0 });
	RUN(&image, "printf 'MTOOLS_NO_VFAT=1\\nMTOOLS_LOWER_CASE=1\\n' >.mtoolsrc");
	assert_int_equal(setenv("HOME", image.dir, 1), 0);
	assert_int_equal(setenv("MTOOLS_NO_VFAT", "1", 1), 0);
	struct backend *b = image_mount(&image, false);

	put_bytes(b, "/boot/firmware/A Long Name.txt", "x", 1);
	image_finish(b);
	(void)unsetenv("MTOOLS_NO_VFAT");
	(void)(home ? setenv("HOME", home, 1) : unsetenv("HOME"));
	assert_shell(&image, "::/A Long Name.txt\n", MTOOLS "mdir -b -i $drive ::/");
}

/* Chains that lead nowhere are errors, not loops or reads of other files. */
static void survives_damage(void **state)
{
	/* clang-format off */
	static const struct {
		const char *name, *poke;
		bool write;
		const char *want;
	} cases[] = {
		{ "out of range", "\\377\\176",   false, "its chain of clusters is damaged" },
		{ "free",         "\\0\\0",       false, "its chain of clusters is damaged" },
		{ "short",        "\\377\\377",   false, "its chain of clusters is too short" },
		{ "loop",         "\\3\\0",       true,  "its chain of clusters is damaged" },
	};
	/* clang-format on */

	(void)state;
	TEST_EACH (i, cases) {
		const char *path = "/boot/firmware/f";
		AUTOFREE char *want = xasprintf("'%s': %s", path, cases[i].want);
		AUTOERROR struct error failure = ERROR_NONE;
		AUTOBUF struct buf content = { 0 };
		AUTOIMAGE struct image image;

		image_make(&image,
			   &(struct image_options){
				   .then = "head -c 5000 /dev/zero >f; mcopy -i $fat f ::/f" });
		/* Entry 4 of the first table; the file has the clusters 2 to 11. */
		RUN(&image,
		    "printf '%s' | dd of=$img bs=1 seek=$((1048576 + 512 + 8)) conv=notrunc "
		    "status=none",
		    cases[i].poke);
		struct backend *b = image_mount(&image, false);
		int r = cases[i].write ? b->ops->write(b, path, &content, &attr, &failure)
				       : b->ops->read(b, path, &content, &failure);

		assert_true(r < 0);
		assert_text(cases[i].name, failure.message, want);
		image_finish(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_files),
		cmocka_unit_test(keeps_names),
		cmocka_unit_test(replaces_without_regard_to_case),
		cmocka_unit_test(removes),
		cmocka_unit_test(refuses_what_a_fat_cannot),
		cmocka_unit_test(reports_missing_space),
		cmocka_unit_test(ignores_configuration_of_mtools),
		cmocka_unit_test(survives_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
