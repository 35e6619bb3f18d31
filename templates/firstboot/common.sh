# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What all steps have in common; each begins with: . "${BASH_SOURCE[0]%/*}/common.sh"
set -euo pipefail
shopt -s inherit_errexit
umask 077

# Tests run all of this below a directory of their own.
root=${NIB_TEST_ROOT:-}

nib=$root/etc/nib
run=$root/run/k8s-firstboot
kubernetes=$root/etc/kubernetes
export KUBECONFIG=$kubernetes/admin.conf
export HOME=${HOME:-/root}

# Who this node is, and what the cluster is like.
# shellcheck source=/dev/null
. "$nib/node.env"
# shellcheck source=/dev/null
. "$nib/kubernetes.env"

mkdir -p "$run"

log() {
	printf '%s %s: %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "${0##*/}" "$*"
}

fail() {
	log "$*"
	exit 1
}

# wait_for TRIES WHAT COMMAND [ARGUMENT...]
#
# Try a command until it succeeds, with 2 seconds between the tries.  Tries are counted and not
# seconds, since the clock of a board may jump by years while we wait.
wait_for() {
	local tries=$1 what=$2 try
	shift 2

	if "$@"; then
		return 0
	fi
	log "waiting for $what (at most $tries times 2 s)"
	for ((try = 1; try < tries; try++)); do
		sleep 2
		if "$@"; then
			log "$what: yes"
			return 0
		fi
	done
	log "gave up waiting for $what"
	return 1
}

# Let a program run for a limited time, without the secrets that kubeadm likes to print: tokens and
# certificate keys.
run_kubeadm() {
	timeout --kill-after=1m 45m kubeadm "$@" 2>&1 |
		sed -E 's/[a-z0-9]{6}\.[a-z0-9]{16}/(token)/g; s/(^|[^0-9a-f:])[0-9a-f]{64}/\1(key)/g'
}

# kubectl as the administrator, never for longer than a minute unless told otherwise.
api() {
	kubectl --request-timeout=1m "$@"
}

# Does the API server in our kubeconfig answer, and is it ready?
api_ready() {
	kubectl --request-timeout=10s get --raw=/readyz >/dev/null 2>&1
}

# crd_established NAME...: are these custom resources known to the API server?
crd_established() {
	local crd
	for crd; do
		api get "crd/$crd" >/dev/null 2>&1 || return 1
		api wait --for=condition=Established --timeout=30s "crd/$crd" || return 1
	done
}

# The addresses of this node's interface, one per line.
interface_addresses() {
	ip -4 -o address show dev "$NODE_INTERFACE" scope global 2>/dev/null |
		sed -nE 's,.* inet ([0-9]+(\.[0-9]+){3})(/[0-9]+)? .*,\1,p' |
		grep -v '^169\.254\.'
}

# Print the address of this node: the one in node.env, which its interface has to have, or else the
# first that DHCP gave the interface.
node_address() {
	local address

	address=$(interface_addresses) || return 1
	if [[ -n ${NODE_ADDRESS:-} ]]; then
		grep -Fx "$NODE_ADDRESS" <<<"$address"
	else
		head -n 1 <<<"$address"
	fi
}

has_node_address() {
	node_address >"$run/address"
}

# Install or bring up to date a Helm release.  An attempt that was cut off leaves the release
# "pending", which Helm refuses to touch again: it never was complete, so it goes.
helm_release() {
	local name=$1 namespace=$2 status
	shift 2

	status=$(helm status "$name" --namespace "$namespace" --output json 2>/dev/null || true)
	if grep -q '"status":"pending-' <<<"$status"; then
		log "removing the unfinished Helm release $name"
		timeout 5m helm uninstall "$name" --namespace "$namespace" --wait
	fi
	timeout 20m helm upgrade --install "$name" --namespace "$namespace" "$@"
}
