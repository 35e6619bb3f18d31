# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What make-tiny and make-full share: writing an image in the layout of Raspberry Pi OS, piece
# by piece, into a plain file.  Nothing here needs root, a loop device or a mount.
#
# All positions and sizes are in sectors of 512 bytes, as in the partition table.

# sfdisk, mke2fs and debugfs live in sbin, which is not on everybody's PATH.
PATH=$PATH:/usr/sbin:/sbin

# The features mke2fs of Debian trixie gives to `mkfs.ext4 -O ^64bit,^huge_file`; spelled out,
# because the defaults of the machine that runs the tests are others.
EXT4_TRIXIE=has_journal,ext_attr,resize_inode,dir_index,orphan_file,filetype,extent,flex_bg
EXT4_TRIXIE+=,metadata_csum_seed,sparse_super,large_file,dir_nlink,extra_isize,metadata_csum

# The same on a bookworm host, which had the two youngest features switched off.
EXT4_BOOKWORM=has_journal,ext_attr,resize_inode,dir_index,filetype,extent,flex_bg
EXT4_BOOKWORM+=,sparse_super,large_file,dir_nlink,extra_isize,metadata_csum

# What rpi-image-gen pins: 64-byte group descriptors.
export EXT4_64BIT=$EXT4_BOOKWORM,64bit,huge_file
export EXT4_TRIXIE EXT4_BOOKWORM

EXT4_UUID=6e69622d-7465-7374-8000-726f6f746673
EXT4_HASH_SEED=6e69622d-7465-7374-8000-68617368a000

# More options for mke2fs.
EXT4_OPTIONS=()

program=${0##*/}
images=$(cd -- "${BASH_SOURCE[0]%/*}" && pwd)

die() {
	printf '%s: %s\n' "$program" "$1" >&2
	exit 1
}

# Exit with 77, "skipped", unless all these programs are here.
require() {
	local tool

	for tool; do
		if ! command -v "$tool" >/dev/null; then
			printf '%s: needs %s, which is not installed\n' "$program" "$tool" >&2
			exit 77
		fi
	done
}

# image_mbr IMAGE DISK-ID P1-START P1-SIZE P2-START P2-SIZE P2-TYPE
image_mbr() {
	sfdisk -q --no-reread --no-tell-kernel "$1" <<-SCRIPT
		label: dos
		label-id: 0x$2
		start=$3, size=$4, type=c
		start=$5, size=$6, type=$7
	SCRIPT
	# parted, which makes the real image, puts boot code here: one that stops (cli; hlt; jmp).
	# It also takes an MBR without any for a new one, and gives that another id on first boot.
	printf '\372\364\353\375' | dd of="$1" conv=notrunc status=none
}

# image_gpt IMAGE P1-START P1-SIZE P2-START P2-SIZE
image_gpt() {
	sfdisk -q --no-reread --no-tell-kernel "$1" <<-SCRIPT
		label: gpt
		label-id: 6e69622d-7465-7374-8000-6469736b0000
		start=$2, size=$3, type=EBD0A0A2-B9E5-4433-87C0-68B6B72699C7, name=bootfs, uuid=6e69622d-7465-7374-8000-706172740001
		start=$4, size=$5, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4, name=rootfs, uuid=6e69622d-7465-7374-8000-706172740002
	SCRIPT
}

# image_fat IMAGE START SIZE SECTORS-PER-CLUSTER LABEL DIRECTORY: a FAT32 that holds the files of
# a directory.  Names are passed in sorted order, since `mcopy -s` takes them as readdir() does.
image_fat() {
	local image=$1 start=$2 size=$3 spc=$4 label=$5 dir=$6
	local drive="$image@@$((start * 512))" sub
	local -a subs

	# mkfs.vfat warns that a label in lower case may not work; it is what the real one has.
	mkfs.vfat -F 32 -s "$spc" -n "$label" --invariant --mbr=n --offset "$start" \
		"$image" $((size / 2)) >/dev/null 2>&1 || die "mkfs.vfat failed on '$image'"

	mapfile -t subs < <(cd "$dir" && find . -mindepth 1 -type d | LC_ALL=C sort)
	for sub in "${subs[@]}"; do
		mmd -i "$drive" "::/${sub#./}"
	done
	for sub in . "${subs[@]}"; do
		fat_copy_files "$drive" "$dir/$sub" "::/${sub#.}"
	done
}

fat_copy_files() {
	local -a files

	mapfile -t files < <(find "$2" -maxdepth 1 -type f | LC_ALL=C sort)
	[ ${#files[@]} -eq 0 ] || mcopy -m -i "$1" "${files[@]}" "$3"
}

# image_ext4 IMAGE START SIZE LABEL FEATURES DIRECTORY: an ext4 that holds a directory, with the
# owners, modes and extended attributes found there.
image_ext4() {
	local image=$1 start=$2 size=$3 label=$4 features=$5 dir=$6

	# "default" is the usage type of a partition of some GiB; a small one would get small blocks.
	MKE2FS_CONFIG=$images/mke2fs.conf mke2fs -q -F -t ext4 -T default -O "none,$features" \
		-L "$label" -U "$EXT4_UUID" -d "$dir" \
		-E "offset=$((start * 512)),hash_seed=$EXT4_HASH_SEED,root_owner=0:0,lazy_itable_init=1,nodiscard" \
		"${EXT4_OPTIONS[@]}" "$image" "$((size / 2))k" ||
		die "mke2fs failed on '$image'"
}

# image_debugfs IMAGE START < COMMANDS: change an ext4.  debugfs always exits with 0, so whatever
# it says beside its banner counts as a failure.
image_debugfs() {
	local said

	said=$(debugfs -w -f - "$1?offset=$(($2 * 512))" 2>&1 >/dev/null | sed '/^debugfs [0-9]/d')
	[ -z "$said" ] || die "debugfs: $said"
}

# image_ext4_field IMAGE START FIELD: one line of the superblock, as dumpe2fs names it.
image_ext4_field() {
	dumpe2fs -h "$1?offset=$(($2 * 512))" 2>/dev/null | sed -n "s/^$3: *//p"
}

# image_index_directories IMAGE START: give big directories an index of hashes, as the kernel does
# and mke2fs does not.
image_index_directories() {
	local status=0

	e2fsck -fyD "$1?offset=$(($2 * 512))" >/dev/null 2>&1 || status=$?
	[ $status -le 1 ] || die "e2fsck -D failed on '$1'"
}
