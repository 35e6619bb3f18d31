# SPDX-License-Identifier: Apache-2.0
# What --json prints is what docs/json.md says.

load ../helpers

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	make_project .
	sed 's/board: rpi5/bord: rpi5/' cluster.yaml > wrong.yaml
}

setup() {
	cd "$BATS_FILE_TMPDIR"
}

# prints STATUS ARGUMENT...: with that exit status, all of it to a file.
prints() {
	local want=$1 status=0
	shift
	"$NIB" --json "$@" >> lines 2>> messages || status=$?
	[ "$status" = "$want" ]
}

@test "every object of every command is as documented" {
	prints 0 boards
	prints 0 check
	prints 0 plan controlplane
	prints 0 build node0 -o node0.img
	prints 0 build controlplane1 --compress zst
	prints 0 cache list
	prints 0 cache prune
	(ulimit -f 1000 && prints 1 build controlplane node0)
	prints 0 verify node0 node0.img
	prints 1 verify controlplane node0.img
	prints 0 inspect base.img
	prints 0 inspect node0.img
	prints 2 -f wrong.yaml check
	prints 2 check --image base.img --hostname node0 --board rpi6
	prints 2 plan nobody
	prints 1 inspect cluster.yaml
	"$root/tests/cli/check-json.py" "$root/docs/json.md" < lines
}

@test "inspect: disk id, board and node are those of the image" {
	"$NIB" -q build node0 -o there.img
	id=$(sfdisk --disk-id there.img)
	"$NIB" inspect --json there.img | python3 -c '
import json, sys
image = json.load(sys.stdin)
assert "0x" + image["diskId"] == sys.argv[1], image["diskId"]
assert image["partitions"][1]["partuuid"].startswith(image["diskId"])
assert (image["node"], image["board"], image["role"]) == ("node0", "rpi5", "worker")
assert image["boards"]["rpi5"] == {"boots": True, "missing": []}' "$id"
}
