/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <stdio.h>
#include <string.h>

#include "cmd/draw.h"
#include "cmd/session.h"
#include "plan/identity.h"
#include "util/alloc.h"
#include "util/json.h"
#include "util/print.h"
#include "util/text.h"

static const struct option_group *const groups[] = { &options_source, &options_backend, NULL };

enum { DRAWING_WIDTH = 64 };

static void print_partition(const struct partition *part, const struct draw_usage *usage)
{
	AUTOBUF struct buf start = { 0 }, size = { 0 }, used = { 0 };

	text_add_size(&start, part->offset);
	text_add_size(&size, part->size);
	if (usage->used == UINT64_MAX)
		buf_adds(&used, "-");
	else
		text_add_size(&used, usage->used);

	print_line(stdout, "  %-3u %-9s %-9s %-9s 0x%02x  %-6s %-10s %s", part->number, start.data,
		   size.data, used.data, part->type, part->fs_type[0] ? part->fs_type : "-",
		   part->fs_label[0] ? part->fs_label : part->part_name, part->part_uuid);
}

static void print_layout(const char *path, const struct layout *layout,
			 const struct draw_usage *usage)
{
	AUTOBUF struct buf size = { 0 }, drawing = { 0 };

	text_add_size(&size, layout->size);
	if (layout->table == TABLE_MBR)
		print_line(stdout, "%s: %s, MBR, disk id %08x", path, size.data, layout->disk_id);
	else
		print_line(stdout, "%s: %s, GPT", path, size.data);
	printf("\n");

	draw_disk(layout, usage, DRAWING_WIDTH, strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
		  &drawing);
	fputs(drawing.data, stdout);

	printf("\n  %-3s %-9s %-9s %-9s %-5s %-6s %-10s %s\n", "NO", "START", "SIZE", "USED",
	       "TYPE", "FS", "LABEL", "PARTUUID");
	for (size_t i = 0; i < layout->count; i++)
		print_partition(&layout->partitions[i], &usage[i]);
}

/* Partitions that are mounted tell how full they are. */
static int measure(const struct disk *disk, struct draw_usage *usage, struct error *err)
{
	for (size_t i = 0; i < disk->layout.count; i++) {
		const struct partition *part = &disk->layout.partitions[i];
		const char *path = strcmp(part->fs_type, "ext4") == 0   ? "/"
				   : strcmp(part->fs_type, "vfat") == 0 ? disk->release.boot_path
									: NULL;
		struct file_space space;

		if (!path || layout_find(&disk->layout, part->fs_type) != part)
			continue;

		int r = disk->backend->ops->space(disk->backend, path, &space, err);
		if (r < 0)
			return r;

		uint64_t free = space.free_units * space.unit;
		usage[i].used = free < part->size ? part->size - free : 0;
	}

	return 0;
}

static void print_system(const struct disk *disk)
{
	const struct release *release = &disk->release;

	printf("\n");
	print_line(stdout, "  system      %s (%s%s%s)",
		   release->pretty_name[0] ? release->pretty_name : "unknown",
		   release->architecture[0] ? release->architecture : "unknown architecture",
		   release->image_date[0] ? ", image of " : "", release->image_date);
	for (size_t i = 0; i < release->kernels.count; i++)
		print_line(stdout, "  %-11s %s", i ? "" : "kernels", release->kernels.list[i]);
	if (release->kubeadm_version[0])
		print_line(stdout, "  kubeadm     %s", release->kubeadm_version);
	if (release->crio_version[0])
		print_line(stdout, "  cri-o       %s", release->crio_version);
}

static int print_identity(const struct disk *disk, struct error *err)
{
	AUTOIDENTITY struct identity identity = { 0 };

	int r = identity_read(disk->backend, &identity, err);
	if (r < 0)
		return r;

	if (identity.node)
		print_line(stdout, "  node        %s, %s of cluster %s, for board %s, by nib %s",
			   identity.node, identity.role, identity.cluster, identity.board,
			   identity.nib_version);
	else
		printf("  node        none: not written by nib\n");
	return 0;
}

static void print_board(const struct board *board, const struct file_names *missing)
{
	AUTOBUF struct buf list = { 0 };

	if (!missing->count) {
		print_line(stdout, "  boots       %-12s %s", board->name, board->title);
		return;
	}

	for (size_t i = 0; i < missing->count; i++)
		buf_addf(&list, "%s %s", i ? "," : "", missing->list[i]);
	print_line(stdout, "  not         %-12s %s: lacks%s", board->name, board->title,
		   buf_text(&list));
}

static struct json_object *names_json(const struct file_names *names)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < names->count; i++)
		json_object_array_add(array, json_object_new_string(names->list[i]));
	return array;
}

static struct json_object *board_json(const struct file_names *missing)
{
	struct json_object *board = json_object_new_object();

	json_put_flag(board, "boots", missing->count == 0);
	json_object_object_add(board, "missing", names_json(missing));
	return board;
}

/* To json if it is given, else to standard output. */
static int report_boards(const struct context *context, const struct disk *disk,
			 struct json_object *json, struct error *err)
{
	AUTOBOARDS struct boards boards = { 0 };

	int r = boards_load(context->boards_dir, &boards, context->diags, err);
	if (r < 0)
		return r;

