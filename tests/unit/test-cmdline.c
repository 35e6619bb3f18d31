/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/cmdline.h"

#include <errno.h>

#include "test.h"
#include "util/alloc.h"

#define TRIXIE                                                                           \
	"console=serial0,115200 console=tty1 root=PARTUUID=1a2b3c4d-02 rootfstype=ext4 " \
	"fsck.repair=yes rootwait"

enum edit { SET, ADD, REMOVE };

static int edit(enum edit edit, const char *text, const char *key, const char *value, char **ret,
		struct error *err)
{
	switch (edit) {
	case SET: return cmdline_set(text, key, value, ret, err);
	case ADD: return cmdline_add(text, key, ret, err);
	default: return cmdline_remove(text, key, ret, err);
	}
}

static void edits_lines(void **state)
{
	/* clang-format off */
	static const struct {
		const char *name;
		enum edit edit;
		const char *text, *key, *value;
		const char *want; /* the new text */
	} cases[] = {
		{ "append",          SET, "quiet\n",          "ip",    "dhcp", "quiet ip=dhcp\n" },
		{ "replace",         SET, "ip=off quiet\n",   "ip",    "dhcp", "ip=dhcp quiet\n" },
		{ "drop duplicates", SET, "ip=a x ip=b\n",    "ip",    "c",    "ip=c x\n" },
		{ "bare parameter",  SET, "ro\n",             "quiet", NULL,   "ro quiet\n" },
		{ "key is a prefix", SET, "ipv6.disable=1\n", "ip",    "dhcp", "ipv6.disable=1 ip=dhcp\n" },
		{ "empty line",      SET, "",                 "ip",    "dhcp", "ip=dhcp\n" },
		{ "no newline",      SET, "quiet",            "ip",    "dhcp", "quiet ip=dhcp\n" },
		{ "DOS newline",     SET, "quiet\r\n",        "ip",    "dhcp", "quiet ip=dhcp\n" },
		{ "many blanks",     SET, " a \t b \n\n",     "ip",    "dhcp", "a b ip=dhcp\n" },
		{ "quoted blanks",   SET, "x=\"a b\" y\n",    "y",     "1",    "x=\"a b\" y=1\n" },
		{ "root in place",   SET, TRIXIE " resize\n", "root",  "PARTUUID=00c0ffee-02",
		  "console=serial0,115200 console=tty1 root=PARTUUID=00c0ffee-02 rootfstype=ext4 "
		  "fsck.repair=yes rootwait resize\n" },
		{ "rootwait is not root", SET, "rootwait\n",  "root",  "/dev/x", "rootwait root=/dev/x\n" },

		{ "add, resize stays a word", ADD, TRIXIE " resize\n", "cgroup_enable=memory", NULL,
		  TRIXIE " resize cgroup_enable=memory\n" },
		{ "add once",        ADD, "cgroup_enable=memory quiet\n", "cgroup_enable=memory", NULL,
		  "cgroup_enable=memory quiet\n" },
		{ "add, twice there", ADD, "a=1 quiet a=1\n", "a=1",   NULL,   "a=1 quiet\n" },
		{ "add beside another value", ADD, "cgroup_enable=cpuset\n", "cgroup_enable=memory",
		  NULL, "cgroup_enable=cpuset cgroup_enable=memory\n" },

		{ "remove a word",   REMOVE, "ro rw rwx\n",   "rw",    NULL,   "ro rwx\n" },
		{ "remove from a list", REMOVE, "a cgroup_disable=memory b\n", "cgroup_disable=*memory*",
		  NULL, "a b\n" },
		{ "remove cloud-init's", REMOVE, "a ds=nocloud;i=rpi-imager-1 b\n", "ds=nocloud*", NULL,
		  "a b\n" },
		{ "remove several",  REMOVE,
		  "a systemd.run=/boot/firstrun.sh systemd.run_success_action=reboot b\n", "systemd.run*",
		  NULL, "a b\n" },
		{ "nothing to remove", REMOVE, TRIXIE " resize\n", "rw", NULL, TRIXIE " resize\n" },
		{ "keep bookworm's first boot", REMOVE,
		  "quiet init=/usr/lib/raspberrypi-sys-mods/firstboot\n", "systemd.run*", NULL,
		  "quiet init=/usr/lib/raspberrypi-sys-mods/firstboot\n" },
	};
	/* clang-format on */

	(void)state;
	TEST_EACH (i, cases) {
		AUTOERROR struct error err = ERROR_NONE;
		AUTOFREE char *got = NULL, *again = NULL;

		assert_case(cases[i].name, edit(cases[i].edit, cases[i].text, cases[i].key,
						cases[i].value, &got, &err) == 0);
		assert_text(cases[i].name, got, cases[i].want);
		assert_case(cases[i].name, edit(cases[i].edit, got, cases[i].key, cases[i].value,
						&again, &err) == 0);
		assert_text(cases[i].name, again, got);
	}
}

static void refuses_lines(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text, *key, *value, *want;
	} cases[] = {
		{ "quiet\n",       "ip", "a b",  "kernel parameter 'ip=a b' contains a space" },
		{ "quiet\n",       "ip", "a\nb", "kernel parameter contains a quote or control character" },
		{ "quiet\n",       "ip", "\"",   "kernel parameter contains a quote or control character" },
		{ "quiet\nro\n",   "ip", "dhcp", "kernel command line has more than one line" },
		{ "\nquiet\n",     "ip", "dhcp", "kernel command line has more than one line" },
		{ "a=\"b c\n",     "ip", "dhcp", "kernel command line has a quote that is not closed" },
		{ "a\033[2J\n",    "ip", "dhcp", "kernel command line contains a control character" },
	};
	/* clang-format on */

	(void)state;
	TEST_EACH (i, cases) {
		AUTOERROR struct error err = ERROR_NONE;
		AUTOFREE char *got = NULL;

		assert_case(cases[i].want, cmdline_set(cases[i].text, cases[i].key, cases[i].value,
						       &got, &err) == -EINVAL);
		assert_text(cases[i].text, err.message, cases[i].want);
	}
}

static void keeps_to_the_kernels_limit(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTOFREE char *got = NULL, *more = NULL;
	char text[CMDLINE_MAX + 1];

	(void)state;
	memset(text, 'a', CMDLINE_MAX);
	text[CMDLINE_MAX] = '\0';
	assert_int_equal(cmdline_remove(text, "rw", &got, &err), 0);
	assert_int_equal(strlen(got), CMDLINE_MAX + 1);
	assert_int_equal(cmdline_add(text, "b", &more, &err), -EINVAL);
	assert_text("limit", err.message,
		    "kernel command line has 2049 bytes, but at most 2047 are possible");
}

static void reads_values(void **state)
{
	static const struct {
		const char *text, *key, *want;
	} cases[] = {
		{ TRIXIE "\n", "root", "PARTUUID=1a2b3c4d-02" },
		{ TRIXIE "\n", "console", "tty1" },
		{ TRIXIE "\n", "rootwait", NULL },
		{ "root= x\n", "root", "" },
		{ "", "root", NULL },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTOFREE char *got = cmdline_get(cases[i].text, cases[i].key);

		assert_case(cases[i].key, !got == !cases[i].want);
		if (got)
			assert_text(cases[i].key, got, cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edits_lines),
		cmocka_unit_test(refuses_lines),
		cmocka_unit_test(keeps_to_the_kernels_limit),
		cmocka_unit_test(reads_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
