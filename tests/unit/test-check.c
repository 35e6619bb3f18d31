/* SPDX-License-Identifier: Apache-2.0 */
/* Where the checks of a cluster begin and end; what they say is in tests/data/bad. */
#include "config/cluster.h"
#include "test.h"
#include "util/alloc.h"

/* The first error in a file that is made of these parts, or NULL; owned by the caller. */
static char *first_error(const char *settings, const char *node, const char *rest)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTODIAGS struct diags diags = { 0 };
	AUTOCLUSTER struct cluster cluster = { 0 };
	AUTOFREE char *text = xasprintf("version: nib/v1\ncluster: {name: rpi, endpoint: api, %s}\n"
					"defaults: {board: rpi5, image: {file: a}}\n"
					"nodes:\n  - {name: controlplane, %s}\n%s\n",
					settings, node, rest);
	const struct source *source = diags_source(&diags, "cluster.yaml", buf_from(text));

	if (cluster_parse(source, ".", NIB_SOURCEDIR "/boards", &cluster, &diags, &err) < 0)
		fail_msg("%s", err.message);

	for (size_t i = 0; i < diags.count; i++)
		if (diags.list[i].severity == DIAG_ERROR)
			return xstrdup(diags.list[i].message);

	return NULL;
}

static void assert_error(const char *name, const char *got, const char *want)
{
	if (!want && got)
		fail_msg("%s: %s", name, got);
	if (want)
		assert_text(name, got, want);
}

static void addresses_are_those_of_hosts(void **state)
{
	static const struct {
		const char *address, *error;
	} cases[] = {
		{ "10.0.0.1/30", NULL },
		{ "10.0.0.2/30", NULL },
		{ "10.0.0.0/30", "'10.0.0.0/30' is the address of the network itself" },
		{ "10.0.0.3/30", "'10.0.0.3/30' is the broadcast address of its network" },
		{ "10.0.0.0/31", NULL },
		{ "10.0.0.1/31", NULL },
		{ "10.0.0.1/32", NULL },
		{ "192.168.0.0/16", "'192.168.0.0/16' is the address of the network itself" },
		{ "192.168.1.0/16", NULL },
		{ "fd00::/64", NULL },
		{ "0.0.0.1/8", "'0.0.0.1/8' cannot be the address of a node" },
		{ "224.0.0.1/24", "'224.0.0.1/24' cannot be the address of a node" },
		{ "223.255.255.1/24", NULL },
		{ "255.255.255.255/32", "'255.255.255.255/32' cannot be the address of a node" },
		{ "::1/128", "'::1/128' cannot be the address of a node" },
		{ "ff02::1/64", "'ff02::1/64' cannot be the address of a node" },
		{ "::2/64", NULL },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTOFREE char *node = xasprintf("address: \"%s\"", cases[i].address);
		AUTOFREE char *got = first_error("", node, "");

		assert_error(cases[i].address, got, cases[i].error);
	}
}

static void paths_are_plain(void **state)
{
	static const struct {
		const char *path;
		bool ok;
	} cases[] = {
		{ "/etc/motd", true },    { "/a", true },        { "/etc/..x", true },
		{ "/etc/x..", true },     { "/etc/.x", true },   { "/etc/...", true },
		{ "/etc/.x/y", true },    { "/etc/x./y", true }, { "/etc/a b", true },
		{ "/etc/..", false },     { "/..", false },      { "/../etc", false },
		{ "/etc/../x", false },   { "/etc/.", false },   { "/./etc", false },
		{ "/etc//motd", false },  { "//etc", false },    { "/etc/", false },
		{ "/", false },           { "etc", false },      { "~/x", false },
		{ "/bo\xc3\xb6t", true },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTOFREE char *node =
			xasprintf("files: [{path: \"%s\", source: a}]", cases[i].path);
		AUTOFREE char *got = first_error("", node, "");

		assert_case(cases[i].path, !got == cases[i].ok);
	}
}

