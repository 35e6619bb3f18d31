# SPDX-License-Identifier: Apache-2.0
# What nib writes, read back with other programs.

load ../helpers

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	make_project .
	digest base.img > base.sha256
	"$NIB" -q build
}

setup() {
	cd "$BATS_FILE_TMPDIR"
	image=images/controlplane.img
}

@test "every node has an image, mode 0600, and a manifest" {
	for node in controlplane controlplane1 node0; do
		[ "$(stat -c %a "images/$node.img")" = 600 ]
		python3 -m json.tool "images/$node.img.json" > /dev/null
	done
	[ -z "$(find images -name '*.partial.*')" ]
}

@test "the base image is not changed" {
	[ "$(digest base.img)" = "$(cat base.sha256)" ]
}

@test "images stay sparse" {
	[ "$(stat -c %b images/node0.img)" -lt $(($(stat -c %b base.img) + 4096)) ]
}

@test "e2fsck and fsck.vfat find every image clean" {
	for node in controlplane controlplane1 node0; do
		assert_clean "images/$node.img"
	done
}

@test "host name and hosts" {
	[ "$(ext4 $image 'cat /etc/hostname')" = controlplane ]
	ext4 $image 'cat /etc/hosts' | grep -Eq '^127\.0\.1\.1[[:space:]]+controlplane$'
	ext4 $image 'cat /etc/hosts' | absent -q raspberrypi
	ext4 $image 'cat /etc/hosts' | grep -Eq '^192\.168\.5\.22[[:space:]]+controlplane1'
}

@test "machine-id stays uninitialized, so that first boot is one" {
	[ "$(ext4 $image 'cat /etc/machine-id')" = uninitialized ]
}

@test "user pi: shell, password, key, owners and modes" {
	ext4 $image 'cat /etc/passwd' | grep -q '^pi:x:1000:1000:.*:/bin/bash$'
	[[ "$(ext4 $image 'cat /etc/shadow')" =~ pi:\$y\$ ]]
	python3 - "$(ext4 $image 'cat /etc/shadow' | grep ^pi: | cut -d: -f2)" <<-'PY'
		import sys, warnings
		warnings.simplefilter("ignore")
		import crypt
		assert crypt.crypt("correct horse", sys.argv[1]) == sys.argv[1]
	PY
	[ "$(ext4 $image 'cat /home/pi/.ssh/authorized_keys')" = "$(cat id.pub)" ]
	[ "$(ext4_attr $image /home/pi/.ssh)" = "0700 1000 1000" ]
	[ "$(ext4_attr $image /home/pi/.ssh/authorized_keys)" = "0600 1000 1000" ]
	[ "$(ext4_attr $image /etc/shadow)" = "$(ext4_attr base.img /etc/shadow)" ]
	[ "$(ext4_attr $image /etc/sudoers.d/010_pi-nopasswd)" = "0440 0 0" ]
	if command -v visudo > /dev/null; then
		ext4 $image 'cat /etc/sudoers.d/010_pi-nopasswd' > sudoers
		visudo -cf sudoers
	fi
}

