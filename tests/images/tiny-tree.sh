# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The files of a Raspberry Pi OS, as far as a tool that edits them offline can see them.  Written
# with builtins wherever possible: a process per file would make a tiny image take seconds.
#
# Set by the caller: $root and $fat (directories to fill), $bookworm, $with_pi, $root_id and
# $cmdline, $images (where these scripts are).  Read by the caller: the owners.
# shellcheck disable=SC2154,SC2034

# Who owns what is not root's, by path.  Nobody but root could chown() here; it is written into
# the image afterwards.
declare -A owner=()

# shellcheck source=tests/images/tiny-users.sh
. "$images/tiny-users.sh"
# shellcheck source=tests/images/tiny-units.sh
. "$images/tiny-units.sh"
# shellcheck source=tests/images/tiny-fat.sh
. "$images/tiny-fat.sh"

# put PATH MODE [UID:GID] < CONTENT
put() {
	local content

	IFS= read -r -d '' content || :
	printf '%s' "$content" >"$root/$1"
	chmod "$2" "$root/$1"
	[ $# -lt 3 ] || owner[/$1]=$3
}

# links TARGET PATH [TARGET PATH...]
links() {
	while [ $# -gt 0 ]; do
		ln -s "$1" "$root/$2"
		shift 2
	done
}

tree_directories() {
	local -a dirs=(
		boot/firmware dev mnt opt proc root run srv sys tmp home
		etc/alternatives etc/apt/sources.list.d etc/cloud/cloud.cfg.d etc/cloud/templates
		etc/default etc/modprobe.d etc/modules-load.d etc/NetworkManager/conf.d
		etc/NetworkManager/dispatcher.d etc/NetworkManager/system-connections etc/netplan
		etc/rpi/swap.conf.d etc/skel etc/ssh/ssh_config.d etc/ssh/sshd_config.d etc/ssl/certs
		etc/sudoers.d etc/sysctl.d etc/systemd/journald.conf.d etc/systemd/network
		etc/systemd/system/getty.target.wants etc/systemd/system/multi-user.target.wants
		etc/systemd/system/ssh.service.wants etc/systemd/system/sshd.service.wants
		etc/systemd/system/sysinit.target.wants etc/systemd/system/timers.target.wants
		usr/bin usr/sbin usr/games usr/include usr/local/bin usr/local/sbin usr/share/doc
		usr/lib/NetworkManager/conf.d usr/lib/firmware usr/lib/locale/C.utf8
		usr/lib/modules/6.12.75+rpt-rpi-v8/kernel usr/lib/modules/6.12.75+rpt-rpi-2712/kernel
		usr/lib/raspberrypi-sys-mods usr/lib/sysctl.d usr/lib/systemd/system
		usr/lib/systemd/system-generators usr/lib/systemd/system-preset
		usr/lib/systemd/zram-generator.conf.d usr/lib/userconf-pi
		usr/share/keyrings usr/share/zoneinfo/Etc usr/share/zoneinfo/Europe
		var/cache/apt var/lib/apt/lists var/lib/dpkg/info var/lib/NetworkManager
		var/lib/systemd/rfkill var/lib/systemd/timesync var/lib/userconf-pi var/log/journal
		var/mail var/opt var/spool var/tmp
	)

	(cd "$root" && mkdir -p "${dirs[@]}")
	links usr/bin bin usr/lib lib usr/sbin sbin /run var/run /run/lock var/lock
	chmod 1777 "$root/tmp" "$root/var/tmp"
	chmod 0700 "$root/root" "$root/etc/NetworkManager/system-connections"
	chmod 0700 "$root/var/lib/NetworkManager"
	chmod 0750 "$root/etc/sudoers.d"
	chmod 2755 "$root/var/log/journal"
	owner[/var/log/journal]=0:999
	owner[/var/lib/systemd/timesync]=996:996
}

tree_os_release() {
	local version=13 codename=trixie full=13.4

	if $bookworm; then
		version=12 codename=bookworm full=12.9
	fi
	put usr/lib/os-release 0644 <<-FILE
		PRETTY_NAME="Debian GNU/Linux $version ($codename)"
		NAME="Debian GNU/Linux"
		VERSION_ID="$version"
		VERSION="$version ($codename)"
		VERSION_CODENAME=$codename
		DEBIAN_VERSION_FULL=$full
		ID=debian
		HOME_URL="https://www.debian.org/"
		SUPPORT_URL="https://www.debian.org/support"
		BUG_REPORT_URL="https://bugs.debian.org/"
	FILE
	links ../usr/lib/os-release etc/os-release
	put etc/debian_version 0644 <<<"$full"
	put etc/rpi-issue 0644 <<-'FILE'
		Raspberry Pi reference 2026-04-13
		Generated using pi-gen, https://github.com/RPi-Distro/pi-gen, 0123456789abcdef0123456789abcdef01234567, stage2
	FILE
	put var/lib/dpkg/status 0644 < <(tree_dpkg_status)
	put var/lib/dpkg/arch 0644 <<<arm64
}

tree_dpkg_status() {
	local package version

	while read -r package version; do
		printf 'Package: %s\nStatus: install ok installed\nPriority: optional\nSection: admin\n' \
			"$package"
		printf 'Maintainer: nobody <nobody@example.org>\nArchitecture: arm64\nVersion: %s\n' "$version"
		printf 'Description: stand-in\n\n'
	done < <(if $bookworm; then bookworm_packages; else trixie_packages; fi)
}

trixie_packages() {
	cat <<-LIST
		cloud-init 25.2-1~bpo13+1+rpt19
		initramfs-tools 0.148.3+rpt2
		linux-image-rpi-2712 1:6.12.75-1+rpt1
		linux-image-rpi-v8 1:6.12.75-1+rpt1
		network-manager 1.52.1-1+rpt1
		openssh-server 1:10.0p1-7+deb13u1
		raspberrypi-sys-mods 1:20260403
		rpi-swap 1.2.1
		systemd 257.9-1~deb13u1
		systemd-zram-generator 1.2.1-2
		userconf-pi 0.13
	LIST
}

bookworm_packages() {
	cat <<-LIST
		dphys-swapfile 20100506-7.1+rpt3
		linux-image-rpi-2712 1:6.6.51-1+rpt3
		linux-image-rpi-v8 1:6.6.51-1+rpt3
		network-manager 1.42.4-1+rpt1+deb12u1
		openssh-server 1:9.2p1-2+deb12u4
		raspberrypi-sys-mods 20241007
		systemd 252.31-1~deb12u1
		userconf-pi 0.11
	LIST
}

tree_identity() {
	put etc/hostname 0644 <<<raspberrypi
	put etc/hosts 0644 <<-FILE
		127.0.0.1	localhost
		::1		localhost ip6-localhost ip6-loopback
		ff02::1		ip6-allnodes
		ff02::2		ip6-allrouters

		127.0.1.1	raspberrypi
	FILE
	put etc/machine-id 0444 <<<uninitialized
	put etc/fstab 0644 <<-FILE
		proc            /proc           proc    defaults          0       0
		PARTUUID=$root_id-01  /boot/firmware  vfat    defaults          0       2
		PARTUUID=$root_id-02  /               ext4    defaults,noatime  0       1
	FILE
	put etc/timezone 0644 <<<Europe/London
	links /usr/share/zoneinfo/Europe/London etc/localtime
	for name in Europe/London Europe/Berlin Etc/UTC; do
		put "usr/share/zoneinfo/$name" 0644 <<<"TZif2 $name"
	done
	put etc/default/locale 0644 <<<'LANG=en_GB.UTF-8'
	links ../default/locale etc/locale.conf
	put etc/locale.gen 0644 <<<$'# de_DE.UTF-8 UTF-8\nen_GB.UTF-8 UTF-8\n# en_US.UTF-8 UTF-8'
	put usr/lib/locale/C.utf8/LC_CTYPE 0644 <<<stand-in
	put etc/default/keyboard 0644 <<-'FILE'
		# KEYBOARD CONFIGURATION FILE

		XKBMODEL="pc105"
		XKBLAYOUT="gb"
		XKBVARIANT=""
		XKBOPTIONS=""

		BACKSPACE="guess"
	FILE
	put etc/default/console-setup 0644 <<<$'CHARMAP="UTF-8"\nCODESET="guess"'
	put etc/resolv.conf 0644 </dev/null
	put etc/environment 0644 </dev/null
	put etc/motd 0644 <<<'The programs included with the Debian GNU/Linux system are free software.'
	put etc/issue 0644 <<<'Debian GNU/Linux \n \l'
	put etc/nsswitch.conf 0644 <<<$'passwd: files\ngroup: files\nhosts: files mdns4_minimal [NOTFOUND=return] dns'
	put etc/modules 0644 <<<'# /etc/modules'
}

tree_network() {
	put etc/NetworkManager/NetworkManager.conf 0644 <<<$'[main]\nplugins=ifupdown,keyfile\n\n[ifupdown]\nmanaged=false'
	put var/lib/NetworkManager/NetworkManager.state 0644 <<-'FILE'
		[main]
		NetworkingEnabled=true
		WirelessEnabled=false
		WWANEnabled=true
	FILE
	put var/lib/systemd/rfkill/platform-3f300000.mmcnr:wlan 0644 <<<1
	put var/lib/systemd/rfkill/platform-fe300000.mmcnr:wlan 0644 <<<1
	put var/lib/systemd/timesync/clock 0644 996:996 </dev/null
	put etc/ssh/sshd_config 0644 <<-'FILE'
		# This is the sshd server system-wide configuration file.

		Include /etc/ssh/sshd_config.d/*.conf

		#PasswordAuthentication yes
		KbdInteractiveAuthentication no
		UsePAM yes
		X11Forwarding yes
		PrintMotd no
		AcceptEnv LANG LC_* COLORTERM NO_COLOR
		Subsystem	sftp	/usr/lib/openssh/sftp-server
	FILE
	put etc/ssh/sshd_config.d/rename_user.conf 0644 <<<'Banner /usr/share/userconf-pi/sshd_banner'
	put etc/ssh/ssh_config 0644 <<<'Include /etc/ssh/ssh_config.d/*.conf'
	links /dev/null etc/systemd/network/99-default.link /dev/null etc/systemd/network/73-usb-net-by-mac.link
}

tree_swap() {
	if $bookworm; then
		put etc/dphys-swapfile 0644 <<<CONF_SWAPSIZE=512
		put usr/lib/systemd/system/dphys-swapfile.service 0644 <<<$'[Unit]\nDescription=dphys-swapfile\n[Service]\nType=oneshot\nExecStart=/sbin/dphys-swapfile setup\n[Install]\nWantedBy=multi-user.target'
		links /usr/lib/systemd/system/dphys-swapfile.service \
			etc/systemd/system/multi-user.target.wants/dphys-swapfile.service
		return
	fi
	put etc/rpi/swap.conf 0644 <<<$'# see swap.conf(5)\n#[Main]\n#Mechanism=auto'
	put usr/lib/systemd/zram-generator.conf 0644 <<<$'# by default, min(ram / 2, 4 GiB)\n[zram0]'
	put usr/lib/systemd/zram-generator.conf.d/20-rpi-swap-zram0-ctrl.conf 0644 <<<$'[zram0]\nhost-memory-limit=0\nfs-type=none'
	put usr/lib/systemd/system-generators/rpi-swap-generator 0755 <<<'#!/bin/sh'
	put usr/lib/systemd/system-generators/zram-generator 0755 <<<'#!/bin/sh'
	put usr/lib/systemd/system/systemd-zram-setup@.service 0644 <<<$'[Unit]\nDescription=Create swap on /dev/%i'
}

tree_programs() {
	local name

	for name in bash sh sudo systemctl nmcli parted; do
		put "usr/bin/$name" 0755 <<<'stand-in'
	done
	for name in nologin sshd ip sysctl; do
		put "usr/sbin/$name" 0755 <<<'stand-in'
	done
	put usr/bin/ping 0755 <<<'stand-in'
	chmod 4755 "$root/usr/bin/sudo"
}

tree_boot_stubs() {
	local name

	for name in cmdline.txt config.txt; do
		put "boot/$name" 0644 <<<"DO NOT EDIT THIS FILE"$'\n\n'"The file you are looking for has moved to /boot/firmware/$name"
	done
	links firmware/overlays boot/overlays firmware/issue.txt boot/issue.txt
}

tree_root() {
	tree_directories
	tree_os_release
	tree_users
	tree_identity
	tree_network
	tree_swap
	tree_units
	tree_programs
	tree_boot_stubs
}
