# SPDX-License-Identifier: Apache-2.0
# Bad input gets a clear error; the base image stays as it is, and no output appears.

load ../helpers

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	make_project .
	cp --sparse=always base.img good.img
}

setup() {
	cd "$BATS_FILE_TMPDIR"
	rm -rf images base.img
	cp --sparse=always good.img base.img
	cp cluster.yaml test.yaml
}

# refused STATUS PATTERN [ARGUMENT...]: build says this, changes nothing, leaves nothing.
refused() {
	local want=$1 pattern=$2 before
	shift 2
	before=$(digest base.img)
	run "$NIB" -f test.yaml build "${NODE:-node0}" "$@"
	echo "$output"
	[ "$status" = "$want" ]
	[[ "$output" =~ $pattern ]]
	[ "$(digest base.img)" = "$before" ]
	[ -z "$(ls -A images 2> /dev/null)" ]
}

# wrong_image PATTERN: so does this, at the place in the cluster file that names the image.
wrong_image() {
	refused 2 "test\.yaml:[0-9]+:[0-9]+: error: .*($1)"
}

made() {
	rm -f base.img
	"$make_tiny" base.img "$@"
}

@test "truncated image" {
	truncate -s 60M base.img
	wrong_image "partition 2 .*(truncated|beyond|ends)"
}

@test "partition beyond the end" {
	made --past-end
	wrong_image "partition 2 .*(truncated|beyond|ends)"
}

@test "empty file" {
	truncate -s 0 base.img
	wrong_image "empty"
}

@test "gzip, xz and zstd that end too early" {
	gzip -1 -c good.img > whole
	head -c 100000 whole > base.img
	wrong_image "gzip data ends too early"
	xz -0 -c good.img > whole
	head -c 10000 whole > base.img
	wrong_image "xz data ends too early"
	zstd -q -1 -c good.img > whole
	head -c 10000 whole > base.img
	wrong_image "zstd data ends too early"
}

@test "zip and text instead of raw" {
	printf 'PK\3\4' > base.img
	truncate -s 1M base.img
	wrong_image "zip data"
	printf 'not an image\n' > base.img
	wrong_image "13 bytes.*multiple of 512"
}

@test "xz and zstd instead of raw" {
	printf '\xfd7zXZ\0\0\4\346\326\264F' > base.img
	truncate -s 1M base.img
	wrong_image "xz"
	printf '\x28\xb5\x2f\xfd' > base.img
	truncate -s 1M base.img
	wrong_image "zst"
}

@test "wrong partition type" {
	made --type 82
	wrong_image "type.*0x82"
}

@test "GPT where an MBR is expected" {
	made --gpt
	wrong_image "GPT"
}

@test "no partition table at all" {
	head -c 8M /dev/zero > base.img
	wrong_image "partition table"
}

@test "ext4 that needs recovery" {
	made --needs-recovery
	wrong_image "recover.*e2fsck|e2fsck.*recover|not unmounted cleanly"
}

@test "ext4 with errors" {
	made --errors
	wrong_image "error.*e2fsck|e2fsck.*error"
}

@test "ext4 with an unknown feature" {
	made --unknown-incompat
	wrong_image "feature"
}

@test "FAT full" {
	made --fill-fat
	refused 1 "(room|full|space).*/boot/firmware.*missing"
}

@test "ext4 out of blocks" {
	made --fill-blocks
	refused 1 "room in file system '/'.*[0-9.]+ [KMG]iB are needed.*[0-9.]+ [KMG]iB are missing; nib's cluster.md"
}

@test "ext4 out of inodes" {
	made --fill-inodes
	refused 1 "inodes are needed"
}

@test "fstab and cmdline.txt disagree" {
	made --mismatch
	wrong_image "fstab"
}

@test "passwd without pi" {
	made --no-pi
	refused 2 "test.yaml:[0-9]+:[0-9]+: error: .*'pi'"
}

