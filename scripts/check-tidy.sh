#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Run clang-tidy with .clang-tidy over builder/, on all processors.
#
# Usage: check-tidy.sh BUILD-DIRECTORY [FILE...]; the build must be one with clang, whose options
# clang-tidy understands.
set -euo pipefail

# shellcheck source=scripts/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

[ -e "${1:-}/compile_commands.json" ] || die "needs a build directory"
build=$(realpath "$1")
shift
sources=("$@")
if [ $# -eq 0 ]; then
	cd "$root"
	mapfile -t sources < <(find_sources builder -- -name '*.c')
fi
[ ${#sources[@]} -gt 0 ] || die "no C files found"

# What is suppressed in the headers of others is counted on standard error, for every file.
status=0
errors=$(mktemp)
trap 'rm -f "$errors"' EXIT
printf '%s\0' "${sources[@]}" |
	xargs -0 -n 1 -P "$(nproc)" clang-tidy-14 -p "$build" --quiet 2>"$errors" || status=$?
grep -v -E '^[0-9]+ warnings? (generated|and)|^Suppressed|^Use -header-filter' "$errors" >&2 || :
exit $status
