/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/raspios.h"

#include <errno.h>

#include "fake-node.h"
#include "plan/apply.h"
#include "test.h"
#include "util/alloc.h"

#define CMDLINE "/boot/firmware/cmdline.txt"

static struct backend *(*const images[])(void) = { fake_trixie, fake_bookworm };

/* Three places name the disk, in eight lower-case digits, or the node does not boot. */
static void keeps_disk_ids_in_step(void **state)
{
	(void)state;
	TEST_EACH (i, images) {
		AUTONODE struct fake_node f;

		fake_node_init(&f, images[i]());
		fake_node_run(&f);
		assert_int_equal(f.code, 0);
		assert_text("errors", fake_node_first(&f, DIAG_ERROR), "");

		uint32_t id = plan_find(&f.plan, "")->disk_id;
		AUTOFREE char *root = xasprintf("root=PARTUUID=%08x-02 ", id);
		AUTOFREE char *fstab = xasprintf("\nPARTUUID=%08x-01  /boot/firmware ", id);
		assert_true(id != f.layout.disk_id);
		assert_non_null(strstr(fake_node_text(&f, CMDLINE), root));
		assert_non_null(strstr(fake_node_text(&f, "/etc/fstab"), fstab));
		assert_null(strstr(fake_node_text(&f, "/etc/fstab"), "1a2b3c4d"));
	}
}

/* Two nodes' disks in one machine must not be mixed up. */
static void derives_an_id_per_node(void **state)
{
	AUTONODE struct fake_node f, g;

	(void)state;
	fake_node_init(&f, fake_trixie());
	fake_node_run(&f);
	fake_node_init(&g, fake_trixie());
	g.inputs.derive.node = "node1";
	fake_node_run(&g);
	assert_true(plan_find(&f.plan, "")->disk_id != plan_find(&g.plan, "")->disk_id);
}

/* First boot looks for eight digits when it replaces the id by a random one. */
static void pads_ids_with_zeros(void **state)
{
	AUTONODE struct fake_node f;
	char name[16] = "";

	(void)state;
	fake_node_init(&f, fake_trixie());
	f.inputs.derive.node = name;
	for (unsigned i = 0; derive_u32(&f.inputs.derive, "disk-id") >> 28; i++)
		(void)snprintf(name, sizeof(name), "node%u", i);
	fake_node_run(&f);
	assert_non_null(strstr(fake_node_text(&f, CMDLINE), " root=PARTUUID=0"));
	assert_non_null(strstr(fake_node_text(&f, "/etc/fstab"), "\nPARTUUID=0"));

	const char *root = strstr(fake_node_text(&f, CMDLINE), "root=PARTUUID=");
	assert_int_equal(strspn(root + strlen("root=PARTUUID="), "0123456789abcdef"), 8);
}

static void edits_the_command_line(void **state)
{
	static const char *const arguments[] = { "psi=1", NULL };
	/* clang-format off */
	static const struct {
		const char *name, *line;
		const char *const *arguments;
		const char *want; /* after the root, which is cut off */
	} cases[] = {
		{ "trixie", "root=PARTUUID=1a2b3c4d-02 rootwait resize\n", NULL,
		  " rootwait resize cgroup_enable=memory\n" },
		{ "bookworm", "root=PARTUUID=1a2b3c4d-02 init=/usr/lib/raspberrypi-sys-mods/firstboot\n",
		  NULL, " init=/usr/lib/raspberrypi-sys-mods/firstboot cgroup_enable=memory\n" },
		{ "done before", "root=PARTUUID=1a2b3c4d-02 cgroup_enable=memory resize\n", NULL,
		  " cgroup_enable=memory resize\n" },
		{ "memory off", "root=PARTUUID=1a2b3c4d-02 cgroup_enable=memory cgroup_disable=memory\n",
		  NULL, " cgroup_enable=memory\n" },
		{ "writable root", "root=PARTUUID=1a2b3c4d-02 rw resize\n", NULL,
		  " resize cgroup_enable=memory\n" },
		{ "left by Imager", "root=PARTUUID=1a2b3c4d-02 resize ds=nocloud;i=rpi-imager-1\n", NULL,
		  " resize cgroup_enable=memory\n" },
		{ "left by an older Imager", "root=PARTUUID=1a2b3c4d-02 systemd.run=/boot/firstrun.sh "
		  "systemd.run_success_action=reboot systemd.unit=kernel-command-line.target\n", NULL,
		  " cgroup_enable=memory\n" },
		{ "another host name", "root=PARTUUID=1a2b3c4d-02 systemd.hostname=x\n", NULL,
		  " cgroup_enable=memory\n" },
		{ "board's arguments", "root=PARTUUID=1a2b3c4d-02\n", arguments,
		  " cgroup_enable=memory psi=1\n" },
		{ "upper case id", "root=PARTUUID=1A2B3C4D-02 resize\n", NULL,
		  " resize cgroup_enable=memory\n" },
	};
	/* clang-format on */

	(void)state;
	TEST_EACH (i, cases) {
		AUTONODE struct fake_node f;

		fake_node_init(&f, fake_trixie());
		f.board.kernel_arguments = cases[i].arguments;
		fake_text(f.b, CMDLINE, 0755, cases[i].line);
		fake_node_run(&f);
		assert_case(cases[i].name, f.code == 0);

		AUTOFREE char *root =
			xasprintf("root=PARTUUID=%08x-02", plan_find(&f.plan, "")->disk_id);
		const char *got = fake_node_text(&f, CMDLINE);
		assert_case(cases[i].name, strncmp(got, root, strlen(root)) == 0);
		assert_text(cases[i].name, got + strlen(root), cases[i].want);
	}
}

