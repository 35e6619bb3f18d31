#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Check every source file for its licence line, and C files for their size: files of at most 400
# lines, functions of at most 60.
set -euo pipefail

# shellcheck source=scripts/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

cd "$root"
status=0

complain() {
	printf '%s\n' "$1"
	status=1
}

# What cannot hold a comment, or is somebody's input kept as it is.
is_exempt() {
	case ${1#./} in
	LICENSE | .git | .gitignore | .clang-format | *.in | *.md | *.json) return 0 ;;
	tests/fuzz/corpus/* | tests/data/* | tests/*/data/* | tests/images/full/* | templates/*) return 0 ;;
	esac
	return 1
}

check_licence() {
	local file

	while IFS= read -r file; do
		if ! is_exempt "$file" && ! head -n 5 "$file" | grep -q 'SPDX-License-Identifier: Apache-2\.0'; then
			complain "$file: no 'SPDX-License-Identifier: Apache-2.0' on top"
		fi
	done < <(find_sources . -- -name '*')
}

# clang-format puts a function's braces at the start of a line, and nothing else that ends in "}".
long_functions() {
	awk -v limit=60 '
		FNR == 1 { start = 0 }
		/^{/ { start = FNR }
		/^}$/ && start {
			if (FNR - start - 1 > limit)
				printf "%s:%d: a function of %d lines, more than %d\n", FILENAME, start,
					FNR - start - 1, limit
			start = 0
		}' "$@"
}

check_size() {
	local file lines

	while IFS= read -r file; do
		lines=$(wc -l <"$file")
		[ "$lines" -le 400 ] || complain "$file: $lines lines, more than 400"
	done < <(printf '%s\n' "$@")

	lines=$(long_functions "$@")
	[ -z "$lines" ] || complain "$lines"
}

check_licence
mapfile -t sources < <(find_sources builder tests -- -name '*.[ch]')
[ ${#sources[@]} -gt 0 ] || die "no C files found"
check_size "${sources[@]}"
exit $status
