#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# 70-csr: whose serving certificates are approved.  The requests are real ones.
# shellcheck disable=SC2154 # what sandbox.bash sets
bats_require_minimum_version 1.5.0

setup() {
	load sandbox
	make_init
	rm "$world"/csr*
	: >"$world/csr"
	: >"$world/approved"
	put /etc/nib/nodes 0644 <<-EOF
		controlplane 192.168.5.21
		node0 192.168.5.31
		node1 dhcp
	EOF
}

# csr NAME NODE DNS ADDRESS [SIGNER [CONDITION]]: somebody asks.
csr() {
	request "$1" "$3" "$4"
	echo "$1 ${5:-kubernetes.io/kubelet-serving} system:node:$2 ${6:-}" >>"$world/csr"
}

# So that there is nobody left to wait for.
good_ones() {
	csr x controlplane controlplane 192.168.5.21
	csr y node0 node0 192.168.5.31
}

approve() {
	run "$NIB_TEST_ROOT/usr/lib/k8s-firstboot/70-csr"
	[ "$status" -eq 0 ]
	approved=$(sort "$world/approved" | tr '\n' ' ')
}

@test "nodes of the cluster with names and addresses of their own" {
	csr a controlplane controlplane 192.168.5.21
	csr b node0 node0 192.168.5.31
	approve
	[ "$approved" = "a b " ]
	run ! grep -q '^sleep' "$world/calls"
}

@test "not: another's address, another's name, a name more" {
	csr a node0 node0 192.168.5.21
	csr b node0 controlplane 192.168.5.31
	request c node0 192.168.5.31
	openssl req -new -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -keyout /dev/null \
		-subj /O=system:nodes/CN=system:node:node0 \
		-addext subjectAltName=DNS:node0,IP:192.168.5.31,DNS:kubernetes \
		-out "$world/csr-c" 2>/dev/null
	echo 'c kubernetes.io/kubelet-serving system:node:node0 ' >>"$world/csr"
	csr d controlplane controlplane 192.168.5.21
	csr e node0 node0 192.168.5.31
	approve
	[ "$approved" = "d e " ]
	[[ "$output" == *"a: names that are not those of node0, not approved"* ]]
	[[ "$output" == *"b: names that are not those of node0, not approved"* ]]
	[[ "$output" == *"c: names that are not those of node0, not approved"* ]]
}

@test "not: strangers, nodes with DHCP, other signers, people" {
	csr a gardener gardener 192.168.5.31
	csr b node1 node1 192.168.5.77
	csr c node0 node0 192.168.5.31 kubernetes.io/kube-apiserver-client-kubelet
	request d node0 192.168.5.31
	echo 'd kubernetes.io/kubelet-serving kubernetes-admin ' >>"$world/csr"
	good_ones
	approve
	[ "$approved" = "x y " ]
	[[ "$output" == *"a: gardener has no known address, not approved"* ]]
	[[ "$output" == *"b: node1 has no known address, not approved"* ]]
}

@test "not: a request without names, or no request at all" {
	openssl req -new -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -keyout /dev/null \
		-subj /O=system:nodes/CN=system:node:node0 -out "$world/csr-a" 2>/dev/null
	echo 'a kubernetes.io/kubelet-serving system:node:node0 ' >>"$world/csr"
	echo nonsense >"$world/csr-b"
	echo 'b kubernetes.io/kubelet-serving system:node:node0 ' >>"$world/csr"
	good_ones
	approve
	[ "$approved" = "x y " ]
}

@test "this node's own address is known, also with DHCP" {
	set_env NODE_ADDRESS ''
	put /etc/nib/nodes 0644 <<<'controlplane dhcp'
	show_address 192.168.5.77/24
	csr a controlplane controlplane 192.168.5.77
	approve
	[ "$approved" = "a " ]
}

@test "decided requests are left alone, and count" {
	csr a controlplane controlplane 192.168.5.21 kubernetes.io/kubelet-serving Approved
	csr b node0 node0 192.168.5.31 kubernetes.io/kubelet-serving ApprovedIssued
	csr c node0 node0 192.168.5.31 kubernetes.io/kubelet-serving Denied
	approve
	[ "$approved" = "" ]
	run ! grep -q '^sleep' "$world/calls"
}

@test "the wait for the others ends after 10 minutes" {
	csr a controlplane controlplane 192.168.5.21
	approve
	[ "$approved" = "a " ]
	[ "$(grep -c '^sleep 2$' "$world/calls")" -eq 299 ]
	[[ "$output" == *"no request so far from: node0"* ]]
}