static void subnets_have_limits(void **state)
{
	static const char refused[] = "' has a size that kubeadm refuses";
	static const struct {
		const char *key, *other, *subnet;
		bool ok;
	} cases[] = {
		{ "podSubnet", "serviceSubnet: 172.16.0.0/16", "10.0.0.0/8", true },
		{ "podSubnet", "serviceSubnet: 172.16.0.0/16", "10.0.0.0/7", false },
		{ "podSubnet", "serviceSubnet: 172.16.0.0/16", "10.0.0.0/24", true },
		{ "podSubnet", "serviceSubnet: 172.16.0.0/16", "10.0.0.0/25", false },
		{ "podSubnet", "serviceSubnet: \"fd01::/112\"", "fd00::/48", true },
		{ "podSubnet", "serviceSubnet: \"fd01::/112\"", "fd00::/47", false },
		{ "podSubnet", "serviceSubnet: \"fd01::/112\"", "fd00::/64", true },
		{ "podSubnet", "serviceSubnet: \"fd01::/112\"", "fd00::/65", false },
		{ "serviceSubnet", "podSubnet: 172.16.0.0/16", "10.0.0.0/12", true },
		{ "serviceSubnet", "podSubnet: 172.16.0.0/16", "10.0.0.0/11", false },
		{ "serviceSubnet", "podSubnet: 172.16.0.0/16", "10.0.0.0/28", true },
		{ "serviceSubnet", "podSubnet: 172.16.0.0/16", "10.0.0.0/29", false },
		{ "serviceSubnet", "podSubnet: \"fd01::/56\"", "fd00::/108", true },
		{ "serviceSubnet", "podSubnet: \"fd01::/56\"", "fd00::/107", false },
		{ "serviceSubnet", "podSubnet: \"fd01::/56\"", "fd00::/124", true },
		{ "serviceSubnet", "podSubnet: \"fd01::/56\"", "fd00::/125", false },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTOFREE char *settings =
			xasprintf("%s: \"%s\", %s", cases[i].key, cases[i].subnet, cases[i].other);
		AUTOFREE char *want =
			cases[i].ok ? NULL : xasprintf("'%s%s", cases[i].subnet, refused);
		AUTOFREE char *got = first_error(settings, "", "");

		assert_error(cases[i].subnet, got, want);
	}
}

static void things_are_compared_with_all_others(void **state)
{
	static const struct {
		const char *name, *node, *rest, *error;
	} cases[] = {
		{ "first and third address", "address: 10.0.0.1/24",
		  "  - {name: node0, address: 10.0.0.2/24}\n"
		  "  - {name: node1, address: 10.0.0.1/24}",
		  "'10.0.0.1/24' is the address of node 'controlplane' already" },
		{ "same address, other prefix", "address: 10.0.0.1/24",
		  "  - {name: node0, address: 10.0.0.1/16}",
		  "'10.0.0.1/16' is the address of node 'controlplane' already" },
		{ "second and third address", "",
		  "  - {name: node0, address: 10.0.0.1/24}\n"
		  "  - {name: node1, address: 10.0.0.1/24}",
		  "'10.0.0.1/24' is the address of node 'node0' already" },
		{ "first and third user",
		  "users: [{name: a, passwordFile: p}, {name: b, passwordFile: p}, {name: a, "
		  "passwordFile: p}]",
		  "", "two users are named 'a'" },
		{ "first and third file",
		  "files: [{path: /a, source: x}, {path: /b, source: x}, {path: /a, source: x}]",
		  "", "'/a' is given twice" },
		{ "second and third file",
		  "files: [{path: /a, source: x}, {path: /b, source: x}, {path: /b, source: x}]",
		  "", "'/b' is given twice" },
		{ "archives may meet",
		  "files: [{archive: a.tar}, {archive: b.tar}, {archive: a.tar}]", "", NULL },
		{ "a file in the directory of an archive",
		  "files: [{archive: a.tar, path: /srv}, {path: /srv, source: x}]", "", NULL },
		{ "second and third file behind one without a path",
		  "files: [{source: x}, {path: /a, source: x}]", "", "'path' is missing" },
		{ "owner of an archive", "files: [{archive: a.tar, owner: pi}]", "",
		  "'owner' has no meaning for an archive" },
		{ "group of an archive", "files: [{archive: a.tar, group: pi}]", "",
		  "'group' has no meaning for an archive" },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTOFREE char *got = first_error("", cases[i].node, cases[i].rest);

		assert_error(cases[i].name, got, cases[i].error);
	}
}

