/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "fake-node.h"
#include "test.h"
#include "util/alloc.h"

#define HASH "$y$j9T$salt$hash"

/* The line of a user in a planned file, or "". */
static char *row(const struct fake_node *f, const char *path, const char *name)
{
	const char *text = fake_node_text(f, path);
	size_t len = strlen(name);

	for (; text && *text; text += strcspn(text, "\n") + 1)
		if (strncmp(text, name, len) == 0 && text[len] == ':')
			return xstrndup(text, strcspn(text, "\n"));

	return xstrdup("");
}

static void assert_row(const char *name, const struct fake_node *f, const char *path,
		       const char *user, const char *want)
{
	AUTOFREE char *got = row(f, path, user);

	assert_text(name, got, want);
}

/* 2026 images give pi a shell that closes the connection after the key was taken. */
static void gives_pi_a_shell_and_a_password(void **state)
{
	static const struct {
		const char *name;
		struct backend *(*image)(void);
		const char *shell, *hash;
		const char *passwd, *shadow;
	} cases[] = {
		{ "trixie, key only", fake_trixie, NULL, NULL,
		  "pi:x:1000:1000:,,,:/home/pi:/bin/bash", "pi:!:20556:0:99999:7:::" },
		{ "trixie, password", fake_trixie, NULL, HASH,
		  "pi:x:1000:1000:,,,:/home/pi:/bin/bash", "pi:" HASH ":20556:0:99999:7:::" },
		{ "bookworm", fake_bookworm, NULL, HASH, "pi:x:1000:1000:,,,:/home/pi:/bin/bash",
		  "pi:" HASH ":20556:0:99999:7:::" },
		{ "another shell", fake_trixie, "/usr/bin/bash", NULL,
		  "pi:x:1000:1000:,,,:/home/pi:/usr/bin/bash", "pi:!:20556:0:99999:7:::" },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTONODE struct fake_node f;

		fake_node_init(&f, cases[i].image());
		f.users[0].shell = fake_value(cases[i].shell);
		f.user_inputs[0].password_hash = cases[i].hash ? (char[]){ HASH } : NULL;
		fake_node_run(&f);
		assert_case(cases[i].name, f.code == 0 && !f.diags.errors);
		assert_row(cases[i].name, &f, "/etc/passwd", "pi", cases[i].passwd);
		assert_row(cases[i].name, &f, "/etc/shadow", "pi", cases[i].shadow);

		const struct plan_op *shadow = plan_find(&f.plan, "/etc/shadow");
		assert_case(cases[i].name, shadow->secret && shadow->attr.mode == 0640);
		assert_case(cases[i].name, shadow->attr.gid == 42);
		/* Nobody guesses passwords that do not exist. */
		assert_case(cases[i].name,
			    !fake_node_text(&f, "/etc/ssh/sshd_config.d/10-nib.conf") ==
				    (cases[i].hash != NULL));
	}
}

static void installs_keys(void **state)
{
	AUTONODE struct fake_node f;

	(void)state;
	fake_node_init(&f, fake_trixie());
	fake_node_run(&f);

	const struct plan_op *dir = plan_find(&f.plan, "/home/pi/.ssh");
	assert_true(dir->kind == PLAN_MKDIR && dir->attr.mode == 0700);
	assert_true(dir->attr.uid == 1000 && dir->attr.gid == 1000);

	const struct plan_op *keys = plan_find(&f.plan, "/home/pi/.ssh/authorized_keys");
	assert_true(keys->kind == PLAN_WRITE && keys->attr.mode == 0600);
	assert_true(keys->attr.uid == 1000 && keys->attr.gid == 1000);
	assert_true(buf_equal(&keys->content, &f.user_inputs[0].keys));
	assert_null(plan_find(&f.plan, "/home/pi"));
}

static void lets_root_have_keys(void **state)
{
	AUTONODE struct fake_node f;

	(void)state;
	fake_node_init(&f, fake_trixie());
	f.users[0].name = fake_value("root");
	fake_node_run(&f);
	assert_text("errors", fake_node_first(&f, DIAG_ERROR), "");
	assert_int_equal(plan_find(&f.plan, "/root/.ssh/authorized_keys")->attr.uid, 0);
	assert_row("no password", &f, "/etc/shadow", "root", "root:*:20556:0:99999:7:::");
}

