/* SPDX-License-Identifier: Apache-2.0 */
/* The direct back end where room, time or permission end; and what it leaves behind. */
#include "image.h"

#include <errno.h>
#include <malloc.h>

static void leaves_no_trace_of_old_content(void **state)
{
	AUTOIMAGE struct image image;

	(void)state;
	image_make(&image,
		   &(struct image_options){
			   .root = "seq -f SECRET-1-%g 300000 >etc/a; echo SECRET-1 >etc/b; "
				   "ln -s SECRET-1 etc/c; mkdir etc/d; touch etc/d/SECRET-1",
			   .mke2fs = "-O inline_data",
		   });
	struct backend *b = image_mount(&image, false);

	put_text(b, "/etc/a", "");
	put_text(b, "/etc/b", "");
	assert_ok(b->ops->symlink(b, "/etc/c", "x", err));
	assert_ok(b->ops->remove(b, "/etc/d/SECRET-1", err));
	assert_ok(b->ops->remove(b, "/etc/d", err));

	put_text(b, "/boot/firmware/SECRET.txt", "SECRET-1");
	put_text(b, "/boot/firmware/SECRET.txt", "");
	put_text(b, "/boot/firmware/x", "SECRET-1");
	assert_ok(b->ops->remove(b, "/boot/firmware/x", err));
	image_finish(b);
	image_check(&image);
	assert_shell(&image, "0\n", "grep -c SECRET-1 $img || :");
}

/* What the library leaves uninitialised must not get into an image. */
static void writes_no_foreign_memory(void **state)
{
	AUTOIMAGE struct image image;

	(void)state;
	image_make(&image,
		   &(struct image_options){
			   .mke2fs = "-N 20000",
			   .root = "mkdir d; cd d; seq -f file-number-%g 2000 | xargs touch",
			   .then = "e2fsck -fyD \"$ext4\" || [ $? = 1 ]",
		   });

	/* Fresh memory has 0xbe in it, as it does anyway where AddressSanitizer allocates. */
	(void)mallopt(M_PERTURB, 0x41);
	struct backend *b = image_mount(&image, false);
	for (unsigned n = 0; n < 2000; n++) {
		AUTOFREE char *path = xasprintf("/d/another-file-%u", n);

		put_text(b, path, "");
	}
	image_finish(b);
	(void)mallopt(M_PERTURB, 0);
	image_check(&image);
	assert_shell(&image, "0\n", "grep -caP '\\xbe{8}' $img || :");
}

/* A plan as a node has it, on a copy of the image and one second later: the same bytes. */
static void is_deterministic(void **state)
{
	AUTOIMAGE struct image image;

	(void)state;
	image_make(&image, &(struct image_options){ .root = "echo x >etc/hostname",
						    .fat_mib = 40,
						    .fat = "-F 32 -s 1" });
	RUN(&image, "cp --sparse=always $img base; sleep 1");

	for (int round = 0; round < 2; round++) {
		struct backend *b = image_mount(&image, false);

		assert_ok(b->ops->mkdir(b, "/etc/nib", &(struct file_attr){ 0, 0, 0700 }, err));
		put_text(b, "/etc/nib/node.env", "A=1\n");
		put_text(b, "/etc/hostname", "node0\n");
		assert_ok(b->ops->symlink(b, "/etc/localtime", "../usr/share/zoneinfo/UTC", err));
		assert_ok(b->ops->mkdir(b, "/boot/firmware/overlays", &root_0644, err));
		put_text(b, "/boot/firmware/cmdline.txt", "quiet\n");
		put_text(b, "/boot/firmware/A long name.txt", "quiet\n");
		assert_ok(b->ops->remove(b, "/boot/firmware/cmdline.txt", err));
		image_finish(b);
		image_check(&image);
		if (round == 0) {
			RUN(&image, "mv $img first; cp --sparse=always base $img; sleep 2");
			image_open(&image);
		}
	}

	RUN(&image, "cmp first $img; ! cmp base $img");
}

