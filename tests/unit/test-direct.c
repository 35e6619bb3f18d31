/* SPDX-License-Identifier: Apache-2.0 */
#include "image.h"

/* What Raspberry Pi OS has used, and what other builders of images use. */
/* clang-format off */
static const struct {
	const char *name, *options;
} formats[] = {
	{ "trixie",         "-O none,has_journal,ext_attr,resize_inode,dir_index,orphan_file,filetype,extent,flex_bg,metadata_csum_seed,sparse_super,large_file,dir_nlink,extra_isize,metadata_csum" },
	{ "bookworm",       "-O none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,flex_bg,sparse_super,large_file,dir_nlink,extra_isize,metadata_csum" },
	{ "64bit",          "-O none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,flex_bg,sparse_super,large_file,dir_nlink,extra_isize,metadata_csum,64bit,huge_file" },
	{ "uninit_bg",      "-O none,has_journal,ext_attr,dir_index,filetype,extent,flex_bg,sparse_super,uninit_bg" },
	{ "inline data",    "-O inline_data,metadata_csum" },
	{ "ext3",           "-O none,has_journal,ext_attr,resize_inode,dir_index,filetype,sparse_super" },
	{ "small blocks",   "-b 1024 -O metadata_csum,64bit" },
	{ "small inodes",   "-I 128 -O ^metadata_csum" },
	{ "no index",       "-O ^dir_index" },
};
/* clang-format on */

static struct buf pattern(size_t len)
{
	struct buf buf = { 0 };

	for (size_t i = 0; i < len; i++)
		buf_reserve(&buf, 0), buf_add(&buf, &(char){ (char)(i * 31 + i / 251 + 1) }, 1);
	return buf;
}

static void writes_files(void **state)
{
	static const size_t sizes[] = { 0, 1, 4095, 4096, 4097, 12 * 4096 + 1, 8 << 20 };

	(void)state;
	TEST_EACH (f, formats) {
		AUTOIMAGE struct image image;

		image_make(&image, formats[f].options, 8, "-F 16 -s 1");
		struct backend *b = image_mount(&image, false);

		TEST_EACH (i, sizes) {
			AUTOBUF struct buf content = pattern(sizes[i]);
			AUTOFREE char *path = xasprintf("/etc/file-%zu", sizes[i]);

			assert_ok(b->ops->write(b, path, &content,
						&(struct file_attr){ 70000, 80000, 0640 }, err));
		}
		image_finish(b);
		image_check(&image);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