@test "a symbolic link /etc that leads out of the image" {
	made --evil-etc
	wrong_image "'/etc' .*'/proc/self/root/etc'"
}

@test "a symbolic link /root that climbs out of the image" {
	made --evil-root
	NODE=controlplane refused 1 "'/root' .*'\.\./\.\./\.\.'.*out of the image"
}

@test "an image of another system" {
	printf 'NAME=Fedora\nVERSION_CODENAME=""\nPRETTY_NAME="Fedora Linux 43"\n' > os-release
	made --os-release os-release
	wrong_image "image 'base.img': not a Raspberry Pi OS that is supported.*Fedora Linux 43"
}

@test "an image that does not boot the board" {
	made --without kernel_2712.img
	refused 2 "kernel_2712.img"
}

@test "a base image that is another node's image already" {
	"$NIB" -q -f test.yaml build controlplane -o other.img
	mv other.img base.img
	wrong_image "image 'base.img': it is the image of node 'controlplane' already"
	rm other.img.json
}

@test "no image there" {
	sed -i 's/base.img/nowhere.img/' test.yaml
	refused 2 "test.yaml:[0-9]+:[0-9]+: error: .*nowhere.img.*No such file"
}

@test "a directory, a device, a pipe instead of an image" {
	rm base.img
	mkdir base.img
	run "$NIB" -f test.yaml build node0
	[ "$status" = 2 ]
	[[ "$output" =~ test.yaml:[0-9]+:[0-9]+:\ error:.*"not a regular file" ]]
	rmdir base.img
	mkfifo base.img
	run timeout 10 "$NIB" -f test.yaml build node0
	rm base.img
	[ "$status" = 2 ]
	[[ "$output" =~ test.yaml:[0-9]+:[0-9]+:\ error:.*"not a regular file" ]]
}

@test "options: a wrong image is told by its option" {
	gzip -1 -c good.img > whole
	head -c 1000 whole > base.img
	mkdir -p directory
	for image in base.img directory test.yaml nowhere.img; do
		run "$NIB" build --image "$image" --hostname node0 --ssh-key id.pub
		[ "$status" = 2 ]
		[[ "$output" =~ "--image: error: ".*"'$image'" ]]
	done
}

@test "unreadable key" {
	sed -i 's/id\.pub/missing.pub/' test.yaml
	refused 2 "test.yaml:[0-9]+:[0-9]+: error: .*missing.pub.*No such file"
}

@test "a file that is too large for 'source'" {
	truncate -s 65M large
	sed -i 's|^  files:.*|  files: [{path: /opt/large, source: large}]|' test.yaml
	refused 2 "test.yaml:16:38: error: read 'large': more than 64 MiB.*help: an 'archive' may have up to 256 MiB"
	rm large
}

@test "a private key instead of a public one is refused by name, and not shown" {
	sed -i 's/id\.pub/id/' test.yaml
	refused 2 "private key"
	[[ ! "$output" =~ "$(sed -n 2p id)" ]]
}

# inline KEY SED SECRET: a secret where its file's name belongs is refused, and shown nowhere.
inline() {
	cp cluster.yaml test.yaml
	sed -i "$2" test.yaml
	refused 2 "error: $1: no file has the name that stands here: (No such file|File name too long)"
	absent -F -- "$3" <<< "$output"
}

@test "a secret itself instead of the name of its file is not shown" {
	local key
	key=$(sed -n 2p id)
	inline "passwordFile of user 'pi'" 's/passwordFile: pi.password/passwordFile: hunter2/' hunter2
	inline "passwordFile of user 'pi'" 's/passwordFile: pi.password/passwordFile: correct.horse/' correct.horse
	inline secrets 's/secrets: secrets.yaml/secrets: abcdef.0123456789abcdef/' 0123456789abcdef
	NODE=controlplane inline age.identity "s/keys.txt/$(cat keys.txt)/" "$(cut -c 16- keys.txt)"
	inline "sshKeys of user 'pi'" "s|id\\.pub|$key|" "$key"
	run "$NIB" build --image base.img --hostname node0 --password-file hunter2
	[ "$status" = 2 ]
	[[ "$output" =~ "--password-file: error: no file has the name that stands here" ]]
	absent hunter2 <<< "$output"
}

