/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What is known of each board: boards/NAME.yaml.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "config/arena.h"
#include "util/diag.h"
#include "util/error.h"

/** A NULL-terminated list of strings. */
typedef const char *const *board_list;

/** One board.  Strings are owned by struct boards. */
struct board {
	/** Name for "board:" in cluster.yaml, equal to the file name: "rpi5". */
	const char *name;
	/** Other names it is known by: "pi5". */
	board_list aliases;
	/** Name for people: "Raspberry Pi 5". */
	const char *title;
	/** System on chip: "bcm2712". */
	const char *soc;
	/** Files that must be on the boot partition for it to start: firmware, kernel. */
	board_list firmware;
	const char *kernel;
	const char *initramfs;
	/** Device trees; the board boots if the image has at least the first. */
	board_list device_trees;
	/** Filters in config.txt that apply to it: "pi5". */
	board_list filters;
	/** Lines for nib's block in config.txt. */
	board_list config_txt;
	/** Kernel arguments besides those that every node gets. */
	board_list kernel_arguments;
	/** Smallest and largest memory sold, in MiB. */
	unsigned memory_min, memory_max;
	/** Wired interface, or "" if it has none. */
	const char *ethernet;
	/** Wireless interface, or "". */
	const char *wireless;
	/** Bits of virtual address space of its kernel: 39 or 47. */
	unsigned address_bits;
	/** Page size of its kernel in bytes. */
	unsigned page_size;
	/** Remarks for people. */
	board_list notes;
};

/** All boards, sorted by name.  Initialise with { 0 }. */
struct boards {
	struct board *list;
	size_t count;
	/** Owns the strings. */
	struct arena memory;
};

/** Load every *.yaml of a directory; mistakes in them go to diags. */
int boards_load(const char *directory, struct boards *ret, struct diags *diags, struct error *err);

/** Find a board by name or alias; NULL if there is none. */
const struct board *boards_find(const struct boards *boards, const char *name);

/** Release everything; back to { 0 }. */
void boards_free(struct boards *boards);
#define AUTOBOARDS CLEANUP(boards_free)
