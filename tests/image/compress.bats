# SPDX-License-Identifier: Apache-2.0
# Compressed images: ordinary files for the programs of their formats, with the same image in them.

load ../helpers

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	make_small_project .
	"$NIB" -q build node0 -o reference.img
	xz -0 -T2 --block-size=8MiB -c base.img > blocks.xz
	xz -0 -T2 --block-size=4MiB -c base.img > fine.xz
	xz -0 -T1 -c base.img > single.xz
	zstd -q -1 -c base.img > base.zst
	gzip -1 -c base.img > base.gz
}

setup() {
	cd "$BATS_FILE_TMPDIR"
	rm -rf images out.img*
	with_image 'file: base.img'
}

program() {
	case $1 in
	xz) echo xz ;;
	zst) echo zstd ;;
	gz) echo gzip ;;
	esac
}

# built FORMAT [ARGUMENT...]: node0 as images/node0.img.FORMAT, which is what it should be.
built() {
	local suffix=${1%%:*}
	run "$NIB" build node0 --compress "$@"
	echo "$output"
	[ "$status" = 0 ]
	"$(program "$suffix")" -q -t "images/node0.img.$suffix"
	"$(program "$suffix")" -dc < "images/node0.img.$suffix" | cmp - reference.img
	[[ "$output" =~ " "([0-9]+)" of "([0-9]+)" blocks reused" ]]
	reused=${BASH_REMATCH[1]}
	blocks=${BASH_REMATCH[2]}
	(cd images && sha256sum --quiet -c SHA256SUMS)
	rm -f decoded
}

@test "xz, zst, gz of a raw base: sound, the same image, most blocks reused" {
	local format
	for format in xz zst gz; do
		built $format
		[ "$reused" -gt $((blocks / 2)) ]
		[ "$(ls images)" = "$(printf '%s\n' SHA256SUMS node0.img."$format" node0.img.bmap node0.img.json | sort)" ]
		rm -rf images
	done
}

@test "of compressed bases of every kind" {
	local pair
	for pair in blocks.xz:xz blocks.xz:gz single.xz:xz base.zst:zst base.gz:xz base.gz:gz; do
		with_image "file: ${pair%:*}"
		built "${pair#*:}"
		[ "$reused" -gt $((blocks / 2)) ]
		rm -rf images
	done
}

@test "blocks are those of the base, its check and its filters too" {
	with_image 'file: fine.xz'
	built xz
	[ "$blocks" = "$(xz --robot -l fine.xz | awk '$1 == "file" { print $3 }')" ]
	[ "$(xz --robot -lvv images/node0.img.xz | awk '$1 == "file" { print $2, $3, $7 }')" = \
		"$(xz --robot -lvv fine.xz | awk '$1 == "file" { print $2, $3, $7 }')" ]
	[ "$(xz --robot -lvv images/node0.img.xz | awk '$1 == "block" { print $NF }' | sort -u)" = \
		"$(xz --robot -lvv fine.xz | awk '$1 == "block" { print $NF }' | sort -u)" ]
}

@test "large blocks are cut where the node changes them, and the cuts are kept" {
	with_image 'file: blocks.xz'
	built xz
	[ "$blocks" -gt "$(xz --robot -l blocks.xz | awk '$1 == "file" { print $3 }')" ]
	cp images/node0.img.xz first.xz
	"$NIB" cache list | grep -q '^block-'
	"$NIB" -q build node0 --compress xz --replace
	cmp first.xz images/node0.img.xz
}

