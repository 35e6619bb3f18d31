/* SPDX-License-Identifier: Apache-2.0 */
/* A cluster of one node, made of options. */
#include "config/cluster.h"
#include "test.h"

#define BOARDS NIB_SOURCEDIR "/boards"

static void from_options(const struct cluster_options *options, struct cluster *cluster,
			 struct diags *diags)
{
	AUTOERROR struct error err = ERROR_NONE;

	if (cluster_from_options(options, BOARDS, cluster, diags, &err) < 0)
		fail_msg("%s", err.message);
}

static void roles_come_from_names(void **state)
{
	static const struct {
		const char *name, *role;
		bool ok;
		enum role want;
	} cases[] = {
		{ "controlplane", NULL, true, ROLE_INIT },
		{ "controlplane0", NULL, true, ROLE_CONTROLPLANE },
		{ "controlplane12", NULL, true, ROLE_CONTROLPLANE },
		{ "node0", NULL, true, ROLE_WORKER },
		{ "node12", NULL, true, ROLE_WORKER },
		{ "node0", "init", true, ROLE_INIT },
		{ "controlplane", "worker", true, ROLE_WORKER },
		{ "web", "controlplane", true, ROLE_CONTROLPLANE },
		{ "node", NULL, false, ROLE_WORKER },
		{ "node0a", NULL, false, ROLE_WORKER },
		{ "controlplane-1", NULL, false, ROLE_WORKER },
		{ "mynode0", NULL, false, ROLE_WORKER },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTODIAGS struct diags diags = { 0 };
		AUTOCLUSTER struct cluster cluster = { 0 };

		from_options(&(struct cluster_options){ .image = "a.img",
							.hostname = cases[i].name,
							.role = cases[i].role },
			     &cluster, &diags);
		assert_case(cases[i].name, (diags.errors == 0) == cases[i].ok);
		assert_case(cases[i].name, cluster.nodes[0].role == cases[i].want);
	}
}

static void options_make_a_node(void **state)
{
	static const char *const keys[] = { "id.pub", "ssh-ed25519 AAAA me", NULL };
	static const char *const nameservers[] = { "10.0.0.1", NULL };
	AUTODIAGS struct diags diags = { 0 };
	AUTOCLUSTER struct cluster cluster = { 0 };

	(void)state;
	from_options(&(struct cluster_options){ .image = "base.img",
						.hostname = "node0",
						.ssh_keys = keys,
						.password_file = "pw",
						.age_key = "/k",
						.secrets = "s.yaml",
						.address = "10.0.0.5/24",
						.gateway = "10.0.0.1",
						.nameservers = nameservers,
						.timezone = "UTC",
						.endpoint = "10.0.0.9" },
		     &cluster, &diags);
	assert_int_equal(diags.errors, 0);

	const struct node *node = cluster_node(&cluster, "node0");
	assert_non_null(node);
	assert_null(cluster_init_node(&cluster));
	assert_text("cluster", cluster.name.value, "kubernetes");
	assert_text("board", node->board->name, "rpi5");
	assert_text("image", node->image.file.value, "base.img");
	assert_text("user", node->users[0].name.value, "pi");
	assert_true(node->users[0].sudo.value);
	assert_text("key", node->users[0].ssh_keys.list[1].value, "ssh-ed25519 AAAA me");
	assert_text("place", node->users[0].ssh_keys.list[0].at.source->name, "--ssh-key");
	assert_text("password", node->users[0].password_file.value, "pw");
	assert_text("identity", cluster.age_identity.value, "/k");
	assert_text("endpoint", cluster.endpoint.value, "10.0.0.9:6443");
	assert_text("pods", cluster.pod_subnet.value, "10.244.64.0/18");
	assert_text("services", cluster.service_subnet.value, "10.244.0.0/20");
}

static void mistakes_in_options_name_them(void **state)
{
	static const char *const nameservers[] = { "dns", NULL };
	static const struct {
		struct cluster_options options;
		const char *option, *message;
	} cases[] = {
		{ { .hostname = "Node0" }, "--hostname", "'Node0' is not a host name" },
		{ { .hostname = "web" },
		  "--hostname",
		  "the name 'web' does not tell the node's role" },
		{ { .hostname = "node0", .role = "boss" },
		  "--role",
		  "'boss' is no value for '--role'" },
		{ { .hostname = "node0", .board = "rpi6" }, "--board", "no board named 'rpi6'" },
		{ { .hostname = "node0", .board = "" }, "--board", "'--board' is empty" },
		{ { .hostname = "node0", .address = "10.0.0.5" },
		  "--address",
		  "'10.0.0.5' is not an address with a prefix length" },
		{ { .hostname = "node0", .gateway = "x" }, "--gateway", "'x' is not an address" },
		{ { .hostname = "node0", .nameservers = nameservers },
		  "--nameserver",
		  "'dns' is not an address" },
		{ { .hostname = "node0", .pod_subnet = "10.244.64.1/18" },
		  "--pod-subnet",
		  "'10.244.64.1/18' has bits set behind its prefix" },
		{ { .hostname = "node0", .kubernetes = "1.34" },
		  "--kubernetes",
		  "'1.34' is not a full version" },
		{ { .hostname = "node0", .image = "a\nb" },
		  "--image",
		  "'--image' contains a line end or another control character" },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTODIAGS struct diags diags = { 0 };
		AUTOCLUSTER struct cluster cluster = { 0 };
		struct cluster_options options = cases[i].options;
		const struct diag *found = NULL;

		options.endpoint = "10.0.0.9";
		if (!options.image)
			options.image = "a.img";
		from_options(&options, &cluster, &diags);
		for (size_t j = 0; j < diags.count; j++)
			if (diags.list[j].severity == DIAG_ERROR && !found)
				found = &diags.list[j];
		assert_case(cases[i].message, diags.errors == 1);
		assert_text(cases[i].option, found ? found->message : NULL, cases[i].message);
		assert_text(cases[i].message, found ? found->at.source->name : NULL,
			    cases[i].option);
	}
}

static void a_node_needs_a_name_and_an_image(void **state)
{
	static const struct {
		struct cluster_options options;
		const char *message;
	} cases[] = {
		{ { .image = "a" }, "without a cluster file, --hostname is needed" },
		{ { .hostname = "a" }, "without a cluster file, --image is needed" },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTOERROR struct error err = ERROR_NONE;
		AUTODIAGS struct diags diags = { 0 };
		AUTOCLUSTER struct cluster cluster = { 0 };

		assert_true(cluster_from_options(&cases[i].options, BOARDS, &cluster, &diags,
						 &err) < 0);
		assert_true(err.usage);
		assert_text("message", err.message, cases[i].message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roles_come_from_names),
		cmocka_unit_test(options_make_a_node),
		cmocka_unit_test(mistakes_in_options_name_them),
		cmocka_unit_test(a_node_needs_a_name_and_an_image),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
