/* SPDX-License-Identifier: Apache-2.0 */
#include <archive.h>
#include <errno.h>

#include "fake-archive.h"
#include "fake-node.h"
#include "test.h"

static void set_file(struct fake_node *f, struct file_spec file, const char *content)
{
	f->files[0] = file;
	f->file_contents[0] = buf_from(content);
	f->nodes[0].n_files = 1;
}

static void writes_files(void **state)
{
	static const struct {
		const char *path, *mode, *owner, *group;
		bool secret;
		struct file_attr want;
	} cases[] = {
		{ "/etc/motd", "0644", NULL, NULL, false, { .mode = 0644 } },
		{ "/etc/key", "600", "pi", "video", true, { 1000, 44, 0600 } },
		{ "/opt/x/y", "4755", "1234", "5", false, { 1234, 5, 04755 } },
		{ "/etc/default", NULL, NULL, NULL, false, { .mode = 0644 } },
		{ "/etc/secret", NULL, NULL, NULL, true, { .mode = 0600 } },
		{ "/boot/firmware/usercfg.txt", "0644", NULL, NULL, false, { .mode = 0644 } },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTONODE struct fake_node f;

		fake_node_init(&f, fake_trixie());
		fake_gone(f.b, "/etc/default");
		set_file(&f,
			 (struct file_spec){ .path = fake_value(cases[i].path),
					     .content = fake_value("hello\n"),
					     .mode = fake_value(cases[i].mode),
					     .owner = fake_value(cases[i].owner),
					     .group = fake_value(cases[i].group),
					     .secret.value = cases[i].secret },
			 "hello\n");
		fake_node_run(&f);
		assert_case(cases[i].path, f.code == 0 && !f.diags.errors);
		assert_text(cases[i].path, fake_node_text(&f, cases[i].path), "hello\n");

		const struct plan_op *op = plan_find(&f.plan, cases[i].path);
		assert_case(cases[i].path, op->attr.mode == cases[i].want.mode);
		assert_case(cases[i].path, op->attr.uid == cases[i].want.uid);
		assert_case(cases[i].path, op->attr.gid == cases[i].want.gid);
		assert_case(cases[i].path, op->secret == cases[i].secret);
	}
}

/* A user that is created for the node may own files. */
static void knows_new_users(void **state)
{
	AUTONODE struct fake_node f;

	(void)state;
	fake_node_init(&f, fake_trixie());
	f.users[0].name = fake_value("ops");
	set_file(&f, (struct file_spec){ .path = fake_value("/srv/x"), .owner = fake_value("ops") },
		 "");
	fake_node_run(&f);
	assert_int_equal(plan_find(&f.plan, "/srv/x")->attr.uid, 1001);
}