@test "a world-readable age identity" {
	cp keys.txt open.txt
	chmod 644 open.txt
	sed -i 's/keys\.txt/open.txt/' test.yaml
	before=$(digest base.img)
	run "$NIB" -f test.yaml build controlplane
	[ "$status" = 2 ]
	[[ "$output" =~ "open.txt".*"0644" ]]
	[[ ! "$output" =~ AGE-SECRET ]]
	[ ! -e images ]
}

@test "a world-readable bundle" {
	cp secrets.yaml open.yaml
	chmod 644 open.yaml
	sed -i 's/secrets: secrets.yaml/secrets: open.yaml/' test.yaml
	refused 2 "open.yaml"
}

@test "a template with an unknown name" {
	mkdir -p templates/kubernetes
	printf 'a: ${NO_SUCH_NAME}\n' > templates/kubernetes/kubeadm-join-worker.yaml
	printf 'templates: templates\n' >> test.yaml
	refused 2 "kubeadm-join-worker.yaml:1:6: error: .*NO_SUCH_NAME"
	rm -r templates
}

@test "a missing template" {
	NIB_DATA_DIR=$BATS_TEST_TMPDIR/data
	mkdir -p "$NIB_DATA_DIR/templates"
	cp -r "$root/boards" "$NIB_DATA_DIR"
	export NIB_DATA_DIR
	run "$NIB" -f test.yaml build node0
	echo "$output"
	[ "$status" != 0 ]
	[[ "$output" =~ "no template" ]]
	[ -z "$(ls -A images 2> /dev/null)" ]
}

@test "the output exists" {
	"$NIB" -q -f test.yaml build node0
	before=$(digest images/node0.img)
	run "$NIB" -f test.yaml build node0
	[ "$status" = 1 ]
	[[ "$output" =~ "exists; --replace overwrites it" ]]
	[ "$(digest images/node0.img)" = "$before" ]
	"$NIB" -q -f test.yaml build node0 --replace
}

@test "a manifest in the way is not overwritten, and nothing is published beside it" {
	mkdir -p there
	echo precious > there/node0.img.json
	run "$NIB" -f test.yaml build node0 -o there
	[ "$status" = 1 ]
	[[ "$output" =~ "node0.img.json' exists" ]]
	[ "$(ls there)" = node0.img.json ]
	[ "$(cat there/node0.img.json)" = precious ]
	rm there/node0.img.json
	mkdir there/node0.img.json
	run "$NIB" -f test.yaml build node0 -o there --replace
	[ "$status" = 1 ]
	[ "$(ls there)" = node0.img.json ]
	rm -r there
}

@test "a secret that a planned link would lead onto the FAT" {
	mkdir -p opt
	ln -sfn /boot/firmware opt/l
	tar -cf link.tar opt/l
	sed -i 's|^  files:.*|  files:\n    - {archive: link.tar}\n    - {path: /opt/l/secret, content: TOPSECRET, secret: true}|' test.yaml
	run "$NIB" -f test.yaml build node0
	echo "$output"
	[ "$status" != 0 ]
	[ -z "$(ls -A images 2> /dev/null)" ]
	rm -r opt link.tar
}

