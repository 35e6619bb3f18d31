/* SPDX-License-Identifier: Apache-2.0 */
#include "fake-node.h"

#include <string.h>

#include "plan/apply.h"
#include "plan/raspios.h"
#include "util/alloc.h"

#define KEY "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEXAMPLE me@desk\n"

struct text fake_value(const char *value)
{
	return (struct text){ .value = value };
}

static void init_nodes(struct fake_node *f)
{
	static const char *const names[] = { "node0", "node1", "node2" };
	static const char *const addresses[] = { "dhcp", "192.168.5.21/24", "dhcp" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		f->nodes[i] = (struct node){
			.name = fake_value(names[i]),
			.role = ROLE_WORKER,
			.address = fake_value(addresses[i]),
			.os = fake_value("raspios"),
			.board = &f->board,
			.network.interface = fake_value("eth0"),
		};
}

void fake_node_init(struct fake_node *f, struct backend *b)
{
	static const char *const trees[] = { "bcm2712-rpi-5-b.dtb", NULL };
	static const char *const filters[] = { "pi5", NULL };

	*f = (struct fake_node){
		.b = b,
		.layout = fake_layout,
		.board = { .name = "rpi5",
			   .title = "Raspberry Pi 5",
			   .kernel = "kernel_2712.img",
			   .initramfs = "initramfs_2712",
			   .device_trees = trees,
			   .filters = filters,
			   .ethernet = "eth0",
			   .wireless = "wlan0" },
		.cluster = { .name = fake_value("rpi"),
			     .endpoint = fake_value("192.168.5.20:6443"),
			     .nodes = f->nodes,
			     .n_nodes = ARRAY_SIZE(f->nodes) },
	};
	init_nodes(f);
	f->users[0] = (struct user){ .name = fake_value("pi") };
	f->nodes[0].users = f->users;
	f->nodes[0].n_users = 1;
	f->nodes[0].files = f->files;
	f->user_inputs[0].keys = buf_from(KEY);
	f->inputs = (struct inputs){
		.cluster = &f->cluster,
		.node = &f->nodes[0],
		.users = f->user_inputs,
		.files = f->file_contents,
		.derive.node = "node0",
	};
}

void fake_node_run(struct fake_node *f)
{
	release_free(&f->release);
	f->code = release_mount(f->b, &f->layout, &f->err);
	if (f->code == 0)
		f->code = release_detect(f->b, &f->release, &f->err);
	if (f->code == 0)
		f->code = raspios_plan(&f->inputs, f->b, &f->layout, &f->release, &f->plan,
				       &f->diags, &f->err);
}

/* Beside the file systems there is only the disk id, which the fake has in its layout. */
static void apply_disk_id(struct fake_node *f)
{
	const struct plan_op *op = plan_find(&f->plan, "");

	for (unsigned i = 0; i < ARRAY_SIZE(f->partitions); i++) {
		f->partitions[i] = fake_layout.partitions[i];
		(void)snprintf(f->part_uuids[i], sizeof(f->part_uuids[i]), "%08x-%02x", op->disk_id,
			       i + 1);
		f->partitions[i].part_uuid = f->part_uuids[i];
	}
	f->layout.partitions = f->partitions;
	f->layout.disk_id = op->disk_id;
}

void fake_node_apply(struct fake_node *f)
{
	const struct plan_target target = { .fd = -1, .backend = f->b };
	struct plan files = { 0 };

	f->code = plan_complete(&f->plan, f->b, &f->err);
	for (size_t i = 0; i < f->plan.count; i++)
		if (f->plan.ops[i].kind != PLAN_DISK_ID)
			*ARRAY_ADD(files.ops, files.count) = f->plan.ops[i];
	if (f->code == 0)
		f->code = plan_apply(&files, &target, &f->err);

	free(files.ops);
	apply_disk_id(f);
	plan_free(&f->plan);
	diags_free(&f->diags);
	release_free(&f->release);
}

static const struct plan_op *find(const struct fake_node *f, const char *path, enum plan_kind kind)
{
	const struct plan_op *op = plan_find(&f->plan, path);

	return op && op->kind == kind ? op : NULL;
}

const char *fake_node_text(const struct fake_node *f, const char *path)
{
	const struct plan_op *op = find(f, path, PLAN_WRITE);

	return op ? buf_text(&op->content) : NULL;
}

const char *fake_node_link(const struct fake_node *f, const char *path)
{
	const struct plan_op *op = find(f, path, PLAN_SYMLINK);

	return op ? op->target : NULL;
}

bool fake_node_removes(const struct fake_node *f, const char *path)
{
	return find(f, path, PLAN_REMOVE) != NULL;
}

bool fake_node_found(const struct fake_node *f, enum severity severity, const char *message)
{
	for (size_t i = 0; i < f->diags.count; i++)
		if (f->diags.list[i].severity == severity &&
		    strcmp(f->diags.list[i].message, message) == 0)
			return true;

	return false;
}

const char *fake_node_first(const struct fake_node *f, enum severity severity)
{
	for (size_t i = 0; i < f->diags.count; i++)
		if (f->diags.list[i].severity == severity)
			return f->diags.list[i].message;

	return "";
}

void fake_node_free(struct fake_node *f)
{
	for (size_t i = 0; i < ARRAY_SIZE(f->user_inputs); i++) {
		buf_free(&f->user_inputs[i].keys);
		buf_free(&f->file_contents[i]);
	}
	buf_free(&f->inputs.wifi_password);
	plan_free(&f->plan);
	diags_free(&f->diags);
	release_free(&f->release);
	error_clear(&f->err);
	backend_free(f->b);
}