static void points_at_mistakes(void **state)
{
	static const struct {
		const char *path, *owner, *group;
		bool secret;
		enum severity severity;
		const char *want;
	} cases[] = {
		{ "etc/motd", NULL, NULL, false, DIAG_ERROR,
		  "'path' is not the absolute path of a file" },
		{ "/etc/../root/x", NULL, NULL, false, DIAG_ERROR,
		  "'path' is not the absolute path of a file" },
		{ "/etc/", NULL, NULL, false, DIAG_ERROR,
		  "'path' is not the absolute path of a file" },
		{ "/", NULL, NULL, false, DIAG_ERROR, "'path' is not the absolute path of a file" },
		{ NULL, NULL, NULL, false, DIAG_ERROR,
		  "'path' is not the absolute path of a file" },
		{ "/etc/skel", NULL, NULL, false, DIAG_ERROR,
		  "'/etc/skel' is a directory in the image" },
		{ "/x", "nobody", NULL, false, DIAG_ERROR, "the image has no user 'nobody'" },
		{ "/x", NULL, "wheel", false, DIAG_ERROR, "the image has no group 'wheel'" },
		{ "/boot/firmware/x", NULL, NULL, true, DIAG_ERROR,
		  "'/boot/firmware/x' would be readable by everyone: a FAT keeps no modes" },
		{ "/etc/hostname", NULL, NULL, false, DIAG_WARNING,
		  "'/etc/hostname' is made by nib as well" },
		{ "/bin/x/../y", NULL, NULL, false, DIAG_ERROR,
		  "'path' is not the absolute path of a file" },
		{ "/etc/hosts/x", NULL, NULL, false, DIAG_ERROR,
		  "'/etc/hosts/x' cannot be there: '/etc/hosts' is not a directory in the image" },
		{ "/etc/nib/node.env/x", NULL, NULL, false, DIAG_ERROR,
		  "'/etc/nib/node.env/x' is below '/etc/nib/node.env', which is planned as a "
		  "file" },
		{ "/etc/nib", NULL, NULL, false, DIAG_ERROR,
		  "'/etc/nib' has to be a directory: '/etc/nib/node.env' is planned" },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTONODE struct fake_node f;

		fake_node_init(&f, fake_trixie());
		set_file(&f,
			 (struct file_spec){ .path = fake_value(cases[i].path),
					     .owner = fake_value(cases[i].owner),
					     .group = fake_value(cases[i].group),
					     .secret.value = cases[i].secret },
			 "x");
		fake_node_run(&f);
		assert_case(cases[i].want, f.code == 0);
		assert_case(cases[i].want, fake_node_found(&f, cases[i].severity, cases[i].want));
	}
}

/* Case does not tell names apart there, and not every name can be. */
static void keeps_to_what_a_fat_can_hold(void **state)
{
	static const struct {
		const char *path, *want;
	} cases[] = {
		{ "/boot/firmware/CMDLINE.TXT",
		  "'/boot/firmware/CMDLINE.TXT' and '/boot/firmware/cmdline.txt' are the same "
		  "name on a FAT" },
		{ "/boot/firmware/Cmdline.txt/x",
		  "'/boot/firmware/Cmdline.txt/x' is below '/boot/firmware/cmdline.txt', which "
		  "is planned as a file" },
		{ "/boot/firmware/a:b",
		  "'/boot/firmware/a:b': a name with ':' is not safe on a FAT" },
		{ "/boot/firmware/sub./x",
		  "'/boot/firmware/sub./x': this name is not safe on a FAT" },
		{ "/boot/firmware/INITRA~1",
		  "'/boot/firmware/INITRA~1': a name with '~' may be another file's on a FAT" },
		{ "/boot/firmware/sch\xc3\xb6n",
		  "'/boot/firmware/sch\xc3\xb6n': a name with other than printable ASCII "
		  "characters is not safe on a FAT" },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTONODE struct fake_node f;

		fake_node_init(&f, fake_trixie());
		set_file(&f, (struct file_spec){ .path = fake_value(cases[i].path) }, "x");
		fake_node_run(&f);
		assert_case(cases[i].want, f.code == 0);
		assert_text("FAT", fake_node_first(&f, DIAG_ERROR), cases[i].want);
	}
}

static void set_archive(struct fake_node *f, const char *path, const struct fake_entry *entries)
{
	f->files[0] = (struct file_spec){ .path = fake_value(path),
					  .archive = fake_value("overlay.tar") };
	f->file_contents[0] = fake_archive(entries, ARCHIVE_FILTER_NONE, ARCHIVE_FORMAT_TAR_USTAR);
	f->nodes[0].n_files = 1;
}

