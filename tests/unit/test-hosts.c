/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/hosts.h"

#include "test.h"
#include "util/alloc.h"

static const struct hosts_entry entries[] = {
	{ "192.168.5.21", "controlplane" },
	{ "fd00::22", "node1" },
};

#define LOCALHOST "127.0.0.1\tlocalhost\n::1\t\tlocalhost ip6-localhost\n"
#define NODES "# nib: begin\n192.168.5.21\tcontrolplane\nfd00::22\tnode1\n# nib: end\n"

static void gives_the_name(void **state)
{
	static const char *const gone[] = { "raspberrypi", "localhost", NULL };
	/* clang-format off */
	static const struct {
		const char *name, *text;
		size_t n_entries;
		const char *want;
	} cases[] = {
		{ "as it comes", LOCALHOST "\n127.0.1.1\t\traspberrypi\n", 2,
		  LOCALHOST "\n127.0.1.1\tnode0\n" NODES },
		{ "alone in the cluster", LOCALHOST "127.0.1.1 raspberrypi\n", 0,
		  LOCALHOST "127.0.1.1\tnode0\n" },
		{ "no line for the name", LOCALHOST, 0, LOCALHOST "127.0.1.1\tnode0\n" },
		{ "empty file", "", 0, "127.0.1.1\tnode0\n" },
		{ "several names", "127.0.1.1 old.lan old\n127.0.1.1 raspberrypi\n", 0,
		  "127.0.1.1\tnode0\n" },
		{ "old name beside localhost", "127.0.0.1 localhost raspberrypi # me\n", 0,
		  "127.0.0.1\tlocalhost # me\n127.0.1.1\tnode0\n" },
		{ "old name alone", "127.0.0.1 raspberrypi\n::1 localhost\n", 0,
		  "::1 localhost\n127.0.1.1\tnode0\n" },
		{ "part of another name", "127.0.0.1 raspberrypi2\n", 0,
		  "127.0.0.1 raspberrypi2\n127.0.1.1\tnode0\n" },
		{ "foreign lines", "# raspberrypi\n10.0.0.9  raspberrypi nas # x\n", 0,
		  "# raspberrypi\n10.0.0.9  raspberrypi nas # x\n127.0.1.1\tnode0\n" },
		{ "an older block", "127.0.1.1\tnode7\n# nib: begin\n10.0.0.1\told\n# nib: end\n", 2,
		  "127.0.1.1\tnode0\n" NODES },
	};
	/* clang-format on */

	(void)state;
	TEST_EACH (i, cases) {
		AUTOERROR struct error err = ERROR_NONE;
		AUTOFREE char *got = NULL, *again = NULL;

		assert_case(cases[i].name, hosts_set(cases[i].text, "node0", gone, entries,
						     cases[i].n_entries, &got, &err) == 0);
		assert_text(cases[i].name, got, cases[i].want);
		assert_case(cases[i].name, hosts_set(got, "node0", gone, entries,
						     cases[i].n_entries, &again, &err) == 0);
		assert_text(cases[i].name, again, got);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_the_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