static void leaves_other_roots_alone(void **state)
{
	AUTONODE struct fake_node f;

	(void)state;
	fake_node_init(&f, fake_trixie());
	fake_text(f.b, CMDLINE, 0755, "root=LABEL=rootfs resize\n");
	fake_node_run(&f);
	assert_text("label", fake_node_text(&f, CMDLINE),
		    "root=LABEL=rootfs resize cgroup_enable=memory\n");
}

static void refuses_command_lines(void **state)
{
	AUTONODE struct fake_node f;

	(void)state;
	fake_node_init(&f, fake_trixie());
	fake_text(f.b, CMDLINE, 0755, "root=PARTUUID=1a2b3c4d-02\nresize\n");
	fake_node_run(&f);
	assert_text("two lines", f.err.message,
		    "'" CMDLINE "': kernel command line has more than one line");
}

static void writes_the_boards_settings(void **state)
{
	static const char *const lines[] = { "dtparam=pciex1", NULL };
	AUTONODE struct fake_node f;

	(void)state;
	fake_node_init(&f, fake_trixie());
	fake_node_run(&f);
	assert_null(fake_node_text(&f, "/boot/firmware/config.txt"));

	f.board.config_txt = lines;
	fake_node_run(&f);
	assert_text("config.txt", fake_node_text(&f, "/boot/firmware/config.txt"),
		    "auto_initramfs=1\n[cm4]\notg_mode=1\n[all]\n"
		    "# nib: begin\n[all]\ndtparam=pciex1\n# nib: end\n");
}

static void removes_other_first_boot_files(void **state)
{
	static const char *const seeds[] = { "user-data",    "meta-data",   "network-config",
					     "userconf.txt", "firstrun.sh", "rpi-preseed.toml" };
	AUTONODE struct fake_node f;

	(void)state;
	fake_node_init(&f, fake_trixie());
	fake_text(f.b, "/boot/firmware/userconf.txt", 0755, "pi:$6$x\n");
	fake_text(f.b, "/boot/firmware/firstrun.sh", 0755, "#!/bin/sh\n");
	fake_text(f.b, "/boot/firmware/rpi-preseed.toml", 0755, "\n");
	fake_node_run(&f);
	TEST_EACH (i, seeds) {
		AUTOFREE char *path = xasprintf("/boot/firmware/%s", seeds[i]);

		assert_case(path, fake_node_removes(&f, path));
	}
	assert_false(fake_node_removes(&f, "/boot/firmware/custom.toml"));
}

