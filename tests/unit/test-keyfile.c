/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/keyfile.h"

#include "test.h"

#define UUID "5b6c8d6e-0000-8000-8000-000000000001"
#define HEAD(id, type, interface)                                 \
	"[connection]\nid=" id "\nuuid=" UUID "\ntype=" type "\n" \
	"interface-name=" interface "\nautoconnect-priority=100\n"
#define AUTO "\n[ipv4]\nmethod=auto\n\n[ipv6]\nmethod=auto\naddr-gen-mode=default\n"

static const char *const dns4[] = { "10.0.0.1", "1.1.1.1", NULL };
static const char *const dns6[] = { "fd00::1", NULL };

static void formats_profiles(void **state)
{
	/* clang-format off */
	static const struct {
		const char *name;
		struct keyfile keyfile;
		const char *want;
	} cases[] = {
		{ "DHCP", { .id = "nib-eth0", .uuid = UUID, .interface = "eth0" },
		  HEAD("nib-eth0", "ethernet", "eth0") "\n[ethernet]\n" AUTO },
		{ "static", { .id = "nib-eth0", .uuid = UUID, .interface = "eth0",
		  .ipv4 = { "10.0.0.11/24", "10.0.0.1", dns4 } },
		  HEAD("nib-eth0", "ethernet", "eth0") "\n[ethernet]\n"
		  "\n[ipv4]\nmethod=manual\naddress1=10.0.0.11/24,10.0.0.1\ndns=10.0.0.1;1.1.1.1;\n"
		  "\n[ipv6]\nmethod=auto\naddr-gen-mode=default\n" },
		{ "IPv6 without a gateway", { .id = "nib-eth0", .uuid = UUID, .interface = "eth0",
		  .ipv6 = { "fd00::11/64", NULL, dns6 } },
		  HEAD("nib-eth0", "ethernet", "eth0") "\n[ethernet]\n"
		  "\n[ipv4]\nmethod=auto\n"
		  "\n[ipv6]\nmethod=manual\naddress1=fd00::11/64\ndns=fd00::1;\naddr-gen-mode=default\n" },
		{ "Wi-Fi", { .id = "nib-wlan0", .uuid = UUID, .interface = "wlan0", .ssid = "home_net",
		  .psk = "correct horse" },
		  HEAD("nib-wlan0", "wifi", "wlan0") "\n[wifi]\nmode=infrastructure\nssid=home_net\n"
		  "\n[wifi-security]\nkey-mgmt=wpa-psk\npsk=correct horse\n" AUTO },
		{ "open Wi-Fi", { .id = "nib-wlan0", .uuid = UUID, .interface = "wlan0", .ssid = "cafe" },
		  HEAD("nib-wlan0", "wifi", "wlan0") "\n[wifi]\nmode=infrastructure\nssid=cafe\n" AUTO },
		{ "hard names", { .id = "nib-wlan0", .uuid = UUID, .interface = "wlan0",
		  .ssid = "16;\xc3\xa4", .psk = "  a\\b;c\td#  " },
		  HEAD("nib-wlan0", "wifi", "wlan0")
		  "\n[wifi]\nmode=infrastructure\nssid=49;54;59;195;164;\n"
		  "\n[wifi-security]\nkey-mgmt=wpa-psk\npsk=\\s\\sa\\\\b;c\\td#\\s\\s\n" AUTO },
	};
	/* clang-format on */

	(void)state;
	TEST_EACH (i, cases) {
		AUTOBUF struct buf got = { 0 };

		keyfile_format(&cases[i].keyfile, &got);
		assert_text(cases[i].name, buf_text(&got), cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats_profiles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
