# SPDX-License-Identifier: Apache-2.0
# Base images from compressed files and URLs; what is wrong with them is told, and never used.

load ../helpers

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	make_small_project .
	"$NIB" -q build node0 -o reference.img
	xz -0 -T2 --block-size=8MiB -c base.img > blocks.xz
	xz -0 -T1 -c base.img > single.xz
	zstd -q -1 -c base.img > base.zst
	gzip -1 -c base.img > base.gz
	! command -v zip > /dev/null || zip -q -1 base.zip base.img
}

setup() {
	cd "$BATS_FILE_TMPDIR"
	export XDG_CACHE_HOME=$BATS_TEST_TMPDIR/cache
	rm -rf images out.img* first.* second.*
}

cache() {
	find "$XDG_CACHE_HOME/nib" -name "$1" "${@:2}"
}

sha() {
	echo "sha256: $(digest "$1")"
}

# built [ARGUMENT...]: node0 can be built, and is the same as from the raw image.
built() {
	run "$NIB" build node0 -o out.img --replace "$@"
	echo "$output"
	[ "$status" = 0 ]
	cmp out.img reference.img
}

# refused STATUS PATTERN [ARGUMENT...]: nib says this, and leaves nothing.
refused() {
	run "$NIB" build node0 "${@:3}"
	echo "$output"
	[ "$status" = "$1" ]
	[[ "$output" =~ $2 ]]
	[ -z "$(ls -A images 2> /dev/null)" ]
	[ ! -d "$XDG_CACHE_HOME" ] || [ -z "$(cache 'base*.partial')" ]
}

# damaged PATTERN [FILE]: so it is, at the place of the image in cluster.yaml; nothing is kept.
damaged() {
	with_image "file: ${2:-damaged}"
	refused 2 "cluster\.yaml:[0-9]+:[0-9]+: error: .*'${2:-damaged}'.*($1)"
	[ -z "$(cache 'base-*' ! -name '*.lock')" ]
}

# decodes COUNT: so often the last run decoded.
decodes() {
	[ "$(grep -c ': decode$' <<< "$output")" = "$1" ]
}

@test "a new URL beside an old digest is told" {
	local sha
	with_image 'file: base.img'
	cp base.img renamed.img
	sha=$(sha256sum base.img | cut -d ' ' -f 1)
	with_image "url: file://$PWD/base.img, sha256: $sha"
	"$NIB" -q check node0
	with_image "url: file://$PWD/renamed.img, sha256: $sha"
	run "$NIB" check node0
	[ "$status" = 0 ]
	[[ "$output" =~ warning:.*"was in the cache already, from 'file://$PWD/base.img'" ]]
}

@test "xz, zst, gz: decoded once, the same image as from the raw one" {
	local file
	for file in blocks.xz single.xz base.zst base.gz; do
		with_image "file: $file"
		built
		decodes 1
		built
		decodes 0
	done
}

@test "zip: the same" {
	needs zip
	with_image 'file: base.zip'
	built
	decodes 1
	built
	decodes 0
}

@test "content counts, not the name" {
	cp blocks.xz lies.img
	with_image 'file: lies.img'
	built
	cp base.img lies.xz
	with_image 'file: lies.xz'
	built
	decodes 0
	cp base.gz lies.zst
	with_image 'file: lies.zst'
	built
}

@test "a URL is downloaded once" {
	serve blocks.xz
	with_image "url: $server/normal, $(sha blocks.xz)"
	built
	[[ "$output" =~ download ]]
	unserve
	built
	[[ ! "$output" =~ download ]]
	decodes 0
	[ "$(wc -l < requests)" = 1 ]
}

@test "a raw image by URL; one by file: URL" {
	serve base.img
	with_image "url: $server/normal, $(sha base.img)"
	built
	unserve
	built
	[ "$(wc -l < requests)" = 1 ]
	with_image "url: file://$PWD/single.xz, $(sha single.xz)"
	built
}

@test "wrong SHA-256 of a URL: told at its place, not used; found when it is corrected" {
	serve blocks.xz
	with_image "url: $server/normal, sha256: $(printf '%064d' 1)"
	refused 2 "cluster\.yaml:[0-9]+:[0-9]+: error: .*has SHA-256 $(digest blocks.xz), not 0+1"
	with_image "url: $server/normal, $(sha blocks.xz)"
	built
	unserve
	[ "$(wc -l < requests)" = 1 ]
	decodes 0
}

