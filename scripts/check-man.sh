#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Hold the manual against the program: commands and options, with their short forms and what they
# take, are the same in "nib --help", "nib COMMAND --help" and docs/nib.1.  Results are TAP.
#
# Usage: check-man.sh NIB
set -euo pipefail

# shellcheck source=scripts/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

nib=${1:?which program}
manual=$root/docs/nib.1
number=0 failures=0

# same TEXT PROGRAM MANUAL: both lists hold the same lines.
same() {
	local difference

	number=$((number + 1))
	if [ -n "$2" ] && difference=$(diff --label program --label manual -u <(printf '%s\n' "$2") <(printf '%s\n' "$3")); then
		printf 'ok %d - %s\n' "$number" "$1"
	else
		printf 'not ok %d - %s\n' "$number" "$1"
		printf '%s\n' "${difference:-nothing in the program}" | sed 's/^/# /'
		failures=1
	fi
}

# "  -f, --file FILE   text" gives "file f file".
options_of_help() {
	sed -n -E 's/^  (-(.), |    )--([a-z-]+)( ([A-Z:/]+))? .*/\3 \2 \L\5/p' | LC_ALL=C sort -u
}

# ".It Fl f , Fl Fl file Ar file" gives the same.
options_of_manual() {
	sed -n -E 's/^\.It (Fl (.) , )?Fl Fl ([a-z-]+)( Ar ([a-z:/]+))?$/\3 \2 \5/p' "$manual" |
		LC_ALL=C sort
}

# commands: one per line, with what they take, in the order of the program.
commands_of_help() {
	"$nib" --help | sed -n -E '/^Commands:/,/^$/s/^  ([a-z]+) +((\[?[A-Z]+[].]* ?)*) .*/\1 \L\2/p' |
		sed -E 's/ +$//'
}

commands_of_manual() {
	sed -n -E '/^\.Sh COMMANDS/,/^\.Sh OPTIONS/s/^\.It Cm //p' "$manual" |
		sed -E 's/Op Ar (.*)/[\1]/; s/Ar //g; s/ (\.\.\.)/\1/'
}

# The synopsis has each of them again.
synopsis_of_manual() {
	sed -n -E '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/s/^\.Cm //p' "$manual"
}

commands=$(commands_of_help)
names=$(cut -d ' ' -f 1 <<<"$commands")
all_help() {
	local name

	"$nib" --help
	for name in $names; do
		"$nib" "$name" --help
	done
}

same 'commands' "$commands" "$(commands_of_manual)"
same 'synopsis' "$names" "$(synopsis_of_manual)"
same 'options' "$(all_help | options_of_help)" "$(options_of_manual)"
for name in $names; do
	same "$name: usage line is that of the overview" \
		"$("$nib" "$name" --help | sed -n -E '1s/^Usage: nib (.*) \[OPTION...\] ?(.*)/\1 \L\2/p' | sed 's/ $//')" \
		"$(grep -E "^$name( |$)" <<<"$commands")"
done
printf '1..%d\n' "$number"
exit $failures
