# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The part of scripts/bench about one base image: ways in, ways out, and what nib replaces.
#
# Set by the caller: $root, $nib, $image (empty: the tiny one), $runs, $xz_runs, $many, $virt.
# shellcheck disable=SC2154

# and_sync NAME OUTPUT COMMAND...: until OUTPUT is on the disk, as nib's is when it ends.  The command
# is a text for the shell; names in it have no blanks.
and_sync() {
	measure "$1" sh -c "${*:3} && sync $2"
}

# write_cluster FILE IMAGE NODES
write_cluster() {
	local i

	{
		cat <<-YAML
			version: nib/v1
			cluster:
			  name: bench
			  endpoint: 10.0.0.2:6443
			  kubernetes: 1.34.2
			  podSubnet: 10.64.0.0/10
			secrets: secrets.yaml
			defaults:
			  board: rpi4
			  image: {file: $2}
			  network: {gateway: 10.0.0.1, nameservers: [10.0.0.1]}
			  users: [{name: pi, sshKeys: [id.pub], sudo: true}]
			  files: [{path: /etc/motd, source: motd}]
			nodes:
			  - {name: controlplane, address: 10.0.0.2/16}
		YAML
		for ((i = 1; i < $3; i++)); do
			echo "  - {name: node$i, address: 10.0.$((1 + i / 200)).$((1 + i % 200))/16}"
		done
	} >"$1"
}

prepare_inputs() {
	ssh-keygen -q -t ed25519 -N '' -C bench -f id
	printf '#!/bin/sh\ntouch /var/lib/first\n' >firstboot.sh
	printf 'hello\n' >motd
	printf 'secrets: {bootstraptoken: abcdef.0123456789abcdef}\n' >secrets.yaml
	chmod 600 secrets.yaml
}

# The base is a multi-block .xz in every row, so "cached" means decoded by nib.
prepare_images() {
	prepare_inputs
	if [ -n "$image" ]; then
		cp --sparse=always "$image" base.img
	else
		"$root/tests/images/make-tiny" base.img
	fi
	say 'compressing the base image: xz -T0 -6'
	xz -T0 -6 -k base.img
	fact base_apparent "$(apparent base.img)"
	fact base_allocated "$(allocated base.img)"
	fact base_xz "$(apparent base.img.xz)"
	write_cluster cluster.yaml base.img.xz "$many"

	say 'filling the cache'
	warm_up "$nib" -q build node1 -o node1.img
	warm_up "$nib" -q build node1 -o packed.img --compress xz --keep-raw
	mv packed.img node.img
	fact node_raw "$(allocated node1.img)"
	fact node_xz "$(apparent packed.img.xz)"
	warm_up "$nib" -q build node1 -o packed.img --compress zst --replace
	mv packed.img.zst node.img.zst
	fact node_zst "$(apparent node.img.zst)"
	rm -f packed.img* node1.img*
}

# build NAME OUTPUT OPTION...: one node, measured; OUTPUT ends in .img.
build() {
	local name=$1 output=$2
	shift 2

	rm -f "$output"*
	measure "$name" "$nib" -q build node1 -o "$output" "$@"
	rm -f "$output"*
}

copy() {
	rm -f copy.img
	and_sync copy copy.img cp --sparse=always base.img copy.img
	rm -f copy.img
}

# The first decode is that of a check, which also reads the cluster file and looks into the image.
decode() {
	rm -rf empty
	XDG_CACHE_HOME=$work/empty measure decode "$nib" -q check node1
	rm -rf empty
	measure unxz xz -dc -T0 base.img.xz
}

compress_zstd() {
	build node-zst zst.img --compress zst
	and_sync zstd other.zst zstd -q -T0 -3 -f node.img -o other.zst
	rm -f other.zst
	and_sync cp-zst other.zst cp node.img.zst other.zst
	rm -f other.zst
}

compress_xz() {
	local i

	for ((i = 0; i < runs; i++)); do
		build node-xz xz.img --compress xz
	done
	for ((i = 0; i < xz_runs; i++)); do
		and_sync xz other.xz 'xz -T0 -6 -c node.img >other.xz'
		fact other_xz "$(apparent other.xz)"
		rm -f other.xz
	done
}

build_many() {
	cat >many.sh <<-SH
		for i in $(seq -s ' ' "$many"); do
			cp --sparse=always base.img copies/\$i.img && sync copies/\$i.img || exit
		done
	SH
	measure many "$nib" -q build -j 2 -o images
	rm -rf images
	mkdir copies
	measure many-copies sh many.sh
	rm -rf copies
}

mount_xfs() {
	[ "$(id -u)" = 0 ] && command -v mkfs.xfs >/dev/null || return 1
	truncate -s $((4 * $(apparent base.img) + (2 << 30))) xfs.img
	mkdir -p xfs
	mkfs.xfs -q -m reflink=1 xfs.img && mount -o loop xfs.img xfs
}

# Cache and output are on the file system; the base is decoded into its cache before.
reflink() {
	local i before

	mount_xfs 2>log || {
		say "no reflinks: $(id -un), $(tail -n 1 log)"
		return 0
	}
	export XDG_CACHE_HOME=$work/xfs/cache
	cp --sparse=always base.img xfs/base.img
	warm_up "$nib" -q build node1 -o xfs/warm.img
	for ((i = 0; i < runs; i++)); do
		before=$(used_on xfs)
		measure reflink "$nib" -q build node1 -o "xfs/node-$i.img"
		fact node_reflink $(($(used_on xfs) - before))
		and_sync cp-reflink xfs/copy.img cp --reflink=always xfs/base.img xfs/copy.img
		rm -f xfs/copy.img
	done
	export XDG_CACHE_HOME=$work/cache
	umount xfs
	rm -f xfs.img
}

# The same edits by loop device and mount, as root; without those of the boot partition.
loop_mount() {
	[ "$(id -u)" = 0 ] || return 0
	cat >loop.sh <<-'SH'
		set -e
		cp --sparse=always base.img loop.img
		start=$(sfdisk --json loop.img | sed -n 's/.*"start": \([0-9]*\).*/\1/p' | tail -1)
		mkdir -p mnt
		mount -o loop,offset=$((start * 512)) loop.img mnt
		echo node1 > mnt/etc/hostname
		mkdir -p mnt/home/pi/.ssh
		cp id.pub mnt/home/pi/.ssh/authorized_keys
		cp motd mnt/etc/motd
		cp firstboot.sh mnt/usr/bin/firstboot.sh
		umount mnt
		sync loop.img
	SH
	measure loop sh loop.sh
	rm -f loop.img
}

# The same host name, key, file and first-boot script, by the appliance; its copy is not counted.
customize() {
	$virt && command -v virt-customize >/dev/null || return 0
	say 'virt-customize'
	cp --sparse=always base.img virt.img
	LIBGUESTFS_BACKEND=direct LIBGUESTFS_BACKEND_SETTINGS=force_tcg measure virt \
		virt-customize -q -a virt.img --no-network --hostname node1 --ssh-inject pi:file:id.pub \
		--upload motd:/etc/motd --firstboot firstboot.sh
	rm -f virt.img
}

measure_images() {
	local i

	for ((i = 1; i <= runs; i++)); do
		say "run $i of $runs"
		copy
		build raw raw.img
		loop_mount
		decode
		compress_zstd
		build_many
	done
	reflink
	say "compressing a node's image: xz -T0 -6"
	compress_xz
	customize
	rm -rf cache base.img base.img.xz node.img node.img.zst
}
