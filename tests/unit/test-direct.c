/* SPDX-License-Identifier: Apache-2.0 */
/* The direct back end on ext4; every result is read back by e2fsprogs. */
#include "image.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_files),
		cmocka_unit_test(replaces_files),
		cmocka_unit_test(makes_links_and_directories),
		cmocka_unit_test(keeps_other_files),
		cmocka_unit_test(edits_large_directories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
