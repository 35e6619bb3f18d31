# SPDX-License-Identifier: Apache-2.0
# A disk that is full, at every stage: told with what is missing, nothing is left, and with room it
# works.

load ../helpers

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	make_small_project .
	# 8 MiB that do not compress.
	head -c 8M /dev/urandom >> base.img
	cp --sparse=always base.img sparse.img
	mv sparse.img base.img
	"$NIB" -q build node0 -o reference.img
	xz -0 -T2 --block-size=8MiB -c base.img > blocks.xz
	mkdir small
}

setup() {
	needs_root
	cd "$BATS_FILE_TMPDIR"
	mount -t tmpfs -o size=64M,mode=0755 small small 2> /dev/null || skip "cannot mount a tmpfs"
	with_image 'file: base.img'
	export XDG_CACHE_HOME=$BATS_TEST_TMPDIR/cache
}

teardown() {
	! mountpoint -q "$BATS_FILE_TMPDIR/small" || umount "$BATS_FILE_TMPDIR/small"
}

# names: all that is there, but for what is known about raw images.
names() {
	find small -type f ! -name '*.lock' ! -name 'map-*'
}

# full PATTERN [ARGUMENT...]: the build fails with this, and leaves nothing on the small file system.
full() {
	run "$NIB" build node0 "${@:2}"
	echo "$output"
	[ "$status" = 1 ]
	[[ "$output" =~ $1 ]]
	names
	[ -z "$(names)" ]
}

@test "copying a node: before it begins, with what is missing" {
	mount -o remount,size=3M small
	full "copy 'base.img' to 'small/node0.img'.*no space left.*MiB are missing" -o small
	mount -o remount,size=64M small
	"$NIB" -q build node0 -o small
	cmp small/node0.img reference.img
}

@test "decoding into the cache" {
	export XDG_CACHE_HOME=$PWD/small
	with_image 'file: blocks.xz'
	mount -o remount,size=4M small
	full "'blocks.xz'.*(No space left|no space left).*(MiB|bytes) (are )?missing" -o images
	[ -z "$(ls -A images 2> /dev/null)" ]
	mount -o remount,size=64M small
	"$NIB" -q build node0 -o out.img --replace
	cmp out.img reference.img
}

@test "downloading into the cache; then decoding what was downloaded" {
	serve blocks.xz
	export XDG_CACHE_HOME=$PWD/small
	with_image "url: $server/normal, sha256: $(digest blocks.xz)"
	mount -o remount,size=4M small
	run "$NIB" build node0 -o images
	echo "$output"
	[ "$status" = 1 ]
	[[ "$output" =~ "$server/normal".*(space).*missing ]]
	[ ! -e images/node0.img ]
	mount -o remount,size=14M small
	run "$NIB" build node0 -o images
	echo "$output"
	[ "$status" = 1 ]
	[[ "$output" =~ "$server/normal".*(space).*missing ]]
	unserve
	mount -o remount,size=64M small
	"$NIB" -q build node0 -o out.img --replace
	cmp out.img reference.img
	[ -z "$(find small -name '*.partial')" ]
}

@test "compressing the base into the cache" {
	export XDG_CACHE_HOME=$PWD/small
	mount -o remount,size=4M small
	full "compress 'base.img'.*space" --compress zst -o images
	[ -z "$(ls -A images 2> /dev/null)" ]
	mount -o remount,size=64M small
	"$NIB" -q build node0 --compress zst -o out.img --replace
	zstd -q -dc out.img.zst | cmp - reference.img
}

@test "compressing a node" {
	local raw
	"$NIB" -q build node0 -o small --compress gz
	rm -r small/*
	"$NIB" -q build node0 -o small
	raw=$(($(stat -c %b small/node0.img) * 512))
	rm -r small/*
	mount -o remount,size=$((raw + (4 << 20))) small
	full "write 'small/node0.img.gz'.*space" --compress gz -o small
	mount -o remount,size=64M small
	"$NIB" -q build node0 -o small --compress gz
	gzip -dc small/node0.img.gz | cmp - reference.img
}

@test "block map, manifest, SHA256SUMS: with every number of free pages" {
	local raw pages status built=0 failed=0
	"$NIB" -q build node0 -o small --checksum
	raw=$(($(stat -c %b small/node0.img) * 512))
	rm -r small/*
	for pages in -2 -1 0 1 2 3 4 5 6 7 8 9 10 11 12; do
		mount -o remount,size=$((raw + pages * 4096)) small
		run "$NIB" -q build node0 -o small --checksum
		if [ "$status" = 0 ]; then
			built=$((built + 1))
			(cd small && sha256sum --quiet -c SHA256SUMS && bmaptool -q copy --bmap node0.img.bmap node0.img ../card)
		else
			failed=$((failed + 1))
			echo "$pages: $output"
			[ "$status" = 1 ]
			[[ "$output" =~ [Nn]o" space left" ]]
			# SHA256SUMS comes last: the image is whole then.
			if [ -e small/node0.img ]; then
				"$NIB" -q verify node0 small/node0.img
				[ -e small/node0.img.json ]
				[ -e small/node0.img.bmap ]
				[[ "$output" =~ SHA256SUMS ]]
				rm small/node0.img*
			fi
			[ -z "$(names)" ]
		fi
		rm -rf small/*
	done
	[ "$built" -ge 2 ]
	[ "$failed" -ge 5 ]
	rm -f card
}

@test "one of several nodes does not fit: the others are whole" {
	local raw
	"$NIB" -q build node0 -o small
	raw=$(($(stat -c %b small/node0.img) * 512))
	rm -r small/*
	mount -o remount,size=$((raw * 5 / 2)) small
	run "$NIB" build -j 1 -o small
	echo "$output"
	[ "$status" = 1 ]
	[[ "$output" =~ "1 of 3 nodes failed: node0" ]]
	[ "$(cd small && echo *)" = "controlplane.img controlplane.img.bmap controlplane.img.json controlplane1.img controlplane1.img.bmap controlplane1.img.json" ]
	"$NIB" -q verify controlplane1 small/controlplane1.img
}

@test "an old image stays when its successor does not fit" {
	local before
	"$NIB" -q build node0 -o small
	before=$(digest small/node0.img)
	mount -o remount,size=18M small
	run "$NIB" build node0 -o small --replace
	echo "$output"
	[ "$status" = 1 ]
	[ "$(digest small/node0.img)" = "$before" ]
	[ "$(cd small && echo *)" = 'node0.img node0.img.bmap node0.img.json' ]
}

@test "verify of a compressed image, where it is decoded" {
	"$NIB" -q build node0 -o out.img --compress xz --replace
	mount -o remount,size=4M small
	TMPDIR=$PWD/small run "$NIB" verify node0 out.img.xz
	echo "$output"
	[ "$status" = 1 ]
	[[ "$output" =~ "out.img.xz".*space ]]
	[ -z "$(names)" ]
	mount -o remount,size=64M small
	TMPDIR=$PWD/small "$NIB" -q verify node0 out.img.xz
}
