/* SPDX-License-Identifier: Apache-2.0 */
#include "config/board.h"

#include <stdlib.h>

#include "test.h"
#include "util/alloc.h"
#include "util/text.h"

static struct boards boards;

static int load(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTODIAGS struct diags diags = { 0 };

	(void)state;
	int r = boards_load(NIB_SOURCEDIR "/boards", &boards, &diags, &err);

	diags_print(&diags, stderr, false, true);
	return r < 0 || diags.count ? -1 : 0;
}

static int unload(void **state)
{
	(void)state;
	boards_free(&boards);
	return 0;
}

static void finds_boards(void **state)
{
	static const struct {
		const char *wanted, *name, *device_tree, *kernel, *ethernet, *wireless;
		unsigned address_bits;
	} cases[] = {
		{ "rpi5", "rpi5", "bcm2712-rpi-5-b.dtb", "kernel_2712.img", "eth0", "wlan0", 47 },
		{ "pi5", "rpi5", "bcm2712-rpi-5-b.dtb", "kernel_2712.img", "eth0", "wlan0", 47 },
		{ "pi500", "rpi500", "bcm2712-rpi-500.dtb", "kernel_2712.img", "eth0", "wlan0",
		  47 },
		{ "cm5", "cm5", "bcm2712-rpi-cm5-cm5io.dtb", "kernel_2712.img", "eth0", "wlan0",
		  47 },
		{ "pi4", "rpi4", "bcm2711-rpi-4-b.dtb", "kernel8.img", "eth0", "wlan0", 39 },
		{ "rpi400", "rpi400", "bcm2711-rpi-400.dtb", "kernel8.img", "eth0", "wlan0", 39 },
		{ "cm4", "cm4", "bcm2711-rpi-cm4.dtb", "kernel8.img", "eth0", "wlan0", 39 },
		{ "cm4s", "cm4s", "bcm2711-rpi-cm4s.dtb", "kernel8.img", "", "", 39 },
		{ "cm3", "cm3", "bcm2710-rpi-cm3.dtb", "kernel8.img", "", "", 39 },
		{ "pi3", "rpi3b", "bcm2710-rpi-3-b.dtb", "kernel8.img", "eth0", "wlan0", 39 },
		{ "rpi3b+", "rpi3b-plus", "bcm2710-rpi-3-b-plus.dtb", "kernel8.img", "eth0",
		  "wlan0", 39 },
		{ "pi3a+", "rpi3a-plus", "bcm2710-rpi-3-b-plus.dtb", "kernel8.img", "", "wlan0",
		  39 },
		{ "zero2w", "rpi-zero2w", "bcm2710-rpi-zero-2-w.dtb", "kernel8.img", "", "wlan0",
		  39 },
	};

	(void)state;
	TEST_EACH (i, cases) {
		const struct board *board = boards_find(&boards, cases[i].wanted);

		assert_case(cases[i].wanted, board);
		assert_text(cases[i].wanted, board->name, cases[i].name);
		assert_text(cases[i].wanted, board->device_trees[0], cases[i].device_tree);
		assert_text(cases[i].wanted, board->kernel, cases[i].kernel);
		assert_text(cases[i].wanted, board->ethernet, cases[i].ethernet);
		assert_text(cases[i].wanted, board->wireless, cases[i].wireless);
		assert_case(cases[i].wanted, board->address_bits == cases[i].address_bits);
	}

	assert_null(boards_find(&boards, "rpi6"));
	assert_null(boards_find(&boards, ""));
}

/* What follows from the system on chip, for every board there is. */
static void boards_are_consistent(void **state)
{
	(void)state;
	assert_int_equal(boards.count, 12);
	for (size_t i = 0; i < boards.count; i++) {
		const struct board *board = &boards.list[i];
		bool new = strcmp(board->soc, "bcm2712") == 0;
		bool old = text_starts(board->device_trees[0], "bcm2710");

		if (i)
			assert_true(strcmp(boards.list[i - 1].name, board->name) < 0);
		assert_text(board->name, board->initramfs, new ? "initramfs_2712" : "initramfs8");
		assert_case(board->name, board->page_size == (new ? 16384 : 4096));
		assert_case(board->name, board->memory_min <= board->memory_max);
		if (new)
			assert_case(board->name, board->firmware[0] == NULL);
		else
			assert_text(board->name, board->firmware[0],
				    old ? "bootcode.bin" : "start4.elf");
	}
}

static void names_are_unique(void **state)
{
	(void)state;
	for (size_t i = 0; i < boards.count; i++) {
		const struct board *board = &boards.list[i];

		assert_ptr_equal(boards_find(&boards, board->name), board);
		for (board_list alias = board->aliases; *alias; alias++)
			assert_ptr_equal(boards_find(&boards, *alias), board);
	}
}

static void mistakes_have_places(void **state)
{
	static const char wrong[] = "name: other\ntitle: 5\nkernl: x\nmemory: {min: a}\n";
	AUTOERROR struct error err = ERROR_NONE;
	AUTODIAGS struct diags diags = { 0 };
	AUTOBOARDS struct boards none = { 0 };
	char directory[] = "/tmp/nib-boards.XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(directory));

	AUTOFREE char *path = xasprintf("%s/mine.yaml", directory);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	(void)fputs(wrong, file);
	(void)fclose(file);

	assert_int_equal(boards_load(directory, &none, &diags, &err), 0);
	(void)unlink(path);
	(void)rmdir(directory);

	assert_text("kernl", diags.list[0].message, "unknown key 'kernl'");
	assert_int_equal(diags.list[0].at.line, 3);
	assert_text("min", diags.list[1].message, "expected a whole number for 'min'");
	assert_text("max", diags.list[2].message, "'max' is missing");
	assert_text("name", diags.list[diags.count - 1].message,
		    "the name 'other' is not that of the file");
	assert_int_equal(diags.list[diags.count - 1].at.line, 1);
}

static void a_missing_directory_is_an_error(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTODIAGS struct diags diags = { 0 };
	AUTOBOARDS struct boards none = { 0 };

	(void)state;
	assert_true(boards_load("/nonexistent", &none, &diags, &err) < 0);
	assert_text("error", err.message,
		    "read the boards in '/nonexistent': No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_boards),
		cmocka_unit_test(boards_are_consistent),
		cmocka_unit_test(names_are_unique),
		cmocka_unit_test(mistakes_have_places),
		cmocka_unit_test(a_missing_directory_is_an_error),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
