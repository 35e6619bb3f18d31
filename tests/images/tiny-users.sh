# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Part of tiny-tree.sh: the accounts.
# shellcheck disable=SC2154,SC2034

# name:uid:gid:comment:home:shell of everybody but root and pi
system_users() {
	cat <<-LIST
		daemon:1:1:daemon:/usr/sbin:/usr/sbin/nologin
		bin:2:2:bin:/bin:/usr/sbin/nologin
		sys:3:3:sys:/dev:/usr/sbin/nologin
		sync:4:65534:sync:/bin:/bin/sync
		man:6:12:man:/var/cache/man:/usr/sbin/nologin
		mail:8:8:mail:/var/mail:/usr/sbin/nologin
		www-data:33:33:www-data:/var/www:/usr/sbin/nologin
		backup:34:34:backup:/var/backups:/usr/sbin/nologin
		_apt:42:65534::/nonexistent:/usr/sbin/nologin
		nobody:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
		systemd-network:998:998:systemd Network Management:/:/usr/sbin/nologin
		systemd-timesync:996:996:systemd Time Synchronization:/:/usr/sbin/nologin
		messagebus:995:995:System Message Bus:/nonexistent:/usr/sbin/nologin
		avahi:100:105:Avahi mDNS daemon,,,:/run/avahi-daemon:/usr/sbin/nologin
		polkitd:994:994:User for polkitd:/:/usr/sbin/nologin
		sshd:993:65534:sshd user:/run/sshd:/usr/sbin/nologin
	LIST
}

system_groups() {
	cat <<-LIST
		root:0
		daemon:1
		bin:2
		sys:3
		adm:4:pi
		tty:5
		disk:6
		lp:7
		mail:8
		man:12
		dialout:20:pi
		cdrom:24:pi
		sudo:27:pi
		audio:29:pi
		www-data:33
		backup:34
		shadow:42
		utmp:43
		video:44:pi
		plugdev:46:pi
		staff:50
		games:60:pi
		users:100:pi
		systemd-journal:999
		systemd-network:998
		crontab:997
		systemd-timesync:996
		messagebus:995
		polkitd:994
		input:992:pi
		render:991:pi
		spi:989:pi
		i2c:988:pi
		gpio:986:pi
		netdev:985:pi
		avahi:105
		nogroup:65534
	LIST
}

tree_users() {
	local name uid gid gecos home shell members days=20556 pi_shell=/usr/sbin/nologin
	local passwd='root:x:0:0:root:/root:/bin/bash'$'\n' shadow="root:*:$days:0:99999:7:::"$'\n'
	local group='' gshadow=''

	! $bookworm || pi_shell=/bin/bash

	while IFS=: read -r name uid gid gecos home shell; do
		passwd+="$name:x:$uid:$gid:$gecos:$home:$shell"$'\n'
		shadow+="$name:*:$days:0:99999:7:::"$'\n'
	done < <(system_users)
	while IFS=: read -r name gid members; do
		$with_pi || members=
		group+="$name:x:$gid:$members"$'\n'
		gshadow+="$name:*::$members"$'\n'
	done < <(system_groups)
	if $with_pi; then
		passwd+="pi:x:1000:1000:,,,:/home/pi:$pi_shell"$'\n'
		shadow+="pi:!:$days:0:99999:7:::"$'\n'
		group+="pi:x:1000:"$'\n'
		gshadow+="pi:!::"$'\n'
		put etc/subuid 0644 <<<pi:100000:65536
		put etc/subgid 0644 <<<pi:100000:65536
	else
		put etc/subuid 0644 </dev/null
		put etc/subgid 0644 </dev/null
	fi

	put etc/passwd 0644 <<<"${passwd%$'\n'}"
	put etc/group 0644 <<<"${group%$'\n'}"
	put etc/shadow 0640 0:42 <<<"${shadow%$'\n'}"
	put etc/gshadow 0640 0:42 <<<"${gshadow%$'\n'}"
	put etc/shells 0644 <<<$'/bin/sh\n/bin/bash\n/usr/bin/bash'
	put etc/sudoers 0440 <<<$'root\tALL=(ALL:ALL) ALL\n%sudo\tALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d'
	put etc/sudoers.d/README 0440 <<<'# see sudoers(5)'
	! $bookworm || put etc/sudoers.d/010_pi-nopasswd 0440 <<<'pi ALL=(ALL) NOPASSWD: ALL'

	put etc/skel/.bashrc 0644 <<<'# ~/.bashrc: executed by bash(1) for non-login shells.'
	put etc/skel/.profile 0644 <<<'# ~/.profile: executed by the command interpreter for login shells.'
	if $with_pi; then
		mkdir -m 0700 "$root/home/pi"
		owner[/home/pi]=1000:1000
		for name in .bashrc .profile; do
			put "home/pi/$name" 0644 1000:1000 <"$root/etc/skel/$name"
		done
	fi
}
