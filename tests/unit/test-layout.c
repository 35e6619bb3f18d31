/* SPDX-License-Identifier: Apache-2.0 */
#include "image.h"

#define SFDISK(table) "printf '" table "' | sfdisk -q $img; "

/* Change the MBR: the first entry is at 446, the second at 462. */
#define POKE(where, bytes) \
	"printf '" bytes "' | dd of=$img bs=1 conv=notrunc seek=" where " status=none; "
#define MBR                                                                                \
	"truncate -s 20M $img; " SFDISK("label: dos\\nlabel-id: 0x1a2b3c4d\\nstart=2048, " \
					"size=8192, type=c\\nstart=16384, size=8192, type=83\\n")
#define GPT                                                                    \
	"truncate -s 20M $img; " SFDISK("label: gpt\\nstart=2048, size=8192, " \
					"name=bootfs\\nstart=16384, size=8192, name=rootfs\\n")

/* clang-format off */
static const struct {
	const char *name, *command;
	const char *want; /* behind "image 'disk.img': " */
} refused[] = {
	{ "empty",       "touch $img",                        "the file is empty" },
	{ "gzip",        "echo x | gzip >$img",               "this is gzip data, not a raw image: decompress it with 'gunzip'" },
	{ "xz",          "echo x | xz >$img",                 "this is xz data, not a raw image: decompress it with 'unxz'" },
	{ "zstd",        "printf '\\050\\265\\057\\375xxxx' >$img", "this is zstd data, not a raw image: decompress it with 'unzstd'" },
	{ "zip",         "printf 'PK\\3\\4xxxx' >$img",       "this is zip data, not a raw image: decompress it with 'unzip'" },
	{ "odd size",    MBR "truncate -s +1 $img",           "the size of 20971521 bytes is not a multiple of 512: truncated image?" },
	{ "zeros",       "truncate -s 1M $img",               "there is no partition table" },
	{ "text",        "yes | head -c 512 >$img || :",      "there is no partition table" },
	{ "bare ext4",   "mke2fs -q $img 1M",                 "there is no partition table" },
	{ "bare FAT",    "truncate -s 8M $img; mkfs.vfat $img", "the partition table is damaged (libblkid sees: none)" },
	{ "no entries",  "truncate -s 1M $img; " SFDISK("label: dos\\n"), "the partition table has no partitions" },
	{ "truncated",   MBR "truncate -s 9M $img",           "partition 2 ends at 12 MiB, but the file has only 9 MiB (3145728 bytes are missing): truncated image?" },
	{ "huge",        MBR POKE("474", "\\377\\377\\377\\377"), "partition 2 ends at 2.0 TiB, but the file has only 20 MiB (2199010672128 bytes are missing): truncated image?" },
	{ "no size",     MBR POKE("458", "\\0\\0\\0\\0"),     "partition 1 has no size" },
	{ "on the MBR",  MBR POKE("454", "\\0\\0\\0\\0"),     "partition 1 lies on the partition table" },
	{ "overlap",     MBR POKE("458", "\\1\\100\\0\\0") POKE("470", "\\0\\20\\0\\0"), "partitions 1 and 2 overlap" },
	{ "boot flag",   MBR POKE("446", "\\1"),              "the partition table is damaged (libblkid sees: none)" },
	{ "cut GPT",     GPT "truncate -s 8M $img",           "the partition table is damaged (libblkid sees: none)" },
};
/* clang-format on */

static void refuses_what_is_no_image(void **state)
{
	(void)state;
	TEST_EACH (i, refused) {
		AUTOFREE char *want = xasprintf("image 'disk.img': %s", refused[i].want);
		AUTOERROR struct error err = ERROR_NONE;
		AUTOLAYOUT struct layout layout = { 0 };
		AUTOIMAGE struct image image;

		image_init(&image);
		RUN(&image, "%s", refused[i].command);
		image.fd = open(image.path, O_RDONLY | O_CLOEXEC);
		assert_true(layout_read(image.fd, "disk.img", &layout, &err) < 0);
		assert_text(refused[i].name, err.message, want);
		assert_int_equal(layout.count, 0);
	}
}