/* Inodes count to 2446, a FAT from 1980; 0 is not "now". */
static void writes_times(void **state)
{
	/* clang-format off */
	static const struct {
		int64_t now;
		const char *ext4, *fat;
	} cases[] = {
		{ 0,           "Thu Jan  1 00:00:01 1970", "1980-01-01" },
		{ 1700000000,  "Tue Nov 14 22:13:20 2023", "2023-11-14" },
		{ 4102444800,  "Fri Jan  1 00:00:00 2100", "2100-01-01" },
		{ 10000000000, "Sat Nov 20 17:46:40 2286", "2107-12-31" },
	};
	/* clang-format on */

	(void)state;
	TEST_EACH (i, cases) {
		AUTOIMAGE struct image image;

		image_make(&image, &(struct image_options){ .fat = "-F 32 -s 1", .fat_mib = 40 });
		struct backend *b = image_mount_at(&image, false, cases[i].now);

		put_text(b, "/etc/x", "x");
		put_text(b, "/boot/firmware/x", "x");
		assert_ok(b->ops->mkdir(b, "/etc/d", &root_0644, err));
		image_finish(b);
		image_check(&image);
		AUTOFREE char *time = xasprintf("(atime|mtime|crtime): .*%s", cases[i].ext4);
		assert_stat(&image, "/etc/x", time);
		assert_stat(&image, "/etc/d", time);
		assert_stat(&image, "/etc", time);
		RUN(&image, "mdir -i $img@@1M ::/x | grep %s", cases[i].fat);
	}
}

/* When it was written, else when it was made. */
static void finds_base_time(void **state)
{
	/* clang-format off */
	static const struct {
		const char *then;
		int64_t want;
	} cases[] = {
		{ "echo dirty | E2FSPROGS_FAKE_TIME=1776081600 debugfs -w -f - \"$ext4\"", 1776081600 },
		{ "printf '\\0\\0\\0\\0' | dd of=$img bs=1 conv=notrunc seek=$((p2 * 512 + 1024 + 0x30)); "
		  "printf '\\4\\3\\2\\1' | dd of=$img bs=1 conv=notrunc seek=$((p2 * 512 + 1024 + 0x108))", 0x01020304 },
	};
	/* clang-format on */

	(void)state;
	TEST_EACH (i, cases) {
		AUTOERROR struct error failure = ERROR_NONE;
		AUTOIMAGE struct image image;
		int64_t time;

		image_make(&image, &(struct image_options){ .then = cases[i].then });
		const struct partition *parts = image.layout.partitions;

		assert_ok(backend_base_time(image.fd, &parts[1], &time, err));
		assert_int_equal(time, cases[i].want);
		assert_true(backend_base_time(image.fd, &parts[0], &time, &failure) < 0);
		assert_text("FAT", failure.message, "partition 1 has no ext4");
	}
}

/* Fill what is left with files of one block; that is the fastest way to the last one. */
static void fill_blocks(struct backend *b)
{
	AUTOBUF struct buf mib = pattern(1 << 20, 0), block = pattern(1, 0);
	AUTOERROR struct error failure = ERROR_NONE;
	const struct buf *content = &mib;
	unsigned i = 0;

	while (content) {
		AUTOFREE char *path = xasprintf("/fill-%u", i++);

		if (b->ops->write(b, path, content, &root_0644, &failure) == 0)
			continue;
		assert_int_equal(failure.code, -ENOSPC);
		error_clear(&failure);
		content = content == &mib ? &block : NULL;
	}
}