static void decides_on_sudo(void **state)
{
	static const struct {
		const char *name;
		struct backend *(*image)(void);
		bool sudo, set;
		const char *rule; /* NULL: not written */
		bool removed;
		const char *group;
	} cases[] = {
		{ "yes", fake_trixie, true, true, "pi ALL=(ALL) NOPASSWD: ALL\n", false,
		  "sudo:x:27:pi" },
		{ "not said, trixie", fake_trixie, false, false, NULL, false, "sudo:x:27:pi" },
		{ "not said, bookworm", fake_bookworm, false, false, NULL, true, "sudo:x:27:pi" },
		{ "no, trixie", fake_trixie, false, true, NULL, false, "sudo:x:27:" },
		{ "no, bookworm", fake_bookworm, false, true, NULL, true, "sudo:x:27:" },
	};
	static const char path[] = "/etc/sudoers.d/010_pi-nopasswd";

	(void)state;
	TEST_EACH (i, cases) {
		AUTONODE struct fake_node f;

		fake_node_init(&f, cases[i].image());
		f.users[0].sudo = (struct flag){ .value = cases[i].sudo, .set = cases[i].set };
		fake_node_run(&f);
		assert_case(cases[i].name, !cases[i].rule == !fake_node_text(&f, path));
		if (cases[i].rule) {
			assert_text(cases[i].name, fake_node_text(&f, path), cases[i].rule);
			assert_case(cases[i].name, plan_find(&f.plan, path)->attr.mode == 0440);
		}
		assert_case(cases[i].name, fake_node_removes(&f, path) == cases[i].removed);
		assert_row(cases[i].name, &f, "/etc/group", "sudo", cases[i].group);
	}
}

static void creates_others(void **state)
{
	static const struct {
		const char *path, *user, *want;
	} cases[] = {
		{ "/etc/passwd", "ops.x", "ops.x:x:1001:1001::/home/ops.x:/bin/bash" },
		{ "/etc/shadow", "ops.x", "ops.x:!:20556:0:99999:7:::" },
		{ "/etc/group", "ops.x", "ops.x:x:1001:" },
		{ "/etc/gshadow", "ops.x", "ops.x:!::" },
		{ "/etc/subuid", "ops.x", "ops.x:165536:65536" },
		{ "/etc/subgid", "ops.x", "ops.x:165536:65536" },
		{ "/etc/group", "video", "video:x:44:pi,ops.x" },
		{ "/etc/group", "sudo", "sudo:x:27:pi,ops.x" },
		{ "/etc/passwd", "pi", "pi:x:1000:1000:,,,:/home/pi:/usr/sbin/nologin" },
	};
	static const struct {
		const char *path;
		enum plan_kind kind;
		mode_t mode;
	} home[] = {
		{ "/home/ops.x", PLAN_MKDIR, 0700 },
		{ "/home/ops.x/.bashrc", PLAN_WRITE, 0644 },
		{ "/home/ops.x/.config", PLAN_MKDIR, 0755 },
		{ "/home/ops.x/.config/x", PLAN_WRITE, 0600 },
		{ "/home/ops.x/.ssh/authorized_keys", PLAN_WRITE, 0600 },
	};
	AUTONODE struct fake_node f;

	(void)state;
	fake_node_init(&f, fake_trixie());
	f.users[0].name = fake_value("ops.x");
	f.users[0].sudo.value = true;
	fake_node_run(&f);
	assert_int_equal(f.code, 0);
	TEST_EACH (i, cases)
		assert_row(cases[i].path, &f, cases[i].path, cases[i].user, cases[i].want);
	TEST_EACH (i, home) {
		const struct plan_op *op = plan_find(&f.plan, home[i].path);

		assert_case(home[i].path, op && op->kind == home[i].kind);
		assert_case(home[i].path, op->attr.mode == home[i].mode);
		assert_case(home[i].path, op->attr.uid == 1001 && op->attr.gid == 1001);
	}
	/* sudo does not read files with a dot in their name. */
	assert_text("rule", fake_node_text(&f, "/etc/sudoers.d/010_ops_x-nopasswd"),
		    "ops.x ALL=(ALL) NOPASSWD: ALL\n");
}

/* What cluster.yaml can mend. */
static void points_at_mistakes(void **state)
{
	static const struct {
		const char *user, *shell;
		const char *path, *content; /* changed in the image; no content: gone */
		const char *want;
	} cases[] = {
		{ "pi", NULL, "/etc/passwd", "root:x:0:0::/root:/bin/bash\n",
		  "the image has no user 'pi'" },
		{ "pi", "/bin/zsh", NULL, NULL, "the image has no '/bin/zsh'" },
		{ "pi", NULL, "/usr/bin/bash", NULL, "the image has no '/bin/bash'" },
		{ "daemon", NULL, NULL, NULL, "'daemon' is a system user of the image" },
		{ "video", NULL, NULL, NULL,
		  "user 'video' cannot be created: '/etc/group' has a line for 'video' already" },
		{ "a:b", NULL, NULL, NULL, "'a:b' cannot be the name of a user" },
		{ "a\nb", NULL, NULL, NULL, "'a\nb' cannot be the name of a user" },
		{ "../x", NULL, NULL, NULL, "'../x' cannot be the name of a user" },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTONODE struct fake_node f;

		fake_node_init(&f, fake_trixie());
		f.users[0].name = fake_value(cases[i].user);
		f.users[0].shell = fake_value(cases[i].shell);
		if (cases[i].content)
			fake_text(f.b, cases[i].path, 0644, cases[i].content);
		else if (cases[i].path)
			fake_gone(f.b, cases[i].path);
		fake_node_run(&f);
		assert_case(cases[i].want, f.code == 0);
		assert_text(cases[i].user, fake_node_first(&f, DIAG_ERROR), cases[i].want);
	}
}