static void reads_an_mbr(void **state)
{
	AUTOIMAGE struct image image;

	(void)state;
	image_make(&image,
		   &(struct image_options){ .mke2fs = "-U 6e69622d-7465-7374-8000-726f6f746673" });
	const struct layout *layout = &image.layout;
	const struct partition *fat = layout_find(layout, "vfat"),
			       *ext4 = layout_find(layout, "ext4");

	assert_int_equal(layout->size, 73 << 20);
	assert_int_equal(layout->table, TABLE_MBR);
	assert_int_equal(layout->disk_id, 0x12345678);
	assert_int_equal(layout->count, 2);
	assert_ptr_equal(fat, &layout->partitions[0]);
	assert_ptr_equal(ext4, &layout->partitions[1]);
	assert_null(layout_find(layout, "xfs"));

	assert_int_equal(fat->number, 1);
	assert_int_equal(fat->offset, 1 << 20);
	assert_int_equal(fat->size, 8 << 20);
	assert_int_equal(fat->type, 0x0c);
	assert_text("label", fat->fs_label, "BOOTFS");
	assert_text("uuid", fat->fs_uuid, "1234-5678");
	assert_text("partuuid", fat->part_uuid, "12345678-01");

	assert_int_equal(ext4->number, 2);
	assert_int_equal(ext4->offset, 9 << 20);
	assert_int_equal(ext4->size, 64 << 20);
	assert_int_equal(ext4->type, 0x83);
	assert_text("label", ext4->fs_label, "rootfs");
	assert_text("uuid", ext4->fs_uuid, "6e69622d-7465-7374-8000-726f6f746673");
	assert_text("partuuid", ext4->part_uuid, "12345678-02");
}

/* The partitions in the order of their offsets, as "number:offset in MiB:size in
 * MiB:PARTUUID:name". */
static void reads_other_tables(void **state)
{
	/* clang-format off */
	static const struct {
		const char *name, *command;
		enum table_type table;
		const char *want;
	} cases[] = {
		{ "unordered", "truncate -s 20M $img; " SFDISK("label: dos\\nlabel-id: 0xa\\nstart=20480, size=2048, type=83\\nstart=2048, size=4096, type=c\\n"),
		  TABLE_MBR, "2:1:2:0000000a-02: 1:10:1:0000000a-01: " },
		{ "touching",  "truncate -s 20M $img; " SFDISK("label: dos\\nlabel-id: 0xa\\nstart=2048, size=2048\\nstart=4096, size=36864\\n"),
		  TABLE_MBR, "1:1:1:0000000a-01: 2:2:18:0000000a-02: " },
		{ "logical",   "truncate -s 20M $img; " SFDISK("label: dos\\nlabel-id: 0xa\\nstart=2048, size=2048\\nstart=4096, size=32768, type=5\\nstart=6144, size=2048\\nstart=10240, size=2048\\n"),
		  TABLE_MBR, "1:1:1:0000000a-01: 5:3:1:0000000a-05: 6:5:1:0000000a-06: " },
		{ "GPT",       "truncate -s 20M $img; " SFDISK("label: gpt\\nstart=2048, size=8192, name=boot, uuid=6E69622D-7465-7374-8000-706172740001\\n"),
		  TABLE_GPT, "1:1:4:6e69622d-7465-7374-8000-706172740001:boot " },
	};
	/* clang-format on */

	(void)state;
	TEST_EACH (i, cases) {
		AUTOBUF struct buf got = { 0 };
		AUTOIMAGE struct image image;

		image_init(&image);
		RUN(&image, "%s", cases[i].command);
		image_open(&image);
		for (size_t n = 0; n < image.layout.count; n++) {
			const struct partition *part = &image.layout.partitions[n];

			buf_addf(&got, "%u:%u:%u:%s:%s ", part->number,
				 (unsigned)(part->offset >> 20), (unsigned)(part->size >> 20),
				 part->part_uuid, part->part_name);
			assert_text(cases[i].name, part->fs_type, "");
		}
		assert_text(cases[i].name, buf_text(&got), cases[i].want);
		assert_int_equal(image.layout.table, cases[i].table);
	}
}

static void changes_the_disk_id(void **state)
{
	AUTOIMAGE struct image image;

	(void)state;
	image_init(&image);
	RUN(&image, MBR "cp $img before");
	image_open(&image);
	assert_int_equal(image.layout.disk_id, 0x1a2b3c4d);
	assert_ok(layout_set_disk_id(image.fd, 0xdeadbe01, err));
	image_open(&image);
	assert_int_equal(image.layout.disk_id, 0xdeadbe01);
	assert_shell(&image, "0xdeadbe01\n", "sfdisk --disk-id $img");
	assert_shell(&image, "4\n", "{ cmp -l before $img || :; } | wc -l");
}

/* What one file system left behind of another is ambiguous, and no guess is made. */
static void refuses_ambiguous_file_systems(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTOLAYOUT struct layout layout = { 0 };
	AUTOIMAGE struct image image;

	(void)state;
	image_make(&image, &(struct image_options){ 0 });
	RUN(&image, POKE("$((9437184 + 65600))", "_BHRfS_M"));
	assert_true(layout_read(image.fd, "x", &layout, &err) < 0);
	assert_text("ambiguous", err.message,
		    "image 'x': partition 2 has the signatures of several file systems");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_is_no_image),
		cmocka_unit_test(reads_an_mbr),
		cmocka_unit_test(reads_other_tables),
		cmocka_unit_test(changes_the_disk_id),
		cmocka_unit_test(refuses_ambiguous_file_systems),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