# placed WANT PATH...: an archive with these (NAME, NAME/ or NAME->TARGET) is refused by check, at
# its place in the cluster file.
placed() {
	local want=$1 tree=$BATS_TEST_TMPDIR/tree item
	shift
	rm -rf "$tree"
	mkdir "$tree"
	for item; do
		mkdir -p "$tree/$(dirname "$item")"
		case $item in
		*"->"*)
			mkdir -p "$tree/$(dirname "${item%%->*}")"
			ln -s "${item#*->}" "$tree/${item%%->*}"
			;;
		*/) mkdir "$tree/$item" ;;
		*) echo "$item" > "$tree/$item" ;;
		esac
	done
	tar -C "$tree" -cf placed.tar .
	sed 's|^  files:.*|  files: [{archive: placed.tar}]|' cluster.yaml > test.yaml
	run "$NIB" -f test.yaml check node0
	echo "$output"
	[ "$status" = 2 ]
	grep -F "test.yaml:16:21: error: $want" <<< "$output"
}

@test "what an archive must not put somewhere is found by check" {
	placed "'/boot/firmware/a:b': a name with ':' is not safe" boot/firmware/a:b
	placed "'/boot/firmware/x ': this name is not safe" "boot/firmware/x "
	placed "'/boot/firmware/A~1.TXT': a name with '~'" "boot/firmware/A~1.TXT"
	placed "'/boot/firmware/CMDLINE.TXT' and '/boot/firmware/cmdline.txt' are the same" boot/firmware/CMDLINE.TXT
	placed "'/boot/firmware/b' and '/boot/firmware/B' are the same" boot/firmware/B boot/firmware/b ||
		placed "'/boot/firmware/B' and '/boot/firmware/b' are the same" boot/firmware/B boot/firmware/b
	placed "'/etc/nib' has to be a directory: '/etc/nib/" "etc/nib->/boot/firmware"
	placed "'/etc/nib' has to be a directory: '/etc/nib/" etc/nib
	placed "'/etc/kubernetes' is planned as a directory already" etc/kubernetes
	placed "'/etc/nib/node.env' is planned as a file already" etc/nib/node.env/
	placed "'/etc/hostname/x' cannot be there: '/etc/hostname' is not a directory in the image" etc/hostname/x
	run "$NIB" -f test.yaml build node0
	[ "$status" = 2 ]
	[ -z "$(ls -A images 2> /dev/null)" ]
}

@test "a link that would carry secrets onto the FAT is found by check" {
	mkdir -p var/lib
	ln -sfn /boot/firmware var/lib/etcd
	tar -cf link.tar var/lib/etcd
	sed -i 's|^  files:.*|  files: [{archive: link.tar}]|' test.yaml
	run "$NIB" -f test.yaml check
	echo "$output"
	[ "$status" = 2 ]
	[[ "$output" =~ "test.yaml:16:21: error: '/var/lib/etcd' leads to a directory of the boot partition" ]]
	rm -r var link.tar
}

@test "a file below /lib takes the place of nib's own below /usr/lib" {
	sed -i 's|^  files:.*|  files: [{path: /lib/k8s-firstboot/common.sh, content: "mine\\n"}]|' test.yaml
	run "$NIB" -f test.yaml build controlplane -o merged.img
	[[ "$output" =~ "test.yaml:16:18: warning: '/usr/lib/k8s-firstboot/common.sh' is made by nib as well" ]]
	[ "$(ext4 merged.img 'cat /usr/lib/k8s-firstboot/common.sh')" = mine ]
	[ "$("$NIB" -q -f test.yaml plan controlplane | grep -c common.sh)" = 1 ]
	[ "$("$NIB" -q -f test.yaml plan controlplane --show /lib/k8s-firstboot/common.sh)" = mine ]
	rm merged.img*
}

@test "closed standard streams do not end up in the image" {
	"$NIB" -q -f test.yaml build node0 -o first.img
	"$NIB" -f test.yaml build node0 -o closed.img <&- 2>&-
	cmp first.img closed.img
	rm first.img* closed.img*
}

@test "a limit on file sizes is an error, not a signal" {
	run bash -c 'ulimit -f 1000; "$NIB" -f test.yaml build node0'
	echo "$output"
	[ "$status" = 1 ]
	[ -z "$(ls -A images 2> /dev/null)" ]
}

