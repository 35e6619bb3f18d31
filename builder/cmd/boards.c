/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cmd/cmd.h"
#include "config/board.h"
#include "util/json.h"
#include "util/text.h"

static const struct option_group *const groups[] = { NULL };

static struct json_object *json_list(board_list list)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; list && list[i]; i++)
		json_object_array_add(array, json_object_new_string(list[i]));

	return array;
}

static void print_json(const struct board *board)
{
	AUTOJSON struct json_object *line = json_new_line("board");

	json_put_text(line, "name", board->name);
	json_object_object_add(line, "aliases", json_list(board->aliases));
	json_put_text(line, "title", board->title);
	json_put_text(line, "soc", board->soc);
	json_put_text(line, "kernel", board->kernel);
	json_object_object_add(line, "firmware", json_list(board->firmware));
	json_object_object_add(line, "deviceTrees", json_list(board->device_trees));
	json_put_number(line, "memoryMin", board->memory_min);
	json_put_number(line, "memoryMax", board->memory_max);
	json_put_text(line, "ethernet", board->ethernet);
	json_put_text(line, "wireless", board->wireless);
	json_put_number(line, "addressBits", board->address_bits);
	json_put_number(line, "pageSize", board->page_size);
	json_object_object_add(line, "notes", json_list(board->notes));
	json_print_line(line, stdout);
}

static void print_memory(const struct board *board, struct buf *ret)
{
	text_add_size(ret, (uint64_t)board->memory_min << 20);
	if (board->memory_max != board->memory_min) {
		buf_adds(ret, " - ");
		text_add_size(ret, (uint64_t)board->memory_max << 20);
	}
}

static void print_line(const struct board *board)
{
	AUTOBUF struct buf memory = { 0 }, addresses = { 0 };

	print_memory(board, &memory);
	buf_addf(&addresses, "%u bit, %u KiB pages", board->address_bits, board->page_size / 1024);
	printf("%-12s %-38s %-8s %-17s %-8s %-17s %-20s", board->name, board->title, board->soc,
	       memory.data, board->ethernet[0] ? board->ethernet : "-", board->kernel,
	       addresses.data);
	for (size_t i = 0; board->aliases && board->aliases[i]; i++)
		printf("%s %s", i ? "," : "", board->aliases[i]);
	printf("\n");
}

static void print_notes(const struct board *board)
{
	for (size_t i = 0; board->notes && board->notes[i]; i++)
		printf("             note: %s\n", board->notes[i]);
}

static int run(const struct context *context, int argc, char *argv[], struct error *err)
{
	AUTOBOARDS struct boards boards = { 0 };

	(void)argc;
	(void)argv;

	int r = boards_load(context->boards_dir, &boards, context->diags, err);
	if (r < 0)
		return r;

	if (!context->options->json)
		printf("%-12s %-38s %-8s %-17s %-8s %-17s %-20s %s\n", "BOARD", "NAME", "SOC",
		       "MEMORY", "WIRED", "KERNEL", "ADDRESSES", "OTHER NAMES");

	for (size_t i = 0; i < boards.count; i++) {
		if (context->options->json) {
			print_json(&boards.list[i]);
			continue;
		}
		print_line(&boards.list[i]);
		if (context->options->verbose)
			print_notes(&boards.list[i]);
	}

	return 0;
}

const struct command cmd_boards = {
	.name = "boards",
	.synopsis = "",
	.summary = "what is known of each board",
	.description =
		"Lists the boards that nib can build for, with the other names that each goes by;\n"
		"with -v, remarks too.\n",
	.completes = "",
	.groups = groups,
	.run = run,
};
