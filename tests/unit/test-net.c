/* SPDX-License-Identifier: Apache-2.0 */
#include "config/net.h"

#include <stdlib.h>

#include "test.h"
#include "util/cleanup.h"

static void parses_networks(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		/* The network and its last address, if it is one. */
		const char *network, *last;
	} cases[] = {
		{ "192.168.5.21/24", true, "192.168.5.0/24", "192.168.5.255" },
		{ "10.244.64.1/18", true, "10.244.64.0/18", "10.244.127.255" },
		{ "10.0.0.1/0", true, "0.0.0.0/0", "255.255.255.255" },
		{ "10.0.0.1/32", true, "10.0.0.1/32", "10.0.0.1" },
		{ "fd00::1/64", true, "fd00::/64", "fd00::ffff:ffff:ffff:ffff" },
		{ "fd00::1/3", true, "e000::/3", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
		{ "192.168.5.21", false, NULL, NULL },
		{ "192.168.5.21/", false, NULL, NULL },
		{ "192.168.5.21/33", false, NULL, NULL },
		{ "192.168.5.21/024", false, NULL, NULL },
		{ "192.168.5.21/-1", false, NULL, NULL },
		{ "192.168.5.21/24/24", false, NULL, NULL },
		{ "192.168.5/24", false, NULL, NULL },
		{ "192.168.5.021/24", false, NULL, NULL },
		{ "192.168.5.256/24", false, NULL, NULL },
		{ "fd00::1/129", false, NULL, NULL },
		{ "fd00::1::2/64", false, NULL, NULL },
		{ "/24", false, NULL, NULL },
		{ "", false, NULL, NULL },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/64", false, NULL, NULL },
	};

	(void)state;
	TEST_EACH (i, cases) {
		struct cidr cidr;

		assert_case(cases[i].text, cidr_parse(cases[i].text, &cidr) == cases[i].ok);
		if (!cases[i].ok)
			continue;

		const struct cidr network = cidr_network(&cidr), last = cidr_last(&cidr);
		AUTOFREE char *network_text = cidr_format(&network, true);
		AUTOFREE char *last_text = cidr_format(&last, false);

		assert_text(cases[i].text, network_text, cases[i].network);
		assert_text(cases[i].text, last_text, cases[i].last);
		assert_case(cases[i].text, cidr_is_canonical(&network));
		assert_case(cases[i].text, cidr_contains(&network, &last));
	}
}

static void knows_overlaps(void **state)
{
	static const struct {
		const char *a, *b;
		bool overlap;
	} cases[] = {
		{ "10.244.0.0/16", "10.244.64.0/18", true },
		{ "10.244.0.0/18", "10.244.64.0/18", false },
		{ "0.0.0.0/0", "192.168.5.0/24", true },
		{ "192.168.5.0/25", "192.168.5.128/25", false },
		{ "fd00::/64", "fd00::/48", true },
		{ "fd00::/64", "fd00:0:0:1::/64", false },
		{ "::/0", "0.0.0.0/0", false },
	};

	(void)state;
	TEST_EACH (i, cases) {
		struct cidr a, b;

		assert_case(cases[i].a, cidr_parse(cases[i].a, &a) && cidr_parse(cases[i].b, &b));
		assert_case(cases[i].a, cidr_overlap(&a, &b) == cases[i].overlap);
		assert_case(cases[i].b, cidr_overlap(&b, &a) == cases[i].overlap);
	}
}

static void counts_addresses(void **state)
{
	static const struct {
		const char *network;
		uint32_t n;
		const char *want;
	} cases[] = {
		{ "10.244.0.0/20", 1, "10.244.0.1" },
		{ "10.244.0.0/20", 10, "10.244.0.10" },
		{ "10.244.0.0/16", 256, "10.244.1.0" },
		{ "10.244.0.7/16", 65535, "10.244.255.255" },
		{ "fd00::/108", 10, "fd00::a" },
		{ "fd00::/64", 0xffffffff, "fd00::ffff:ffff" },
	};

	(void)state;
	TEST_EACH (i, cases) {
		struct cidr network, address;

		assert_case(cases[i].network, cidr_parse(cases[i].network, &network));
		address = cidr_nth(&network, cases[i].n);

		AUTOFREE char *text = cidr_format(&address, false);
		assert_text(cases[i].network, text, cases[i].want);
	}
}

static void compares_addresses(void **state)
{
	static const struct {
		const char *a, *b;
		int order;
	} cases[] = {
		{ "192.168.5.9", "192.168.5.10", -1 },
		{ "192.168.5.10", "192.168.5.10", 0 },
		{ "192.168.6.0", "192.168.5.255", 1 },
		{ "fd00::ff", "fd00::100", -1 },
	};

	(void)state;
	TEST_EACH (i, cases) {
		struct cidr a, b;

		assert_case(cases[i].a,
			    address_parse(cases[i].a, &a) && address_parse(cases[i].b, &b));

		int order = address_compare(&a, &b);
		assert_case(cases[i].a, (order > 0) - (order < 0) == cases[i].order);
		assert_case(cases[i].a, address_equal(&a, &b) == (cases[i].order == 0));
	}
}

static void takes_endpoints_apart(void **state)
{
	static const struct {
		const char *text, *host;
		unsigned port;
	} cases[] = {
		{ "192.168.5.20:6443", "192.168.5.20", 6443 },
		{ "192.168.5.20", "192.168.5.20", 6443 },
		{ "api.example.com:443", "api.example.com", 443 },
		{ "controlplane", "controlplane", 6443 },
		{ "[fd00::20]:443", "fd00::20", 443 },
		{ "[fd00::20]", "fd00::20", 6443 },
		{ "fd00::20", "fd00::20", 6443 },
		{ ":6443", NULL, 0 },
		{ "host:", NULL, 0 },
		{ "host:0", NULL, 0 },
		{ "host:65536", NULL, 0 },
		{ "host:https", NULL, 0 },
		{ "[fd00::20", NULL, 0 },
		{ "[fd00::20]443", NULL, 0 },
		{ "[fd00::20]:", NULL, 0 },
		{ "[]:443", NULL, 0 },
		{ "a:b:c", NULL, 0 },
		{ "", NULL, 0 },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTOFREE char *host = NULL;
		unsigned port = 0;

		assert_case(cases[i].text,
			    endpoint_parse(cases[i].text, &host, &port) == !!cases[i].host);
		if (!cases[i].host)
			continue;
		assert_text(cases[i].text, host, cases[i].host);
		assert_int_equal(port, cases[i].port);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_networks),       cmocka_unit_test(knows_overlaps),
		cmocka_unit_test(counts_addresses),      cmocka_unit_test(compares_addresses),
		cmocka_unit_test(takes_endpoints_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
