# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What the parts of scripts/bench share: a directory that goes away, and the stop watch.  Results
# are lines of times.tsv there, which bench-report.py reads:
#
#   time NAME SECONDS KIB   one run, and the most memory that one of its processes used
#   fact NAME VALUE
#
# Set by the caller: $quick.  Set here: $work.
# shellcheck disable=SC2154

work=

say() {
	printf '%s: %s\n' "$program" "$1" >&2
}

# A loop device that mount made goes with the mount.
clean_up() {
	local mounted

	cd /
	for mounted in "$work/xfs" "$work/mnt"; do
		if mountpoint -q "$mounted"; then
			umount "$mounted"
		fi
	done
	rm -rf --one-file-system "$work"
}

begin_work() {
	local free needed=$((32 << 30))

	work=$(mktemp -d "${TMPDIR:-/var/tmp}/nib-bench.XXXXXX")
	trap clean_up EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	cd "$work" || die "cannot change to $work"
	export XDG_CACHE_HOME=$work/cache

	! $quick || needed=$((6 << 30))
	free=$(df -B1 --output=avail . | tail -n 1)
	[ "$free" -ge "$needed" ] || die "$work has $((free >> 30)) GiB free, needs $((needed >> 30))"
}

# Tabs separate fields, so values have none.
fact() {
	printf 'fact\t%s\t%s\n' "$1" "${2//$'\t'/ }" >>times.tsv
}

# measure NAME COMMAND...: the wall clock, with nothing left to be written from before.
measure() {
	local name=$1 start end
	shift

	sync
	start=${EPOCHREALTIME/./}
	/usr/bin/time -f %M -o kib "$@" >/dev/null 2>log || {
		cat log >&2
		die "failed: $*"
	}
	end=${EPOCHREALTIME/./}
	printf 'time\t%s\t%s\t%s\n' "$name" "$(awk "BEGIN { printf \"%.6f\", ($end - $start) / 1e6 }")" \
		"$(tail -n 1 kib)" >>times.tsv
}

# Once, unmeasured: what is made once and kept, and files that are read for the first time.
warm_up() {
	"$@" >/dev/null 2>log || {
		cat log >&2
		die "failed: $*"
	}
}

apparent() {
	stat -c %s "$1"
}

allocated() {
	echo $(($(stat -c %b "$1") * 512))
}

used_on() {
	sync
	df -B1 --output=used "$1" | tail -n 1
}
