/* SPDX-License-Identifier: Apache-2.0 */
#include "config/cluster.h"

#include <stdlib.h>

#include "test.h"
#include "util/alloc.h"

#define BOARDS NIB_SOURCEDIR "/boards"

static void parse(const char *text, struct cluster *cluster, struct diags *diags)
{
	AUTOERROR struct error err = ERROR_NONE;
	const struct source *source = diags_source(diags, "cluster.yaml", buf_from(text));

	if (cluster_parse(source, "dir", BOARDS, cluster, diags, &err) < 0)
		fail_msg("%s", err.message);
	diags_print(diags, stderr, false, true);
}

static void assert_place(const char *name, const struct location *at, unsigned line,
			 unsigned column)
{
	if (at->line != line || at->column != column)
		fail_msg("%s: at %u:%u, not %u:%u", name, at->line, at->column, line, column);
}

#define HEAD "version: nib/v1\ncluster: {name: rpi}\n"

static void defaults_are_merged(void **state)
{
	static const char text[] =
		HEAD "defaults:\n"
		     "  board: rpi5\n"
		     "  image: {file: base.img}\n"
		     "  network: {interface: eth1, gateway: 10.0.0.1, nameservers: [10.0.0.1, "
		     "10.0.0.2]}\n"
		     "  users: [{name: pi, sshKeys: [a.pub]}, {name: ops, sshKeys: [b.pub]}]\n"
		     "nodes:\n"
		     "  - {name: controlplane}\n"
		     "  - name: node0\n"
		     "    board: pi4\n"
		     "    network: {gateway: 10.0.0.9, nameservers: [10.0.0.3]}\n"
		     "    users: [{name: me, sshKeys: [c.pub]}]\n";
	AUTODIAGS struct diags diags = { 0 };
	AUTOCLUSTER struct cluster cluster = { 0 };

	(void)state;
	parse(text, &cluster, &diags);
	assert_int_equal(diags.errors, 0);

	const struct node *first = cluster_node(&cluster, "controlplane");
	const struct node *second = cluster_node(&cluster, "node0");

	/* Not given: all from the defaults, with their places. */
	assert_text("board", first->board->name, "rpi5");
	assert_place("board", &first->board_name.at, 4, 10);
	assert_text("image", first->image.file.value, "dir/base.img");
	assert_place("image", &first->image.file.at, 5, 17);
	assert_text("gateway", first->network.gateway.value, "10.0.0.1");
	assert_int_equal(first->network.nameservers.count, 2);
	assert_int_equal(first->n_users, 2);

	/* Mappings are merged key by key; lists and text are replaced. */
	assert_text("board", second->board->name, "rpi4");
	assert_place("board", &second->board_name.at, 11, 12);
	assert_text("interface", second->network.interface.value, "eth1");
	assert_place("interface", &second->network.interface.at, 6, 24);
	assert_text("gateway", second->network.gateway.value, "10.0.0.9");
	assert_int_equal(second->network.nameservers.count, 1);
	assert_text("nameserver", second->network.nameservers.list[0].value, "10.0.0.3");
	assert_int_equal(second->n_users, 1);
	assert_text("user", second->users[0].name.value, "me");
	assert_text("key", second->users[0].ssh_keys.list[0].value, "dir/c.pub");
}

static void a_mistake_in_the_defaults_is_told_once(void **state)
{
	static const char text[] =
		HEAD "defaults: {board: rpi5, image: {file: a}, timezone: A B, bord: x,"
		     " users: {name: pi}}\n"
		     "nodes: [{name: controlplane}, {name: node0}, {name: node1}]\n";
	AUTODIAGS struct diags diags = { 0 };
	AUTOCLUSTER struct cluster cluster = { 0 };

	(void)state;
	parse(text, &cluster, &diags);
	assert_int_equal(diags.errors, 3);
}

