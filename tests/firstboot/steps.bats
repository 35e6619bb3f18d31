#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The steps one by one: what each waits for, and what it refuses.
# shellcheck disable=SC2154 # what sandbox.bash sets
bats_require_minimum_version 1.5.0

setup() {
	load sandbox
}

# step NAME: run one step.
step() {
	run "$NIB_TEST_ROOT/usr/lib/k8s-firstboot/$1"
}

# sleeps: how often somebody waited for 2 seconds.
sleeps() {
	grep -c '^sleep 2$' "$world/calls"
}

@test "preflight: the clock has to be right, within 5 minutes" {
	make_worker
	echo no >"$world/clock"
	step 10-preflight
	[ "$status" -ne 0 ]
	[[ "$output" == *"waiting for a synchronised clock (at most 150 times 2 s)"* ]]
	[[ "$output" == *"the clock is not synchronised: is there an NTP server?"* ]]
	[ "$(sleeps)" -eq 149 ]
}

@test "preflight: timesyncd's own mark will do" {
	make_worker
	echo no >"$world/clock"
	mkdir -p "$NIB_TEST_ROOT/run/systemd/timesync"
	touch "$NIB_TEST_ROOT/run/systemd/timesync/synchronized"
	step 10-preflight
	[ "$status" -eq 0 ]
}

@test "preflight: a hardware clock will do, unless it is behind the image" {
	make_worker
	echo no >"$world/clock"
	mkdir -p "$NIB_TEST_ROOT/dev"
	touch "$NIB_TEST_ROOT/dev/rtc0"
	step 10-preflight
	[ "$status" -eq 0 ]
	[[ "$output" == *"going on with the hardware clock"* ]]

	touch -d '+1 day' "$NIB_TEST_ROOT/etc/nib/node.env"
	step 10-preflight
	[ "$status" -ne 0 ]
}

@test "preflight: the address has to be on the interface" {
	make_worker
	show_address 192.168.5.99/24
	step 10-preflight
	[ "$status" -ne 0 ]
	[[ "$output" == *"waiting for an address on eth0 (192.168.5.21)"* ]]
	[[ "$output" == *"eth0 does not have it; interfaces: lo"* ]]

	show_address 192.168.5.99/24 192.168.5.21/24
	step 10-preflight
	[ "$status" -eq 0 ]
	[[ "$output" == *"address: 192.168.5.21"* ]]
}

@test "preflight: with DHCP, an address that is not link-local" {
	make_worker
	set_env NODE_ADDRESS ''
	show_address 169.254.7.8/16
	step 10-preflight
	[ "$status" -ne 0 ]

	show_address 169.254.7.8/16 192.168.5.77/24 192.168.5.20/32
	step 10-preflight
	[ "$status" -eq 0 ]
	[[ "$output" == *"address: 192.168.5.77"* ]]
}

@test "preflight: names what is not installed" {
	make_init
	rm "$world/bin/kubeadm" "$world/bin/helm"
	step 10-preflight
	[ "$status" -ne 0 ]
	[[ "$output" == *"not installed in this image: kubeadm helm"* ]]
}

@test "preflight: swap goes off, or else" {
	make_worker
	echo '/dev/zram0 partition 2097148 0 100' >>"$NIB_TEST_ROOT/proc/swaps"
	step 10-preflight
	[ "$status" -eq 0 ]
	[[ "$(calls)" == *"swapoff -a"* ]]

	echo '/dev/zram0 partition 2097148 0 100' >>"$NIB_TEST_ROOT/proc/swaps"
	fail_when swapoff '*'
	step 10-preflight
	[ "$status" -ne 0 ]
}

@test "preflight: there has to be a memory cgroup" {
	make_worker
	echo 'cpuset cpu io pids' >"$NIB_TEST_ROOT/sys/fs/cgroup/cgroup.controllers"
	step 10-preflight
	[ "$status" -ne 0 ]
	[[ "$output" == *"cgroup_enable=memory in cmdline.txt"* ]]
}

@test "runtime: waits for its socket, and says if there is no CRI-O at all" {
	make_worker
	rm "$NIB_TEST_ROOT/var/run/crio/crio.sock"
	fail_when systemctl 'cat crio.service'
	step 20-runtime
	[ "$status" -ne 0 ]
	[[ "$output" == *"crio.service is not installed in this image"* ]]
	[[ "$output" == *"gave up waiting for CRI-O"* ]]
	[ "$(sleeps)" -eq 149 ]
}

@test "runtime: without crictl, systemd knows" {
	make_worker
	rm "$world/bin/crictl"
	step 20-runtime
	[ "$status" -eq 0 ]
	[[ "$(calls)" == *"systemctl is-active --quiet crio.service"* ]]
}

