# SPDX-License-Identifier: Apache-2.0
# Nodes side by side: the same bytes as one after the other, and none spoils another.

load ../helpers

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	make_small_project .
	sed -i '/^nodes:/,$d' template.yaml
	printf 'nodes:\n  - {name: a, role: init, address: 192.168.5.21/24}\n' >> template.yaml
	printf '  - {name: %s, role: worker, address: dhcp}\n' b c d e f >> template.yaml
	with_image 'file: base.img'
}

setup() {
	cd "$BATS_FILE_TMPDIR"
	rm -rf images
	with_image 'file: base.img'
}

# same DIRECTORY DIRECTORY: all files of both.
same() {
	[ "$(ls -A "$1")" = "$(ls -A "$2")" ]
	local file
	for file in "$1"/*; do
		cmp "$file" "$2/${file##*/}"
	done
}

@test "-j 1 and -j 8: the same files" {
	local how
	for how in none xz; do
		"$NIB" -q build -o one -j 1 --checksum --compress $how
		"$NIB" -q build -o eight -j 8 --checksum --compress $how
		[ "$(find one -name '*.bmap' | wc -l)" = 6 ]
		same one eight
		rm -r one eight
	done
}

@test "wrong numbers of jobs" {
	local n
	for n in 0 -1 x '' 65536 1x; do
		run "$NIB" build -j "$n"
		[ "$status" = 2 ]
		[ ! -e images ]
	done
}

@test "--json: a line for each, in whole lines" {
	"$NIB" -q --json build -j 3 > lines
	python3 - <<-'PY'
		import json
		lines = [json.loads(line) for line in open("lines")]
		built = [line["node"] for line in lines if line["type"] == "build"]
		assert sorted(built) == list("abcdef"), built
		steps = [line["step"] for line in lines if line["type"] == "step" and line["node"] == "c"]
		assert steps == ["copy", "apply", "verify", "publish"], steps
	PY
}

# A node that fails by itself: its base is larger than a file may be.
larger_base() {
	cp --sparse=always base.img large.img
	truncate -s 400M large.img
	sed -i 's|name: c, |name: c, image: {file: large.img}, |' cluster.yaml
}

@test "one that fails: the others are whole, the summary names it" {
	local node
	larger_base
	# In blocks of 1024 bytes; SIGXFSZ would kill, an error is what is wanted.
	run bash -c "trap '' XFSZ; ulimit -f 204800; exec \"\$0\" build -j 3" "$NIB"
	echo "$output"
	[ "$status" = 1 ]
	[[ "$output" =~ "nib: node 'c': "[^$'\n']*"File too large" ]]
	[[ "$output" =~ "nib: 1 of 6 nodes failed: c" ]]
	[ -z "$(find images -name 'c.*' -o -name '*.partial*')" ]
	for node in a b d e f; do
		"$NIB" -q verify $node images/$node.img
		[ -e images/$node.img.json ]
	done
}

@test "an output that exists: nothing is begun" {
	mkdir images
	touch images/d.img
	run "$NIB" build
	echo "$output"
	[ "$status" = 1 ]
	[[ "$output" =~ "images/d.img' exists" ]]
	[ "$(ls -A images)" = d.img ]
}

# started: "nib build -j 3" in a process group of its own, as $pid, with several at work.
started() {
	# Something to copy for a while, behind the last partition.
	[ -e slow.img ] || {
		cp --sparse=always base.img slow.img
		head -c 200M /dev/urandom >> slow.img
	}
	with_image 'file: slow.img'
	setsid "$NIB" build -j 3 "$@" > log 2>&1 3>&- &
	pid=$!
	for _ in $(seq 1000); do
		[ "$(compgen -G 'images/*.partial.*' | wc -l)" -lt 2 ] || break
		sleep 0.01
	done
	[ "$(compgen -G 'images/*.partial.*' | wc -l)" -ge 2 ]
}

# gone: no process of the group is left, and no partial file.
gone() {
	for _ in $(seq 1000); do
		pgrep -g "$pid" > /dev/null || break
		sleep 0.02
	done
	absent . < <(pgrep -g "$pid")
	absent . < <(find images -name '*.partial.*')
}

