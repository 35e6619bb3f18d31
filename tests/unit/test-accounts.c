/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/accounts.h"

#include <errno.h>

#include "test.h"

static const char *const texts[ACCOUNTS_N_FILES] = {
	[ACCOUNTS_PASSWD] = "root:x:0:0:root:/root:/bin/bash\n"
			    "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
			    "pi:x:1000:1000:,,,:/home/pi:/usr/sbin/nologin\n"
			    "pilot:x:1002:1002::/home/pilot:/bin/sh\n",
	[ACCOUNTS_GROUP] = "root:x:0:\nsudo:x:27:pi\nvideo:x:44:pilot,pi\nempty:x:50:\n"
			   "pi:x:1000:\nother:x:1001:\n",
	[ACCOUNTS_SHADOW] = "root:*:20556:0:99999:7:::\ndaemon:*:20556:0:99999:7:::\n"
			    "pi:!:20556:0:99999:7:::\npilot:$6$x$y:0:0:99999:7:::\n",
	[ACCOUNTS_GSHADOW] = "root:*::\nsudo:*::pi\nvideo:*::pilot,pi\npi:!::\n",
	[ACCOUNTS_SUBUID] = "pi:100000:65536\n",
	[ACCOUNTS_SUBGID] = "pi:100000:65536\npilot:165536:65536\n",
};

static void load(struct accounts *accounts)
{
	accounts_init(accounts);
	for (size_t i = 0; i < ACCOUNTS_N_FILES; i++)
		colonfile_parse(&accounts->files[i], texts[i]);
}

static void assert_file(const char *name, const struct accounts *accounts, enum accounts_file file,
			const char *want)
{
	AUTOBUF struct buf got = { 0 };

	colonfile_format(&accounts->files[file], &got);
	assert_text(name, buf_text(&got), want);
}

static void keeps_what_is_not_edited(void **state)
{
	AUTOACCOUNTS struct accounts accounts;

	(void)state;
	load(&accounts);
	for (size_t i = 0; i < ACCOUNTS_N_FILES; i++)
		assert_file(accounts.files[i].path, &accounts, i, texts[i]);
}

static void finds_users(void **state)
{
	static const struct {
		const char *name;
		bool found;
		uid_t uid;
		const char *home, *shell;
	} cases[] = {
		{ "pi", true, 1000, "/home/pi", "/usr/sbin/nologin" },
		{ "pilot", true, 1002, "/home/pilot", "/bin/sh" },
		{ "pil", false, 0, NULL, NULL },
		{ "", false, 0, NULL, NULL },
	};
	AUTOACCOUNTS struct accounts accounts;
	AUTOERROR struct error err = ERROR_NONE;

	(void)state;
	load(&accounts);
	TEST_EACH (i, cases) {
		AUTOACCOUNT struct account account = { 0 };
		bool found;

		assert_case(cases[i].name,
			    accounts_find(&accounts, cases[i].name, &account, &found, &err) == 0);
		assert_case(cases[i].name, found == cases[i].found);
		if (!found)
			continue;
		assert_case(cases[i].name, account.uid == cases[i].uid);
		assert_text(cases[i].name, account.home, cases[i].home);
		assert_text(cases[i].name, account.shell, cases[i].shell);
	}
}

static void creates_users_in_all_files(void **state)
{
	static const struct {
		enum accounts_file file;
		const char *added;
	} cases[] = {
		/* 1000 and 1002 are users, 1001 is a group. */
		{ ACCOUNTS_PASSWD, "ops:x:1003:1003::/home/ops:/bin/bash\n" },
		{ ACCOUNTS_GROUP, "ops:x:1003:\n" },
		{ ACCOUNTS_SHADOW, "ops:!:20556:0:99999:7:::\n" },
		{ ACCOUNTS_GSHADOW, "ops:!::\n" },
		{ ACCOUNTS_SUBUID, "ops:165536:65536\n" },
		{ ACCOUNTS_SUBGID, "ops:231072:65536\n" },
	};
	AUTOACCOUNTS struct accounts accounts;
	AUTOERROR struct error err = ERROR_NONE;

	(void)state;
	load(&accounts);
	assert_int_equal(accounts_create(&accounts, "ops", "/bin/bash", &err), 0);
	TEST_EACH (i, cases) {
		AUTOBUF struct buf want = buf_from(texts[cases[i].file]);

		buf_adds(&want, cases[i].added);
		assert_file(cases[i].added, &accounts, cases[i].file, buf_text(&want));
	}

	assert_int_equal(accounts_create(&accounts, "other", "/bin/bash", &err), -EEXIST);
	assert_text("group", err.message, "'/etc/group' has a line for 'other' already");
}

