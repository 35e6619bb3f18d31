/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "fake-node.h"
#include "test.h"
#include "util/alloc.h"

#define BOOTED "the base image was booted before: it has "

static void gives_the_name(void **state)
{
	AUTONODE struct fake_node f;

	(void)state;
	fake_node_init(&f, fake_trixie());
	fake_node_run(&f);
	assert_text("hostname", fake_node_text(&f, "/etc/hostname"), "node0\n");
	/* Nodes with static addresses, without the node itself and those on DHCP. */
	assert_text("hosts", fake_node_text(&f, "/etc/hosts"),
		    "127.0.0.1\tlocalhost\n::1\t\tlocalhost ip6-localhost\n\n127.0.1.1\tnode0\n"
		    "# nib: begin\n192.168.5.21\tnode1\n# nib: end\n");
}

static void takes_the_old_name_away(void **state)
{
	AUTONODE struct fake_node f;

	(void)state;
	fake_node_init(&f, fake_trixie());
	fake_text(f.b, "/etc/hostname", 0644, "node7\n");
	fake_text(f.b, "/etc/hosts", 0644, "127.0.0.1 localhost node7\n127.0.1.1 node7\n");
	f.cluster.n_nodes = 1;
	fake_node_run(&f);
	assert_text("hosts", fake_node_text(&f, "/etc/hosts"),
		    "127.0.0.1\tlocalhost\n127.0.1.1\tnode0\n");
}

static void describes_the_node(void **state)
{
	static const struct {
		const char *name, *address, *want;
	} cases[] = {
		{ "DHCP", "dhcp", "\nNODE_ADDRESS=''\n" },
		{ "not given", NULL, "\nNODE_ADDRESS=''\n" },
		{ "static", "10.0.0.5/24", "\nNODE_ADDRESS='10.0.0.5'\n" },
		{ "IPv6", "fd00::5/64", "\nNODE_ADDRESS='fd00::5'\n" },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTONODE struct fake_node f;

		fake_node_init(&f, fake_trixie());
		f.nodes[0].address = fake_value(cases[i].address);
		fake_node_run(&f);

		const char *env = fake_node_text(&f, "/etc/nib/node.env");
		assert_case(cases[i].name, strstr(env, cases[i].want) != NULL);
		assert_case(cases[i].name, strstr(env, "\nNODE_NAME='node0'\n") != NULL);
		assert_case(cases[i].name, strstr(env, "\nNODE_ROLE='worker'\n") != NULL);
		assert_case(cases[i].name, strstr(env, "\nNODE_INTERFACE='eth0'\n") != NULL);
		assert_case(cases[i].name, strstr(env, "\nCLUSTER_NAME='rpi'\n") != NULL);
		assert_case(cases[i].name,
			    strstr(env, "\nCLUSTER_ENDPOINT='192.168.5.20:6443'\n") != NULL);
		assert_case(cases[i].name, strstr(env, "\nBOARD='rpi5'\n") != NULL);
		assert_case(cases[i].name,
			    strstr(env, "\nNIB_VERSION='" NIB_VERSION "'\n") != NULL);
	}
}

/* With a real machine id first boot would neither grow the disk nor make host keys. */
static void makes_first_boot_a_first_boot(void **state)
{
	static const struct {
		const char *name, *id;
		const char *warning;
	} cases[] = {
		{ "as it comes", "uninitialized\n", "" },
		{ "empty", "", "" },
		{ "empty line", "\n", "" },
		{ "booted", "0123456789abcdef0123456789abcdef\n", BOOTED "a machine id" },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTONODE struct fake_node f;

		fake_node_init(&f, fake_trixie());
		fake_text(f.b, "/etc/machine-id", 0444, cases[i].id);
		fake_text(f.b, "/var/lib/systemd/random-seed", 0600, "x");
		fake_node_run(&f);
		assert_text(cases[i].name, fake_node_text(&f, "/etc/machine-id"),
			    "uninitialized\n");
		assert_case(cases[i].name,
			    plan_find(&f.plan, "/etc/machine-id")->attr.mode == 0444);
		assert_case(cases[i].name, fake_node_removes(&f, "/var/lib/systemd/random-seed") ==
						   (*cases[i].warning != '\0'));
		if (*cases[i].warning)
			assert_case(cases[i].name,
				    fake_node_found(&f, DIAG_WARNING, cases[i].warning));
		else
			assert_case(cases[i].name, strncmp(fake_node_first(&f, DIAG_WARNING),
							   BOOTED, strlen(BOOTED)) != 0);
	}
}

/* Keys are only taken away where first boot makes new ones. */
static void renews_host_keys(void **state)
{
	static const struct {
		const char *name;
		struct backend *(*image)(void);
		bool removed;
	} cases[] = {
		{ "trixie", fake_trixie, true },
		{ "bookworm", fake_bookworm, false },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTONODE struct fake_node f;

		fake_node_init(&f, cases[i].image());
		fake_text(f.b, "/etc/ssh/ssh_host_ed25519_key", 0600, "key");
		fake_text(f.b, "/etc/ssh/ssh_host_ed25519_key.pub", 0644, "key");
		fake_node_run(&f);
		assert_case(cases[i].name, fake_node_removes(&f, "/etc/ssh/ssh_host_ed25519_key") ==
						   cases[i].removed);
		assert_case(cases[i].name,
			    fake_node_removes(&f, "/etc/ssh/ssh_host_ed25519_key.pub") ==
				    cases[i].removed);
		assert_false(fake_node_removes(&f, "/etc/ssh/sshd_config"));
		assert_case(cases[i].name,
			    fake_node_found(&f, DIAG_WARNING, BOOTED "SSH host keys"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_the_name),
		cmocka_unit_test(takes_the_old_name_away),
		cmocka_unit_test(describes_the_node),
		cmocka_unit_test(makes_first_boot_a_first_boot),
		cmocka_unit_test(renews_host_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