/* What only another image can mend. */
static void fails_on_broken_accounts(void **state)
{
	static const struct {
		const char *path, *content, *want;
	} cases[] = {
		{ "/etc/shadow", "root:*:1::::::\n", "'/etc/shadow' has no line for 'pi'" },
		{ "/etc/shadow", NULL, "'/etc/shadow': No such file or directory" },
		{ "/etc/gshadow", NULL, "'/etc/gshadow': No such file or directory" },
		{ "/etc/passwd", "pi:x:1000:1000::/home/../etc:/bin/bash\n",
		  "'/etc/passwd' has no usable home for 'pi'" },
		{ "/etc/passwd", "pi:x:1000:1000:::/bin/bash\n",
		  "'/etc/passwd' has no usable home for 'pi'" },
		{ "/etc/passwd", "pi:x:1000:1000::/home/\033[2J:/bin/bash\n",
		  "'/etc/passwd' has no usable home for 'pi'" },
		{ "/etc/passwd", "pi:x:-1:1000::/home/pi:/bin/bash\n",
		  "'/etc/passwd' has no valid uid and gid for 'pi'" },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTONODE struct fake_node f;

		fake_node_init(&f, fake_trixie());
		if (cases[i].content)
			fake_text(f.b, cases[i].path, 0644, cases[i].content);
		else
			fake_gone(f.b, cases[i].path);
		fake_node_run(&f);
		assert_case(cases[i].want, f.code < 0);
		assert_text(cases[i].path, f.err.message, cases[i].want);
	}
}

/* The skeleton is the image's, which is not trusted. */
static void limits_the_skeleton(void **state)
{
	static const char big[(1 << 20) + 1];
	static const struct {
		const char *path;
		size_t size;
		unsigned files;
		const char *want; /* NULL: fine */
	} cases[] = {
		{ "/etc/skel/binary", 100, 1, NULL },
		{ "/etc/skel/big", sizeof(big), 1, "'/etc/skel/big' is too big for a skeleton" },
		{ "/etc/skel/\033[2J", 1, 1,
		  "'/etc/skel' has a file with a control character in its name" },
		{ "/etc/skel/a/b/c/d/e/f/g/h/i/j", 1, 1, "'/etc/skel' has too many files" },
		{ "/etc/skel/many", 1, 256, "'/etc/skel' has too many files" },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTONODE struct fake_node f;

		fake_node_init(&f, fake_trixie());
		f.users[0].name = fake_value("ops");
		for (unsigned j = 0; j < cases[i].files; j++) {
			AUTOFREE char *path =
				j ? xasprintf("%s%u", cases[i].path, j) : xstrdup(cases[i].path);

			fake_bytes(f.b, path, 0644, big, cases[i].size);
		}
		fake_node_run(&f);
		assert_case(cases[i].path, (f.code == 0) == !cases[i].want);
		if (cases[i].want)
			assert_text(cases[i].path, f.err.message, cases[i].want);
	}
}

/* Another's password or key in the base image must not stay unnoticed. */
static void warns_of_other_ways_in(void **state)
{
	AUTONODE struct fake_node f;

	(void)state;
	fake_node_init(&f, fake_trixie());
	fake_text(f.b, "/etc/shadow", 0640, "root:*:20556::::::\npi:$6$a$b:20556:0:99999:7:::\n");
	fake_text(f.b, "/home/pi/.ssh/authorized_keys", 0600, "ssh-ed25519 AAAA\n");
	buf_free(&f.user_inputs[0].keys);
	fake_node_run(&f);
	assert_row("locked", &f, "/etc/shadow", "pi", "pi:!:20556:0:99999:7:::");
	assert_true(fake_node_found(&f, DIAG_WARNING,
				    "the password that 'pi' has in the base image will be locked"));
	assert_true(fake_node_found(&f, DIAG_WARNING,
				    "keys in the base image's '/home/pi/.ssh/authorized_keys' let "
				    "others log in"));
}

static void says_when_nobody_can_log_in(void **state)
{
	AUTONODE struct fake_node f;

	(void)state;
	fake_node_init(&f, fake_trixie());
	f.nodes[0].n_users = 0;
	fake_node_run(&f);
	assert_true(fake_node_found(&f, DIAG_WARNING, "nobody can log in: there are no 'users'"));
	assert_null(plan_find(&f.plan, "/etc/passwd"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_pi_a_shell_and_a_password),
		cmocka_unit_test(installs_keys),
		cmocka_unit_test(lets_root_have_keys),
		cmocka_unit_test(decides_on_sudo),
		cmocka_unit_test(creates_others),
		cmocka_unit_test(points_at_mistakes),
		cmocka_unit_test(fails_on_broken_accounts),
		cmocka_unit_test(limits_the_skeleton),
		cmocka_unit_test(warns_of_other_ways_in),
		cmocka_unit_test(says_when_nobody_can_log_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