	for (size_t i = 0; i < boards.count; i++) {
		AUTONAMES struct file_names missing = { 0 };

		r = release_missing_for_board(disk->backend, disk->release.boot_path,
					      &boards.list[i], &missing, err);
		if (r < 0)
			return r;
		if (json)
			json_object_object_add(json, boards.list[i].name, board_json(&missing));
		else
			print_board(&boards.list[i], &missing);
	}

	return 0;
}

static struct json_object *partition_json(const struct partition *part,
					  const struct draw_usage *usage)
{
	struct json_object *object = json_object_new_object();

	json_put_number(object, "number", part->number);
	json_put_number(object, "offset", (int64_t)part->offset);
	json_put_number(object, "size", (int64_t)part->size);
	if (usage->used != UINT64_MAX)
		json_put_number(object, "used", (int64_t)usage->used);
	json_put_number(object, "type", part->type);
	json_put_text(object, "fs", part->fs_type);
	json_put_text(object, "label", part->fs_label);
	json_put_text(object, "partuuid", part->part_uuid);
	return object;
}

static void add_layout(struct json_object *line, const struct layout *layout,
		       const struct draw_usage *usage)
{
	struct json_object *partitions = json_object_new_array();
	AUTOFREE char *disk_id = xasprintf("%08x", layout->disk_id);

	json_put_number(line, "size", (int64_t)layout->size);
	json_put_text(line, "table", layout->table == TABLE_MBR ? "mbr" : "gpt");
	json_put_text(line, "diskId", layout->table == TABLE_MBR ? disk_id : NULL);
	for (size_t i = 0; i < layout->count; i++)
		json_object_array_add(partitions,
				      partition_json(&layout->partitions[i], &usage[i]));
	json_object_object_add(line, "partitions", partitions);
}

static void add_system(struct json_object *line, const struct release *release)
{
	json_put_text(line, "system", release->pretty_name);
	json_put_text(line, "codename", release->codename);
	json_put_text(line, "architecture", release->architecture);
	json_put_text(line, "imageDate", release->image_date);
	json_object_object_add(line, "kernels", names_json(&release->kernels));
	json_put_text(line, "kubeadm", release->kubeadm_version);
	json_put_text(line, "crio", release->crio_version);
}

static int add_identity(struct json_object *line, struct backend *backend, struct error *err)
{
	AUTOIDENTITY struct identity identity = { 0 };

	int r = identity_read(backend, &identity, err);
	if (r < 0)
		return r;

	json_put_text(line, "node", identity.node);
	json_put_text(line, "role", identity.role);
	json_put_text(line, "cluster", identity.cluster);
	json_put_text(line, "board", identity.board);
	json_put_text(line, "nib", identity.nib_version);
	return 0;
}

static int print_json(const struct context *context, const char *path, const struct disk *disk,
		      const struct draw_usage *usage, struct error *err)
{
	AUTOJSON struct json_object *line = json_new_line("inspect");
	struct json_object *boards = json_object_new_object();

	json_put_text(line, "image", path);
	add_layout(line, &disk->layout, usage);
	add_system(line, &disk->release);
	json_object_object_add(line, "boards", boards);

	int r = add_identity(line, disk->backend, err);
	if (r == 0)
		r = report_boards(context, disk, boards, err);
	if (r < 0)
		return r;

	json_print_line(line, stdout);
	return 0;
}

static int print_report(const struct context *context, const char *path, const struct disk *disk,
			const struct draw_usage *usage, struct error *err)
{
	print_layout(path, &disk->layout, usage);
	print_system(disk);

	int r = print_identity(disk, err);
	if (r < 0)
		return r;

	return report_boards(context, disk, NULL, err);
}

/* The partitions of an image whose file systems cannot be opened are shown all the same. */
static void print_partitions(const char *path)
{
	AUTOERROR struct error ignored = ERROR_NONE;
	AUTOLAYOUT struct layout layout = { 0 };

	AUTOCLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || layout_read(fd, path, &layout, &ignored) < 0)
		return;

	AUTOFREE struct draw_usage *usage = xcalloc(layout.count, sizeof(*usage));
	for (size_t i = 0; i < layout.count; i++)
		usage[i].used = UINT64_MAX;
	print_layout(path, &layout, usage);
}

static int run(const struct context *context, int argc, char *argv[], struct error *err)
{
	AUTODISK struct disk disk = DISK_NONE;

	(void)argc;

	int r = check_image_argument(argv[0], err);
	if (r < 0)
		return r;

	r = bases_open_image(context, argv[0], &backend_direct, &disk, err);
	if (r < 0) {
		if (!context->options->json)
			print_partitions(argv[0]);
		return r;
	}

	AUTOFREE struct draw_usage *usage = xcalloc(disk.layout.count, sizeof(*usage));
	for (size_t i = 0; i < disk.layout.count; i++)
		usage[i].used = UINT64_MAX;

	r = measure(&disk, usage, err);
	if (r < 0)
		return r;

	if (context->options->json)
		return print_json(context, argv[0], &disk, usage, err);
	return print_report(context, argv[0], &disk, usage, err);
}

const struct command cmd_inspect = {
	.name = "inspect",
	.synopsis = "IMAGE",
	.summary = "show partitions, system, boards and node of an image",
	.description =
		"Draws the disk to scale and says what is on it: the operating system, the node\n"
		"that nib wrote, the boards that it boots, and what is missing for the others.\n",
	.min_args = 1,
	.max_args = 1,
	.completes = "image",
	.groups = groups,
	.run = run,
};