@test "--replace: the other forms of the image go, as do their digests" {
	"$NIB" -q build node0 --checksum
	run "$NIB" build node0 --compress zst
	[ "$status" = 1 ]
	[[ "$output" =~ "'images/node0.img' exists; --replace overwrites it" ]]
	"$NIB" -q build node0 --compress zst --replace
	[ ! -e images/node0.img ]
	(cd images && sha256sum --quiet -c SHA256SUMS && bmaptool -q copy node0.img.zst ../out.img)
	cmp out.img reference.img
	"$NIB" -q build node0 --replace
	[ ! -e images/node0.img.zst ]
	# What is not nib's stays.
	rm images/*
	echo precious > images/node0.img.gz
	run "$NIB" build node0 --compress zst --replace
	[ "$status" = 1 ]
	[[ "$output" =~ "'images/node0.img.gz' is in the way" ]]
	[ "$(cat images/node0.img.gz)" = precious ]
	rm images/node0.img.gz
	"$NIB" -q build node0 --replace
	absent node0 images/SHA256SUMS
}

@test "a second node reuses what was made for the first" {
	export XDG_CACHE_HOME=$BATS_TEST_TMPDIR/cache
	run "$NIB" build controlplane --compress zst
	[[ "$output" =~ "base.img: compress" ]]
	run "$NIB" build controlplane1 --compress zst
	[[ ! "$output" =~ "base.img: compress" ]]
	built zst
}

@test "decoded, file systems are clean" {
	built xz
	xz -dc images/node0.img.xz > decoded
	assert_clean decoded
	rm decoded
}

@test "bmaptool writes it, raw and compressed" {
	needs bmaptool
	local format
	for format in none xz gz zst; do
		rm -rf images
		"$NIB" -q build node0 --compress $format
		[ $format = none ] && format='' || format=.$format
		rm -f card
		truncate -s 97M card
		bmaptool copy --bmap images/node0.img.bmap "images/node0.img$format" card
		cmp card reference.img
	done
	rm card
}

@test "--keep-raw" {
	built xz --keep-raw
	cmp images/node0.img reference.img
	[ "$(stat -c %a images/node0.img)" = 600 ]
	run "$NIB" build node0 --keep-raw
	[ "$status" = 2 ]
	[[ "$output" =~ "--keep-raw needs --compress" ]]
}

@test "--replace" {
	built xz
	run "$NIB" build node0 --compress xz
	[ "$status" = 1 ]
	[[ "$output" =~ "images/node0.img.xz' exists; --replace" ]]
	built xz --replace
	touch images/node0.img
	run "$NIB" build node0 --compress xz --keep-raw
	[ "$status" = 1 ]
	[[ "$output" =~ "exists; --replace" ]]
}

@test "levels" {
	local how
	for how in xz:0 zst:19 gz:9; do
		built $how
		rm -rf images
	done
	for how in xz:10 xz:-1 zst:0 zst:20 gz:0 gz:10 xz: xz:6e zip lzma '' none:1 'xz:6 ' XZ; do
		run "$NIB" build node0 --compress "$how"
		echo "$how: $output"
		[ "$status" = 2 ]
		[ ! -e images ]
	done
}

@test "an explicit level is that of all blocks" {
	with_image 'file: blocks.xz'
	built xz:9
	[ "$blocks" = $((($(stat -c %s reference.img) + (2 << 20) - 1) / (2 << 20))) ]
}

@test "nib verify and inspect" {
	local format
	for format in xz zst gz; do
		"$NIB" -q build node0 --compress $format
		run "$NIB" -q verify node0 "images/node0.img.$format"
		echo "$output"
		[ "$status" = 0 ]
		[[ "$output" =~ "images/node0.img.$format: holds node0" ]]
		"$NIB" -q --json inspect "images/node0.img.$format" | python3 -c "import json, sys
line = json.load(sys.stdin)
assert line['node'] == 'node0' and line['size'] == 97 << 20, line"
		run "$NIB" -q verify controlplane "images/node0.img.$format"
		[ "$status" = 1 ]
		rm -rf images
	done
}

@test "verify of a damaged one" {
	built xz
	truncate -s -10 images/node0.img.xz
	run "$NIB" -q verify node0 images/node0.img.xz
	echo "$output"
	[ "$status" != 0 ]
	[[ "$output" =~ "images/node0.img.xz".*xz ]]
	run "$NIB" -q inspect images/node0.img.xz
	[ "$status" != 0 ]
}

@test "SHA256SUMS keeps the lines of others, replaces its own" {
	mkdir images
	echo other > images/other.img
	(cd images && sha256sum -b other.img > SHA256SUMS)
	echo "$(printf '%064d' 0)  node0.img.xz" >> images/SHA256SUMS
	built xz
	[ "$(wc -l < images/SHA256SUMS)" = 2 ]
	"$NIB" -q build controlplane --compress zst
	[ "$(wc -l < images/SHA256SUMS)" = 3 ]
	(cd images && sha256sum --quiet -c SHA256SUMS)
	"$NIB" -q build node0 -o images/raw.img --checksum
	[ "$(wc -l < images/SHA256SUMS)" = 4 ]
	(cd images && sha256sum --quiet -c SHA256SUMS)
}

@test "no line of an image that is no more stays" {
	"$NIB" -q build node0 controlplane --checksum
	"$NIB" -q build node0 --replace
	[ "$(cut -d' ' -f3 images/SHA256SUMS)" = controlplane.img ]
	"$NIB" -q build controlplane --replace --compress gz --keep-raw
	[ "$(cut -d' ' -f3 images/SHA256SUMS)" = controlplane.img.gz ]
	rm images/*.img images/*.json images/*.bmap
	printf 'b  b\na  a\n' > images/SHA256SUMS
	"$NIB" -q build node0
	[ "$(cat images/SHA256SUMS)" = "$(printf 'b  b\na  a\n')" ]
}

@test "-o NAME.img" {
	"$NIB" -q build node0 -o out.img --compress zst
	zstd -q -dc out.img.zst | cmp - reference.img
	[ ! -e out.img ]
	[ -e out.img.bmap ]
	[ -e out.img.json ]
	sha256sum --quiet -c SHA256SUMS
	rm SHA256SUMS
	run "$NIB" -q build node0 -o out.xz --compress xz
	[ "$status" = 0 ]
	xz -t out.xz/node0.img.xz
	rm -r out.xz
}

@test "the manifest tells size and digest" {
	built gz
	python3 - "$(stat -c %s images/node0.img.gz)" "$(digest images/node0.img.gz)" <<-'PY'
		import json, sys
		image = json.load(open("images/node0.img.json"))["image"]
		assert image == {"file": "node0.img.gz", "size": int(sys.argv[1]), "sha256": sys.argv[2]}, image
	PY
}

@test "nobody else can read what is written, whatever the umask" {
	umask 0
	built xz --keep-raw
	[ "$(cd images && stat -c %a node0.img node0.img.xz node0.img.bmap node0.img.json SHA256SUMS | sort -u)" = 600 ]
	[ -z "$(find .cache/nib -type f -perm /077)" ]
}

@test "nothing of a node goes into the cache, or under a name anywhere" {
	needs strace
	export ASAN_OPTIONS=detect_leaks=0 # the leak checker cannot work while traced
	local secret=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
	export XDG_CACHE_HOME=$BATS_TEST_TMPDIR/cache TMPDIR=$BATS_TEST_TMPDIR
	"$NIB" -q build controlplane --compress xz --keep-raw
	grep -qa $secret images/controlplane.img
	strace -f -qq -e trace=openat,open,creat,linkat,link,rename,renameat,renameat2 -o trace \
		"$NIB" -q verify controlplane images/controlplane.img.xz
	strace -f -qq -e trace=openat,open,creat,linkat,link,rename,renameat,renameat2 -o trace2 \
		"$NIB" -q inspect images/controlplane.img.xz
	absent -E 'O_CREAT|link|rename' trace trace2
	grep -q "\"$TMPDIR\", .*O_TMPFILE" trace
	"$NIB" -q build controlplane --replace --compress xz
	absent -rqaE "$secret|hostname.*controlplane" "$XDG_CACHE_HOME"
	rm trace trace2
}

@test "the base is never replaced" {
	local before
	cp blocks.xz node.img.xz
	before=$(digest node.img.xz)
	with_image 'file: node.img.xz'
	run "$NIB" build node0 -o node.img --compress xz --replace
	echo "$output"
	[ "$status" = 1 ]
	[[ "$output" =~ "node.img.xz' is one of the files that the cluster is made from" ]]
	[ "$(digest node.img.xz)" = "$before" ]
	rm node.img.xz
}

@test "no output takes the place of what a cluster is made from" {
	local sha
	mkdir images
	cp base.img images/controlplane.img
	sed 's|- {name: node0, .*|- {name: node0, address: dhcp, image: {file: images/controlplane.img}}|' cluster.yaml > other.yaml
	grep -q images/controlplane.img other.yaml
	run "$NIB" -f other.yaml build controlplane --replace
	[ "$status" = 1 ]
	[[ "$output" =~ "'images/controlplane.img' is one of the files that the cluster is made from" ]]
	cmp base.img images/controlplane.img

	sha=$(sha256sum base.img | cut -d ' ' -f 1)
	mv images/controlplane.img images/node0.img
	with_image "url: file://$PWD/images/node0.img, sha256: $sha"
	run "$NIB" build node0 --replace
	[ "$status" = 1 ]
	cmp base.img images/node0.img

	with_image 'file: base.img'
	cp secrets.yaml images/node0.img.json
	sed 's|^secrets: .*|secrets: images/node0.img.json|' cluster.yaml > other.yaml
	rm images/node0.img
	run "$NIB" -f other.yaml build node0 --replace
	[ "$status" = 1 ]
	cmp secrets.yaml images/node0.img.json
}

@test "SHA256SUMS that is a pipe, or locked by who calls nib, does not hang" {
	mkdir images
	mkfifo images/SHA256SUMS
	run timeout 60 "$NIB" build node0 --compress zst
	[ "$status" = 1 ]
	[[ "$output" =~ "'images/SHA256SUMS' is not a regular file" ]]
	rm -r images
	mkdir images
	timeout 60 flock images "$NIB" -q build node0 --compress zst
	(cd images && sha256sum --quiet -c SHA256SUMS)
	[ "$(ls -A images | wc -l)" = 4 ]
}
