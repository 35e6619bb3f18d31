#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# k8s-firstboot.sh itself: order, stamps, what happens after a failure, secrets.
# shellcheck disable=SC2154 # what sandbox.bash sets
bats_require_minimum_version 1.5.0

setup() {
	load sandbox
}

# How many files with secrets there are.
secrets() {
	find "$NIB_TEST_ROOT" -name keys.txt -o -name kubeadm.yaml ! -path '*/world/*' | wc -l
}

@test "the first control plane: every step, in order, once" {
	make_init
	firstboot
	[ "$status" -eq 0 ]
	is_done
	[ "$(stamps)" = "10-preflight.done 20-runtime.done 30-kubeadm.done 40-cni.done 50-gitops.done 60-kubeconfig.done 70-csr.done 90-cleanup.done" ]

	[ "$(position '^timedatectl')" -lt "$(position '^crictl')" ]
	[ "$(position '^crictl')" -lt "$(position '^kubeadm init')" ]
	[ "$(position '^kubeadm init')" -lt "$(position '^helm upgrade --install cilium')" ]
	[ "$(position '^helm upgrade --install cilium')" -lt "$(position 'create secret generic flux-sops')" ]
	[ "$(position 'create secret generic flux-sops')" -lt "$(position '^helm upgrade --install flux-operator')" ]
	[ "$(position '^helm upgrade --install flux-operator')" -lt "$(position 'flux-instance.yaml')" ]
	[ "$(grep -c '^kubeadm' "$world/calls")" -eq 1 ]

	: >"$world/calls"
	firstboot
	[ "$status" -eq 0 ]
	[ ! -s "$world/calls" ]
}

@test "a worker and a further control plane join" {
	for role in worker controlplane; do
		make_$role
		firstboot
		[ "$status" -eq 0 ]
		is_done
		[ "$(stamps)" = "10-preflight.done 20-runtime.done 30-kubeadm.done 90-cleanup.done" ]
		[[ "$(calls)" == *"kubeadm join --config"* ]]
		[[ "$(calls)" != *helm* ]]
		rm -rf "$NIB_TEST_ROOT"
	done
}

@test "what is removed, and that it is removed last" {
	make_init
	fail_when kubectl '*wait fluxinstance/flux*'
	firstboot
	[ "$status" -eq 1 ]
	[ "$(secrets)" -eq 2 ]
	[ "$(stamps)" = "10-preflight.done 20-runtime.done 30-kubeadm.done 40-cni.done" ]
	run is_done
	[ "$status" -ne 0 ]

	rm "$world/fail/kubectl"
	firstboot
	[ "$status" -eq 0 ]
	[ "$(secrets)" -eq 0 ]
	is_done
}

@test "the age key stays until the cluster has it" {
	make_init
	fail_when kubectl '*get secret flux-sops*'
	firstboot
	[ "$status" -eq 1 ]
	[ "$(cat "$NIB_TEST_ROOT/root/keys.txt")" = "$age_key" ]

	rm "$world/fail/kubectl"
	: >"$world/applied"
	firstboot
	[ "$status" -eq 1 ]
	[ "$(cat "$NIB_TEST_ROOT/root/keys.txt")" = "$age_key" ]

	echo 'kind: Secret' >"$world/applied"
	firstboot
	[ "$status" -eq 0 ]
	[ ! -e "$NIB_TEST_ROOT/root/keys.txt" ]
}

@test "a failure in any step: not stamped, the next run goes on from there" {
	while read -r step program pattern; do
		make_init
		fail_when "$program" "$pattern"
		firstboot
		echo "$step: $output"
		[ "$status" -eq 1 ]
		[[ "$output" == *"$step: failed, and will be tried again"* ]]
		[[ "$(stamps)" != *"$step.done"* ]]
		[ "$(secrets)" -eq 2 ]

		rm "$world/fail/$program"
		: >"$world/calls"
		firstboot
		[ "$status" -eq 0 ]
		is_done
		[ "$(secrets)" -eq 0 ]
		if [ "$step" != 10-preflight ]; then
			[[ "$(calls)" != *timedatectl* ]]
		fi
		rm -rf "$NIB_TEST_ROOT"
	done <<-EOF
		10-preflight  timedatectl  *
		20-runtime    crictl       *
		30-kubeadm    kubeadm      init*
		40-cni        helm         upgrade*
		40-cni        kubectl      *rollout status daemonset/cilium*
		50-gitops     kubectl      *create secret*
		50-gitops     helm         upgrade --install flux-operator*
		60-kubeconfig getent       *
	EOF
}

@test "the log: for root alone, appended to, without secrets" {
	make_init
	set_env UPLOAD_CERTS yes
	put /var/log/k8s-firstboot.log 0644 <<<'earlier'
	umask 022
	firstboot
	[ "$status" -eq 0 ]
	[ "$(stat -c %a "$NIB_TEST_ROOT/var/log/k8s-firstboot.log")" = 600 ]
	[ "$(log | head -n 1)" = earlier ]
	[[ "$(log)" == *"(token)"* ]]
	for secret in "$token" "$certificate_key" "$age_key" "$(base64 -w0 <<<"$age_key")"; do
		run ! grep -qF -e "$secret" "$NIB_TEST_ROOT/var/log/k8s-firstboot.log"
		run ! grep -qF -e "$secret" "$world/calls"
		[[ "$output" != *"$secret"* ]]
	done
}

@test "files that first boot makes are for root alone" {
	make_init
	sed -i 's/192.168.5.21/@NODE_ADDRESS@/' "$NIB_TEST_ROOT/etc/nib/kubeadm.yaml"
	fail_when kubeadm '*'
	rmdir "$NIB_TEST_ROOT/var/lib/k8s-firstboot"
	umask 022
	firstboot
	[ "$(stat -c %a "$NIB_TEST_ROOT/run/k8s-firstboot/kubeadm.yaml")" = 600 ]
	[ "$(stat -c %a "$NIB_TEST_ROOT/run/k8s-firstboot")" = 700 ]
	[ "$(stat -c %a "$NIB_TEST_ROOT/var/lib/k8s-firstboot")" = 700 ]
}

@test "an image without steps is an error" {
	make_node worker
	firstboot
	[ "$status" -eq 1 ]
	[[ "$output" == *"no steps in"* ]]
	run is_done
	[ "$status" -ne 0 ]
}

@test "only one run at a time" {
	make_worker
	mkdir -p "$NIB_TEST_ROOT/run/k8s-firstboot"
	exec 8>"$NIB_TEST_ROOT/run/k8s-firstboot/lock"
	flock 8
	firstboot
	exec 8>&-
	[ "$status" -eq 1 ]
	[[ "$output" == *"running already"* ]]
	[ ! -e "$world/calls" ]
}
