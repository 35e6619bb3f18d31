/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "fake-node.h"
#include "test.h"
#include "util/alloc.h"

#define CONNECTIONS "/etc/NetworkManager/system-connections/"
#define STATE "/var/lib/NetworkManager/NetworkManager.state"
#define RFKILL "/var/lib/systemd/rfkill/"

static void writes_the_profile(void **state)
{
	/* clang-format off */
	static const struct {
		const char *name, *address, *gateway;
		const char *dns[3];
		const char *want; /* from [ethernet] on */
	} cases[] = {
		{ "DHCP", "dhcp", NULL, { NULL },
		  "[ethernet]\n\n[ipv4]\nmethod=auto\n\n[ipv6]\nmethod=auto\naddr-gen-mode=default\n" },
		{ "DHCP with own name servers", "dhcp", NULL, { "10.0.0.1", "fd00::1" },
		  "[ethernet]\n\n[ipv4]\nmethod=auto\ndns=10.0.0.1;\n"
		  "\n[ipv6]\nmethod=auto\ndns=fd00::1;\naddr-gen-mode=default\n" },
		{ "static", "10.0.0.11/24", "10.0.0.1", { "10.0.0.1", "1.1.1.1" },
		  "[ethernet]\n\n[ipv4]\nmethod=manual\naddress1=10.0.0.11/24,10.0.0.1\ndns=10.0.0.1;1.1.1.1;\n"
		  "\n[ipv6]\nmethod=auto\naddr-gen-mode=default\n" },
		{ "IPv6", "fd00::11/64", "fd00::1", { "fd00::53" },
		  "[ethernet]\n\n[ipv4]\nmethod=auto\n"
		  "\n[ipv6]\nmethod=manual\naddress1=fd00::11/64,fd00::1\ndns=fd00::53;\naddr-gen-mode=default\n" },
	};
	/* clang-format on */
	static const char path[] = CONNECTIONS "nib-eth0.nmconnection";

	(void)state;
	TEST_EACH (i, cases) {
		AUTONODE struct fake_node f;
		struct text dns[3];

		fake_node_init(&f, fake_trixie());
		f.nodes[0].address = fake_value(cases[i].address);
		f.nodes[0].network.gateway = fake_value(cases[i].gateway);
		f.nodes[0].network.nameservers.list = dns;
		for (size_t j = 0; cases[i].dns[j]; j++)
			dns[f.nodes[0].network.nameservers.count++] = fake_value(cases[i].dns[j]);
		fake_node_run(&f);

		const char *text = fake_node_text(&f, path);
		assert_case(cases[i].name, text && strstr(text, "\nautoconnect-priority=100\n"));
		assert_case(cases[i].name, strstr(text, "\ninterface-name=eth0\n") != NULL);
		assert_text(cases[i].name, strstr(text, "[ethernet]"), cases[i].want);

		/* NetworkManager does not read profiles that others can. */
		const struct plan_op *op = plan_find(&f.plan, path);
		assert_case(cases[i].name, op->attr.mode == 0600 && op->attr.uid == 0);
		assert_case(cases[i].name, !op->secret);
	}
}

static void keeps_to_one_network(void **state)
{
	AUTONODE struct fake_node f;

	(void)state;
	fake_node_init(&f, fake_trixie());
	fake_text(f.b, CONNECTIONS "nib-wlan0.nmconnection", 0600, "of another node\n");
	fake_text(f.b, CONNECTIONS "vpn.nmconnection", 0600, "of the user's\n");
	fake_node_run(&f);
	assert_text("conf", fake_node_text(&f, "/etc/NetworkManager/conf.d/10-nib.conf"),
		    "[main]\nno-auto-default=*\n\n[keyfile]\n"
		    "unmanaged-devices=interface-name:cilium*;interface-name:lxc*;"
		    "interface-name:cali*\n");
	assert_true(fake_node_removes(&f, CONNECTIONS "nib-wlan0.nmconnection"));
	assert_null(plan_find(&f.plan, CONNECTIONS "vpn.nmconnection"));
	/* A wired node keeps its radio off. */
	assert_null(plan_find(&f.plan, STATE));
	assert_null(plan_find(&f.plan, RFKILL "platform-fe300000.mmcnr:wlan"));
}

/* Country, switch, kill switch and profile: without one of them there is no Wi-Fi. */
static void turns_the_radio_on(void **state)
{
	AUTONODE struct fake_node f;

	(void)state;
	fake_node_init(&f, fake_trixie());
	f.nodes[0].network.interface = fake_value("wlan0");
	f.nodes[0].network.wifi.ssid = fake_value("home");
	f.nodes[0].network.wifi.country = fake_value("DE");
	f.inputs.wifi_password = buf_from("correct horse");
	fake_node_run(&f);
	assert_int_equal(f.code, 0);

	const struct plan_op *op = plan_find(&f.plan, CONNECTIONS "nib-wlan0.nmconnection");
	assert_true(op && op->secret && op->attr.mode == 0600);
	assert_non_null(strstr(buf_text(&op->content), "\nssid=home\n"));
	assert_non_null(strstr(buf_text(&op->content), "\npsk=correct horse\n"));
	assert_non_null(strstr(fake_node_text(&f, "/boot/firmware/cmdline.txt"),
			       " cfg80211.ieee80211_regdom=DE"));
	assert_text("state", fake_node_text(&f, STATE),
		    "[main]\nNetworkingEnabled=true\nWirelessEnabled=true\n");
	assert_text("rfkill", fake_node_text(&f, RFKILL "platform-fe300000.mmcnr:wlan"), "0\n");
	assert_null(plan_find(&f.plan, RFKILL "platform-serial0:bluetooth"));
}

static void does_without_files_of_the_radio(void **state)
{
	AUTONODE struct fake_node f;

	(void)state;
	fake_node_init(&f, fake_trixie());
	fake_gone(f.b, "/var/lib/systemd/rfkill");
	fake_gone(f.b, "/var/lib/NetworkManager");
	f.nodes[0].network.interface = fake_value("wlan0");
	f.nodes[0].network.wifi.ssid = fake_value("home");
	fake_node_run(&f);
	assert_int_equal(f.code, 0);
	assert_null(plan_find(&f.plan, STATE));
}

static void points_at_mistakes(void **state)
{
	static const struct {
		const char *interface, *ssid, *want;
	} cases[] = {
		{ "", NULL, "board 'rpi5' needs a network interface" },
		{ NULL, NULL, "board 'rpi5' needs a network interface" },
		{ "eth0", "home", "'eth0' is wired, but the network is a Wi-Fi" },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTONODE struct fake_node f;

		fake_node_init(&f, fake_trixie());
		f.nodes[0].network.interface = fake_value(cases[i].interface);
		f.nodes[0].network.wifi.ssid = fake_value(cases[i].ssid);
		fake_node_run(&f);
		assert_case(cases[i].want, f.code == 0);
		assert_text("network", fake_node_first(&f, DIAG_ERROR), cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_the_profile),
		cmocka_unit_test(keeps_to_one_network),
		cmocka_unit_test(turns_the_radio_on),
		cmocka_unit_test(does_without_files_of_the_radio),
		cmocka_unit_test(points_at_mistakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
