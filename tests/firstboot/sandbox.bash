# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A node in a directory: the first-boot scripts as an image has them, and fake programs.
# $BATS_TEST_TMPDIR and the like come from bats.

source_root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)

token=abcdef.0123456789abcdef
certificate_key=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
age_key=AGE-SECRET-KEY-1VDC7ZA6XHQNR2PSC0D09CT0C2T72M83MSN9SKJ4HH6VY6UZWRF3SYVTDHZ

programs=(kubeadm kubelet kubectl helm crictl curl systemctl timedatectl ip sleep swapoff getent)

# put FILE MODE: write standard input to a file of the node.
put() {
	mkdir -p "$(dirname "$NIB_TEST_ROOT$1")"
	cat >"$NIB_TEST_ROOT$1"
	chmod "$2" "$NIB_TEST_ROOT$1"
}

# make_world: everything is as it should be.
make_world() {
	local program

	export NIB_TEST_ROOT=$BATS_TEST_TMPDIR/node
	world=$NIB_TEST_ROOT/world
	mkdir -p "$world/fail" "$world/bin" "$NIB_TEST_ROOT"/{root,run,var/log,var/run/crio,var/lib/k8s-firstboot}
	for program in "${programs[@]}"; do
		cp "$BATS_TEST_DIRNAME/fake" "$world/bin/$program"
	done
	export PATH=$world/bin:$PATH

	echo yes >"$world/clock"
	show_address 192.168.5.21/24
	: >"$world/csr"
	: >"$NIB_TEST_ROOT/var/run/crio/crio.sock"
	put /proc/swaps 0644 <<<'Filename				Type		Size'
	put /sys/fs/cgroup/cgroup.controllers 0644 <<<'cpuset cpu io memory pids'
}

# show_address ADDRESS...: what the interface has.
show_address() {
	local address

	: >"$world/addresses"
	for address; do
		printf '2: eth0    inet %s brd 192.168.5.255 scope global dynamic eth0\\       valid_lft 5sec\n' \
			"$address" >>"$world/addresses"
	done
}

# make_node ROLE STEP...: a node of that role, with these steps.
make_node() {
	local role=$1 step
	shift

	make_world
	install -D "$source_root/templates/firstboot/k8s-firstboot.sh" "$NIB_TEST_ROOT/usr/bin/k8s-firstboot.sh"
	for step in common.sh "$@"; do
		install -D "$source_root/templates/firstboot/$step" "$NIB_TEST_ROOT/usr/lib/k8s-firstboot/$step"
	done
	put /etc/nib/node.env 0644 <<-EOF
		NODE_NAME='controlplane'
		NODE_ROLE='$role'
		NODE_INTERFACE='eth0'
		NODE_ADDRESS='192.168.5.21'
		CLUSTER_ENDPOINT='192.168.5.20:6443'
	EOF
	put /etc/nib/kubernetes.env 0644 <<-EOF
		KUBERNETES_VERSION='1.34.2'
		CILIUM_VERSION='1.18.12'
		GATEWAY_API_VERSION=''
		FLUX_OPERATOR_VERSION='0.58.1'
		UPLOAD_CERTS=''
		KUBECONFIG_USER='pi'
	EOF
	printf 'token: "%s"\ncertificateKey: "%s"\nadvertiseAddress: "192.168.5.21"\n' \
		"$token" "$certificate_key" | put /etc/nib/kubeadm.yaml 0600
}

make_init() {
	make_node init 10-preflight 20-runtime 30-kubeadm 40-cni 50-gitops 60-kubeconfig 70-csr 90-cleanup
	put /etc/nib/cilium-values.yaml 0644 <<<'kubeProxyReplacement: true'
	put /etc/nib/flux-instance.yaml 0644 <<<'kind: FluxInstance'
	put /etc/nib/flux-operator-values.yaml 0644 <<<'tolerations: []'
	put /etc/nib/nodes 0644 <<<'controlplane 192.168.5.21'
	put /root/keys.txt 0600 <<<"$age_key"
	request controlplane controlplane 192.168.5.21
	echo 'own kubernetes.io/kubelet-serving system:node:controlplane ' >"$world/csr"
	cp "$world/csr-controlplane" "$world/csr-own"
}

make_worker() {
	make_node worker 10-preflight 20-runtime 30-kubeadm 90-cleanup
}

make_controlplane() {
	make_node controlplane 10-preflight 20-runtime 30-kubeadm 90-cleanup
}

# request FILE NAME ADDRESS: make a certificate request as a kubelet does.
request() {
	openssl req -new -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -keyout /dev/null \
		-subj "/O=system:nodes/CN=system:node:$2" -addext "subjectAltName=DNS:$2,IP:$3" \
		-out "$world/csr-$1" 2>/dev/null
}

# set_env NAME VALUE: change a line of node.env or kubernetes.env.
set_env() {
	sed -i "s,^$1=.*,$1='$2'," "$NIB_TEST_ROOT/etc/nib/node.env" "$NIB_TEST_ROOT/etc/nib/kubernetes.env"
}

# fail_when PROGRAM PATTERN
fail_when() {
	printf '%s\n' "$2" >"$world/fail/$1"
}

firstboot() {
	run "$NIB_TEST_ROOT/usr/bin/k8s-firstboot.sh"
}

calls() {
	cat "$world/calls"
}

log() {
	cat "$NIB_TEST_ROOT/var/log/k8s-firstboot.log"
}

stamps() {
	(cd "$NIB_TEST_ROOT/var/lib/k8s-firstboot" && echo *.done)
}

is_done() {
	[[ -e $NIB_TEST_ROOT/var/lib/k8s-firstboot-done ]]
}

# position PATTERN: the number of the first call that matches.
position() {
	grep -n -m 1 -e "$1" "$world/calls" | cut -d: -f1
}
