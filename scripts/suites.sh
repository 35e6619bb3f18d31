# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The suites of scripts/test that are no tests of meson's.  Each is a function that reports test
# points on file descriptor 3; what it prints is its log.
#
# Set by the caller: $root, $build (where to build).  Set here: $suites, their names in order.
# shellcheck disable=SC2154

# shellcheck disable=SC2034
suites=(release clang demo valgrind checks install boot)

# Mistakes that a sanitizer finds end the program; without this, some are only printed.
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1

# point NAME COMMAND...: the command succeeds; by 77 it says that it cannot run here, and its last
# line of output why.
point() {
	local name=$1 status=0 output
	shift

	printf '+ %s\n' "$*"
	output=$("$@" 2>&1) || status=$?
	[ -z "$output" ] || printf '%s\n' "$output"
	case $status in
	0) printf 'ok - %s\n' "$name" >&3 ;;
	77) printf 'ok - %s # SKIP %s\n' "$name" "${output##*$'\n'}" >&3 ;;
	*) printf 'not ok - %s\n' "$name" >&3 ;;
	esac
}

# meson_points LOG OPTION...: the points of a run of meson's.
meson_points() {
	"$root/scripts/meson-points" "${@:2}" "$1" >&3
}

compile() {
	point "$1" ninja -k 0 -C "$2"
}

suite_build() {
	setup "$build/sanitize" --native-file "$root/build-dev.ini"
	compile 'nib and its tests, with sanitizers' "$build/sanitize"
}

# The names of meson's suites: nothing if the build directory could not even be set up.
meson_suites() {
	[ -e "$build/sanitize/build.ninja" ] || return 0
	meson introspect --tests "$build/sanitize" |
		python3 -c 'import json, sys
for suite in sorted({s.split(":")[-1] for t in json.load(sys.stdin) for s in t["suite"]}): print(suite)'
}

suite_meson() {
	local log=$build/sanitize/meson-logs/suite-$1.json

	rm -f "$log"
	meson test -C "$build/sanitize" --no-rebuild --suite "$1" \
		--logbase "suite-$1" || :
	meson_points "$log"
}

# As users build it, with every warning an error.
suite_release() {
	setup "$build/release" -Dtests=enabled -Dbuildtype=release -Ddebug=true -Dwerror=true
	compile 'gcc, optimized' "$build/release"
}

suite_clang() {
	CC=clang-14 setup "$build/clang" -Dtests=enabled -Dbuildtype=debugoptimized -Dwerror=true
	compile 'clang' "$build/clang"
	CC=clang-14 setup "$build/fuzzing" --native-file "$root/build-dev.ini" -Dfuzzing=true
	compile 'clang, with libFuzzer' "$build/fuzzing"
	fuzz
}

# A few seconds for each target: enough to see that it works; finding needs hours.
fuzz() {
	local target name

	for target in "$build"/fuzzing/tests/fuzz/fuzz-*; do
		if [ -d "$target" ] || [ ! -x "$target" ]; then
			continue # what it was linked from, or nothing at all
		fi
		name=${target##*/fuzz-}
		mkdir -p "$build/corpus/$name"
		point "fuzz $name" "$target" -max_total_time=5 -timeout=10 -rss_limit_mb=1024 \
			-artifact_prefix="$build/corpus/" -print_final_stats=1 -verbosity=0 \
			"$build/corpus/$name" "$root/tests/fuzz/corpus/$name"
	done
}

# The unit tests but for two that take minutes each; refine and pack-index go the same ways.
tests_for_valgrind() {
	meson introspect --tests "$build/release" |
		python3 -c 'import json, sys
for test in json.load(sys.stdin):
    if any(s.endswith(":unit") for s in test["suite"]) and test["name"] not in ("pack", "pack-reuse"):
        print(test["name"])'
}

suite_valgrind() {
	local log=$build/release/meson-logs/valgrind-valgrind.json

	suite_release 3>/dev/null
	rm -f "$log"
	# shellcheck disable=SC2046 # names of tests
	meson test -C "$build/release" --no-rebuild --setup valgrind --logbase valgrind \
		$(tests_for_valgrind) || :
	meson_points "$log" --programs
	[ -d "$build/demo/cluster" ] || suite_demo 3>/dev/null
	valgrind_nib
}

# The whole program, on the cluster of the demonstration.
valgrind_nib() {
	local image=images/controlplane.img
	local -a nib=(valgrind -q --leak-check=full --error-exitcode=99
		--suppressions="$root/tests/valgrind.supp" "$build/release/builder/nib" -q
		-C "$build/demo/cluster")

	point 'nib check' "${nib[@]}" check
	point 'nib plan' "${nib[@]}" plan controlplane --diff
	point 'nib build' "${nib[@]}" build controlplane --replace --checksum
	point 'nib verify' "${nib[@]}" verify controlplane "$image"
	point 'nib inspect' "${nib[@]}" inspect "$image"
	point 'nib boards' "${nib[@]}" boards
	# Status 2 is that of a mistake in the command line, 99 that of valgrind.
	point 'nib with a mistake' sh -c '"$@"; [ $? = 2 ]' sh "${nib[@]}" build nobody
}

suite_checks() {
	suite_clang_database
	point 'sources: licence, length of files and functions' "$root/scripts/check-sources.sh"
	point 'clang-format' "$root/scripts/check-format.sh"
	point 'clang-tidy' "$root/scripts/check-tidy.sh" "$build/clang"
	point 'shellcheck' "$root/scripts/check-shell.sh"
	point 'mandoc' mandoc -Tlint -Wwarning "$root/docs/nib.1"
}

# clang-tidy wants to know how clang would be called.
suite_clang_database() {
	CC=clang-14 setup "$build/clang" -Dtests=enabled -Dbuildtype=debugoptimized -Dwerror=true
}

suite_install() {
	suite_release 3>/dev/null
	"$root/scripts/check-install.sh" "$build/release" >&3
}

suite_demo() {
	point 'scripts/demo' env NIB_BUILD_DIR="$build/demo" "$root/scripts/demo" --no-install
}

# What make-full needs beside root, where its image is not in the cache: to mount, and to tell the
# kernel of an emulator.  A container without privileges may do neither.
may_mount() {
	[ "$(id -u)" = 0 ] || return 1
	unshare --mount mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
}

suite_boot() {
	local base

	suite_release 3>/dev/null
	if base=$("$root/tests/images/make-full" --path); then
		printf 'ok - make the full image\n' >&3
	elif may_mount; then
		printf 'not ok - make the full image\n' >&3
		return
	else
		printf 'ok - the full image and its boots # SKIP making it needs root, and leave to mount\n' >&3
		return
	fi
	"$root/tests/boot/boot-test" --nib "$build/release/builder/nib" --base "$base" \
		--keep "$build/boot" >&3
}