# stopped STATUS: that was the status, and what has a name is whole.
stopped() {
	local status=0 node
	wait "$pid" || status=$?
	[ "$status" = "$1" ]
	gone
	for node in $(find images -name '*.img' -printf '%f\n'); do
		"$NIB" -q verify "${node%.img}" "images/$node"
		[ -e "images/$node.json" ]
	done
	[ "$(find images -name '*.img' | wc -l)" -lt 6 ]
}

@test "SIGTERM of nib alone stops all" {
	started
	kill -TERM "$pid"
	stopped 143
}

@test "SIGTERM of the whole group, as a terminal sends ^C" {
	started
	kill -TERM -- "-$pid"
	stopped 143
}

@test "SIGTERM while compressing" {
	started --compress zst
	kill -TERM "$pid"
	local status=0
	wait "$pid" || status=$?
	[ "$status" = 143 ]
	gone
	absent . < <(find images -name '*.img.xz')
}

@test "SIGKILL of one process: the others are built, the summary names its node" {
	needs fuser
	local status=0 file node
	started --json
	file=$(compgen -G 'images/*.partial.*' | head -n 1)
	node=$(basename "${file%%.img*}")
	fuser -s -k -KILL "$file"
	wait "$pid" || status=$?
	cat log
	[ "$status" = 1 ]
	grep -q "\"node\":\"$node\",\"message\":\"its process was ended by signal 9" log
	grep -q "1 of 6 nodes failed: $node" log
	[ ! -e "images/$node.img" ]
	[ "$(find images -name '*.img.json' | wc -l)" = 5 ]
}

@test "SIGKILL of nib: its processes clean up" {
	started
	kill -KILL "$pid"
	stopped 137
}

@test "what was finished is in SHA256SUMS, also if the rest was stopped" {
	with_image 'file: base.img'
	sed -i 's|name: \([b-f]\), |name: \1, image: {file: slow.img}, |' cluster.yaml
	[ -e slow.img ] || skip "the base image of the test before is missing"
	setsid "$NIB" -q build -j 2 --checksum > log 2>&1 3>&- &
	pid=$!
	for _ in $(seq 1000); do
		[ ! -e images/a.img.json ] || break
		sleep 0.01
	done
	sleep 0.2
	kill -TERM "$pid"
	stopped 143
	grep -q ' a\.img$' images/SHA256SUMS
	(cd images && sha256sum --quiet -c SHA256SUMS)
}

@test "--shard: all nodes, each in one" {
	"$NIB" -q build -o zero --shard 0/2
	"$NIB" -q build -o one --shard 1/2
	[ "$(cd zero && echo *.img)" = 'a.img c.img e.img' ]
	[ "$(cd one && echo *.img)" = 'b.img d.img f.img' ]
	"$NIB" -q build -o all
	mv one/* zero
	same zero all
	rm -r zero one all
}

@test "more shards than nodes: some get none" {
	run "$NIB" build --shard 6/7
	[ "$status" = 0 ]
	[ ! -e images ]
	"$NIB" -q build --shard 5/7
	[ -e images/f.img ]
	run "$NIB" --json -q build --shard 4294967294/4294967295
	[ "$status" = 0 ]
	[ -z "$output" ]
}

@test "--shard of named nodes; one image" {
	"$NIB" -q build --shard 1/2 e b -o images
	[ "$(cd images && echo *.img)" = b.img ]
	"$NIB" -q build --shard 1/2 e b -o images/other.img
	[ -e images/other.img ]
}

@test "wrong shards" {
	local shard
	for shard in 2/2 3/2 0/0 1 /2 1/ 1/2/3 a/2 -1/2 0/-2 ' 0/2' '0 /2' '0/ 2' '' / 0x0/2 0/4294967296 +0/2; do
		run "$NIB" build --shard "$shard"
		echo "$shard: $output"
		[ "$status" = 2 ]
		[[ "$output" =~ "--shard" ]]
		[ ! -e images ]
	done
}