@test "wrong SHA-256 of a URL of a raw image: likewise" {
	serve base.img
	with_image "url: $server/normal, sha256: $(printf '%064d' 1)"
	refused 2 "cluster\.yaml:[0-9]+:[0-9]+: error: .*has SHA-256 $(digest base.img), not 0+1"
	with_image "url: $server/normal, $(sha base.img)"
	built
	unserve
	[ "$(wc -l < requests)" = 1 ]
}

@test "SHA-256 with a file" {
	local file
	for file in base.img blocks.xz; do
		with_image "file: $file, $(sha $file)"
		built
		built
		with_image "file: $file, sha256: $(printf '%064d' 1)"
		refused 2 "cluster\.yaml:[0-9]+:[0-9]+: error: '$file' has SHA-256 $(digest $file), not 0+1"
		refused 2 "cluster\.yaml:[0-9]+:[0-9]+: error: '$file' has SHA-256 $(digest $file), not 0+1"
	done
}

@test "URL without SHA-256" {
	with_image 'url: http://127.0.0.1:1/x'
	refused 2 "'sha256' is missing"
}

@test "--image URL --image-sha256" {
	local image
	serve blocks.xz
	image=(--hostname one --role worker --ssh-key "$PWD/id.pub" --image "$server/normal"
		-o "$PWD/out.img" --cluster-name rpi --kubernetes 1.34.2)
	image+=(--endpoint 192.168.5.20:6443 --secrets "$PWD/secrets.yaml" --image-sha256 "$(digest blocks.xz)")
	cd "$BATS_TEST_TMPDIR"
	run "$NIB" build "${image[@]}"
	echo "$output"
	[ "$status" = 0 ]
	[ "$(ext4 "$BATS_FILE_TMPDIR/out.img" 'cat /etc/hostname')" = one ]
	image[-1]=$(printf '%064d' 1)
	run "$NIB" build "${image[@]}" --replace
	echo "$output"
	[ "$status" = 2 ]
	[[ "$output" =~ --image-sha256.*"has SHA-256" ]]
}

@test "404" {
	serve blocks.xz
	with_image "url: $server/404, $(sha blocks.xz)"
	refused 1 "$server/404.*404"
	[ -z "$(cache '*.partial')" ]
}

@test "a server that closes early: nib goes on" {
	serve blocks.xz
	with_image "url: $server/early, $(sha blocks.xz)"
	built
	[ "$(grep -c 'bytes=[1-9][0-9]*- "one"$' requests)" = 2 ]
}

@test "a download that is interrupted: the next run goes on" {
	local pid
	serve blocks.xz
	with_image "url: $server/stall, $(sha blocks.xz)"
	"$NIB" -q build node0 -o out.img > log 2>&1 3>&- 9>&- &
	pid=$!
	for _ in $(seq 500); do
		[ ! -d "$XDG_CACHE_HOME/nib" ] || [ -z "$(cache 'source-*.partial' -size +400k)" ] || break
		sleep 0.02
	done
	# Nobody takes away what is being downloaded.
	"$NIB" cache prune
	kill -TERM $pid
	absent -q . < <(wait $pid && echo unexpected)
	[ "$(cache 'source-*.partial' -size +400k | wc -l)" = 1 ]
	[ ! -e out.img ]
	with_image "url: $server/normal, $(sha blocks.xz)"
	built
	tail -n 1 requests | grep -q '^/normal bytes=[1-9][0-9]*- "one"$'
}

@test "a server that sends more than announced" {
	serve blocks.xz
	with_image "url: $server/more, $(sha blocks.xz)"
	refused 1 "more than the $(stat -c %s blocks.xz) bytes"
	[ -z "$(cache 'base-*' ! -name '*.lock')" ]
}

@test "larger than --max-image-size, compressed or not" {
	local file
	serve base.img
	for file in blocks.xz single.xz base.zst base.gz; do
		with_image "file: $file"
		refused 2 "'$file'.*(large|more than)" --max-image-size 90M
	done
	built --max-image-size 97M
	with_image "url: $server/normal, $(sha base.img)"
	refused 2 "large|more than" --max-image-size 90M
}

@test "two images in a zip, and none" {
	needs zip
	rm -f damaged
	cp base.img second.img
	zip -q -1 - base.img second.img > damaged
	rm second.img
	damaged 'second|two|more than one'
	zip -q -1 - id.pub cluster.yaml > damaged
	damaged 'more than one|two|cluster.yaml'
}