static void modes_are_octal(void **state)
{
	static const struct {
		const char *text;
		/* The mode, or NULL for an error. */
		const char *want;
	} cases[] = {
		{ "0644", "0644" },  { "644", "0644" },    { "\"0644\"", "0644" },
		{ "0o644", "0644" }, { "0600", "0600" },   { "755", "0755" },
		{ "04755", "4755" }, { "2775", "2775" },   { "1777", "1777" },
		{ "000", "0000" },   { "0000", "0000" },   { "511", "0511" },
		{ "440", "0440" },   { "0420", "0420" },   { "\"420\"", "0420" },
		{ "420", NULL },     { "384", NULL },      { "493", NULL },
		{ "448", NULL },     { "416", NULL },      { "488", NULL },
		{ "292", NULL },     { "256", NULL },      { "0o420x", NULL },
		{ "64", NULL },      { "0", NULL },        { "00644", "0644" },
		{ "006440", NULL },  { "0x1a4", NULL },    { "0888", NULL },
		{ "-644", NULL },    { "u=rw,g=r", NULL }, { "07777", "7777" },
		{ "17777", NULL },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTODIAGS struct diags diags = { 0 };
		AUTOCLUSTER struct cluster cluster = { 0 };
		AUTOFREE char *text = xasprintf(
			HEAD "nodes: [{name: controlplane, board: rpi5, image: {file: a}, "
			     "files: [{path: /a, source: a, mode: %s}]}]\n",
			cases[i].text);

		parse(text, &cluster, &diags);
		assert_case(cases[i].text, (diags.errors == 0) == !!cases[i].want);
		if (cases[i].want)
			assert_text(cases[i].text, cluster.nodes[0].files[0].mode.value,
				    cases[i].want);
	}
}

static void files_have_default_modes(void **state)
{
	static const char text[] =
		HEAD "nodes: [{name: controlplane, board: rpi5, image: {file: a}, files: ["
		     "{path: /a, content: a}, {path: /b, source: b, secret: true}, {archive: "
		     "c.tar}]}]\n";
	AUTODIAGS struct diags diags = { 0 };
	AUTOCLUSTER struct cluster cluster = { 0 };

	(void)state;
	parse(text, &cluster, &diags);
	assert_int_equal(diags.count, 0);

	const struct file_spec *files = cluster.nodes[0].files;
	assert_text("plain", files[0].mode.value, "0644");
	assert_text("secret", files[1].mode.value, "0600");
	assert_text("archive", files[2].path.value, "/");
	assert_null(files[2].mode.value);
	assert_text("archive", files[2].archive.value, "dir/c.tar");
}

static void interfaces_come_from_boards(void **state)
{
	static const char wifi[] = "wifi: {ssid: a, passwordFile: b, country: DE}";
	static const struct {
		const char *name, *board, *network, *want;
	} cases[] = {
		{ "wired", "rpi5", "", "eth0" },
		{ "Wi-Fi on a board with both", "rpi5", wifi, "wlan0" },
		{ "Wi-Fi only", "zero2w", wifi, "wlan0" },
		{ "neither, so an adapter", "zero2w", "", "eth0" },
		{ "carrier board", "cm4s", "", "eth0" },
		{ "given", "rpi5", "interface: eth1", "eth1" },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTODIAGS struct diags diags = { 0 };
		AUTOCLUSTER struct cluster cluster = { 0 };
		AUTOFREE char *text = xasprintf(HEAD "nodes: [{name: controlplane, board: %s, "
						     "image: {file: a}, network: {%s}}]\n",
						cases[i].board, cases[i].network);

		parse(text, &cluster, &diags);
		assert_case(cases[i].name, diags.errors == 0);
		assert_text(cases[i].name, cluster.nodes[0].network.interface.value, cases[i].want);
	}
}

static void endpoints_are_completed(void **state)
{
	static const struct {
		const char *name, *endpoint, *nodes, *want;
		bool warns;
	} cases[] = {
		{ "given", ", endpoint: 10.0.0.9", "{name: controlplane}", "10.0.0.9:6443", false },
		{ "with a port", ", endpoint: \"api.example:443\"", "{name: controlplane}",
		  "api.example:443", false },
		{ "IPv6", ", endpoint: \"fd00::9\"", "{name: controlplane}", "[fd00::9]:6443",
		  false },
		{ "one node", "", "{name: controlplane, address: 10.0.0.2/24}", "10.0.0.2:6443",
		  false },
		{ "one node by DHCP", "", "{name: controlplane}", "controlplane:6443", false },
		{ "two nodes", "", "{name: controlplane, address: 10.0.0.2/24}, {name: node0}",
		  "10.0.0.2:6443", true },
		{ "two nodes, IPv6", "",
		  "{name: node0}, {name: controlplane, address: \"fd00::2/64\"}", "[fd00::2]:6443",
		  true },
		{ "workers only", "", "{name: node0}, {name: node1}", "controlplane:6443", true },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTODIAGS struct diags diags = { 0 };
		AUTOCLUSTER struct cluster cluster = { 0 };
		AUTOFREE char *text =
			xasprintf("version: nib/v1\ncluster: {name: rpi%s}\n"
				  "defaults: {board: rpi5, image: {file: a}}\nnodes: [%s]\n",
				  cases[i].endpoint, cases[i].nodes);
		bool warned = false;

		parse(text, &cluster, &diags);
		assert_case(cases[i].name, diags.errors == 0);
		assert_text(cases[i].name, cluster.endpoint.value, cases[i].want);
		for (size_t j = 0; j < diags.count; j++)
			warned |= !!strstr(diags.list[j].message, "endpoint");
		assert_case(cases[i].name, warned == cases[i].warns);
	}
}

