# SPDX-License-Identifier: Apache-2.0
# nib verify finds one changed byte in any injected file, a wrong mode, a wrong owner.

load ../helpers

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	make_project .
	"$NIB" -q build controlplane -o good.img
	"$NIB" -q plan controlplane --json > plan.json
}

setup() {
	cd "$BATS_FILE_TMPDIR"
	cp --sparse=always good.img bad.img
	rootfs=$(part_start good.img 2)
	bootfs=$(part_start good.img 1)
}

# Paths of operations: write, mkdir, symlink, remove; on the ext4 only.
paths() {
	python3 -c '
import json, sys
for line in open("plan.json"):
    op = json.loads(line)
    if op["operation"] == sys.argv[1] and not op["path"].startswith("/boot/firmware/"):
        print(op["path"])' "$1"
}

expect_mismatch() {
	run "$NIB" -q verify controlplane bad.img
	[ "$status" = 1 ] || { echo "$1: not found" >&2; return 1; }
	[[ "$output" =~ "$1" ]] || { echo "$1: not named in: $output" >&2; return 1; }
}

# Change one bit of the byte at an offset of the image, or change it back.
flip() {
	python3 - bad.img "$1" <<-'PY'
		import sys
		with open(sys.argv[1], "r+b") as f:
		    f.seek(int(sys.argv[2]))
		    byte = f.read(1)[0]
		    f.seek(int(sys.argv[2]))
		    f.write(bytes([byte ^ 1]))
	PY
}

@test "one changed byte in any written file" {
	local n=0 path block
	while read -r path; do
		block=$(ext4 good.img "blocks $path" | awk '{ print $1 }')
		[ -n "$block" ] || continue # an empty file has no byte to change
		flip $((rootfs + block * 4096))
		expect_mismatch "$path"
		flip $((rootfs + block * 4096))
		n=$((n + 1))
	done < <(paths write)
	[ "$n" -ge 20 ]
	cmp good.img bad.img
}

@test "one changed byte on the boot partition" {
	fat_cat good.img cmdline.txt | tr q Q > cmdline.txt
	printf x >> cmdline.txt
	mcopy -o -i "bad.img@@$bootfs" cmdline.txt ::/cmdline.txt
	expect_mismatch /boot/firmware/cmdline.txt
}

@test "a wrong mode of any file and directory" {
	local n=0 path
	while read -r path; do
		cp --sparse=always good.img bad.img
		local mode
		mode=$(ext4_attr good.img "$path" | cut -d' ' -f1)
		local type=010
		[[ "$(ext4 good.img "stat $path")" =~ directory ]] && type=004
		ext4_edit bad.img "sif $path mode 0${type}$(printf '%04o' $((0$mode ^ 01)))"
		expect_mismatch "$path"
		[[ "$output" =~ "mode is" ]]
		n=$((n + 1))
	done < <(paths write; paths mkdir)
	[ "$n" -ge 20 ]
}

@test "a wrong owner and a wrong group" {
	ext4_edit bad.img "sif /home/pi/.ssh/authorized_keys uid 0"
	expect_mismatch /home/pi/.ssh/authorized_keys
	[[ "$output" =~ "owner is 0:1000 instead of 1000:1000" ]]
	cp --sparse=always good.img bad.img
	ext4_edit bad.img "sif /root/keys.txt gid 1000"
	expect_mismatch /root/keys.txt
}

@test "a missing file, a link that leads elsewhere, something that came back" {
	ext4_edit bad.img "rm /etc/hostname"
	expect_mismatch "/etc/hostname: is missing"
	cp --sparse=always good.img bad.img
	ext4_edit bad.img "rm /etc/localtime"
	ext4_edit bad.img "symlink /etc/localtime /usr/share/zoneinfo/Etc/UTC"
	expect_mismatch /etc/localtime
	cp --sparse=always good.img bad.img
	printf x | mcopy -i "bad.img@@$bootfs" - ::/user-data 2> /dev/null ||
		mcopy -i "bad.img@@$bootfs" cluster.yaml ::/user-data
	expect_mismatch /boot/firmware/user-data
}

@test "another disk id" {
	sfdisk -q --disk-id bad.img 0x11223344
	run "$NIB" -q verify controlplane bad.img
	[ "$status" = 1 ]
}
