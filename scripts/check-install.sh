#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Install a build into an empty directory and see whether the copy works there: program, data,
# manual, completions.  Results are TAP.
#
# Usage: check-install.sh BUILD-DIRECTORY
# shellcheck disable=SC2317 # functions are called by name, in point
set -euo pipefail

# shellcheck source=scripts/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

[ -e "${1:-}/build.ninja" ] || die "needs a build directory"
target=$(mktemp -d)
trap 'rm -rf "$target"' EXIT
number=0 failures=0

# point TEXT COMMAND...
point() {
	local text=$1 output
	shift

	number=$((number + 1))
	if output=$("$@" 2>&1); then
		printf 'ok %d - %s\n' "$number" "$text"
	else
		printf 'not ok %d - %s\n' "$number" "$text"
		printf '%s\n' "$*" "$output" | sed 's/^/# /'
		failures=1
	fi
}

# In an environment that gives no hint where the source tree is.
clean() {
	(cd / && env -i PATH="$prefix/bin:/usr/bin:/bin" "$@")
}

lists_boards() {
	local board boards

	boards=$(clean nib boards)
	for board in "$root"/boards/*.yaml; do
		board=${board##*/}
		grep -q -w -F -- "${board%.yaml}" <<<"$boards" || return 1
	done
}

same_files() {
	diff -r "$root/$1" "$prefix/share/nib/$1"
}

# Messages name cluster.md; the manual says where it is.
has_documents() {
	local name

	for name in cluster.md json.md scale.md example; do
		diff -r "$root/docs/$name" "$prefix/share/doc/nib/$name"
	done
	grep -q -F 'Pa share/doc/nib/cluster.md' "$prefix/share/man/man1/nib.1"
}

# Type "nib bu" and "nib build --o", press TAB.
# shellcheck disable=SC2016 # the inner shell expands it
completes() {
	clean bash -euc '
		completed() {
			_nib || :
			[ "${COMPREPLY[*]% }" = "$1" ]
		}
		. "$1"
		COMP_WORDS=(nib bu) COMP_CWORD=1
		completed build
		COMP_WORDS=(nib build --outp) COMP_CWORD=2
		completed --output
		COMP_WORDS=(nib build --board rpi-z) COMP_CWORD=3
		completed rpi-zero2w
	' bash "$prefix/share/bash-completion/completions/nib"
}

DESTDIR=$target meson install -C "$1" --no-rebuild --quiet >&2
prefix=$target$(meson introspect --buildoptions "$1" |
	python3 -c 'import json, sys
print(*[o["value"] for o in json.load(sys.stdin) if o["name"] == "prefix"])')

point 'the program says its version' clean nib --version
point 'it finds its boards, all of them' lists_boards
point 'boards/ is complete' same_files boards
point 'templates/ is complete' same_files templates
point 'the manual is there' diff "$root/docs/nib.1" "$prefix/share/man/man1/nib.1"
point 'the documents that it names are there' has_documents
point 'completion for bash works' completes
point 'completion for zsh is there' grep -q '^#compdef nib' "$prefix/share/zsh/site-functions/_nib"
printf '1..%d\n' "$number"
exit $failures