static void ranges_are_compared_with_all_others(void **state)
{
	static const struct {
		const char *name, *pool, *error;
	} cases[] = {
		{ "first and third", "10.0.0.1-10.0.0.9, 10.0.1.0/24, 10.0.0.9-10.0.0.10",
		  "'10.0.0.9-10.0.0.10' overlaps '10.0.0.1-10.0.0.9'" },
		{ "touching from below", "10.0.0.9-10.0.0.10, 10.0.0.1-10.0.0.9",
		  "'10.0.0.1-10.0.0.9' overlaps '10.0.0.9-10.0.0.10'" },
		{ "side by side", "10.0.0.1-10.0.0.9, 10.0.0.10-10.0.0.12, 10.0.0.13-10.0.0.13",
		  NULL },
		{ "one in another", "10.0.0.0/24, 10.0.0.7-10.0.0.8",
		  "'10.0.0.7-10.0.0.8' overlaps '10.0.0.0/24'" },
		{ "ends of two kinds", "\"10.0.0.1-fd00::1\"",
		  "'10.0.0.1-fd00::1' is not a range of addresses" },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTOFREE char *rest = xasprintf(
			"cilium: {version: 1.18.12, loadBalancer: {pool: [%s]}}", cases[i].pool);
		AUTOFREE char *got = first_error("", "", rest);

		assert_error(cases[i].name, got, cases[i].error);
	}
}

static void expressions_of_go_are_left_alone(void **state)
{
	AUTOFREE char *got = first_error("", "",
					 "cilium: {version: 1.18.12, loadBalancer: {"
					 "pool: [10.0.0.0/24], interfaces: "
					 "['^(?:eth|end)\\d+$', '(((a{9}){9}){9}){9}']}}");

	(void)state;
	assert_error("interfaces", got, NULL);
}

static void sources_of_flux_are_urls(void **state)
{
	static const struct {
		const char *kind, *url;
		bool ok;
	} cases[] = {
		{ "GitRepository", "https://github.com/a/b", true },
		{ "GitRepository", "ssh://git@github.com/a/b", true },
		{ "GitRepository", "ssh://git@github.com:2222/a/b", true },
		{ "GitRepository", "https://", false },
		{ "GitRepository", "oci://ghcr.io/a/b", false },
		{ "GitRepository", "github.com/a/b", false },
		{ "GitRepository", "git@github.com:/a/b", false },
		{ "GitRepository", "https://user@github.com/a", true },
		{ "GitRepository", "https://user:word@github.com/a", false },
		{ "GitRepository", "https://github.com/a:b@c", true },
		{ "GitRepository", "https://github.com/a b", false },
		{ "OCIRepository", "oci://ghcr.io/a/b", true },
		{ "OCIRepository", "https://ghcr.io/a/b", false },
		{ "Bucket", "minio.example.com", true },
		{ "Bucket", "https://a:b@minio.example.com", false },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTOFREE char *rest = xasprintf(
			"gitops: {flux: {sync: {kind: %s, url: \"%s\", ref: a, path: b}}}",
			cases[i].kind, cases[i].url);
		AUTOFREE char *got = first_error("", "", rest);

		assert_case(cases[i].url, !got == cases[i].ok);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_those_of_hosts),
		cmocka_unit_test(paths_are_plain),
		cmocka_unit_test(subnets_have_limits),
		cmocka_unit_test(things_are_compared_with_all_others),
		cmocka_unit_test(ranges_are_compared_with_all_others),
		cmocka_unit_test(expressions_of_go_are_left_alone),
		cmocka_unit_test(sources_of_flux_are_urls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