@test "a file that only looks like a left-over stays" {
	mkdir -p images
	echo notes > images/node0.img.partial.notes-of-mine
	"$NIB" -q -f test.yaml build node0 --replace
	[ "$(cat images/node0.img.partial.notes-of-mine)" = notes ]
}

@test "a file of keys instead of a cluster file is not shown" {
	for file in keys.txt secrets.yaml pi.password; do
		run "$NIB" -f "$file" check
		[ "$status" = 2 ]
		[[ ! "$output" =~ (AGE-SECRET|abcdef\.0123|correct\ horse) ]]
	done
}

@test "the output is the base image" {
	before=$(digest base.img)
	run "$NIB" -f test.yaml build node0 -o base.img --replace
	[ "$status" = 1 ]
	[[ "$output" =~ "one of the files that the cluster is made from" ]]
	ln -f base.img linked.img
	run "$NIB" -f test.yaml build node0 -o linked.img --replace
	[ "$status" = 1 ]
	[ "$(digest base.img)" = "$before" ]
}

@test "no permission for the output" {
	mkdir -p locked
	chmod 555 locked
	if [ "$(id -u)" = 0 ]; then
		chattr +i locked 2> /dev/null || skip "root writes everywhere here"
	fi
	run "$NIB" -f test.yaml build node0 -o locked
	[ "$(id -u)" != 0 ] || chattr -i locked
	[ "$status" = 1 ]
	[[ "$output" =~ "locked/node0.img" ]]
	[ -z "$(ls -A locked)" ]
}

@test "a full disk" {
	unshare -rm true 2> /dev/null || skip "no user namespaces here"
	mkdir -p small
	run unshare -rm bash -c 'mount -t tmpfs -o size=1m tmpfs small &&
		"$NIB" -f test.yaml build node0 -o small; status=$?; ls -A small; exit $status'
	echo "$output"
	[ "$status" = 1 ]
	[[ "$output" =~ (space|missing) ]]
	[[ ! "$output" =~ node0.img$ ]]
}

@test "a disk that fills up while the plan is applied" {
	unshare -rm true 2> /dev/null || skip "no user namespaces here"
	local used
	used=$(du -k --apparent-size=no base.img 2> /dev/null | cut -f1 || du -k base.img | cut -f1)
	mkdir -p small
	run unshare -rm bash -c "mount -t tmpfs -o size=$((used + 8))k tmpfs small &&"'
		"$NIB" -f test.yaml build node0 -o small; status=$?; ls -A small; exit $status'
	echo "$output"
	[ "$status" = 1 ]
	[[ ! "$output" =~ node0.img$ ]]
}

@test "passwords on the command line are refused, with the way out" {
	run "$NIB" build --image base.img --hostname node0 --ssh-key id.pub --password secret123
	[ "$status" = 2 ]
	[[ "$output" =~ "--password-file" ]]
	[[ ! "$output" =~ secret123 ]]
	[ ! -e images ]
}

@test "mistakes in all files are shown together, before an image is opened" {
	sed -i 's/board: rpi5/board: rip5/; s/192.168.5.22/192.168.5.21/; s/10.244.0.0\/20/10.244.0.1\/20/' test.yaml
	refused 2 "rip5"
	[[ "$output" =~ "did you mean 'rpi5'" ]]
	[[ "$output" =~ "192.168.5.21" ]]
	[[ "$output" =~ "10.244.0.0/20" ]]
}

@test "a pipe that nobody writes to is not waited for" {
	mkfifo pipe
	sed 's|passwordFile: pi.password|passwordFile: pipe|' cluster.yaml > pipe.yaml
	grep -q 'passwordFile: pipe' pipe.yaml
	run timeout 30 "$NIB" -f pipe.yaml check node0
	rm pipe
	[ "$status" = 2 ]
	[[ "$output" =~ "nobody writes to this pipe" ]]
}