static void sets_passwords(void **state)
{
	static const struct {
		const char *user, *hash, *want;
	} cases[] = {
		{ "pi", "$y$j9T$salt$hash", "pi:$y$j9T$salt$hash:20556:0:99999:7:::" },
		{ "pi", NULL, "pi:!:20556:0:99999:7:::" },
		/* 0 would make login ask for a new password. */
		{ "pilot", "$y$j9T$salt$hash", "pilot:$y$j9T$salt$hash:20556:0:99999:7:::" },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTOACCOUNTS struct accounts accounts;
		AUTOERROR struct error err = ERROR_NONE;
		struct buf *row;
		bool has;

		load(&accounts);
		for (int again = 0; again < 2; again++) {
			assert_int_equal(accounts_set_password(&accounts, cases[i].user,
							       cases[i].hash, &err),
					 0);
			assert_int_equal(colonfile_find(&accounts.files[ACCOUNTS_SHADOW],
							cases[i].user, &row, &err),
					 0);
			assert_text(cases[i].user, buf_text(row), cases[i].want);
		}
		assert_int_equal(accounts_has_password(&accounts, cases[i].user, &has, &err), 0);
		assert_case(cases[i].want, has == (cases[i].hash != NULL));
	}
}

static void changes_memberships(void **state)
{
	static const struct {
		const char *name, *user, *group;
		bool member;
		const char *group_row, *gshadow_row; /* NULL where there is none */
	} cases[] = {
		{ "join", "pilot", "sudo", true, "sudo:x:27:pi,pilot", "sudo:*::pi,pilot" },
		{ "join an empty one", "pi", "empty", true, "empty:x:50:pi", NULL },
		{ "join again", "pi", "video", true, "video:x:44:pilot,pi", "video:*::pilot,pi" },
		{ "leave", "pi", "sudo", false, "sudo:x:27:", "sudo:*::" },
		{ "leave the last place", "pi", "video", false, "video:x:44:pilot",
		  "video:*::pilot" },
		{ "leave the first place", "pilot", "video", false, "video:x:44:pi",
		  "video:*::pi" },
		{ "leave what one is not in", "pi", "empty", false, "empty:x:50:", NULL },
		{ "no such group", "pi", "docker", true, NULL, NULL },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTOACCOUNTS struct accounts accounts;
		AUTOERROR struct error err = ERROR_NONE;
		struct buf *row;

		load(&accounts);
		for (int again = 0; again < 2; again++)
			assert_case(cases[i].name,
				    (cases[i].member ? accounts_join : accounts_leave)(
					    &accounts, cases[i].user, cases[i].group, &err) == 0);
		colonfile_find(&accounts.files[ACCOUNTS_GROUP], cases[i].group, &row, &err);
		assert_case(cases[i].name, !row == !cases[i].group_row);
		if (row)
			assert_text(cases[i].name, buf_text(row), cases[i].group_row);
		colonfile_find(&accounts.files[ACCOUNTS_GSHADOW], cases[i].group, &row, &err);
		assert_case(cases[i].name, !row == !cases[i].gshadow_row);
		if (row)
			assert_text(cases[i].name, buf_text(row), cases[i].gshadow_row);
	}
}

