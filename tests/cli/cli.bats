# SPDX-License-Identifier: Apache-2.0
# The command line itself: help, wrong usage, exit status, JSON, completion.

load ../helpers

setup() {
	cd "$BATS_TEST_TMPDIR"
}

# usage PATTERN ARGUMENT...: status 2, the message on standard error, nothing on standard output.
usage() {
	local pattern=$1
	shift
	run bash -c '"$NIB" "$@" 2> err' nib "$@"
	[ "$status" = 2 ]
	[ -z "$output" ]
	[[ "$(cat err)" =~ $pattern ]]
}

@test "help: overview, and of every command" {
	run "$NIB" --help
	[ "$status" = 0 ]
	for command in check plan build verify inspect boards; do
		[[ "$output" =~ $command ]]
		run "$NIB" "$command" --help
		[ "$status" = 0 ]
		[[ "$output" =~ "Usage: nib $command" ]]
		run "$NIB" --help
	done
}

@test "version" {
	run "$NIB" --version
	[[ "$output" =~ ^nib\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
}

@test "wrong usage" {
	usage "no command given"
	usage "no command 'biuld'; did you mean 'build'\?" biuld
	usage "no option '--bord' here; did you mean '--board'\?" build --bord rpi5
	usage "no option '-x'" build -x
	usage "'--output' needs a value" build --output
	usage "needs IMAGE" inspect
	usage "too many arguments" inspect a b
	usage "which node" plan
	usage "--hostname needs --image" build --hostname node0
	usage "--image needs --hostname" build --image base.img
	usage "--board needs --hostname" build --board rpi5
	usage "--hostname is given twice" build --image x --hostname a --hostname b
	usage "no back end 'qemu'" build --backend qemu
	usage "option '-j' goes behind the command" -j 2 build
	usage "option '--output' goes behind the command" --output there build
	usage "--show and --diff exclude each other" plan node0 --show /etc/hosts --diff
}

@test "an image that is not there is wrong usage" {
	make_project .
	usage "^nib: open 'nope.img': No such file or directory$" inspect nope.img
	usage "^nib: open 'nope.img': No such file or directory$" verify node0 nope.img
	run "$NIB" verify node0 base.img
	[ "$status" = 1 ]
}

@test "a mistake of the command line comes alone, without warnings of the cluster file" {
	make_project .
	sed -i '/^secrets:/d' cluster.yaml
	run "$NIB" check node0
	[[ "$output" =~ warning: ]]
	usage "^nib: no node 'nodeX'" check nodeX
	usage "^nib: --shard '4/4' is no shard" build --shard 4/4
	usage "^nib: '/etc/nowhere' is not in the plan" plan node0 --show /etc/nowhere
	usage "'hostname' is not in the plan; did you mean '/etc/hostname'\?$" plan node0 --show hostname
	usage "did you mean '/etc/hostname'\?$" plan node0 --show /etc/hostnam
	run "$NIB" --json check nodeX
	[ "$status" = 2 ]
	[[ ! "$output" =~ warning ]]
}

@test "a cluster file that is not there" {
	run "$NIB" check
	[ "$status" = 1 ] || [ "$status" = 2 ]
	[[ "$output" =~ "cluster.yaml".*"No such file" ]]
}

@test "boards: text and JSON" {
	run "$NIB" boards
	[ "$status" = 0 ]
	[[ "$output" =~ "Raspberry Pi 5" ]]
	"$NIB" boards --json | python3 -c '
import json, sys
names = [json.loads(line)["name"] for line in sys.stdin]
assert "rpi5" in names and "rpi4" in names and len(names) == 12, names'
}

@test "boards: all of their names are in the text, and in the manual of cluster.yaml" {
	"$NIB" boards > text
	"$NIB" boards --json | python3 -c '
import json, sys
for board in map(json.loads, sys.stdin):
    print(board["name"], *board["aliases"])' > names
	[ "$(wc -l < names)" = 12 ]
	while read -r name others; do
		grep "^$name " text | grep -q -F " ${others// /, }"
		grep -q -F "| \`$name\` | \`${others// /\`, \`}\` |" "$root/docs/cluster.md"
	done < names
}

@test "cluster.md names the version of Cilium that is installed without the key" {
	version=$(awk '$1 == "cilium" { print $3 }' "$root/templates/versions")
	grep -q -F "Without this key it is version $version," "$root/docs/cluster.md"
	grep -q "version: $version\$" "$root/docs/example/cluster.yaml"
}

@test "a board by another spelling: the name it has is suggested" {
	for name in 'pi 5' rpi5-b PI5 rip5 raspberrypi5 'Raspberry Pi 5'; do
		run "$NIB" check --image base.img --hostname node0 --board "$name"
		[ "$status" = 2 ]
		[[ "$output" =~ "no board named '$name'".*"did you mean 'rpi5'" ]]
	done
	for name in rpi2 rpi0 rpi6 rpi50 orangepi; do
		run "$NIB" check --image base.img --hostname node0 --board "$name"
		[ "$status" = 2 ]
		[[ "$output" =~ "no board named '$name'".*"known boards: cm3, " ]]
	done
}

@test "verify: which node, which image" {
	make_project .
	usage "needs NODE IMAGE" verify
	usage "one argument is missing; usage: nib verify NODE IMAGE" verify node0
	usage "which node is to be in 'base.img'\? usage: nib verify NODE IMAGE$" verify base.img
	"$NIB" -q build node0 -o out.img
	usage "usage: nib verify NODE IMAGE; it says that it is 'node0': nib verify node0 out.img$" \
		verify out.img
}

@test "verify: the image of another node is told as such" {
	make_project .
	"$NIB" -q build node0 -o out.img
	run "$NIB" verify controlplane out.img
	[ "$status" = 1 ]
	[[ "${lines[-1]}" =~ "are not as planned for controlplane; it is the image of node0"$ ]]
}

@test "results that cannot be written are a failure" {
	[ -e /dev/full ] || skip "no /dev/full"
	run bash -c '"$NIB" boards > /dev/full'
	[ "$status" = 1 ]
	[[ "$output" =~ "standard output" ]]
}

@test "a reader that goes away does not kill nib with a signal" {
	run bash -c '"$NIB" boards -v | true; echo "${PIPESTATUS[0]}"'
	[[ "$output" =~ ^(0|1)$ ]]
	run bash -c '(sleep 1; "$NIB" boards; echo "$?" >&2) | true'
	[ "$output" = 1 ]
}

@test "flags alone make the same node as a cluster file" {
	make_project .
	"$NIB" -q build --image base.img --hostname node0 --ssh-key id.pub \
		--password-file pi.password --board rpi5 -o flags.img
	"$NIB" -q verify --image base.img --hostname node0 --ssh-key id.pub \
		--password-file pi.password --board rpi5 flags.img
	[ "$(ext4 flags.img 'cat /etc/hostname')" = node0 ]
	assert_clean flags.img
}

@test "without secrets the join configuration is left out, and a warning says so" {
	make_project .
	run "$NIB" build --image base.img --hostname node0 --ssh-key id.pub -o flags.img
	[ "$status" = 0 ]
	[[ "$output" =~ warning.*(secrets|token) ]]
	ext4 flags.img 'ls -p /etc/systemd/system' | absent -q k8s-firstboot
}

@test "flags alone: messages name options, not keys of a cluster file" {
	make_project .
	said() {
		local pattern=$1
		shift
		run "$NIB" check --image base.img --hostname controlplane "$@"
		echo "$output"
		[[ "$output" =~ $pattern ]]
		grep -E "'(users|sshKeys|passwordFile|gateway|nameservers|endpoint|kubernetes|secrets|wifi|podSubnet|serviceSubnet|board|role|file|cluster|network|defaults)\b" \
			<<< "$output" | absent .
	}
	said "no '--ssh-key'"
	said "name a bundle with '--secrets'"
	said "--address: .*without '--gateway'.*without '--nameserver'" --address 192.168.5.21/24
	said "in '--endpoint'.*add '--kubernetes 1.34.2'" --secrets secrets.yaml
	said "--pod-subnet: .*'--pod-subnet' 10.*'--service-subnet' 10" --pod-subnet 10.244.0.0/18
	said "overlaps the nodes' network" --service-subnet 192.168.0.0/16 --address 192.168.5.21/24
	said "the endpoint is in '--pod-subnet'" --endpoint 10.244.64.9
	said "--board: .*no option for Wi-Fi" --board rpi-zero2w
	said "'--board' is empty" --board ''
	said "no value for '--role'" --role boss
}

@test "plan: list, one file, diff, JSON; nothing is written" {
	make_project .
	before=$(digest base.img)
	run "$NIB" -q plan node0
	[ "$status" = 0 ]
	[[ "$output" =~ "/etc/hostname" ]]
	[ "$("$NIB" -q plan node0 --show /etc/hostname)" = node0 ]
	run "$NIB" -q plan node0 --diff
	[ "$status" = 0 ]
	[[ "$output" =~ "-raspberrypi" ]]
	[[ "$output" =~ "+node0" ]]
	run "$NIB" -q plan node0 --show /etc/nowhere
	[ "$status" = 2 ]
	"$NIB" -q plan node0 --json | python3 -c '
import json, sys
assert len([json.loads(line) for line in sys.stdin]) > 20'
	[ "$(digest base.img)" = "$before" ]
}

@test "secrets are shown only on demand" {
	make_project .
	run "$NIB" -q plan controlplane --show /root/keys.txt
	[ "$status" = 2 ]
	[[ "$output" =~ "--show-secrets" ]]
	run "$NIB" -q plan controlplane --diff
	[[ ! "$output" =~ (AGE-SECRET|abcdef\.0123456789) ]]
	run "$NIB" -q plan controlplane --show /root/keys.txt --show-secrets
	[[ "$output" =~ AGE-SECRET ]]
}

@test "what an archive, an image and the command line hold does not act on a terminal" {
	make_project .
	mkdir -p opt
	ln -s $'x\n+ write   0644 0:0  own file  /etc/\e[2Jforged\u202e' opt/link
	tar -cf links.tar opt/link
	sed -i 's|^  files:.*|  files: [{archive: links.tar}, {path: /etc/motd, content: "a\\tb\\e[1m\\u202e\\n"}]|' cluster.yaml
	for how in "" --diff; do
		# shellcheck disable=SC2086
		"$NIB" -q plan node0 $how > out 2>&1
		grep -F 'x?+ write   0644 0:0  own file  /etc/?[2Jforged?' out
		absent -P '\e|\xe2\x80\xae' out
	done
	grep -P '^\+a\tb\?\[1m\?$' out
	"$NIB" -q plan node0 --json | python3 -c '
import json, sys
assert any(json.loads(line).get("target", "").endswith("forged\u202e") for line in sys.stdin)'
	run "$NIB" check $'no\e[2Jde\nnib: all is well'
	[ "$output" = "nib: no node 'no?[2Jde?nib: all is well' in the cluster file" ]
	run "$NIB" -f $'no\e[2J.yaml' check
	[[ "$output" =~ 'no?[2J.yaml' ]]
}

@test "check: text, JSON, all mistakes" {
	make_project .
	run "$NIB" check
	[ "$status" = 0 ]
	[[ "$output" =~ "node0: worker on Raspberry Pi 5: ok" ]]
	"$NIB" check --json | python3 -c 'import json, sys; [json.loads(l) for l in sys.stdin]'
	sed -i 's/board: rpi5/bord: rpi5/' cluster.yaml
	run "$NIB" check
	[ "$status" = 2 ]
	[[ "$output" =~ "did you mean 'board'" ]]
	run bash -c '"$NIB" check --json 2> /dev/null'
	[[ "$output" =~ '"severity":"error"' ]]
}

@test "-C changes the directory" {
	make_project sub
	"$NIB" -q -C sub check
}

@test "completion scripts are valid, and know every option" {
	"$NIB" --completion bash > nib.bash
	bash -n nib.bash
	"$NIB" --completion zsh > _nib
	if command -v zsh > /dev/null; then
		zsh -n _nib
	fi
	for command in check plan build verify inspect boards; do
		"$NIB" "$command" --help | grep -o -- '--[a-z-]*' | sort -u | while read -r option; do
			grep -q -- "$option" nib.bash
			grep -q -- "$option" _nib
		done
	done
}

@test "completion in bash completes commands, options, nodes" {
	make_project .
	run bash -c '. <("$NIB" --completion bash); PATH=${NIB%/*}:$PATH
		complete_words() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _nib; echo "${COMPREPLY[*]}"; }
		complete_words nib bu
		complete_words nib build --rep
		complete_words nib build node
		complete_words nib build --board rpi5'
	[ "${lines[0]}" = build ]
	[ "${lines[1]}" = --replace ]
	[ "${lines[2]}" = node0 ]
	[[ "${lines[3]}" =~ rpi500 ]]
}

@test "completion in bash: nodes of the cluster file on the line, no local files for --show" {
	make_project sub
	sed 's/node0/node7/' sub/cluster.yaml > other.yaml
	cp other.yaml "$HOME/home.yaml"
	touch nodes.txt
	run bash -c '. <("$NIB" --completion bash); PATH=${NIB%/*}:$PATH
		complete_words() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _nib; echo "${COMPREPLY[*]}."; }
		complete_words nib build node
		complete_words nib -f other.yaml build node
		complete_words nib build -C sub node
		complete_words nib build --file = other.yaml node
		complete_words nib -f "~/home.yaml" build node
		complete_words nib -C sub -f ../other.yaml plan node
		complete_words nib plan node7 --show n
		complete_words nib build --output n'
	[ "${lines[0]}" = . ]
	[ "${lines[1]}" = node7. ]
	[ "${lines[2]}" = node0. ]
	[ "${lines[3]}" = node7. ]
	[ "${lines[4]}" = node7. ]
	[ "${lines[5]}" = node7. ]
	[ "${lines[6]}" = . ]
	[ "${lines[7]}" = nodes.txt. ]
}