@test "encrypted zip" {
	needs zip
	zip -q -1 -P secret - base.img > damaged
	damaged encrypted
}

# flipped FILE OFFSET: a byte of it changed, as "damaged"; from the end if the offset is negative.
flipped() {
	python3 - "$1" "$2" <<-'PY'
		import sys
		data = bytearray(open(sys.argv[1], "rb").read())
		data[int(sys.argv[2])] ^= 0x55
		open("damaged", "wb").write(data)
	PY
}

@test "damaged xz: header, block, index, footer" {
	local at
	for at in 7 13 60000 -60 -5; do
		flipped blocks.xz $at
		damaged xz
	done
	for at in 13 60000 -20; do
		flipped single.xz $at
		damaged xz
	done
}

@test "damaged zst, gz, zip" {
	flipped base.zst 500000
	damaged zst
	flipped base.gz 500000
	damaged gz
	flipped base.gz -3
	damaged gz
	if command -v zip > /dev/null; then
		flipped base.zip 500000
		damaged zip
	fi
}

@test "trailing garbage, a second stream, stream padding" {
	{ cat blocks.xz && echo more; } > damaged
	damaged xz
	cat single.xz single.xz > damaged
	damaged xz
	{ cat single.xz && head -c 8 /dev/zero; } > damaged
	damaged xz
	{ cat base.zst && echo more; } > damaged
	damaged zst
	{ cat base.gz && echo more; } > damaged
	damaged gz
}

@test "two that race for a base: one decodes, the other waits" {
	local first second
	with_image 'file: single.xz'
	"$NIB" build node0 -o one.img > one.log 2>&1 3>&- &
	first=$!
	"$NIB" build node0 -o two.img > two.log 2>&1 3>&- &
	second=$!
	wait $first
	wait $second
	[ "$(cat one.log two.log | grep -c ': decode$')" = 1 ]
	cmp one.img reference.img
	cmp two.img reference.img
	rm one.* two.*
}

@test "two that race for a URL: one downloads" {
	local first second
	serve single.xz
	with_image "url: $server/normal, $(sha single.xz)"
	"$NIB" build node0 -o one.img > one.log 2>&1 3>&- 9>&- &
	first=$!
	"$NIB" build node0 -o two.img > two.log 2>&1 3>&- 9>&- &
	second=$!
	wait $first
	wait $second
	unserve
	[ "$(wc -l < requests)" = 1 ]
	[ "$(cat one.log two.log | grep -c ': decode$')" = 1 ]
	cmp one.img reference.img
	cmp two.img reference.img
	rm one.* two.*
}

@test "two files of the same content, at the same time" {
	local file pids=()
	for file in 1 2 3 4; do
		cp single.xz "same$file"
		with_image "file: same$file"
		cp cluster.yaml "cluster$file.yaml"
	done
	for file in 1 2 3 4; do
		"$NIB" -q -f "cluster$file.yaml" build node0 -o "same$file.img" > "same$file.log" 2>&1 3>&- &
		pids+=($!)
	done
	for file in 1 2 3 4; do
		wait "${pids[file - 1]}" || { cat same?.log && false; }
		cmp "same$file.img" reference.img
	done
	rm -f same* cluster[1-4].yaml
}

@test "a cached base that was changed is decoded again" {
	local base
	with_image 'file: blocks.xz'
	built
	base=$(cache 'base-*' ! -name '*.record' ! -name '*.lock')
	printf X | dd of="$base" bs=1 seek=50000000 conv=notrunc status=none
	built
	decodes 1
	touch -r cluster.yaml stamp
	touch -r "$base" stamp
	printf X | dd of="$base" bs=1 seek=50000000 conv=notrunc status=none
	touch -r stamp "$base"
	built
	decodes 1
	truncate -s 1M "$base"
	built
	decodes 1
	built
	decodes 0
}

@test "a cached source that was changed is downloaded again, to the same result" {
	local source
	serve blocks.xz
	with_image "url: $server/normal, $(sha blocks.xz)"
	"$NIB" -q build node0 -o first.img --compress xz
	source=$(cache 'source-*' ! -name '*.record' ! -name '*.lock')
	printf X | dd of="$source" bs=1 seek=60000 conv=notrunc status=none
	"$NIB" -q build node0 -o second.img --compress xz
	cmp first.img.xz second.img.xz
	cmp <(sed s/first.img/X/ first.img.json) <(sed s/second.img/X/ second.img.json)
	rm "$source"
	built
	[ "$(wc -l < requests)" = 3 ]
}

