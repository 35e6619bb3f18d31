# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The part of scripts/bench about growth: many nodes of the tiny image, and large base images.
#
# Set by the caller: $root, $nib, $runs, $node_counts, $base_sizes.
# shellcheck disable=SC2154

# One after the other, so that one node and a thousand do the same.
measure_nodes() {
	local count i

	for count in "${node_counts[@]}"; do
		write_cluster "nodes-$count.yaml" tiny.img "$count"
	done
	warm_up "$nib" -q -f nodes-1.yaml build -o images
	rm -rf images
	for ((i = 1; i <= runs; i++)); do
		for count in "${node_counts[@]}"; do
			say "run $i of $runs: $count nodes"
			measure "nodes-$count" "$nib" -q -f "nodes-$count.yaml" build -j 1 -o images
			rm -rf images
		done
	done
}

# The tiny image, and behind its partitions data without zeros up to that size: what is copied, not
# what is edited, grows.
make_large() {
	cp --sparse=always tiny.img large.img
	head -c $((($1 << 30) - $(apparent tiny.img))) /dev/zero |
		openssl enc -aes-128-ctr -K 00 -iv 00 2>/dev/null >>large.img
	sync large.img
}

measure_sizes() {
	local size i

	write_cluster large.yaml large.img 2
	for size in "${base_sizes[@]}"; do
		say "a base of $size GiB"
		make_large "$size"
		warm_up "$nib" -q -f large.yaml build node1 -o large-node.img
		for ((i = 0; i < runs; i++)); do
			rm -f large-node.img*
			measure "size-$size" "$nib" -q -f large.yaml build node1 -o large-node.img
			rm -f large-node.img*
			and_sync "size-$size-copy" large-node.img cp --sparse=always large.img large-node.img
		done
		rm -f large-node.img* large.img
	done
}

measure_scale() {
	"$root/tests/images/make-tiny" tiny.img
	fact tiny_allocated "$(allocated tiny.img)"
	measure_nodes
	measure_sizes
}
