/* SPDX-License-Identifier: Apache-2.0 */
/* The direct back end on ext4; every result is read back by e2fsprogs. */
#include "image.h"

#include <errno.h>

#define COMMON "-O none,has_journal,ext_attr,dir_index,filetype,sparse_super,extent,flex_bg,"

/* What Raspberry Pi OS has used, what other builders of images use, and the corners. */
/* clang-format off */
static const struct {
	const char *name, *options;
} formats[] = {
	{ "trixie",       COMMON "resize_inode,orphan_file,metadata_csum_seed,large_file,dir_nlink,extra_isize,metadata_csum" },
	{ "bookworm",     COMMON "resize_inode,large_file,dir_nlink,extra_isize,metadata_csum" },
	{ "64bit",        COMMON "resize_inode,large_file,dir_nlink,extra_isize,metadata_csum,64bit,huge_file" },
	{ "uninit_bg",    COMMON "uninit_bg" },
	{ "meta_bg",      COMMON "meta_bg,metadata_csum" },
	{ "inline data",  COMMON "inline_data,metadata_csum" },
	{ "small blocks", "-b 1024 " COMMON "metadata_csum,64bit" },
	{ "small inodes", "-I 128 " COMMON "large_file" },
	{ "no index",     "-O none,has_journal,ext_attr,filetype,sparse_super,extent,metadata_csum" },
	{ "ext3",         "-O none,has_journal,ext_attr,resize_inode,dir_index,filetype,sparse_super" },
	{ "ext2",         "-O none,ext_attr,filetype" },
	{ "no file type", "-O none,ext_attr,sparse_super" },
};
/* clang-format on */

static const struct file_attr root_0644 = { 0, 0, 0644 };

static struct buf pattern(size_t len, unsigned seed)
{
	struct buf buf = { 0 };
	char *data = buf_reserve(&buf, len);

	for (size_t i = 0; i < len; i++)
		data[i] = (char)(i * 31 + i / 251 + seed);
	buf.len = len;
	return buf;
}

static void put(struct backend *b, const char *path, const struct buf *content,
		const struct file_attr *attr)
{
	assert_ok(b->ops->write(b, path, content, attr, err));
}

static void put_text(struct backend *b, const char *path, const char *text)
{
	AUTOBUF struct buf content = buf_from(text);

	put(b, path, &content, &root_0644);
}

/* What debugfs reads from a file. */
static void assert_content(const struct image *image, const char *path, const struct buf *want)
{
	AUTOFREE char *ext4 = image_ext4(image), *name = xasprintf("%s/want", image->dir);

	AUTOCLOSE int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_int_equal(file_write_fd(fd, buf_text(want), want->len), 0);
	RUN(image, "debugfs -R 'dump \"%s\" got' %s; cmp got want", path, ext4);
}

/* Lines of debugfs' "stat" that must be there. */
static void assert_stat(const struct image *image, const char *path, const char *pattern_)
{
	AUTOFREE char *ext4 = image_ext4(image);

	RUN(image, "debugfs -R 'stat \"%s\"' %s | tee stat | grep -Eq '%s' || { cat stat; false; }",
	    path, ext4, pattern_);
}

static void writes_files(void **state)
{
	static const size_t sizes[] = {
		0, 1, 59, 60, 61, 4095, 4096, 4097, 12 * 4096 + 1, 8 << 20
	};
	static const struct file_attr attr = { 70000, 80000, 04640 };

	(void)state;
	TEST_EACH (f, formats) {
		AUTOIMAGE struct image image;

		image_make(&image, &(struct image_options){ .mke2fs = formats[f].options });
		struct backend *b = image_mount(&image, false);

		TEST_EACH (i, sizes) {
			AUTOBUF struct buf content = pattern(sizes[i], 1);
			AUTOFREE char *path = xasprintf("/etc/%zu", sizes[i]);

			put(b, path, &content, &attr);
		}
		image_finish(b);
		image_check(&image);

		TEST_EACH (i, sizes) {
			AUTOBUF struct buf content = pattern(sizes[i], 1);
			AUTOFREE char *path = xasprintf("/etc/%zu", sizes[i]);

			assert_content(&image, path, &content);
		}
		assert_stat(&image, "/etc/4097",
			    "Mode: +04640 .*|User: 70000 +Group: 80000 .*Size: 4097");
		assert_stat(&image, "/etc/4097", "User: 70000 +Group: 80000");
		assert_stat(&image, "/etc/4097", "ctime: 0x6553f100.*2023");
	}
}