static void resolves_owners(void **state)
{
	static const struct {
		const char *name;
		bool user, group;
		uid_t uid;
		gid_t gid;
	} cases[] = {
		{ "pi", true, true, 1000, 1000 },
		{ "video", false, true, 0, 44 },
		{ "daemon", true, false, 1, 0 },
		{ "0", true, true, 0, 0 },
		{ "1234", true, true, 1234, 1234 },
		{ "4294967295", false, false, 0, 0 }, /* "none" to chown(2) */
		{ "-1", false, false, 0, 0 },
	};
	AUTOACCOUNTS struct accounts accounts;
	AUTOERROR struct error err = ERROR_NONE;

	(void)state;
	load(&accounts);
	TEST_EACH (i, cases) {
		bool found;
		uid_t uid;
		gid_t gid;

		assert_int_equal(accounts_uid(&accounts, cases[i].name, &uid, &found, &err), 0);
		assert_case(cases[i].name, found == cases[i].user);
		assert_case(cases[i].name, !found || uid == cases[i].uid);
		assert_int_equal(accounts_gid(&accounts, cases[i].name, &gid, &found, &err), 0);
		assert_case(cases[i].name, found == cases[i].group);
		assert_case(cases[i].name, !found || gid == cases[i].gid);
	}
}

static void knows_good_names(void **state)
{
	static const struct {
		const char *name;
		bool ok;
	} cases[] = {
		{ "pi", true },   { "_svc-1.x", true },
		{ "", false },    { "1a", false },
		{ "-rf", false }, { "Pi", false },
		{ "a:b", false }, { "a b", false },
		{ "a/b", false }, { "abcdefghijklmnopqrstuvwxyz0123456", false },
	};

	(void)state;
	TEST_EACH (i, cases)
		assert_case(cases[i].name, accounts_name_is_valid(cases[i].name) == cases[i].ok);
}

/* Everything that would leave an image with half an account is an error. */
static void refuses(void **state)
{
	static const struct {
		enum accounts_file file;
		const char *text; /* instead of the good one */
		const char *shell, *hash;
		const char *want;
	} cases[] = {
		{ ACCOUNTS_PASSWD, "root:x:0:0::/root:/bin/sh\n", "/bin/sh", NULL,
		  "'/etc/passwd' has no line for 'pi'" },
		{ ACCOUNTS_SHADOW, "root:*:1::::::\n", "/bin/sh", NULL,
		  "'/etc/shadow' has no line for 'pi'" },
		{ ACCOUNTS_SHADOW, "pi:!:1::::::\npi:!:1::::::\n", "/bin/sh", NULL,
		  "'/etc/shadow' has more than one line for 'pi'" },
		{ ACCOUNTS_PASSWD, "pi:x:1000:1000:/home/pi\n", "/bin/sh", NULL,
		  "'/etc/passwd' has 5 fields instead of 7 in the line for 'pi'" },
		{ ACCOUNTS_PASSWD, "pi:x:1000:1000::/home/pi:\n", "/bin/sh:0", NULL,
		  "a value for '/etc/passwd' contains ':' or a control character" },
		{ ACCOUNTS_SHADOW, "pi:!:1::::::\n", "/bin/sh", "$6$a\nroot::0:",
		  "a value for '/etc/shadow' contains ':' or a control character" },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTOACCOUNTS struct accounts accounts;
		AUTOERROR struct error err = ERROR_NONE;

		load(&accounts);
		colonfile_free(&accounts.files[cases[i].file]);
		colonfile_parse(&accounts.files[cases[i].file], cases[i].text);

		int r = accounts_set_shell(&accounts, "pi", cases[i].shell, &err);
		if (r == 0)
			r = accounts_set_password(&accounts, "pi", cases[i].hash, &err);
		assert_case(cases[i].want, r < 0);
		assert_text(cases[i].text, err.message, cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_what_is_not_edited),   cmocka_unit_test(finds_users),
		cmocka_unit_test(creates_users_in_all_files), cmocka_unit_test(sets_passwords),
		cmocka_unit_test(changes_memberships),        cmocka_unit_test(resolves_owners),
		cmocka_unit_test(knows_good_names),           cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
