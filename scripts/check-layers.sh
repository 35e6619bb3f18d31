#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Check that each layer of builder/ includes only the layers below it.
set -eu
cd "$1"
status=0
while read -r layer allowed; do
	[ -d "$layer" ] || continue
	# shellcheck disable=SC2013 # names of layers have no blanks
	for used in $(sed -n 's,^#include "\([a-z]*\)/.*,\1,p' "$layer"/*.[ch] | sort -u); do
		case " $layer $allowed " in
		*" $used "*) ;;
		*)
			echo "$layer/ must not include $used/"
			status=1
			;;
		esac
	done
done <<LAYERS
util
config   util
template util
secrets  util
image    util
plan     util config template secrets image
cmd      util config template secrets image plan
LAYERS
exit $status