@test "kubeadm init: certificates are only uploaded with a key" {
	make_init
	step 30-kubeadm
	[ "$status" -eq 0 ]
	[[ "$(calls)" == *"kubeadm init --config $NIB_TEST_ROOT/etc/nib/kubeadm.yaml --skip-token-print"* ]]
	[[ "$(calls)" != *--upload-certs* ]]
	[[ "$(calls)" != *--ignore-preflight-errors* ]]

	make_init
	set_env UPLOAD_CERTS yes
	rm -rf "$NIB_TEST_ROOT"/{etc/kubernetes,var/lib/k8s-firstboot/*}
	step 30-kubeadm
	[ "$status" -eq 0 ]
	[[ "$(calls)" == *"--upload-certs --skip-certificate-key-print"* ]]
}

@test "kubeadm init: a second attempt knows its own leftovers, and only those" {
	make_init
	fail_when kubeadm '*'
	step 30-kubeadm
	[ "$status" -ne 0 ]
	rm "$world/fail/kubeadm"
	mkdir -p "$NIB_TEST_ROOT/etc/kubernetes"
	touch "$NIB_TEST_ROOT/etc/kubernetes/kubelet.conf"
	: >"$world/calls"
	step 30-kubeadm
	[ "$status" -eq 0 ]
	[[ "$(calls)" == *"--ignore-preflight-errors=DirAvailable--var-lib-etcd,Port-6443,"* ]]
	[[ "$(calls)" != *=all* ]]
	[[ "$(calls)" != *reset* ]]
}

@test "kubeadm init: nothing is done to a node that runs already" {
	make_init
	mkdir -p "$NIB_TEST_ROOT/etc/kubernetes"
	touch "$NIB_TEST_ROOT/etc/kubernetes/kubelet.conf"
	step 30-kubeadm
	[ "$status" -eq 0 ]
	[[ "$(calls)" != *kubeadm* ]]
}

@test "kubeadm: the address from DHCP comes into the configuration, and is checked" {
	make_init
	set_env NODE_ADDRESS ''
	sed -i 's/192.168.5.21/@NODE_ADDRESS@/' "$NIB_TEST_ROOT/etc/nib/kubeadm.yaml"
	show_address 192.168.5.77/24
	step 30-kubeadm
	[ "$status" -eq 0 ]
	grep -qx 'advertiseAddress: "192.168.5.77"' "$world/kubeadm.yaml"
	run ! grep -q @ "$world/kubeadm.yaml"
	grep -q @NODE_ADDRESS@ "$NIB_TEST_ROOT/etc/nib/kubeadm.yaml"

	rm -rf "$NIB_TEST_ROOT/etc/kubernetes" "$NIB_TEST_ROOT/var/lib/k8s-firstboot"/*
	: >"$world/addresses"
	: >"$world/calls"
	step 30-kubeadm
	[ "$status" -ne 0 ]
	[[ "$(calls)" != *"kubeadm init"* ]]
}

@test "kubeadm join: waits for the API server, for half an hour, then gives up" {
	make_worker
	fail_when curl '*'
	step 30-kubeadm
	[ "$status" -ne 0 ]
	[[ "$output" == *"waiting for the API server at 192.168.5.20:6443 (at most 900 times 2 s)"* ]]
	[ "$(sleeps)" -eq 899 ]
	[[ "$(calls)" != *"kubeadm join"* ]]
	[ ! -e "$NIB_TEST_ROOT/var/lib/k8s-firstboot/30-kubeadm.started" ]
}

@test "kubeadm join: never twice" {
	for role in worker controlplane; do
		make_$role
		mkdir -p "$NIB_TEST_ROOT/etc/kubernetes"
		touch "$NIB_TEST_ROOT/etc/kubernetes/kubelet.conf"
		step 30-kubeadm
		[ "$status" -eq 0 ]
		[[ "$(calls)" != *"kubeadm join"* ]]
		rm -rf "$NIB_TEST_ROOT"
	done
}

@test "kubeadm join: after a failure without an identity, once more" {
	make_worker
	fail_when kubeadm '*'
	step 30-kubeadm
	[ "$status" -ne 0 ]
	rm "$world/fail/kubeadm"
	step 30-kubeadm
	[ "$status" -eq 0 ]
	[[ "$(calls)" == *",FileAvailable--etc-kubernetes-pki-ca.crt"* ]]
}

@test "kubeadm join: a control plane whose API server does not come up is not done" {
	make_controlplane
	fail_when curl '*127.0.0.1*'
	step 30-kubeadm
	[ "$status" -ne 0 ]
	[[ "$output" == *"the join stopped half-way"* ]]
	: >"$world/calls"
	step 30-kubeadm
	[ "$status" -ne 0 ]
	[[ "$(calls)" != *"kubeadm join"* ]]
}

@test "kubeadm: an unknown role is refused" {
	make_node gardener 30-kubeadm
	step 30-kubeadm
	[ "$status" -ne 0 ]
	[[ "$output" == *"unknown role 'gardener'"* ]]
}

@test "network: versions are pinned" {
	make_init
	set_env GATEWAY_API_VERSION 1.3.0
	step 40-cni
	[ "$status" -eq 0 ]
	[[ "$(calls)" == *"cilium --repo https://helm.cilium.io --version 1.18.12 --values"* ]]
	[[ "$(calls)" == *"releases/download/v1.3.0/standard-install.yaml"* ]]
	[[ "$(calls)" == *"/v1.3.0/config/crd/experimental/gateway.networking.k8s.io_tlsroutes.yaml"* ]]
	[[ "$(calls)" != *experimental-install* ]]
	[[ "$(calls)" != *latest* ]]
	[ "$(position 'standard-install')" -lt "$(position '^helm upgrade')" ]
}

@test "network: from 1.5 on the standard channel has everything" {
	make_init
	set_env GATEWAY_API_VERSION 1.5.1
	step 40-cni
	[ "$status" -eq 0 ]
	[[ "$(calls)" == *"v1.5.1/standard-install.yaml"* ]]
	[[ "$(calls)" != *experimental* ]]
}

@test "network: without the Gateway API, nothing of it" {
	make_init
	step 40-cni
	[ "$status" -eq 0 ]
	[[ "$(calls)" != *gateway* ]]
	[[ "$(calls)" != *loadbalancer* ]]
}

@test "network: what the image brings along is not fetched" {
	make_init
	set_env GATEWAY_API_VERSION 1.3.0
	put /usr/share/nib/gateway-api-1.3.0.yaml 0644 <<<'kind: List'
	put /usr/share/nib/cilium-1.18.12.tgz 0644 <<<''
	put /usr/share/nib/flux-operator-0.58.1.tgz 0644 <<<''
	step 40-cni
	[ "$status" -eq 0 ]
	step 50-gitops
	[ "$status" -eq 0 ]
	[[ "$(calls)" == *"--filename $NIB_TEST_ROOT/usr/share/nib/gateway-api-1.3.0.yaml"* ]]
	[[ "$(calls)" == *"$NIB_TEST_ROOT/usr/share/nib/cilium-1.18.12.tgz --values"* ]]
	[[ "$(calls)" != *https:* ]]
	[[ "$(calls)" != *oci:* ]]
}

@test "network: a Helm release that was cut off is cleared away first" {
	make_init
	echo '{"info":{"status":"pending-install"}}' >"$world/helm-status"
	step 40-cni
	[ "$status" -eq 0 ]
	[ "$(position '^helm uninstall cilium')" -lt "$(position '^helm upgrade --install cilium')" ]

	echo '{"info":{"status":"deployed"}}' >"$world/helm-status"
	: >"$world/calls"
	step 40-cni
	[ "$status" -eq 0 ]
	[[ "$(calls)" != *uninstall* ]]
}

@test "network: the load balancer comes after Cilium's CRDs" {
	make_init
	put /etc/nib/cilium-loadbalancer.yaml 0644 <<<'kind: CiliumLoadBalancerIPPool'
	step 40-cni
	[ "$status" -eq 0 ]
	[ "$(position 'wait.*crd/ciliumloadbalancerippools.cilium.io')" -lt \
		"$(position 'cilium-loadbalancer.yaml')" ]

	fail_when kubectl '*get crd/ciliuml2announcementpolicies.cilium.io*'
	: >"$world/calls"
	step 40-cni
	[ "$status" -ne 0 ]
	[[ "$(calls)" != *"--filename $NIB_TEST_ROOT/etc/nib/cilium-loadbalancer.yaml"* ]]
}

@test "gitops: the key goes into the cluster by way of a file" {
	make_init
	step 50-gitops
	[ "$status" -eq 0 ]
	[[ "$(calls)" == *"--from-file=age.agekey=$NIB_TEST_ROOT/root/keys.txt"* ]]
	[[ "$(calls)" != *"$age_key"* ]]
	grep -q "$(base64 -w0 <<<"$age_key")" "$world/applied"
	[[ "$(calls)" == *"charts/flux-operator --version 0.58.1"* ]]
}

@test "gitops: a key without Flux, and Flux without a key" {
	make_init
	rm "$NIB_TEST_ROOT/etc/nib/flux-instance.yaml"
	step 50-gitops
	[ "$status" -eq 0 ]
	[[ "$(calls)" == *"create secret"* ]]
	[[ "$(calls)" != *helm* ]]

	make_init
	rm "$NIB_TEST_ROOT/root/keys.txt"
	: >"$world/calls"
	step 50-gitops
	[ "$status" -eq 0 ]
	[[ "$(calls)" != *"create secret"* ]]
	[[ "$(calls)" == *"wait fluxinstance/flux"* ]]
}

@test "kubeconfig: for the first user alone" {
	make_init
	put /etc/kubernetes/admin.conf 0600 <<<administrator
	step 60-kubeconfig
	[ "$status" -eq 0 ]
	[ "$(cat "$NIB_TEST_ROOT/home/pi/.kube/config")" = administrator ]
	[ "$(stat -c %a "$NIB_TEST_ROOT/home/pi/.kube")" = 700 ]
	[ "$(stat -c %a "$NIB_TEST_ROOT/home/pi/.kube/config")" = 600 ]
}