@test "completion in bash: values behind '=', names with blanks, directories, one node" {
	make_project .
	mkdir dir
	touch "my key.pub" dirty
	run bash -c '. <("$NIB" --completion bash); PATH=${NIB%/*}:$PATH
		complete_words() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _nib
			(IFS="|"; echo "${COMPREPLY[*]}."); }
		complete_words nib build --compress =
		complete_words nib build --compress = z
		complete_words nib build --ssh-key my
		complete_words nib build --ssh-key "my\ k"
		complete_words nib -C dir
		complete_words nib verify node0 no
		complete_words nib verify node0 dirt
		complete_words nib verify nod
		complete_words nib check --max-image-size d'
	echo "$output"
	[ "${lines[0]}" = "none|xz|zst|gz." ]
	[ "${lines[1]}" = zst. ]
	[ "${lines[2]}" = "my key.pub." ]
	[ "${lines[3]}" = "my key.pub." ]
	[ "${lines[4]}" = dir. ]
	[ "${lines[5]}" = . ]
	[ "${lines[6]}" = dirty. ]
	[ "${lines[7]}" = node0. ]
	[ "${lines[8]}" = . ]
}

@test "the output directory is made, but not those above it" {
	make_project .
	run "$NIB" -q build node0 -o not/there
	[ "$status" = 1 ]
	[[ "$output" =~ "create directory 'not/there': No such file" ]]
	[ ! -e not ]
	"$NIB" -q build node0 -o there
	[ -s there/node0.img ]
}

@test "scripts/test: an unknown suite is wrong usage" {
	run "$root/scripts/test" --no-install unti
	[ "$status" = 2 ]
	[[ "$output" =~ "no suite 'unti'".*" cli ".*" unit ".*" boot" ]]
}

@test "no secret on any command line of a child, none in the output" {
	command -v strace > /dev/null || skip "no strace"
	make_project .
	export ASAN_OPTIONS=detect_leaks=0 # the leak checker cannot work while traced
	strace -f -qq -e trace=execve -s 4096 -o trace "$NIB" -v build > out 2>&1
	absent -E 'abcdef\.0123456789|AGE-SECRET|correct horse' trace out
}
