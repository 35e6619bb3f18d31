/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "fake-node.h"
#include "plan/kubernetes.h"
#include "plan/raspios-parts.h"
#include "test.h"
#include "util/alloc.h"

/** What a plan has at a path. */
enum expected { NOTHING, TEXT, LINK, REMOVED };

struct expectation {
	const char *path;
	enum expected what;
	const char *value;
};

static void assert_plan(const struct fake_node *f, const struct expectation *e)
{
	if (e->what == TEXT)
		assert_text(e->path, fake_node_text(f, e->path), e->value);
	else if (e->what == LINK)
		assert_text(e->path, fake_node_link(f, e->path), e->value);
	else if (e->what == REMOVED)
		assert_case(e->path, fake_node_removes(f, e->path));
	else
		assert_case(e->path, plan_find(&f->plan, e->path) == NULL);
}

#define WANTS UNITS_ETC "multi-user.target.wants/"

static void prepares_trixie(void **state)
{
	/* clang-format off */
	static const struct expectation cases[] = {
		{ WANTS "ssh.service", LINK, UNITS_LIB "ssh.service" },
		{ UNITS_ETC "sshd.service", LINK, UNITS_LIB "ssh.service" },
		{ UNITS_ETC "ssh.service.wants/sshd-keygen.service", LINK, UNITS_LIB "sshd-keygen.service" },
		{ "/etc/ssh/sshd_config.d/10-nib.conf", TEXT, "PasswordAuthentication no\n" },
		{ WANTS "userconfig.service", REMOVED, NULL },
		{ UNITS_ETC "userconfig.service", LINK, "/dev/null" },
		{ UNITS_ETC "getty.target.wants/getty@tty1.service", LINK, UNITS_LIB "getty@.service" },
		{ "/etc/ssh/sshd_config.d/rename_user.conf", REMOVED, NULL },
		{ "/var/lib/userconf-pi/autologin", NOTHING, NULL },
		{ "/etc/cloud/cloud-init.disabled", TEXT, "" },
		{ "/etc/cloud/cloud.cfg.d/99-nib.cfg", TEXT,
		  "preserve_hostname: true\nnetwork: {config: disabled}\nusers: []\n" },
		{ "/etc/rpi/swap.conf.d/90-disable-swap.conf", TEXT, "[Main]\nMechanism=none\n" },
		{ "/etc/systemd/zram-generator.conf", TEXT, "" },
		{ UNITS_ETC "systemd-zram-setup@zram0.service", LINK, "/dev/null" },
		{ UNITS_ETC "dev-zram0.swap", LINK, "/dev/null" },
		{ UNITS_ETC "dphys-swapfile.service", NOTHING, NULL },
		{ UNITS_ETC "sysinit.target.wants/systemd-time-wait-sync.service", LINK,
		  UNITS_LIB "systemd-time-wait-sync.service" },
		{ "/etc/modules-load.d/k8s.conf", TEXT, "overlay\nbr_netfilter\n" },
	};
	/* clang-format on */
	AUTONODE struct fake_node f;

	(void)state;
	fake_node_init(&f, fake_trixie());
	fake_node_run(&f);
	assert_int_equal(f.code, 0);
	TEST_EACH (i, cases)
		assert_plan(&f, &cases[i]);
}

static void prepares_bookworm(void **state)
{
	static const struct expectation cases[] = {
		{ WANTS "ssh.service", LINK, UNITS_LIB "ssh.service" },
		{ UNITS_ETC "ssh.service.wants/sshd-keygen.service", NOTHING, NULL },
		{ UNITS_ETC "userconfig.service", LINK, "/dev/null" },
		{ "/etc/cloud/cloud-init.disabled", NOTHING, NULL },
		{ "/etc/cloud/cloud.cfg.d/99-nib.cfg", NOTHING, NULL },
		{ "/etc/rpi/swap.conf.d/90-disable-swap.conf", NOTHING, NULL },
		{ "/etc/systemd/zram-generator.conf", NOTHING, NULL },
		{ WANTS "dphys-swapfile.service", REMOVED, NULL },
		{ UNITS_ETC "dphys-swapfile.service", LINK, "/dev/null" },
	};
	AUTONODE struct fake_node f;

	(void)state;
	fake_node_init(&f, fake_bookworm());
	fake_text(f.b, "/var/lib/userconf-pi/autologin", 0644, "");
	fake_node_run(&f);
	assert_int_equal(f.code, 0);
	assert_true(fake_node_removes(&f, "/var/lib/userconf-pi/autologin"));
	TEST_EACH (i, cases)
		assert_plan(&f, &cases[i]);
}