static void replaces_files(void **state)
{
	static const size_t sizes[] = { 100000, 10, 2 << 20, 0, 1 };

	(void)state;
	TEST_EACH (f, formats) {
		AUTOIMAGE struct image image;

		image_make(&image, &(struct image_options){ .mke2fs = formats[f].options });
		struct backend *b = image_mount(&image, false);
		struct file_space before, after;

		put_text(b, "/etc/x", "");
		assert_ok(b->ops->space(b, "/etc/x", &before, err));
		TEST_EACH (i, sizes) {
			AUTOBUF struct buf content = pattern(sizes[i], (unsigned)i), got = { 0 };

			put(b, "/etc/x", &content, &root_0644);
			assert_ok(b->ops->read(b, "/etc/x", &got, err));
			assert_case(formats[f].name, buf_equal(&content, &got));
		}
		put_text(b, "/etc/x", "");
		assert_ok(b->ops->space(b, "/etc/x", &after, err));
		image_finish(b);

		assert_int_equal(before.free_units, after.free_units);
		assert_int_equal(before.free_inodes, after.free_inodes);
		image_check(&image);
	}
}

static void makes_links_and_directories(void **state)
{
	(void)state;
	TEST_EACH (f, formats) {
		AUTOFREE char *long_target = xcalloc(1, 1001), *deep = xstrdup("/etc");
		AUTOIMAGE struct image image;

		memset(long_target, 'x', 1000);
		image_make(&image, &(struct image_options){ .mke2fs = formats[f].options });
		struct backend *b = image_mount(&image, false);

		assert_ok(b->ops->symlink(b, "/etc/short", "../boot", err));
		assert_ok(b->ops->symlink(b, "/etc/59", long_target + 941, err));
		assert_ok(b->ops->symlink(b, "/etc/60", long_target + 940, err));
		assert_ok(b->ops->symlink(b, "/etc/long", long_target, err));
		assert_ok(b->ops->symlink(b, "/etc/short", "../etc", err));
		for (unsigned i = 0; i < 64; i++) {
			AUTOFREE char *parent = deep;

			deep = xasprintf("%s/d%u", parent, i);
			assert_ok(b->ops->mkdir(b, deep, &(struct file_attr){ 1, 2, 02750 }, err));
		}
		assert_ok(b->ops->mkdir(b, "/etc/d0", &(struct file_attr){ 3, 4, 0700 }, err));
		assert_ok(b->ops->remove(b, deep, err));
		assert_ok(b->ops->remove(b, "/etc/60", err));
		image_finish(b);
		image_check(&image);

		assert_stat(&image, "/etc/short", "Fast link dest: \"../etc\"");
		assert_stat(&image, "/etc/59", "Fast link dest: \"x{59}\"");
		assert_stat(&image, "/etc/long", "Type: symlink .*Mode: +0777");
		assert_stat(&image, "/etc/d0", "Type: directory .*Mode: +0700");
		assert_stat(&image, "/etc/d0", "User: +3 +Group: +4");
		assert_stat(&image, "/etc/d0/d1", "Type: directory .*Mode: +02750");

		b = image_mount(&image, true);
		AUTOFREE char *target = NULL;
		assert_ok(b->ops->readlink(b, "/etc/long", &target, err));
		assert_text(formats[f].name, target, long_target);
		image_finish(b);
	}
}