static void refuses_what_it_does_not_know(void **state)
{
	/* clang-format off */
	static const struct {
		const char *path, *content;
		const char *error, *message; /* of err, or of a finding */
	} cases[] = {
		{ "/usr/lib/os-release", "VERSION_CODENAME=forky\nPRETTY_NAME=\"Debian 14\"\n",
		  "not a Raspberry Pi OS that is supported (trixie or bookworm, arm64): found 'Debian 14', "
		  "codename 'forky', architecture 'arm64'", "" },
		{ "/var/lib/dpkg/status", "Package: systemd\nStatus: install ok installed\nArchitecture: armhf\n",
		  "not a Raspberry Pi OS that is supported (trixie or bookworm, arm64): found "
		  "'Debian GNU/Linux 13 (trixie)', codename 'trixie', architecture 'armhf'", "" },
		{ "/boot/firmware/kernel_2712.img", NULL, NULL,
		  "the image does not start Raspberry Pi 5: it lacks '/boot/firmware/kernel_2712.img'" },
		{ "/usr/lib/systemd/system/ssh.service", NULL,
		  "the image has no SSH server (/usr/lib/systemd/system/ssh.service)", "" },
	};
	/* clang-format on */

	(void)state;
	TEST_EACH (i, cases) {
		AUTONODE struct fake_node f;

		fake_node_init(&f, fake_trixie());
		if (cases[i].content)
			fake_text(f.b, cases[i].path, 0644, cases[i].content);
		else
			fake_gone(f.b, cases[i].path);
		fake_node_run(&f);
		assert_case(cases[i].path, (f.code < 0) == (cases[i].error != NULL));
		if (cases[i].error)
			assert_text(cases[i].path, f.err.message, cases[i].error);
		assert_text(cases[i].path, fake_node_first(&f, DIAG_ERROR), cases[i].message);
	}
}

static void leaves_talos_to_others(void **state)
{
	AUTONODE struct fake_node f;

	(void)state;
	fake_node_init(&f, fake_trixie());
	f.nodes[0].os = fake_value("talos");
	fake_node_run(&f);
	assert_text("os", fake_node_first(&f, DIAG_ERROR), "images of 'talos' cannot be made yet");
}

/* What comes out is a node that needs nothing more. */
static void changes_nothing_the_second_time(void **state)
{
	(void)state;
	TEST_EACH (i, images) {
		AUTONODE struct fake_node f;

		fake_node_init(&f, images[i]());
		f.users[1] = (struct user){ .name = fake_value("ops"), .sudo.value = true };
		f.nodes[0].n_users = 2;
		fake_node_run(&f);
		fake_node_apply(&f);
		assert_int_equal(f.code, 0);

		const struct plan_target target = { .fd = -1, .backend = f.b };
		fake_node_run(&f);
		assert_int_equal(f.code, 0);
		assert_true(f.plan.count > 20);
		assert_int_equal(plan_find(&f.plan, "")->disk_id, f.layout.disk_id);
		for (size_t j = 0; j < f.plan.count; j++) {
			AUTOFREE char *why = NULL;
			enum plan_state found;

			if (f.plan.ops[j].kind == PLAN_DISK_ID)
				continue;
			assert_int_equal(
				plan_compare(&f.plan.ops[j], &target, &found, &why, &f.err), 0);
			assert_case(f.plan.ops[j].path, found == PLAN_SAME);
		}
	}
}

static void reports_broken_images(void **state)
{
	static const char *const paths[] = {
		"/etc/hosts",
		"/etc/hostname",
		"/etc/passwd",
		"/etc/shadow",
		"/etc/machine-id",
		"/etc/ssh/sshd_config.d/rename_user.conf",
		"/etc/cloud",
		"/etc/sudoers.d/010_pi-nopasswd",
		"/usr/lib/systemd/system/getty@.service",
		"/etc/rpi/swap.conf",
	};

	(void)state;
	TEST_EACH (i, paths) {
		AUTONODE struct fake_node f;

		fake_node_init(&f, fake_trixie());
		fake_fail(f.b, paths[i], -EIO);
		fake_node_run(&f);
		assert_case(paths[i], f.code == -EIO);
		assert_case(paths[i], strstr(f.err.message, paths[i]) != NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_disk_ids_in_step),
		cmocka_unit_test(derives_an_id_per_node),
		cmocka_unit_test(pads_ids_with_zeros),
		cmocka_unit_test(edits_the_command_line),
		cmocka_unit_test(leaves_other_roots_alone),
		cmocka_unit_test(refuses_command_lines),
		cmocka_unit_test(writes_the_boards_settings),
		cmocka_unit_test(removes_other_first_boot_files),
		cmocka_unit_test(refuses_what_it_does_not_know),
		cmocka_unit_test(leaves_talos_to_others),
		cmocka_unit_test(changes_nothing_the_second_time),
		cmocka_unit_test(reports_broken_images),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
