#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# First boot of a Kubernetes node: run the steps in /usr/lib/k8s-firstboot in the order of their
# names, each until it has succeeded once.  A step that fails ends the run; systemd starts it again
# later, and it goes on with that step.
#
# Log: /var/log/k8s-firstboot.log
set -euo pipefail
umask 077

# Tests run all of this below a directory of their own.
root=${NIB_TEST_ROOT:-}

steps=$root/usr/lib/k8s-firstboot
stamps=$root/var/lib/k8s-firstboot
log=$root/var/log/k8s-firstboot.log

# To the log and to the journal; what the steps print goes to the log alone.
say() {
	printf '%s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$*" | tee -a "$log"
}

# The stamp has to be on disk before the next step begins.
stamp() {
	: >"$1"
	sync "$1" "${1%/*}"
}

mkdir -p "$stamps" "$root/run/k8s-firstboot"
touch "$log"
chmod 600 "$log"

exec 9>"$root/run/k8s-firstboot/lock"
if ! flock -n 9; then
	say "k8s-firstboot is running already"
	exit 1
fi

shopt -s nullglob
list=("$steps"/[0-9][0-9]-*)
if ((${#list[@]} == 0)); then
	say "k8s-firstboot: no steps in $steps"
	exit 1
fi

for step in "${list[@]}"; do
	name=${step##*/}
	if [[ -e $stamps/$name.done ]]; then
		continue
	fi

	say "$name: started"
	if ! "$step" >>"$log" 2>&1 9>&-; then
		say "$name: failed, and will be tried again; see $log"
		exit 1
	fi
	stamp "$stamps/$name.done"
	say "$name: done"
done

stamp "$root/var/lib/k8s-firstboot-done"
say "k8s-firstboot: all steps are done"
