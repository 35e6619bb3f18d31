/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/release.h"

#include <errno.h>

#include "fake-raspios.h"
#include "plan/imagetext.h"
#include "test.h"
#include "util/alloc.h"

static void detects_releases(void **state)
{
	static const struct {
		const char *name;
		struct backend *(*image)(void);
		enum release_id id;
		const char *codename, *pretty_name, *date, *kubeadm, *crio;
	} cases[] = {
		{ "trixie", fake_trixie, RELEASE_TRIXIE, "trixie", "Debian GNU/Linux 13 (trixie)",
		  "2026-04-13", "1.34.2-1.1", "" },
		{ "bookworm", fake_bookworm, RELEASE_BOOKWORM, "bookworm",
		  "Debian GNU/Linux 12 (bookworm)", "2026-04-13", "", "" },
		{ "nothing", fake_new, RELEASE_UNKNOWN, "", "", "", "", "" },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTOBACKEND struct backend *b = cases[i].image();
		AUTORELEASE struct release release = { 0 };
		AUTOERROR struct error err = ERROR_NONE;

		assert_case(cases[i].name, release_detect(b, &release, &err) == 0);
		assert_case(cases[i].name, release.id == cases[i].id);
		assert_text(cases[i].name, release.codename, cases[i].codename);
		assert_text(cases[i].name, release.pretty_name, cases[i].pretty_name);
		assert_text(cases[i].name, release.image_date, cases[i].date);
		assert_text(cases[i].name, release.kubeadm_version, cases[i].kubeadm);
		assert_text(cases[i].name, release.crio_version, cases[i].crio);
		if (release.id == RELEASE_UNKNOWN)
			continue;
		assert_text(cases[i].name, release.architecture, "arm64");
		assert_text(cases[i].name, release.boot_path, "/boot/firmware");
		assert_case(cases[i].name, release.kernels.count == 2);
		assert_text(cases[i].name, release.kernels.list[1], "6.12.75+rpt-rpi-v8");
	}
}

/* What the image's name or a single file says is not enough. */
static void does_not_guess(void **state)
{
	static const struct {
		const char *name, *path, *content; /* NULL: gone */
		const char *codename, *pretty_name;
	} cases[] = {
		{ "Debian itself", "/etc/rpi-issue", NULL, "trixie",
		  "Debian GNU/Linux 13 (trixie)" },
		{ "a later release", "/usr/lib/os-release", "VERSION_CODENAME=forky\n", "forky",
		  "" },
		{ "terminal codes", "/usr/lib/os-release", "PRETTY_NAME=\"\033[2Jx\"\n", "",
		  "?[2Jx" },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTOBACKEND struct backend *b = fake_trixie();
		AUTORELEASE struct release release = { 0 };
		AUTOERROR struct error err = ERROR_NONE;

		if (cases[i].content)
			fake_text(b, cases[i].path, 0644, cases[i].content);
		else
			fake_gone(b, cases[i].path);
		assert_case(cases[i].name, release_detect(b, &release, &err) == 0);
		assert_case(cases[i].name, release.id == RELEASE_UNKNOWN);
		assert_text(cases[i].name, release.codename, cases[i].codename);
		assert_text(cases[i].name, release.pretty_name, cases[i].pretty_name);
	}
}

static void fails_on_bad_files(void **state)
{
	static const char nul[] = "a\0b";
	AUTOFREE char *line = xcalloc(70000, 1), *lines = xcalloc(IMAGETEXT_MAX + 1, 1);
	const struct {
		const char *name, *path;
		const char *content;
		size_t len;
		const char *want;
	} cases[] = {
		{ "0 byte", "/usr/lib/os-release", nul, sizeof(nul) - 1,
		  "look for the operating system: '/usr/lib/os-release' is not a text: it has 0 "
		  "bytes" },
		{ "long line", "/etc/rpi-issue", line, 69999,
		  "look for the operating system: '/etc/rpi-issue' has a line of more than 65536 "
		  "bytes" },
		{ "big file", "/etc/rpi-issue", lines, IMAGETEXT_MAX + 1,
		  "look for the operating system: '/etc/rpi-issue' has 1048577 bytes, but at most "
		  "1048576 are expected" },
	};

	(void)state;
	memset(line, 'x', 69999);
	memset(lines, '\n', IMAGETEXT_MAX + 1);
	TEST_EACH (i, cases) {
		AUTOBACKEND struct backend *b = fake_trixie();
		AUTORELEASE struct release release = { 0 };
		AUTOERROR struct error err = ERROR_NONE;

		fake_bytes(b, cases[i].path, 0644, cases[i].content, cases[i].len);
		assert_case(cases[i].name, release_detect(b, &release, &err) < 0);
		assert_text(cases[i].name, err.message, cases[i].want);
	}
}