@test "disk id: MBR, fstab and cmdline.txt agree, and differ per node" {
	local id
	id=$(sfdisk --json $image | python3 -c 'import json, sys
print(json.load(sys.stdin)["partitiontable"]["id"][2:])')
	[ ${#id} = 8 ]
	[ "$id" != 1a2b3c4d ]
	[ "$(ext4 $image 'cat /etc/fstab' | grep -c "PARTUUID=$id-0[12]")" = 2 ]
	fat_cat $image cmdline.txt | grep -q " root=PARTUUID=$id-02 "
	ext4 $image 'cat /etc/fstab' | absent -q 1a2b3c4d
	[ "$(sfdisk --disk-id images/node0.img)" != "$(sfdisk --disk-id $image)" ]
}

@test "cmdline.txt: one line, memory cgroup on, resize kept" {
	[ "$(fat_cat $image cmdline.txt | wc -l)" = 1 ]
	fat_cat $image cmdline.txt | grep -q ' cgroup_enable=memory\b'
	fat_cat $image cmdline.txt | grep -q ' resize\b'
	fat_cat $image cmdline.txt | absent -Eq 'systemd\.hostname|cgroup_memory|(^| )rw( |$)'
}

@test "network: keyfile for the static address, root only" {
	local keyfile
	keyfile=$(ext4 $image 'ls -p /etc/NetworkManager/system-connections' |
		awk -F/ '$6 ~ /nmconnection/ { print $6 }')
	[ "$(ext4_attr $image "/etc/NetworkManager/system-connections/$keyfile")" = "0600 0 0" ]
	ext4 $image "cat /etc/NetworkManager/system-connections/$keyfile" |
		grep -q '^address1=192\.168\.5\.21/24,192\.168\.5\.1$'
	ext4 images/node0.img "cat /etc/NetworkManager/system-connections/$keyfile" |
		grep -q '^method=auto$'
}

@test "wizard, cloud-init and swap are off, ssh is on" {
	[[ "$(ext4 $image 'stat /etc/systemd/system/userconfig.service')" =~ /dev/null ]]
	ext4 $image 'ls -p /etc/systemd/system/multi-user.target.wants' | absent -q userconfig
	ext4 $image 'ls -p /etc/systemd/system/multi-user.target.wants' | grep -q '/ssh.service/'
	ext4 $image 'ls -p /etc/cloud' | grep -q '/cloud-init.disabled/'
	ext4 $image 'cat /etc/rpi/swap.conf.d/90-disable-swap.conf' | grep -q '^Mechanism=none$'
	mdir -b -i "$image@@$(part_start $image 1)" :: | absent -Eq 'user-data|network-config|meta-data'
}

@test "time zone" {
	[[ "$(ext4 $image 'stat /etc/localtime')" =~ zoneinfo/Europe/Berlin ]]
	[ "$(ext4 $image 'cat /etc/timezone')" = Europe/Berlin ]
}

@test "the age key goes to the first control plane only, mode 0600" {
	[ "$(ext4 $image 'cat /root/keys.txt')" = "$(cat keys.txt)" ]
	[ "$(ext4_attr $image /root/keys.txt)" = "0600 0 0" ]
	for node in controlplane1 node0; do
		absent -qa 'AGE-SECRET-KEY' "images/$node.img"
	done
}

@test "the token is in no world-readable file, on no FAT, in no manifest" {
	local path
	for node in controlplane controlplane1 node0; do
		absent -q 0123456789abcdef "images/$node.img.json"
		mkdir -p "fat-$node"
		mcopy -s -n -Q -i "images/$node.img@@$(part_start "images/$node.img" 1)" '::*' "fat-$node"
		absent -rqE 'abcdef\.0123456789|AGE-SECRET' "fat-$node"
	done
	"$NIB" -q plan controlplane --json | python3 -c '
import json, sys
for line in sys.stdin:
    op = json.loads(line)
    if op["operation"] == "write" and not op.get("secret"):
        print(op["path"])' | while read -r path; do
		if "$NIB" -q plan controlplane --show "$path" | grep -qE 'abcdef\.0123456789|AGE-SECRET|correct horse'; then
			echo "$path holds a secret that is not marked" >&2
			return 1
		fi
	done
}

@test "files that the plan does not touch keep bytes, owners, modes and capabilities" {
	local before after
	before=$(debugfs -R 'ea_get -x /usr/bin/ping security.capability' "base.img?offset=$(part_start base.img 2)" 2> /dev/null)
	after=$(debugfs -R 'ea_get -x /usr/bin/ping security.capability' "$image?offset=$(part_start $image 2)" 2> /dev/null)
	[ -n "$before" ]
	[ "$before" = "$after" ]
	[ "$(ext4_attr $image /usr/bin/ping)" = "$(ext4_attr base.img /usr/bin/ping)" ]
	[ "$(fat_cat $image kernel8.img | sha256sum)" = "$(fat_cat base.img kernel8.img | sha256sum)" ]
}

@test "nib verify agrees, and with the other node's image it does not" {
	"$NIB" -q verify controlplane $image
	run "$NIB" -q verify node0 $image
	[ "$status" = 1 ]
	[[ "$output" =~ /etc/hostname ]]
}

@test "a second application of the plan changes nothing" {
	sed 's/base.img/images\/node0.img/' cluster.yaml > again.yaml
	"$NIB" -q -f again.yaml build node0 -o again.img
	cmp images/node0.img again.img
}

@test "inspect tells the node, the boards and what is missing" {
	run "$NIB" inspect $image
	[ "$status" = 0 ]
	[[ "$output" =~ "controlplane, init of cluster rpi" ]]
	[[ "$output" =~ "boots       rpi5" ]]
	"$make_tiny" lacking.img --without kernel_2712.img
	run "$NIB" inspect lacking.img
	[[ "$output" =~ "not         rpi5".*"kernel_2712.img" ]]
	[[ "$output" =~ "boots       rpi4" ]]
}

# A person's archive comes from any tar, and CI runs nib in the C locale.
@test "archives of every tar dialect, with names in UTF-8, in the C locale" {
	cd "$BATS_TEST_TMPDIR"
	make_project .
	mkdir -p tree/srv/straße
	echo hello > tree/srv/straße/schön.txt
	ln -s straße/schön.txt tree/srv/grün
	sed -i 's|^  files:.*|  files: [{archive: own.tar}]|' cluster.yaml
	for locale in C C.UTF-8; do
		for how in --format={v7,ustar,oldgnu,gnu,pax} --{gzip,bzip2,xz,zstd}; do
			LC_ALL=$locale tar -C tree "$how" -cf own.tar srv
			LC_ALL=C "$NIB" -q plan node0 --json | python3 -c '
import json, sys
plan = {op.get("path"): op for op in map(json.loads, sys.stdin)}
assert "/srv/straße/schön.txt" in plan, plan.keys()
assert plan["/srv/grün"]["target"] == "straße/schön.txt", plan["/srv/grün"]'
		done
	done
	LC_ALL=C "$NIB" -q build node0 -o own.img
	[ "$(ext4 own.img 'cat /srv/straße/schön.txt')" = hello ]
	[[ "$(LC_ALL=C "$NIB" -q plan node0)" =~ "/srv/grün -> straße/schön.txt" ]]
}
