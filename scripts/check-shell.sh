#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Run shellcheck over every shell script, which are found by their first line; parts that others
# read are checked with those.
set -euo pipefail

# shellcheck source=scripts/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

cd "$root"
mapfile -t scripts < <(find_scripts 'sh|bash|bats|dash')
[ ${#scripts[@]} -gt 0 ] || die "no shell scripts found"
printf '%d scripts\n' "${#scripts[@]}"
exec shellcheck --external-sources "${scripts[@]}"
