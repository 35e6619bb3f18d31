/* SPDX-License-Identifier: Apache-2.0 */
/* Files whose blocks are not theirs: letting go of one must not touch what they point at. */
#include "image.h"

#define PLAIN "-b 4096 -I 256 -O none,filetype,ext_attr"
#define BLOCK(n, value) "sif /etc/victim block[" #n "] " value "\\n"

/* clang-format off */
static const struct {
	const char *name, *mke2fs;
	/* For debugfs; the file has three blocks. */
	const char *commands;
} cases[] = {
	{ "superblock",        PLAIN, BLOCK(0, "1") },
	{ "block bitmap",      PLAIN, BLOCK(1, "2") },
	{ "inode bitmap",      PLAIN, BLOCK(1, "3") },
	{ "inode table",       PLAIN, BLOCK(2, "4") },
	{ "end of the table",  PLAIN, BLOCK(0, "259") },
	{ "block not in use",  PLAIN, BLOCK(0, "16000") },
	{ "beyond the end",    PLAIN, BLOCK(0, "16384") },
	{ "twice",             PLAIN, BLOCK(0, "1500") BLOCK(1, "1500") "setb 1500\\n" },
	{ "indirect block",    PLAIN, BLOCK(IND, "5") },
	{ "journal",           PLAIN ",has_journal -J size=4", BLOCK(0, "$journal") },
	{ "attributes",        PLAIN, "sif /etc/victim file_acl 4\\n" },
};
/* clang-format on */

static char *make_commands(const char *commands)
{
	return xasprintf("journal=$(debugfs -R 'bmap <8> 5' \"$ext4\" 2>/dev/null); "
			 "printf \"%s\" | debugfs -w -f - \"$ext4\"",
			 commands);
}

static void refuses(const char *name, struct image *image)
{
	AUTOERROR struct error failure = ERROR_NONE;
	AUTOBUF struct buf content = { 0 }, found = { 0 };
	const struct file_attr attr = { .mode = 0644 };

	buf_adds(&content, "new\n");
	struct backend *b = image_mount(image, false);
	int r = b->ops->write(b, "/etc/victim", &content, &attr, &failure);
	assert_case(name, r < 0);
	assert_case(name, strstr(failure.message, "free its inode: "));
	backend_free(b);

	/* With zeros in what the file pointed at, this would fail. */
	b = image_mount(image, true);
	assert_ok(b->ops->read(b, "/etc/neighbour", &found, err));
	backend_free(b);
}

static void leaves_blocks_alone(void **state)
{
	(void)state;
	TEST_EACH (i, cases) {
		AUTOFREE char *commands = make_commands(cases[i].commands);
		const struct image_options options = {
			.mke2fs = cases[i].mke2fs,
			.root = "head -c 9000 /dev/zero | tr '\\0' x >etc/victim; echo "
				">etc/neighbour",
			.then = commands,
		};
		AUTOIMAGE struct image image;

		image_make(&image, &options);
		refuses(cases[i].name, &image);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(leaves_blocks_alone) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