static void unpacks_archives(void **state)
{
	static const struct fake_entry entries[] = {
		{ "./", 'd', NULL, 0777, 1000 },
		{ "./etc/", 'd', NULL, 0777, 1000 },
		{ "./bin/", 'd', NULL, 0777, 1000 },
		{ "./bin/tool", 'f', "#!/bin/sh\n", 0755, 0 },
		{ "./srv/www/", 'd', NULL, 0750, 33 },
		{ "./srv/www/index", 'f', "hello\n", 0640, 33 },
		{ "./srv/link", 'l', "www", 0777, 0 },
		{ NULL },
	};
	AUTONODE struct fake_node f;

	(void)state;
	fake_node_init(&f, fake_trixie());
	set_archive(&f, "/", entries);
	fake_node_run(&f);
	assert_int_equal(f.code, 0);
	assert_text("errors", fake_node_first(&f, DIAG_ERROR), "");

	/* Directories of the image stay as they are, also where they are links. */
	assert_null(plan_find(&f.plan, "/"));
	assert_null(plan_find(&f.plan, "/etc"));
	assert_null(plan_find(&f.plan, "/bin"));
	assert_text("file", fake_node_text(&f, "/usr/bin/tool"), "#!/bin/sh\n");
	assert_text("link", fake_node_link(&f, "/srv/link"), "www");

	const struct plan_op *dir = plan_find(&f.plan, "/srv/www");
	assert_true(dir && dir->kind == PLAN_MKDIR && dir->attr.mode == 0750);
	assert_int_equal(dir->attr.uid, 33);

	fake_node_apply(&f);
	assert_int_equal(f.code, 0);
	assert_non_null(fake_find(f.b, "/usr/bin/tool"));
	assert_int_equal(fake_find(f.b, "/etc")->attr.mode, 0755);
}

/* What is below a link of the image is where that leads, and what nib plans there is the same file.
 */
static void follows_links_of_the_image(void **state)
{
	static const struct fake_entry entries[] = {
		{ "bin", 'l', "usr/bin", 0777, 0 },
		{ "run/motd", 'f', "other\n", 0644, 0 },
		{ NULL },
	};
	AUTONODE struct fake_node f;

	(void)state;
	fake_node_init(&f, fake_trixie());
	fake_link(f.b, "/run", "/bin/../../etc");
	f.files[1] = (struct file_spec){ .path = fake_value("/bin/x") };
	f.file_contents[1] = buf_from("x");
	set_archive(&f, "/", entries);
	f.nodes[0].n_files = 2;
	fake_node_run(&f);
	assert_text("errors", fake_node_first(&f, DIAG_ERROR), "");
	assert_null(plan_find(&f.plan, "/bin"));
	assert_text("archive", fake_node_text(&f, "/etc/motd"), "other\n");
	assert_text("file", fake_node_text(&f, "/usr/bin/x"), "x");
}

/* A link is not followed that is another one, or leads nowhere. */
static void refuses_links_in_the_way(void **state)
{
	static const struct {
		const char *image, *link, *path, *want;
	} cases[] = {
		{ "/etc", "opt/l", "/opt/l/x",
		  "'/opt/l/x' cannot be there: '/opt/l' is a directory's link in the image, but "
		  "planned to "
		  "be something else" },
		{ NULL, "opt/l", "/opt/l/x",
		  "'/opt/l/x' is below '/opt/l', which is planned as a symbolic link" },
		{ "/nowhere", "opt/other", "/opt/l/x",
		  "'/opt/l/x' cannot be there: '/opt/l' is a symbolic link to nowhere in the "
		  "image" },
		{ "/boot/firmware", "opt/other", "/opt/l/x",
		  "'/boot/firmware/x' would be readable by everyone: a FAT keeps no modes" },
	};

	(void)state;
	TEST_EACH (i, cases) {
		const struct fake_entry entries[] = { { cases[i].link, 'l', "/srv", 0777, 0 },
						      { NULL } };
		AUTONODE struct fake_node f;

		fake_node_init(&f, fake_trixie());
		if (cases[i].image)
			fake_link(f.b, "/opt/l", cases[i].image);
		set_archive(&f, "/", entries);
		f.files[1] = (struct file_spec){ .path = fake_value(cases[i].path),
						 .secret.value = true };
		f.nodes[0].n_files = 2;
		fake_node_run(&f);
		assert_case(cases[i].want, f.code == 0);
		assert_text("way", fake_node_first(&f, DIAG_ERROR), cases[i].want);
	}
}

