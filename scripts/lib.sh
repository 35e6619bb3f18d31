# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What the scripts share.  Sets $root, the top of the source tree, and $program.

root=$(cd -- "${BASH_SOURCE[0]%/*}/.." && pwd)
program=${0##*/}
export root program

# What install-deps installs, before other programs of the same name: their Python would lack the
# modules.  mke2fs, debugfs and others live in sbin, which is not on everybody's PATH.
PATH=/usr/bin:/bin:$PATH:/usr/sbin:/sbin

die() {
	printf '%s: %s\n' "$program" "$1" >&2
	exit 1
}

# find_sources DIRECTORY... -- EXPRESSION...: files of the source tree by name, sorted, without what
# was built.  It works in an unpacked archive too, where git knows nothing.
find_sources() {
	local -a dirs=()

	while [ "$1" != -- ]; do
		dirs+=("$1")
		shift
	done
	shift
	(cd "$root" && find "${dirs[@]}" -type d \( -name .git -o -name build -o -name 'build-*' \
		-o -name __pycache__ \) -prune -o -type f \( "$@" \) -print | LC_ALL=C sort)
}

# find_scripts INTERPRETER: files whose first line names an interpreter, as an extended regex.
find_scripts() {
	find_sources . -- -size -1024k | while IFS= read -r file; do
		IFS= read -r first <"$root/$file" 2>/dev/null || continue
		if [[ $first =~ ^\#!.*[/\ ]($1)($|\ ) ]] || [[ $first =~ ^\#\ shellcheck\ shell=($1)$ ]]; then
			printf '%s\n' "$file"
		fi
	done
}

# setup DIRECTORY OPTION...: a meson build directory; one that is there is kept.
setup() {
	[ -e "$1/build.ninja" ] || meson setup "${@:2}" "$1" "$root"
}