static void follows_links_inside_only(void **state)
{
	static const struct {
		const char *name, *target;
		int code;
	} cases[] = {
		{ "absolute", "/usr/lib/os-release", 0 },
		{ "itself", "os-release", -ELOOP },
		{ "out of the image", "../../../../etc/os-release", -EXDEV },
		{ "nowhere", "/nowhere", 0 },
		{ "a directory", "/usr/lib", -EINVAL },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTOBACKEND struct backend *b = fake_trixie();
		AUTORELEASE struct release release = { 0 };
		AUTOERROR struct error err = ERROR_NONE;

		fake_link(b, "/etc/os-release", cases[i].target);
		assert_case(cases[i].name, release_detect(b, &release, &err) == cases[i].code);
	}
}

static void mounts_where_fstab_says(void **state)
{
	static const struct {
		const char *name, *path, *content;
		const char *boot;
	} cases[] = {
		{ "as it comes", NULL, NULL, "/boot/firmware" },
		{ "upper case", "/etc/fstab",
		  "PARTUUID=1A2B3C4D-01 /boot/firmware vfat defaults\n"
		  "PARTUUID=1A2B3C4D-02 / ext4 defaults\n",
		  "/boot/firmware" },
		{ "by label", "/etc/fstab",
		  "LABEL=bootfs /boot/firmware vfat defaults\n/dev/mmcblk0p2 / ext4 defaults\n",
		  "/boot/firmware" },
		{ "other FATs", "/etc/fstab",
		  "UUID=x /data vfat noauto\nPARTUUID=1a2b3c4d-01 /boot/firmware vfat defaults\n"
		  "PARTUUID=1a2b3c4d-02 / ext4 defaults\n",
		  "/boot/firmware" },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTOBACKEND struct backend *b = fake_trixie();
		AUTOERROR struct error err = ERROR_NONE;

		if (cases[i].path)
			fake_text(b, cases[i].path, 0644, cases[i].content);
		assert_case(cases[i].name, release_mount(b, &fake_layout, &err) == 0);
		assert_text(cases[i].name, b->ops->mount_of(b, "/boot/firmware/x"), cases[i].boot);
	}
}

static void refuses_files_that_disagree(void **state)
{
	static const struct {
		const char *path, *content, *want;
	} cases[] = {
		{ "/etc/fstab",
		  "PARTUUID=deadbeef-01 /boot/firmware vfat defaults\n"
		  "PARTUUID=deadbeef-02 / ext4 defaults\n",
		  "disk ids do not agree: the MBR has 1a2b3c4d, '/etc/fstab' mounts "
		  "'PARTUUID=deadbeef-02' and 'PARTUUID=deadbeef-01', cmdline.txt has "
		  "root=PARTUUID=1a2b3c4d-02" },
		{ "/boot/firmware/cmdline.txt", "root=PARTUUID=1a2b3c4d-01\n",
		  "disk ids do not agree: the MBR has 1a2b3c4d, '/etc/fstab' mounts "
		  "'PARTUUID=1a2b3c4d-02' and 'PARTUUID=1a2b3c4d-01', cmdline.txt has "
		  "root=PARTUUID=1a2b3c4d-01" },
		{ "/boot/firmware/cmdline.txt", "quiet\n",
		  "'/boot/firmware/cmdline.txt' has no root=" },
		{ "/boot/firmware/cmdline.txt", NULL,
		  "'/boot/firmware/cmdline.txt': No such file or directory" },
		{ "/etc/fstab", NULL, "'/etc/fstab': No such file or directory" },
		{ "/etc/fstab", "PARTUUID=1a2b3c4d-01 /boot/firmware vfat defaults\n",
		  "'/etc/fstab' does not mount '/'" },
		{ "/etc/fstab", "PARTUUID=1a2b3c4d-02 / ext4 defaults\n",
		  "'/etc/fstab' does not mount the boot partition" },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTOBACKEND struct backend *b = fake_trixie();
		AUTOERROR struct error err = ERROR_NONE;

		if (cases[i].content)
			fake_text(b, cases[i].path, 0644, cases[i].content);
		else
			fake_gone(b, cases[i].path);
		assert_case(cases[i].want, release_mount(b, &fake_layout, &err) < 0);
		assert_text(cases[i].path, err.message, cases[i].want);
	}
}