static void keeps_other_files(void **state)
{
	AUTOIMAGE struct image image;
	AUTOBUF struct buf other = buf_from("shared\n");

	(void)state;
	image_make(&image,
		   &(struct image_options){
			   .root = "echo shared >etc/a; ln etc/a etc/b; ln -s a etc/link; "
				   "echo x >etc/fancy; echo ping >etc/ping; mkfifo etc/fifo",
			   .then = "head -c 2000 /dev/zero | tr '\\0' v >value; "
				   "printf '%s\\n' 'ea_set -f value /etc/fancy user.big' "
				   "'ea_set /etc/fancy user.small v' "
				   "'ea_set /etc/ping security.capability cap' | "
				   "debugfs -w -f - \"$ext4\"",
		   });
	struct backend *b = image_mount(&image, false);

	put_text(b, "/etc/a", "mine\n");
	put_text(b, "/etc/link", "a file\n");
	put_text(b, "/etc/fancy", "plain\n");
	put_text(b, "/etc/fifo", "no fifo\n");
	image_finish(b);
	image_check(&image);

	AUTOFREE char *ext4 = image_ext4(&image);
	assert_content(&image, "/etc/b", &other);
	assert_stat(&image, "/etc/b", "Links: 1");
	assert_shell(&image, "mine\n", "debugfs -R 'cat /etc/a' %s 2>&-", ext4);
	assert_shell(&image, "a file\n", "debugfs -R 'cat /etc/link' %s 2>&-", ext4);
	assert_shell(&image, "no fifo\n", "debugfs -R 'cat /etc/fifo' %s 2>&-", ext4);
	assert_shell(&image, "", "debugfs -R 'ea_list /etc/fancy' %s 2>&-", ext4);
	assert_shell(&image, "Extended attributes:\n  security.capability (3) = \"cap\"\n",
		     "debugfs -R 'ea_list /etc/ping' %s 2>&-", ext4);
}

static void edits_large_directories(void **state)
{
	static const char *const indexes[] = {
		":", "e2fsck -fyD \"$ext4\" || [ $? = 1 ]",
		/* As made on arm64, where char is unsigned. */
		"echo ssv flags 2 | debugfs -w -f - \"$ext4\"; e2fsck -fyD \"$ext4\" || [ $? = 1 ]"
	};

	(void)state;
	TEST_EACH (i, indexes) {
		AUTOFREE char *name = xcalloc(1, 256), *path = NULL;
		AUTOIMAGE struct image image;

		image_make(
			&image,
			&(struct image_options){
				.mke2fs = "-N 20000",
				.root = "mkdir d; cd d; seq -f file-number-%g 5000 | xargs touch",
				.then = indexes[i],
			});
		struct backend *b = image_mount(&image, false);

		memset(name, 'n', 255);
		path = xasprintf("/d/%s", name);
		put_text(b, path, "long name");
		for (unsigned n = 1; n <= 1500; n++) {
			AUTOFREE char *old = xasprintf("/d/file-number-%u", 3 * n);
			AUTOFREE char *new = xasprintf("/d/another-\xc3\xa4-file-%u", n);

			put_text(b, new, "");
			if (n % 3 == 0)
				put_text(b, old, "new");
			if (n % 3 == 1)
				assert_ok(b->ops->remove(b, old, err));
		}

		AUTONAMES struct file_names names = { 0 };
		assert_ok(b->ops->list(b, "/d", &names, err));
		assert_int_equal(names.count, 5000 + 1500 - 500 + 1);
		image_finish(b);
		image_check(&image);
		assert_stat(&image, "/d", i ? "Flags: 0x81000" : "Flags: 0x80000");
	}
}

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
		cmocka_unit_test(writes_files),
		cmocka_unit_test(replaces_files),
		cmocka_unit_test(makes_links_and_directories),
		cmocka_unit_test(keeps_other_files),
		cmocka_unit_test(edits_large_directories),
		cmocka_unit_test(leaves_no_trace_of_old_content),
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