static void sets_sysctls_for_both_families(void **state)
{
	static const struct {
		const char *subnet;
		bool ipv6;
	} cases[] = {
		{ NULL, false },
		{ "10.244.0.0/16", false },
		{ "fd00:10::/56", true },
		{ "10.244.0.0/16,fd00:10::/56", true },
	};

	(void)state;
	TEST_EACH (i, cases) {
		const char *name = cases[i].subnet ? cases[i].subnet : "none";
		AUTONODE struct fake_node f;

		fake_node_init(&f, fake_trixie());
		f.cluster.pod_subnet = fake_value(cases[i].subnet);
		fake_node_run(&f);

		const char *text = fake_node_text(&f, "/etc/sysctl.d/90-k8s.conf");
		assert_case(name, strstr(text, "net.ipv4.ip_forward=1\n") != NULL);
		assert_case(name, (strstr(text, "\nnet.ipv6.conf.all.forwarding=1\n") != NULL) ==
					  cases[i].ipv6);
	}
}

/* On first boot the first line that matches decides, and what has none is enabled. */
static void presets_end_with_disable(void **state)
{
	static const char path[] = "/etc/systemd/system-preset/00-nib.preset";
	AUTONODE struct fake_node f;

	(void)state;
	fake_node_init(&f, fake_trixie());
	fake_node_run(&f);

	const char *text = fake_node_text(&f, path);
	assert_non_null(strstr(text, "\nenable ssh.service\n"));
	assert_non_null(strstr(text, "\nenable sshd-keygen.service\n"));
	assert_null(strstr(text, "kubelet"));
	assert_null(strstr(text, FIRSTBOOT_UNIT));
	assert_text("end", strstr(text, "\ndisable "), "\ndisable *\n");

	struct raspios r = { .b = f.b, .plan = &f.plan };
	fake_text(f.b, UNITS_LIB "kubelet.service", 0644, "");
	plan_write(&f.plan, UNITS_ETC FIRSTBOOT_UNIT, buf_from(""), ATTR_ROOT_0644, "test");
	assert_int_equal(raspios_presets(&r, &f.err), 0);
	text = fake_node_text(&f, path);
	assert_non_null(strstr(text, "\nenable kubelet.service\n"));
	assert_non_null(strstr(text, "\nenable " FIRSTBOOT_UNIT "\ndisable *\n"));
}

static void sets_time_zone_locale_keymap(void **state)
{
	static const struct expectation cases[] = {
		{ "/etc/localtime", LINK, "/usr/share/zoneinfo/Europe/Berlin" },
		{ "/etc/timezone", TEXT, "Europe/Berlin\n" },
		{ "/etc/default/locale", TEXT, "LANG=C.UTF-8\n" },
		{ "/etc/default/keyboard", TEXT,
		  "# KEYBOARD\nXKBMODEL=\"pc105\"\nXKBLAYOUT=\"de\"\nXKBVARIANT=\"\"\n" },
	};
	AUTONODE struct fake_node f;

	(void)state;
	fake_node_init(&f, fake_trixie());
	fake_node_run(&f);
	TEST_EACH (i, cases)
		assert_case(cases[i].path, plan_find(&f.plan, cases[i].path) == NULL);

	f.nodes[0].timezone = fake_value("Europe/Berlin");
	f.nodes[0].locale = fake_value("C.UTF-8");
	f.nodes[0].keymap = fake_value("de");
	fake_node_run(&f);
	TEST_EACH (i, cases)
		assert_plan(&f, &cases[i]);
	assert_text("errors", fake_node_first(&f, DIAG_ERROR), "");
}

