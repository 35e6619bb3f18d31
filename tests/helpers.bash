# SPDX-License-Identifier: Apache-2.0
# What the bats suites have in common.  NIB, SOURCE_ROOT come from meson.
# shellcheck shell=bash

root=${SOURCE_ROOT:?run by meson test}
make_tiny=$root/tests/images/make-tiny

unset XDG_CACHE_HOME
export LC_ALL=C.UTF-8 TZ=UTC HOME=${BATS_FILE_TMPDIR:-/nonexistent}

# A key pair, made once per file: never committed.
make_key() {
	ssh-keygen -q -t ed25519 -N '' -C pi@example -f "$1"
}

# A bundle as a cluster has it.
make_secrets() {
	cat > "$1" <<-YAML
		secrets:
		  bootstraptoken: abcdef.0123456789abcdef
		nib:
		  certificatekey: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
	YAML
	chmod 600 "$1"
}

# The reference cluster: three nodes, one of them by DHCP.
make_cluster() {
	cat > "$1" <<-YAML
		version: nib/v1
		cluster:
		  name: rpi
		  endpoint: 192.168.5.20:6443
		  kubernetes: 1.34.2
		  podSubnet: 10.244.64.0/18
		  serviceSubnet: 10.244.0.0/20
		secrets: secrets.yaml
		age: {identity: keys.txt}
		defaults:
		  board: rpi5
		  image: {file: base.img}
		  network: {interface: eth0, gateway: 192.168.5.1, nameservers: [192.168.5.1]}
		  timezone: Europe/Berlin
		  users: [{name: pi, sshKeys: [id.pub], passwordFile: pi.password, sudo: true}]
		  files: [{path: /etc/motd, content: "hello\n", mode: 0644}]
		cilium: {version: 1.18.12, loadBalancer: {pool: [192.168.5.250-192.168.5.252], interfaces: ["^eth[0-9]+"]}}
		gitops:
		  flux: {sync: {kind: GitRepository, url: "https://github.com/example/homelab", ref: refs/heads/main, path: kubernetes/flux}}
		nodes:
		  - {name: controlplane, address: 192.168.5.21/24}
		  - {name: controlplane1, address: 192.168.5.22/24}
		  - {name: node0, address: dhcp}
	YAML
}

# A directory with everything that make_cluster names.
make_project() {
	local dir=$1
	shift
	mkdir -p "$dir"
	make_key "$dir/id"
	make_secrets "$dir/secrets.yaml"
	make_cluster "$dir/cluster.yaml"
	printf 'AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX\n' \
		> "$dir/keys.txt"
	printf 'correct horse\n' > "$dir/pi.password"
	chmod 600 "$dir/keys.txt" "$dir/pi.password"
	"$make_tiny" "$dir/base.img" "$@"
}

# Offsets in bytes of partitions, as another program sees them.
part_start() {
	sfdisk --json "$1" | python3 -c "import json, sys
print(json.load(sys.stdin)['partitiontable']['partitions'][$2 - 1]['start'] * 512)"
}

# One debugfs request on the root file system.
ext4() {
	debugfs -R "$2" "$1?offset=$(part_start "$1" 2)" 2> /dev/null
}

ext4_edit() {
	debugfs -w -R "$2" "$1?offset=$(part_start "$1" 2)" 2> /dev/null
}

fat_cat() {
	mtype -i "$1@@$(part_start "$1" 1)" "::/$2"
}

# "MODE UID GID" of a file, in octal, as debugfs sees it.
ext4_attr() {
	ext4 "$1" "stat $2" | awk '/Mode:/ { for (i = 1; i <= NF; i++) if ($i == "Mode:") mode = $(i + 1) }
		/User:/ { for (i = 1; i <= NF; i++) { if ($i == "User:") uid = $(i + 1); if ($i == "Group:") gid = $(i + 1) } }
		END { print mode, uid, gid }'
}

# Both file systems of an image are clean for their own checkers.
assert_clean() {
	local fat
	e2fsck -fn "$1?offset=$(part_start "$1" 2)"
	fat=$BATS_TEST_TMPDIR/fat
	dd if="$1" of="$fat" bs=512 skip=$(($(part_start "$1" 1) / 512)) \
		count="$(sfdisk --json "$1" | python3 -c "import json, sys
print(json.load(sys.stdin)['partitiontable']['partitions'][0]['size'])")" status=none
	fsck.vfat -n "$fat"
	rm -f "$fat"
}

# grep that must find nothing: "! grep" would never fail a test.
absent() {
	if grep "$@"; then
		return 1
	fi
}

digest() {
	openssl dgst -sha256 -r "$1" | cut -d' ' -f1
}

# A project with a smaller base image, and something in it that does not compress.
make_small_project() {
	make_project "$1" --root-mib 48
	(
		cd "$1"
		truncate -s +1M base.img
		head -c 1M /dev/urandom | dd of=base.img bs=1M seek=96 conv=notrunc status=none
		cp cluster.yaml template.yaml
	)
}

# with_image YAML: what cluster.yaml says of the base image, such as "file: base.img.xz".
with_image() {
	sed "s|image: {.*}|image: {$1}|" template.yaml > cluster.yaml
}

# serve FILE: a server for it, until unserve or the end of the test; its address in $server, a line
# for each request in the file "requests".  See tests/http-server.py for what it does.
serve() {
	rm -f hold port
	: > requests
	mkfifo hold
	"$root/tests/http-server.py" "$1" requests < hold > port 3>&- &
	server_pid=$!
	exec 9> hold
	for _ in $(seq 500); do
		[ ! -s port ] || break
		sleep 0.02
	done
	server=http://127.0.0.1:$(head -n 1 port)
}

unserve() {
	exec 9>&-
	wait "$server_pid"
}

# as_other COMMAND...: as a user that is not root, when root runs the tests.
as_other() {
	setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}

needs_root() {
	[ "$(id -u)" = 0 ] || skip "needs root"
}

# needs PROGRAM...
needs() {
	local program
	for program; do
		command -v "$program" > /dev/null || skip "$program is missing"
	done
}
