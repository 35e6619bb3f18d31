#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Check that every C file looks as .clang-format wants it; with --fix, make it so.
set -euo pipefail

# shellcheck source=scripts/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

options=(--dry-run -Werror)
[ "${1:-}" != --fix ] || options=(-i)

mapfile -t sources < <(find_sources builder tests -- -name '*.[ch]')
[ ${#sources[@]} -gt 0 ] || die "no C files found"
cd "$root"
exec clang-format-14 --style=file "${options[@]}" "${sources[@]}"