@test "the same content by file and by URL: the same result" {
	with_image 'file: blocks.xz'
	built
	serve blocks.xz
	with_image "url: $server/normal, $(sha blocks.xz)"
	"$NIB" -q build node0 -o first.img --compress xz
	XDG_CACHE_HOME=$BATS_TEST_TMPDIR/other "$NIB" -q build node0 -o second.img --compress xz
	cmp first.img.xz second.img.xz
}

@test "the cache cannot be written: its name, and the way out; raw images do without" {
	needs_root
	needs setpriv
	mkdir -m 0755 "$XDG_CACHE_HOME"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR" "$(dirname "$BATS_TEST_TMPDIR")"
	mkdir -p other
	cp base.img single.xz template.yaml secrets.yaml id.pub keys.txt pi.password other
	chown -R 65534:65534 other
	cd other
	with_image 'file: single.xz'
	run as_other "$NIB" build node0
	echo "$output"
	[ "$status" != 0 ]
	[[ "$output" =~ "cache '$XDG_CACHE_HOME/nib'" ]]
	[[ "$output" =~ XDG_CACHE_HOME ]]
	[ -z "$(ls -A images 2> /dev/null)" ]
	with_image 'file: base.img'
	as_other "$NIB" -q build node0 -o out.img
	cmp out.img ../reference.img
	as_other "$NIB" -q build node0 -o packed.img --compress xz
	xz -dc packed.img.xz | cmp - ../reference.img
	mkdir "$XDG_CACHE_HOME/nib"
	rm -f out.img*
	as_other "$NIB" -q build node0 -o out.img
	cmp out.img ../reference.img
}

# replaced COMMAND...: after that, another base.img is there, and nothing of the old one is used.
replaced() {
	"$make_tiny" other.img --root-mib 48 --64bit
	truncate -s 97M other.img
	XDG_CACHE_HOME=$BATS_TEST_TMPDIR/other "$NIB" -q -f other.yaml build node0 -o other-node.img --compress xz
	cp --preserve=timestamps base.img saved.img
	"$NIB" -q build node0 -o out.img --compress xz
	"$@"
	"$NIB" -q build node0 -o out.img --compress xz --replace
	mv saved.img base.img
	cmp out.img.xz other-node.img.xz
	cmp out.img.bmap other-node.img.bmap
}

overwrite() {
	touch -r base.img stamp
	cat other.img > base.img
	touch -r stamp base.img
}

rename() {
	touch -r base.img other.img
	cp -p other.img moved.img
	mv moved.img base.img
}

@test "a raw base that is replaced or changed between two runs" {
	local how
	with_image 'file: other.img'
	cp cluster.yaml other.yaml
	with_image 'file: base.img'
	for how in overwrite rename; do
		replaced $how
		rm -f out.img* other-node.img*
	done
}

@test "a compressed base that is replaced" {
	with_image 'file: changing'
	cp --preserve=timestamps single.xz changing
	built
	"$make_tiny" other.img --root-mib 48 --64bit
	xz -0 -c other.img > changing
	touch -r single.xz changing
	run "$NIB" build node0 -o out.img --replace
	[ "$status" = 0 ]
	decodes 1
	fat_cat out.img cmdline.txt > /dev/null
	run cmp -s out.img reference.img
	[ "$status" = 1 ]
	cp single.xz changing
	built
	rm -f changing other.img
}

@test "under sudo the cache is the user's, and all in it" {
	needs_root
	mkdir -m 0755 "$XDG_CACHE_HOME"
	chown 65534:65534 "$XDG_CACHE_HOME"
	serve single.xz
	with_image "url: $server/early, $(sha single.xz)"
	SUDO_UID=65534 SUDO_GID=65534 "$NIB" -q build node0 -o out.img --compress zst
	with_image 'file: base.gz'
	SUDO_UID=65534 SUDO_GID=65534 "$NIB" -q build node0 -o out.img --compress zst --replace
	SUDO_UID=65534 SUDO_GID=65534 "$NIB" -q cache list
	[ "$(find "$XDG_CACHE_HOME/nib" -type f | wc -l)" -gt 8 ]
	find "$XDG_CACHE_HOME" ! -user 65534 -o ! -group 65534 | absent .
	[ "$(stat -c %u out.img.zst)" = 0 ]
}
