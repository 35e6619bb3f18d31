/* SPDX-License-Identifier: Apache-2.0 */
#include "config/board.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "config/decode.h"
#include "config/yaml.h"
#include "util/alloc.h"
#include "util/file.h"
#include "util/text.h"

#define AT(member) .offset = offsetof(struct board, member)

/* clang-format off */
static const struct field memory_fields[] = {
	{ "min", FIELD_NUMBER, FIELD_REQUIRED, AT(memory_min), .help = "Smallest memory sold, in MiB." },
	{ "max", FIELD_NUMBER, FIELD_REQUIRED, AT(memory_max), .help = "Largest memory sold, in MiB." },
};
static const struct map map_memory = { "memory", memory_fields, ARRAY_SIZE(memory_fields),
				       sizeof(struct board), NO_PLACE };

static const struct field board_fields[] = {
	{ "name",            FIELD_STRING,  FIELD_REQUIRED, AT(name) },
	{ "aliases",         FIELD_STRINGS, 0,              AT(aliases) },
	{ "title",           FIELD_STRING,  FIELD_REQUIRED, AT(title) },
	{ "soc",             FIELD_STRING,  FIELD_REQUIRED, AT(soc) },
	{ "firmware",        FIELD_STRINGS, 0,              AT(firmware) },
	{ "kernel",          FIELD_STRING,  FIELD_REQUIRED, AT(kernel) },
	{ "initramfs",       FIELD_STRING,  FIELD_REQUIRED, AT(initramfs) },
	{ "deviceTrees",     FIELD_STRINGS, FIELD_REQUIRED, AT(device_trees) },
	{ "filters",         FIELD_STRINGS, 0,              AT(filters) },
	{ "configTxt",       FIELD_STRINGS, 0,              AT(config_txt) },
	{ "kernelArguments", FIELD_STRINGS, 0,              AT(kernel_arguments) },
	{ "memory",          FIELD_MAP,     FIELD_REQUIRED, .map = &map_memory },
	{ "ethernet",        FIELD_STRING,  0,              AT(ethernet) },
	{ "wireless",        FIELD_STRING,  0,              AT(wireless) },
	{ "addressBits",     FIELD_NUMBER,  FIELD_REQUIRED, AT(address_bits) },
	{ "pageSize",        FIELD_NUMBER,  FIELD_REQUIRED, AT(page_size) },
	{ "notes",           FIELD_STRINGS, 0,              AT(notes) },
};
static const struct map map_board = { "board", board_fields, ARRAY_SIZE(board_fields),
				      sizeof(struct board), NO_PLACE };
/* clang-format on */

static int load_board(const char *directory, const char *file, struct boards *boards,
		      struct diags *diags, struct error *err)
{
	AUTOFREE char *path = xasprintf("%s/%s", directory, file);
	AUTOBUF struct buf text = { 0 };
	const struct decoder decoder = { .arena = &boards->memory, .diags = diags };

	int r = file_read(path, YAML_MAX_SIZE, &text, NULL, err);
	if (r < 0)
		return r;

	const struct source *source = diags_source(diags, path, TAKE_BUF(text));
	const struct tree *tree = yaml_parse(source, &boards->memory, diags);
	if (!tree)
		return 0;

	struct board *board = ARRAY_ADD(boards->list, boards->count);
	decode_map(&decoder, &map_board, tree, DECODE_WHOLE, board);

	AUTOFREE char *expected = xasprintf("%s.yaml", board->name);
	if (*board->name && strcmp(expected, file) != 0)
		diag_error(diags, &tree_find(tree, "name")->value->at,
			   "the name '%s' is not that of the file", board->name);
	return 0;
}

static int is_board(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && text_ends(entry->d_name, ".yaml");
}

static int by_file_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct board *)a)->name, ((const struct board *)b)->name);
}

int boards_load(const char *directory, struct boards *ret, struct diags *diags, struct error *err)
{
	AUTOBOARDS struct boards boards = { 0 };
	struct dirent **entries = NULL;

	int n = scandir(directory, &entries, is_board, by_file_name), r = 0;
	if (n < 0)
		return error_set_errno(err, -errno, "read the boards in '%s'", directory);

	for (int i = 0; i < n; i++) {
		if (r == 0)
			r = load_board(directory, entries[i]->d_name, &boards, diags, err);
		free(entries[i]);
	}
	free(entries);
	if (r < 0)
		return r;

	if (boards.count)
		qsort(boards.list, boards.count, sizeof(*boards.list), by_name);
	*ret = boards;
	boards = (struct boards){ 0 };
	return 0;
}

static bool has_name(const struct board *board, const char *name)
{
	if (strcmp(board->name, name) == 0)
		return true;

	for (board_list alias = board->aliases; *alias; alias++)
		if (strcmp(*alias, name) == 0)
			return true;

	return false;
}

const struct board *boards_find(const struct boards *boards, const char *name)
{
	for (size_t i = 0; i < boards->count; i++)
		if (has_name(&boards->list[i], name))
			return &boards->list[i];

	return NULL;
}

void boards_free(struct boards *boards)
{
	free(boards->list);
	arena_free(&boards->memory);
	*boards = (struct boards){ 0 };
}