static void refuses_other_partitions(void **state)
{
	static const struct {
		enum table_type table;
		unsigned boot_type, root_type;
		const char *boot_fs, *root_fs;
		const char *want;
	} cases[] = {
		{ TABLE_GPT, 0, 0, "vfat", "ext4",
		  "not a Raspberry Pi OS: it has a GPT instead of an MBR (partitions 1: vfat; 2: "
		  "ext4)" },
		{ TABLE_MBR, 0x0c, 0x83, "ntfs", "ext4",
		  "not a Raspberry Pi OS: it has no FAT partition (partitions 1: ntfs, type 0x0c; "
		  "2: ext4, type 0x83)" },
		{ TABLE_MBR, 0x0c, 0x83, "vfat", "",
		  "not a Raspberry Pi OS: it has no ext4 partition (partitions 1: vfat, type "
		  "0x0c; 2: unknown, type 0x83)" },
		{ TABLE_MBR, 0x0b, 0x83, "vfat", "ext4",
		  "boot partition 1 is of type 0x0b instead of 0x0c (FAT32)" },
		{ TABLE_MBR, 0x0c, 0x8e, "vfat", "ext4",
		  "root partition 2 is of type 0x8e instead of 0x83 (Linux)" },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTOBACKEND struct backend *b = fake_trixie();
		AUTOERROR struct error err = ERROR_NONE;
		char boot_fs[8], root_fs[8];
		struct partition parts[2];
		struct layout layout = fake_layout;

		memcpy(parts, fake_layout.partitions, sizeof(parts));
		(void)snprintf(boot_fs, sizeof(boot_fs), "%s", cases[i].boot_fs);
		(void)snprintf(root_fs, sizeof(root_fs), "%s", cases[i].root_fs);
		parts[0].type = cases[i].boot_type;
		parts[0].fs_type = boot_fs;
		parts[1].type = cases[i].root_type;
		parts[1].fs_type = root_fs;
		layout.table = cases[i].table;
		layout.partitions = parts;
		assert_case(cases[i].want, release_mount(b, &layout, &err) == -EINVAL);
		assert_text("layout", err.message, cases[i].want);
	}
}

static void knows_what_a_board_needs(void **state)
{
	static const char *const firmware[] = { "start4.elf", "fixup4.dat", NULL };
	static const char *const trees[] = { "bcm2711-rpi-4-b.dtb", "bcm2711-rpi-9.dtb", NULL };
	static const char *const filters[] = { "pi4", NULL };
	static const struct board board = {
		.name = "rpi4",
		.firmware = firmware,
		.kernel = "kernel8.img",
		.initramfs = "initramfs8",
		.device_trees = trees,
		.filters = filters,
	};
	static const struct {
		const char *gone, *config;
		bool missing;
	} cases[] = {
		{ "start4.elf", NULL, true },
		{ "kernel8.img", NULL, true },
		{ "initramfs8", NULL, true },
		{ "initramfs8", "auto_initramfs=0\n", false },
		{ "initramfs8", "[pi5]\nauto_initramfs=1\n", false },
		{ "initramfs8", "[pi4]\nauto_initramfs=1\n", true },
		{ "bcm2711-rpi-4-b.dtb", NULL, true },
		{ "kernel_2712.img", NULL, false },
		{ "kernel8.img", "kernel=kernel_2712.img\n", false },
		{ "kernel_2712.img", "[pi4]\nkernel=kernel_2712.img\n", true },
		{ "kernel_2712.img", "[pi5]\nkernel=kernel_2712.img\n", false },
		{ "mine", "kernel=mine\nauto_initramfs=1\n", true },
		{ "initramfs8", "kernel=kernel_2712.img\nauto_initramfs=1\n", false },
		{ "initramfs_2712", "kernel=kernel_2712.img\nauto_initramfs=1\n", true },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTOFREE char *path = xasprintf("/boot/firmware/%s", cases[i].gone);
		AUTOBACKEND struct backend *b = fake_trixie();
		AUTONAMES struct file_names missing = { 0 };
		AUTOERROR struct error err = ERROR_NONE;

		fake_gone(b, path);
		if (cases[i].config)
			fake_text(b, "/boot/firmware/config.txt", 0755, cases[i].config);
		assert_case(path, release_missing_for_board(b, "/boot/firmware", &board, &missing,
							    &err) == 0);
		assert_case(path, missing.count == cases[i].missing);
		if (cases[i].missing)
			assert_text(path, missing.list[0], path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(detects_releases),
		cmocka_unit_test(does_not_guess),
		cmocka_unit_test(fails_on_bad_files),
		cmocka_unit_test(follows_links_inside_only),
		cmocka_unit_test(mounts_where_fstab_says),
		cmocka_unit_test(refuses_files_that_disagree),
		cmocka_unit_test(refuses_other_partitions),
		cmocka_unit_test(knows_what_a_board_needs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