static void reports_missing_blocks(void **state)
{
	AUTOIMAGE struct image image;
	AUTOBUF struct buf big = pattern(80 << 20, 0), half = pattern(40 << 20, 0);
	AUTOERROR struct error failure = ERROR_NONE;

	(void)state;
	image_make(&image, &(struct image_options){ .mke2fs = "-m 5 -J size=4" });
	struct backend *b = image_mount(&image, false);
	struct file_space space, after;

	assert_ok(b->ops->space(b, "/etc", &space, err));
	assert_int_equal(b->ops->write(b, "/etc/big", &big, &root_0644, &failure), -ENOSPC);
	AUTOFREE char *want =
		xasprintf("'/etc/big': no space left in '/': 84234240 bytes are needed, %" PRIu64
			  " are missing",
			  84234240 - space.free_units * 4096);
	assert_text("no blocks", failure.message, want);
	error_clear(&failure);

	assert_ok(b->ops->space(b, "/etc", &after, err));
	assert_int_equal(space.free_units, after.free_units);
	assert_int_equal(space.free_inodes, after.free_inodes);

	put(b, "/etc/half", &half, &root_0644);
	assert_int_equal(b->ops->write(b, "/etc/half", &half, &root_0644, &failure), -ENOSPC);
	image_finish(b);
	image_check(&image);
	assert_content(&image, "/etc/half", &half);
}

/* Directories that cannot grow, with an index and without, and directories that cannot be made. */
static void survives_the_last_block(void **state)
{
	static const char *const then[] = { ":", "e2fsck -fyD \"$ext4\" || [ $? = 1 ]" };

	(void)state;
	TEST_EACH (i, then) {
		AUTOERROR struct error failure = ERROR_NONE;
		AUTOIMAGE struct image image;
		int r = 0;

		image_make(&image,
			   &(struct image_options){
				   .mke2fs = "-J size=4",
				   .root = "mkdir d; cd d; seq -f name-%g 1000 | xargs touch",
				   .then = then[i],
			   });
		struct backend *b = image_mount(&image, false);

		fill_blocks(b);
		assert_int_equal(b->ops->mkdir(b, "/etc/d", &root_0644, &failure), -ENOSPC);
		assert_text("mkdir", failure.message, "'/etc/d': no space left in '/'");
		for (unsigned n = 0; r == 0 && n < 10000; n++) {
			AUTOFREE char *path = xasprintf("/d/%0200u", n);

			error_clear(&failure);
			r = b->ops->symlink(b, path, "x", &failure);
		}
		assert_int_equal(r, -ENOSPC);
		image_finish(b);
		image_check(&image);
	}
}

static void reports_missing_inodes(void **state)
{
	AUTOERROR struct error failure = ERROR_NONE;
	AUTOIMAGE struct image image;
	int r = 0;

	(void)state;
	image_make(&image, &(struct image_options){ .mke2fs = "-N 64" });
	struct backend *b = image_mount(&image, false);

	for (unsigned i = 0; r == 0 && i < 100; i++) {
		AUTOFREE char *path = xasprintf("/etc/%u", i);

		r = i % 2 ? b->ops->mkdir(b, path, &root_0644, &failure)
			  : b->ops->symlink(b, path, "x", &failure);
	}
	assert_int_equal(r, -ENOSPC);
	assert_non_null(strstr(failure.message, "no inode left in '/'"));
	image_finish(b);
	image_check(&image);
}

static void read_only_changes_nothing(void **state)
{
	AUTOIMAGE struct image image;
	AUTOBUF struct buf content = buf_from("x");

	(void)state;
	image_make(&image, &(struct image_options){ .root = "echo x >etc/hostname" });
	AUTOBUF struct buf before = shell(&image, "sha256sum $img"), got = { 0 };
	struct backend *b = image_mount(&image, true);
	AUTOERROR struct error failure = ERROR_NONE;

	assert_ok(b->ops->read(b, "/etc/hostname", &got, err));
	assert_text("read", buf_text(&got), "x\n");
	assert_int_equal(b->ops->write(b, "/etc/new", &content, &root_0644, &failure), -EROFS);
	assert_text("write", failure.message, "'/etc/new': the image is open for reading only");
	error_clear(&failure);
	assert_int_equal(b->ops->remove(b, "/etc/hostname", &failure), -EROFS);
	error_clear(&failure);
	assert_int_equal(b->ops->mkdir(b, "/etc", &root_0644, &failure), -EROFS);
	error_clear(&failure);
	assert_int_equal(b->ops->symlink(b, "/etc/hostname", "x", &failure), -EROFS);
	image_finish(b);
	assert_shell(&image, buf_text(&before), "sha256sum $img");
}