/* systemd of a later release keeps the file elsewhere, and a link here. */
static void writes_through_links(void **state)
{
	AUTONODE struct fake_node f;

	(void)state;
	fake_node_init(&f, fake_trixie());
	fake_text(f.b, "/etc/locale.conf", 0644, "LANG=en_GB.UTF-8\n");
	fake_link(f.b, "/etc/default/locale", "../locale.conf");
	f.nodes[0].locale = fake_value("en_GB.UTF-8");
	fake_node_run(&f);
	assert_text("locale", fake_node_text(&f, "/etc/locale.conf"), "LANG=en_GB.UTF-8\n");
	assert_null(plan_find(&f.plan, "/etc/default/locale"));
}

static void keymap_is_one_of_the_image(void **state)
{
	static const struct {
		const char *layout, *keymap, *want;
	} cases[] = {
		{ NULL, "uk", "" },
		{ "de", "de", "" },
		{ "de", "uk", "the image has no keyboard layout 'uk'" },
		{ "de", "de-latin1", "the image has no keyboard layout 'de-latin1'" },
		{ "nec/jp", "nec", "the image has no keyboard layout 'nec'" },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTONODE struct fake_node f;

		fake_node_init(&f, fake_trixie());
		if (cases[i].layout) {
			AUTOFREE char *path =
				xasprintf("/usr/share/X11/xkb/symbols/%s", cases[i].layout);
			fake_text(f.b, path, 0644, "xkb_symbols \"basic\" {};\n");
		}
		f.nodes[0].keymap = fake_value(cases[i].keymap);
		fake_node_run(&f);
		assert_text(cases[i].keymap, fake_node_first(&f, DIAG_ERROR), cases[i].want);
	}
}

static void points_at_mistakes(void **state)
{
	static const struct {
		const char *timezone, *locale, *keymap;
		enum severity severity;
		const char *want;
	} cases[] = {
		{ "Europe/Berln", NULL, NULL, DIAG_ERROR,
		  "the image has no time zone 'Europe/Berln'" },
		{ "Europe", NULL, NULL, DIAG_ERROR, "the image has no time zone 'Europe'" },
		{ "", NULL, NULL, DIAG_ERROR, "the image has no time zone ''" },
		{ "../../../etc/shadow", NULL, NULL, DIAG_ERROR,
		  "the image has no time zone '../../../etc/shadow'" },
		{ NULL, "de_DE.UTF-8", NULL, DIAG_WARNING,
		  "the image has no locale 'de_DE.UTF-8'" },
		{ NULL, "C; reboot", NULL, DIAG_ERROR, "'C; reboot' is not a locale" },
		{ NULL, NULL, "de\"\nX", DIAG_ERROR, "'de\"\nX' is not a keyboard layout" },
	};

	(void)state;
	TEST_EACH (i, cases) {
		AUTONODE struct fake_node f;

		fake_node_init(&f, fake_trixie());
		f.nodes[0].timezone = fake_value(cases[i].timezone);
		f.nodes[0].locale = fake_value(cases[i].locale);
		f.nodes[0].keymap = fake_value(cases[i].keymap);
		fake_node_run(&f);
		assert_case(cases[i].want, f.code == 0);
		assert_case(cases[i].want, fake_node_found(&f, cases[i].severity, cases[i].want));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prepares_trixie),
		cmocka_unit_test(prepares_bookworm),
		cmocka_unit_test(sets_sysctls_for_both_families),
		cmocka_unit_test(presets_end_with_disable),
		cmocka_unit_test(sets_time_zone_locale_keymap),
		cmocka_unit_test(writes_through_links),
		cmocka_unit_test(keymap_is_one_of_the_image),
		cmocka_unit_test(points_at_mistakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