/* sshd does not use keys in a directory that others can write to. */
static void keeps_directories_of_the_plan(void **state)
{
	static const struct fake_entry entries[] = { { "home/pi/.ssh/", 'd', NULL, 0777, 0 },
						     { NULL } };
	AUTONODE struct fake_node f;

	(void)state;
	fake_node_init(&f, fake_trixie());
	set_archive(&f, "/", entries);
	fake_node_run(&f);
	assert_int_equal(plan_find(&f.plan, "/home/pi/.ssh")->attr.mode, 0700);
}

static void unpacks_below_a_directory(void **state)
{
	static const struct fake_entry entries[] = { { "a", 'f', "x", 0644, 0 }, { NULL } };
	AUTONODE struct fake_node f;

	(void)state;
	fake_node_init(&f, fake_trixie());
	set_archive(&f, "/opt/app", entries);
	fake_node_run(&f);
	assert_text("file", fake_node_text(&f, "/opt/app/a"), "x");
}

static void refuses_archives(void **state)
{
	static const struct {
		struct fake_entry entries[3];
		const char *path, *want;
	} cases[] = {
		{ { { "../x", 'f', "", 0644, 0 } },
		  "/",
		  "'overlay.tar': '../x' leads upwards by '..'" },
		{ { { "boot/firmware/x", 'l', "y", 0777, 0 } },
		  "/",
		  "'/boot/firmware/x' is a symbolic link: a FAT has none" },
		{ { { "etc/skel", 'f', "", 0644, 0 } },
		  "/",
		  "'/etc/skel' is a directory in the image" },
		{ { { "etc/hosts", 'd', NULL, 0755, 0 } },
		  "/",
		  "'/etc/hosts' cannot be there: '/etc/hosts' is not a directory in the image" },
		{ { { "etc/nib", 'l', "/boot/firmware", 0777, 0 } },
		  "/",
		  "'/etc/nib' has to be a directory: '/etc/nib/node.env' is planned" },
		{ { { "etc/nib/node.env", 'l', "/boot/firmware/x", 0777, 0 } },
		  "/",
		  "'/etc/nib/node.env' is planned as a file already" },
		{ { { "etc/nib/node.env", 'd', NULL, 0755, 0 } },
		  "/",
		  "'/etc/nib/node.env' is planned as a file already" },
		{ { { "home/pi/.ssh", 'l', "/boot/firmware", 0777, 0 } },
		  "/",
		  "'/home/pi/.ssh' is planned as a directory already" },
		{ { { "a", 'f', "", 0644, 0 }, { "A", 'f', "", 0644, 0 } },
		  "/boot/firmware",
		  "'/boot/firmware/A' and '/boot/firmware/a' are the same name on a FAT" },
		{ { { "etc/kubernetes", 'l', "../boot/./firmware", 0777, 0 } },
		  "/",
		  "'/etc/kubernetes' leads to a directory of the boot partition, which everyone "
		  "can "
		  "read" },
		{ { { "etc/x", 'l', "away", 0777, 0 }, { "etc/x", 'd', NULL, 0777, 0 } },
		  "/",
		  "'/etc/x' is planned as a symbolic link already" },
		{ { { "x", 'f', "", 0644, 0 } },
		  "/opt/../etc",
		  "'path' is not the absolute path of a directory" },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTONODE struct fake_node f;

		fake_node_init(&f, fake_trixie());
		set_archive(&f, cases[i].path, cases[i].entries);
		fake_node_run(&f);
		assert_case(cases[i].want, f.code == 0);
		assert_text("archive", fake_node_first(&f, DIAG_ERROR), cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_files),
		cmocka_unit_test(knows_new_users),
		cmocka_unit_test(points_at_mistakes),
		cmocka_unit_test(keeps_to_what_a_fat_can_hold),
		cmocka_unit_test(unpacks_archives),
		cmocka_unit_test(follows_links_of_the_image),
		cmocka_unit_test(refuses_links_in_the_way),
		cmocka_unit_test(keeps_directories_of_the_plan),
		cmocka_unit_test(unpacks_below_a_directory),
		cmocka_unit_test(refuses_archives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