static void tells_what_it_cannot_do(void **state)
{
	/* clang-format off */
	static const struct {
		enum { WRITE, MKDIR, REMOVE, READ, LIST, SYMLINK, READLINK } op;
		const char *path;
		int code;
		const char *want;
	} cases[] = {
		{ WRITE,    "/etc",          -EISDIR,    "'/etc' is a directory" },
		{ SYMLINK,  "/etc",          -EISDIR,    "'/etc' is a directory" },
		{ WRITE,    "/no/x",         -ENOENT,    "'/no' is not in the image" },
		{ WRITE,    "/etc/file/x",   -ENOTDIR,   "'/etc/file' is not a directory" },
		{ MKDIR,    "/etc/file",     -EEXIST,    "'/etc/file' is not a directory" },
		{ MKDIR,    "/etc/link",     -EEXIST,    "'/etc/link' is not a directory" },
		{ REMOVE,   "/boot",         -ENOTEMPTY, "'/boot': the directory is not empty" },
		{ REMOVE,   "/boot/firmware", -EBUSY,    "'/boot/firmware': a file system is mounted here" },
		{ REMOVE,   "/etc/no",       -ENOENT,    "'/etc/no' is not in the image" },
		{ READ,     "/etc",          -EINVAL,    "'/etc' is not a regular file" },
		{ READ,     "/etc/no",       -ENOENT,    "'/etc/no' is not in the image" },
		{ LIST,     "/etc/file",     -ENOTDIR,   "'/etc/file' is not a directory" },
		{ READLINK, "/etc/file",     -EINVAL,    "'/etc/file' is not a symbolic link" },
		{ READ,     "etc",           -EINVAL,    "'etc' is not an absolute path of less than 4096 bytes" },
		{ READ,     "/etc/sparse",   -EFBIG,     "'/etc/sparse' has 1073741824 bytes, more than 268435456" },
	};
	/* clang-format on */
	AUTOBUF struct buf content = buf_from("x");
	AUTOIMAGE struct image image;

	(void)state;
	image_make(&image,
		   &(struct image_options){ .root = "echo x >etc/file; ln -s ../boot etc/link; "
						    "truncate -s 1G etc/sparse" });
	struct backend *b = image_mount(&image, false);

	TEST_EACH (i, cases) {
		AUTOERROR struct error err = ERROR_NONE;
		AUTONAMES struct file_names names = { 0 };
		AUTOBUF struct buf got = { 0 };
		AUTOFREE char *target = NULL;
		int r = 0;

		switch (cases[i].op) {
		case WRITE: r = b->ops->write(b, cases[i].path, &content, &root_0644, &err); break;
		case MKDIR: r = b->ops->mkdir(b, cases[i].path, &root_0644, &err); break;
		case REMOVE: r = b->ops->remove(b, cases[i].path, &err); break;
		case READ: r = b->ops->read(b, cases[i].path, &got, &err); break;
		case LIST: r = b->ops->list(b, cases[i].path, &names, &err); break;
		case SYMLINK: r = b->ops->symlink(b, cases[i].path, "x", &err); break;
		case READLINK: r = b->ops->readlink(b, cases[i].path, &target, &err); break;
		}
		assert_text(cases[i].path, err.message, cases[i].want);
		assert_int_equal(r, cases[i].code);
	}
	image_finish(b);
	image_check(&image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves_no_trace_of_old_content),
		cmocka_unit_test(writes_no_foreign_memory),
		cmocka_unit_test(is_deterministic),
		cmocka_unit_test(writes_times),
		cmocka_unit_test(finds_base_time),
		cmocka_unit_test(reports_missing_blocks),
		cmocka_unit_test(survives_the_last_block),
		cmocka_unit_test(reports_missing_inodes),
		cmocka_unit_test(read_only_changes_nothing),
		cmocka_unit_test(tells_what_it_cannot_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
