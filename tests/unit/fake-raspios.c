/* SPDX-License-Identifier: Apache-2.0 */
#include "fake-raspios.h"

#include "util/alloc.h"

#define LIB "/usr/lib/systemd/system/"
#define ETC "/etc/systemd/system/"

static struct partition partitions[] = {
	{ .number = 1,
	  .offset = 8 << 20,
	  .size = 512 << 20,
	  .type = 0x0c,
	  .part_uuid = (char[]){ "1a2b3c4d-01" },
	  .part_name = (char[]){ "" },
	  .fs_type = (char[]){ "vfat" },
	  .fs_label = (char[]){ "bootfs" },
	  .fs_uuid = (char[]){ "ABCD-1234" } },
	{ .number = 2,
	  .offset = 520 << 20,
	  .size = 1024 << 20,
	  .type = 0x83,
	  .part_uuid = (char[]){ "1a2b3c4d-02" },
	  .part_name = (char[]){ "" },
	  .fs_type = (char[]){ "ext4" },
	  .fs_label = (char[]){ "rootfs" },
	  .fs_uuid = (char[]){ "" } },
};

const struct layout fake_layout = {
	.size = 1544 << 20,
	.table = TABLE_MBR,
	.disk_id = 0x1a2b3c4d,
	.partitions = partitions,
	.count = ARRAY_SIZE(partitions),
};

/** A file of the image; a link where target is set. */
struct entry {
	const char *path;
	mode_t mode;
	const char *content;
	const char *target;
};

/* clang-format off */
static const struct entry common[] = {
	{ "/etc/os-release", 0, NULL, "../usr/lib/os-release" },
	{ "/etc/rpi-issue", 0644, "Raspberry Pi reference 2026-04-13\nGenerated using pi-gen\n", NULL },
	{ "/etc/hostname", 0644, "raspberrypi\n", NULL },
	{ "/etc/hosts", 0644, "127.0.0.1\tlocalhost\n::1\t\tlocalhost ip6-localhost\n\n127.0.1.1\t\traspberrypi\n", NULL },
	{ "/etc/machine-id", 0444, "uninitialized\n", NULL },
	{ "/etc/fstab", 0644,
	  "proc            /proc           proc    defaults          0       0\n"
	  "PARTUUID=1a2b3c4d-01  /boot/firmware  vfat    defaults          0       2\n"
	  "PARTUUID=1a2b3c4d-02  /               ext4    defaults,noatime  0       1\n", NULL },
	{ "/etc/timezone", 0644, "Europe/London\n", NULL },
	{ "/etc/localtime", 0, NULL, "/usr/share/zoneinfo/Europe/London" },
	{ "/usr/share/zoneinfo/Europe/London", 0644, "TZif2", NULL },
	{ "/usr/share/zoneinfo/Europe/Berlin", 0644, "TZif2", NULL },
	{ "/etc/default/locale", 0644, "LANG=en_GB.UTF-8\n", NULL },
	{ "/etc/locale.gen", 0644, "# de_DE.UTF-8 UTF-8\nen_GB.UTF-8 UTF-8\n", NULL },
	{ "/usr/lib/locale/C.utf8/LC_CTYPE", 0644, "stand-in", NULL },
	{ "/etc/default/keyboard", 0644, "# KEYBOARD\nXKBMODEL=\"pc105\"\nXKBLAYOUT=\"gb\"\nXKBVARIANT=\"\"\n", NULL },
	{ "/etc/ssh/sshd_config", 0644, "Include /etc/ssh/sshd_config.d/*.conf\n", NULL },
	{ "/etc/ssh/sshd_config.d/rename_user.conf", 0644, "Banner /usr/share/userconf-pi/sshd_banner\n", NULL },
	{ "/etc/sudoers.d/README", 0440, "# see sudoers(5)\n", NULL },
	{ "/etc/skel/.bashrc", 0644, "# bash\n", NULL },
	{ "/etc/skel/.config/x", 0600, "x\n", NULL },
	{ "/home/pi/.bashrc", 0644, "# bash\n", NULL },
	{ "/root/.bashrc", 0644, "# bash\n", NULL },
	{ "/var/lib/NetworkManager/NetworkManager.state", 0644, "[main]\nNetworkingEnabled=true\nWirelessEnabled=false\n", NULL },
	{ "/var/lib/systemd/rfkill/platform-fe300000.mmcnr:wlan", 0644, "1\n", NULL },
	{ "/var/lib/systemd/rfkill/platform-serial0:bluetooth", 0644, "1\n", NULL },
	{ "/bin", 0, NULL, "usr/bin" },
	{ "/usr/bin/bash", 0755, "stand-in", NULL },
	{ "/usr/lib/modules/6.12.75+rpt-rpi-2712/modules.dep", 0644, "", NULL },
	{ "/usr/lib/modules/6.12.75+rpt-rpi-v8/modules.dep", 0644, "", NULL },
	{ LIB "ssh.service", 0644, "[Install]\nWantedBy=multi-user.target\n", NULL },
	{ LIB "getty@.service", 0644, "", NULL },
	{ LIB "userconfig.service", 0644, "", NULL },
	{ LIB "systemd-time-wait-sync.service", 0644, "", NULL },
	{ ETC "multi-user.target.wants/userconfig.service", 0, NULL, LIB "userconfig.service" },
	{ ETC "getty.target.wants/x.service", 0, NULL, "/dev/null" },
	{ "/boot/firmware/config.txt", 0755, "auto_initramfs=1\n[cm4]\notg_mode=1\n[all]\n", NULL },
	{ "/boot/firmware/kernel8.img", 0755, "v8", NULL },
	{ "/boot/firmware/kernel_2712.img", 0755, "2712", NULL },
	{ "/boot/firmware/initramfs8", 0755, "i", NULL },
	{ "/boot/firmware/initramfs_2712", 0755, "i", NULL },
	{ "/boot/firmware/start4.elf", 0755, "s", NULL },
	{ "/boot/firmware/fixup4.dat", 0755, "f", NULL },
	{ "/boot/firmware/bcm2711-rpi-4-b.dtb", 0755, "d", NULL },
	{ "/boot/firmware/bcm2712-rpi-5-b.dtb", 0755, "d", NULL },
};

