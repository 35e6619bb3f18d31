# SPDX-License-Identifier: Apache-2.0
# A run that is stopped leaves no file under a final name.

load ../helpers

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	make_project .
	# Something to copy for a while, behind the last partition.
	truncate -s 2G base.img
	dd if=/dev/urandom of=base.img bs=1M seek=600 count=700 conv=notrunc status=none
}

setup() {
	cd "$BATS_FILE_TMPDIR"
	rm -rf images
}

# stopped SIGNAL [GROUP]: start a build, send the signal once the copy has begun, with GROUP to all
# of its processes.
stopped() {
	local pid
	setsid "$NIB" -q build node0 &
	pid=$!
	for _ in $(seq 500); do
		compgen -G 'images/node0.img.partial.*' > /dev/null && break
		sleep 0.01
	done
	compgen -G 'images/node0.img.partial.*' > /dev/null
	kill "-$1" -- "${2:+-}$pid"
	stopped_status=0
	wait "$pid" || stopped_status=$?
	[ ! -e images/node0.img ]
	[ ! -e images/node0.img.json ]
}

@test "SIGTERM: nothing is left, and the status is the signal's" {
	stopped TERM
	[ "$stopped_status" = 143 ]
	[ -z "$(ls -A images)" ]
}

@test "SIGHUP: nothing is left" {
	stopped HUP
	[ "$stopped_status" = 129 ]
	[ -z "$(ls -A images)" ]
}

@test "SIGINT, as ^C sends it: nothing is left" {
	# Background jobs of a shell ignore SIGINT; python gives the default back.
	python3 - "$NIB" <<-'PY'
		import glob, os, signal, subprocess, sys, time
		signal.signal(signal.SIGINT, signal.SIG_DFL)
		child = subprocess.Popen([sys.argv[1], "-q", "build", "node0"])
		for _ in range(500):
		    if glob.glob("images/node0.img.partial.*"):
		        break
		    time.sleep(0.01)
		child.send_signal(signal.SIGINT)
		assert child.wait() == -signal.SIGINT, child.returncode
		assert os.listdir("images") == [], os.listdir("images")
	PY
}

@test "SIGKILL: only a .partial. file is left; the next run reports it, --replace clears it" {
	stopped KILL group
	[ "$(find images -type f | wc -l)" = 1 ]
	run "$NIB" build node0
	[ "$status" = 0 ]
	[[ "$output" =~ "left from a run that was killed; --replace removes it" ]]
	run "$NIB" build node0 --replace
	[ "$status" = 0 ]
	[[ "$output" =~ "removed" ]]
	[ -z "$(find images -name '*.partial.*')" ]
}

@test "SIGKILL of nib alone: its processes clean up behind it" {
	stopped KILL
	for _ in $(seq 500); do
		[ -n "$(ls -A images)" ] || break
		sleep 0.01
	done
	[ -z "$(ls -A images)" ]
}
