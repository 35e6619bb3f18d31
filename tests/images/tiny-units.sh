# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Part of tiny-tree.sh: the units of systemd, and which of them are enabled.
# shellcheck disable=SC2154

# unit NAME DESCRIPTION [WANTED-BY]
unit() {
	local wanted=''

	[ $# -lt 3 ] || wanted=$'\n\n'"[Install]"$'\n'"WantedBy=$3"
	put "usr/lib/systemd/system/$1" 0644 <<<"[Unit]
Description=$2

[Service]
Type=oneshot
ExecStart=/usr/bin/true$wanted"
}

tree_units() {
	local lib=/usr/lib/systemd/system etc=etc/systemd/system name

	unit ssh.service 'OpenBSD Secure Shell server' multi-user.target
	unit userconfig.service 'User configuration dialog' multi-user.target
	unit sshswitch.service 'Turn on SSH if /boot/firmware/ssh is present' multi-user.target
	unit NetworkManager.service 'Network Manager' multi-user.target
	unit NetworkManager-wait-online.service 'Network Manager Wait Online' network-online.target
	unit systemd-networkd.service 'Network Configuration' multi-user.target
	unit systemd-timesyncd.service 'Network Time Synchronization' sysinit.target
	unit systemd-time-wait-sync.service 'Wait Until Kernel Time Synchronized' sysinit.target
	unit systemd-growfs-root.service 'Grow Root File System'
	unit avahi-daemon.service 'Avahi mDNS/DNS-SD Stack' multi-user.target
	unit cron.service 'Regular background program processing daemon' multi-user.target
	unit rpi-eeprom-update.service 'Check for Raspberry Pi EEPROM updates' multi-user.target
	unit getty@.service 'Getty on %I' getty.target
	unit serial-getty@.service 'Serial Getty on %I' getty.target
	unit console-getty.service 'Console Getty' getty.target
	unit apt-daily.service 'Daily apt download activities'
	unit wpa_supplicant.service 'WPA supplicant' multi-user.target
	for name in NetworkManager avahi-daemon cron userconfig sshswitch rpi-eeprom-update wpa_supplicant; do
		links "$lib/$name.service" "$etc/multi-user.target.wants/$name.service"
	done
	links "$lib/systemd-timesyncd.service" "$etc/sysinit.target.wants/systemd-timesyncd.service"
	for name in multi-user sysinit getty timers network-online swap basic; do
		put "usr/lib/systemd/system/$name.target" 0644 <<<"[Unit]"$'\n'"Description=$name"
	done
	put usr/lib/systemd/system-preset/90-systemd.preset 0644 <<<$'enable getty@.service\ndisable systemd-time-wait-sync.service'
	put usr/lib/userconf-pi/userconf-service 0755 <<<'#!/bin/sh'

	# A directory of more than one block gets an index of hashes, as this one has in a real image.
	for name in {001..120}; do
		: >"$root/usr/lib/systemd/system/stand-in-for-another-$name.service"
	done

	if $bookworm; then
		put usr/lib/raspberrypi-sys-mods/firstboot 0755 <<<'#!/bin/bash'
		unit sshd-regenerate.service 'Regenerate SSH host keys' multi-user.target
		return
	fi
	tree_units_trixie
}

tree_units_trixie() {
	local lib=/usr/lib/systemd/system etc=etc/systemd/system name

	put usr/lib/systemd/system/sshd-keygen.service 0644 <<-'FILE'
		[Unit]
		Description=Generate sshd host keys on first boot
		ConditionFirstBoot=yes
		Before=ssh.service

		[Service]
		Type=oneshot
		ExecStart=ssh-keygen -A

		[Install]
		WantedBy=ssh.service sshd.service
	FILE
	links "$lib/sshd-keygen.service" "$etc/ssh.service.wants/sshd-keygen.service"
	links "$lib/sshd-keygen.service" "$etc/sshd.service.wants/sshd-keygen.service"
	put usr/lib/systemd/system/rpi-resize.service 0644 <<-'FILE'
		[Unit]
		Description=Resize the root file system on first boot
		ConditionFirstBoot=yes
		Wants=systemd-growfs-root.service

		[Service]
		Type=oneshot
		ExecStart=systemctl disable rpi-resize.service

		[Install]
		WantedBy=sysinit.target
	FILE
	links "$lib/rpi-resize.service" "$etc/sysinit.target.wants/rpi-resize.service"
	for name in cloud-init-local cloud-init-main cloud-init-network cloud-config cloud-final; do
		unit "$name.service" "Cloud-init: $name" cloud-init.target
	done
	put usr/lib/systemd/system/cloud-init.target 0644 <<<$'[Unit]\nDescription=Cloud-init target'
	put etc/cloud/cloud.cfg 0644 <<<$'users:\n  - default\npreserve_hostname: false'
	put etc/cloud/cloud.cfg.d/99_raspberry-pi.cfg 0644 <<-'FILE'
		datasource_list: [ NoCloud, None ]
		datasource:
		  NoCloud:
		    seedfrom: file:///boot/firmware
		ssh_deletekeys: false
		ssh_genkeytypes: []
	FILE
	put etc/systemd/journald.conf.d/40-rpi-volatile-storage.conf 0644 <<<$'[Journal]\nStorage=volatile'
}