static void paths_are_resolved(void **state)
{
	static const char text[] =
		"version: nib/v1\ncluster: {name: rpi, endpoint: a}\n"
		"secrets: /etc/secrets.yaml\nage: {identity: ~/keys.txt}\ntemplates: ./t\n"
		"nodes: [{name: controlplane, board: rpi5, image: {file: ../a.img}, users: [{name: "
		"pi, "
		"sshKeys: [~/id.pub, ssh-ed25519 AAAA me, sk-ssh-ed25519@openssh.com AAAA, "
		"ssh-key.pub]}]}]\n"
		"gitops: {flux: {sync: {kind: GitRepository, url: 'https://a/b', ref: c, path: "
		"d}}}\n";
	static const char *const keys[] = { "/home/me/id.pub", "ssh-ed25519 AAAA me",
					    "sk-ssh-ed25519@openssh.com AAAA", "dir/ssh-key.pub" };
	AUTODIAGS struct diags diags = { 0 };
	AUTOCLUSTER struct cluster cluster = { 0 };

	(void)state;
	assert_int_equal(setenv("HOME", "/home/me", 1), 0);
	parse(text, &cluster, &diags);
	assert_int_equal(diags.count, 0);
	assert_text("secrets", cluster.secrets.value, "/etc/secrets.yaml");
	assert_text("identity", cluster.age_identity.value, "/home/me/keys.txt");
	assert_text("templates", cluster.templates.value, "dir/./t");
	assert_text("image", cluster.nodes[0].image.file.value, "dir/../a.img");
	TEST_EACH (i, keys)
		assert_text("key", cluster.nodes[0].users[0].ssh_keys.list[i].value, keys[i]);
}

/* Defaults with very long lists, and as many nodes as there can be. */
static void large_files_are_bearable(void **state)
{
	AUTODIAGS struct diags diags = { 0 };
	AUTOCLUSTER struct cluster cluster = { 0 };
	AUTOBUF struct buf text =
		buf_from(HEAD "defaults:\n  board: rpi5\n  image: {file: a}\n  files:\n");

	(void)state;
	for (unsigned i = 0; i < 256; i++)
		buf_addf(&text, "  - {path: /f%u, content: a}\n", i);
	buf_adds(&text, "nodes:\n");
	for (unsigned i = 0; i < 64; i++)
		buf_addf(&text, "  - {name: node%u}\n", i);

	parse(buf_text(&text), &cluster, &diags);
	assert_int_equal(diags.errors, 0);
	assert_int_equal(cluster.n_nodes, 64);
	assert_int_equal(cluster.nodes[63].n_files, 256);
}

static void a_list_has_an_end(void **state)
{
	AUTODIAGS struct diags diags = { 0 };
	AUTOCLUSTER struct cluster cluster = { 0 };
	AUTOBUF struct buf text = buf_from(HEAD "nodes:\n");

	(void)state;
	for (unsigned i = 0; i < 10001; i++)
		buf_addf(&text, "  - {name: node%u}\n", i);
	parse(buf_text(&text), &cluster, &diags);
	assert_int_equal(diags.errors, 1);
	assert_text("message", diags.list[0].message, "'nodes' has more than 10000 elements");
}

static void a_missing_file_is_an_error(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTODIAGS struct diags diags = { 0 };
	AUTOCLUSTER struct cluster cluster = { 0 };

	(void)state;
	assert_true(cluster_load("/nonexistent/cluster.yaml", BOARDS, &cluster, &diags, &err) < 0);
	assert_text("message", err.message,
		    "open '/nonexistent/cluster.yaml': No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_merged),
		cmocka_unit_test(a_mistake_in_the_defaults_is_told_once),
		cmocka_unit_test(modes_are_octal),
		cmocka_unit_test(files_have_default_modes),
		cmocka_unit_test(interfaces_come_from_boards),
		cmocka_unit_test(endpoints_are_completed),
		cmocka_unit_test(paths_are_resolved),
		cmocka_unit_test(large_files_are_bearable),
		cmocka_unit_test(a_list_has_an_end),
		cmocka_unit_test(a_missing_file_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
