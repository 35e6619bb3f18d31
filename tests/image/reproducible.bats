# SPDX-License-Identifier: Apache-2.0
# The same inputs give the same bytes, whatever surrounds the run.

load ../helpers

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	make_project .
	"$NIB" -q build controlplane -o first.img
	xz -0 -T2 --block-size=8MiB -c base.img > blocks.xz
}

setup() {
	cd "$BATS_FILE_TMPDIR"
}

@test "another run, time zone, locale, umask and directory" {
	sleep 2.1 # FAT stores times in steps of two seconds
	mkdir -p elsewhere
	(umask 077 && cd elsewhere && TZ=Asia/Tokyo LC_ALL=C LANG=de_DE.UTF-8 \
		"$NIB" -q -f ../cluster.yaml build controlplane -o "second image.img")
	cmp first.img "elsewhere/second image.img"
	cmp <(sed 's/first.img/X/' first.img.json) <(sed 's/second image.img/X/' "elsewhere/second image.img.json")
}

@test "SOURCE_DATE_EPOCH sets the times" {
	SOURCE_DATE_EPOCH=1700000000 "$NIB" -q build controlplane -o epoch.img
	ext4 epoch.img 'stat /etc/hostname' | grep -q 'mtime: 0x6553f100'
	run cmp -s first.img epoch.img
	[ "$status" = 1 ]
}

@test "an epoch that is none is refused" {
	SOURCE_DATE_EPOCH=tomorrow run "$NIB" -q build controlplane -o bad.img
	[ "$status" = 2 ]
	[[ "$output" =~ SOURCE_DATE_EPOCH ]]
	[ ! -e bad.img ]
}

@test "Bookworm and other layouts build twice the same, and clean" {
	for options in --bookworm --64bit "--spc 4" --unsigned-hash; do
		# shellcheck disable=SC2086
		"$make_tiny" base.img $options
		"$NIB" -q build node0 -o a.img --replace
		"$NIB" -q build node0 -o b.img --replace
		cmp a.img b.img
		assert_clean a.img
		"$NIB" -q verify node0 a.img
	done
}

# together: raw and compressed images of controlplane in the current directory, from the base
# image "$1", with a cache of their own.
together() {
	local how
	sed "s|image: {file: base.img}|image: {file: $1}|" "$BATS_FILE_TMPDIR/cluster.yaml" > cluster.yaml
	for how in none xz zst gz; do
		XDG_CACHE_HOME=$PWD/cache "$NIB" -q build controlplane -o $how --compress $how
	done
}

# the_same DIRECTORY DIRECTORY: what together() made there.
the_same() {
	local file
	for file in none/controlplane.img none/controlplane.img.bmap none/controlplane.img.json \
		xz/controlplane.img.xz xz/controlplane.img.bmap xz/controlplane.img.json xz/SHA256SUMS \
		zst/controlplane.img.zst zst/controlplane.img.bmap \
		gz/controlplane.img.gz gz/controlplane.img.bmap; do
		cmp "$1/$file" "$2/$file"
	done
	cmp "$1/none/controlplane.img.bmap" "$1/xz/controlplane.img.bmap"
}

# project DIRECTORY: all that a build needs, copied there.
project() {
	mkdir -p "$1"
	cp --sparse=always base.img blocks.xz id.pub secrets.yaml keys.txt pi.password "$1"
	chmod 600 "$1/secrets.yaml" "$1/keys.txt" "$1/pi.password"
}

# what_mounted: the same on the file system that is mounted at "mounted" as here.
what_mounted() {
	project mounted/project
	project here
	(cd here && together "$1")
	(cd mounted/project && together "$1")
	the_same here mounted/project
	rm -r here
}

setup_mount() {
	needs_root
	needs "mkfs.$1" losetup
	mkdir -p mounted
	rm -f disk
	truncate -s 600M disk
	"mkfs.$1" -q "${@:2}" disk
	mount -o loop disk mounted 2> /dev/null || skip "cannot mount a loop file with $1"
}

teardown() {
	cd "$BATS_FILE_TMPDIR"
	! mountpoint -q mounted || umount mounted
	[ -z "${memory:-}" ] || rm -r "$memory"
	rm -f disk
}

@test "compressed: another time, umask, locale, time zone and directory, with another cache" {
	project one
	project elsewhere/two
	(cd one && umask 022 && together blocks.xz)
	sleep 1.1
	(cd elsewhere/two && umask 077 && TZ=Asia/Tokyo LC_ALL=C LANG=de_DE.UTF-8 together blocks.xz)
	the_same one elsewhere/two
	rm -r one elsewhere/two
}

@test "on tmpfs" {
	[[ "$(stat -f -c %T /dev/shm) $(test -w /dev/shm && echo writable)" = 'tmpfs writable' ]] ||
		skip "no tmpfs at /dev/shm"
	memory=$(mktemp -d /dev/shm/nib-XXXXXX)
	project "$memory"
	project here
	(cd here && together base.img)
	(cd "$memory" && together base.img)
	the_same here "$memory"
	rm -r here
}

@test "on ext4" {
	setup_mount ext4
	what_mounted base.img
}

@test "on xfs, where the copy shares blocks with the base" {
	setup_mount xfs -m reflink=1
	what_mounted base.img
	[ "$(xfs_bmap -v mounted/project/none/controlplane.img -p | awk '$NF ~ /^1[0-9]+$/' | wc -l)" -gt 0 ]
	# What is reused of a base without holes is the same too.
	rm -r mounted/project
	cp --sparse=never base.img dense.img
	mv dense.img base.img
	project here
	(cd here && together base.img)
	project mounted/project
	cp --sparse=never base.img mounted/project/base.img
	(cd mounted/project && together base.img)
	the_same here mounted/project
	rm -r here
}
