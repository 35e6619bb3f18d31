# SPDX-License-Identifier: Apache-2.0
# The same inputs give the same bytes, whatever surrounds the run.

load ../helpers

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	make_project .
	"$NIB" -q build controlplane -o first.img
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