static const struct entry trixie[] = {
	{ "/usr/lib/os-release", 0644,
	  "PRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\nVERSION_CODENAME=trixie\nID=debian\n", NULL },
	{ "/var/lib/dpkg/status", 0644,
	  "Package: libc6\nStatus: install ok installed\nArchitecture: armhf\nVersion: 2.41\n\n"
	  "Package: systemd\nStatus: install ok installed\nArchitecture: arm64\nVersion: 257.9\n\n"
	  "Package: kubeadm\nStatus: install ok installed\nArchitecture: arm64\nVersion: 1.34.2-1.1\n\n"
	  "Package: cri-o\nStatus: deinstall ok config-files\nArchitecture: arm64\nVersion: 1.34.1\n", NULL },
	{ "/boot/firmware/cmdline.txt", 0755,
	  "console=serial0,115200 console=tty1 root=PARTUUID=1a2b3c4d-02 rootfstype=ext4 "
	  "fsck.repair=yes rootwait resize\n", NULL },
	{ "/boot/firmware/user-data", 0755, "#cloud-config\n", NULL },
	{ "/boot/firmware/meta-data", 0755, "dsmode: local\n", NULL },
	{ "/boot/firmware/network-config", 0755, "#network:\n", NULL },
	{ "/etc/cloud/cloud.cfg.d/99_raspberry-pi.cfg", 0644, "datasource_list: [ NoCloud, None ]\n", NULL },
	{ "/etc/rpi/swap.conf", 0644, "#[Main]\n", NULL },
	{ "/usr/lib/systemd/zram-generator.conf", 0644, "[zram0]\n", NULL },
	{ LIB "sshd-keygen.service", 0644, "", NULL },
	{ ETC "ssh.service.wants/sshd-keygen.service", 0, NULL, LIB "sshd-keygen.service" },
};

static const struct entry bookworm[] = {
	{ "/usr/lib/os-release", 0644,
	  "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_CODENAME=bookworm\nID=debian\n", NULL },
	{ "/var/lib/dpkg/status", 0644,
	  "Package: systemd\nStatus: install ok installed\nArchitecture: arm64\nVersion: 252.31\n\n", NULL },
	{ "/boot/firmware/cmdline.txt", 0755,
	  "console=serial0,115200 console=tty1 root=PARTUUID=1a2b3c4d-02 rootfstype=ext4 "
	  "fsck.repair=yes rootwait quiet init=/usr/lib/raspberrypi-sys-mods/firstboot\n", NULL },
	{ "/etc/sudoers.d/010_pi-nopasswd", 0440, "pi ALL=(ALL) NOPASSWD: ALL\n", NULL },
	{ LIB "dphys-swapfile.service", 0644, "", NULL },
	{ ETC "multi-user.target.wants/dphys-swapfile.service", 0, NULL, LIB "dphys-swapfile.service" },
};

#define GROUPS "root:x:0:\nadm:x:4:pi\nsudo:x:27:pi\nvideo:x:44:pi\nusers:x:100:pi\nshadow:x:42:\npi:x:1000:\n"
#define GSHADOW "root:*::\nadm:*::pi\nsudo:*::pi\nvideo:*::pi\nusers:*::pi\nshadow:*::\npi:!::\n"

static const struct entry accounts[] = {
	{ "/etc/group", 0644, GROUPS, NULL },
	{ "/etc/shadow", 0640, "root:*:20556:0:99999:7:::\ndaemon:*:20556:0:99999:7:::\npi:!:20556:0:99999:7:::\n", NULL },
	{ "/etc/gshadow", 0640, GSHADOW, NULL },
	{ "/etc/subuid", 0644, "pi:100000:65536\n", NULL },
	{ "/etc/subgid", 0644, "pi:100000:65536\n", NULL },
};
/* clang-format on */

static void add(struct backend *b, const struct entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (entries[i].target)
			fake_link(b, entries[i].path, entries[i].target);
		else
			fake_text(b, entries[i].path, entries[i].mode, entries[i].content);
	}
}

static struct backend *make(const struct entry *entries, size_t count, const char *shell)
{
	struct backend *b = fake_new();
	AUTOFREE char *passwd = xasprintf("root:x:0:0:root:/root:/bin/bash\n"
					  "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
					  "pi:x:1000:1000:,,,:/home/pi:%s\n",
					  shell);

	fake_dir(b, "/root", 0700);
	fake_dir(b, "/home/pi", 0700);
	fake_dir(b, "/etc/NetworkManager/system-connections", 0700);
	add(b, common, ARRAY_SIZE(common));
	add(b, accounts, ARRAY_SIZE(accounts));
	add(b, entries, count);
	fake_text(b, "/etc/passwd", 0644, passwd);
	fake_owner(b, "/etc/shadow", 0, 42);
	fake_owner(b, "/etc/gshadow", 0, 42);
	fake_owner(b, "/home/pi", 1000, 1000);
	return b;
}

struct backend *fake_trixie(void)
{
	return make(trixie, ARRAY_SIZE(trixie), "/usr/sbin/nologin");
}

struct backend *fake_bookworm(void)
{
	return make(bookworm, ARRAY_SIZE(bookworm), "/bin/bash");
}
