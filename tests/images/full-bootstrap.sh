# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The slow half of make-full: an arm64 root of Debian trixie, as a tar.  It needs root, the
# network and, on another machine than arm64, an emulator that the kernel starts by itself.
# Set by the caller: $images (where these scripts are).
# shellcheck disable=SC2154

binfmt=/proc/sys/fs/binfmt_misc
binfmt_mounted=false binfmt_registered=false

# Let the kernel run programs for arm64.  In a container or a virtual machine without systemd
# nobody has done that.
binfmt_setup() {
	local conf=/usr/lib/binfmt.d/qemu-aarch64.conf

	[ "$(uname -m)" != aarch64 ] || return 0
	if [ ! -e $binfmt/register ]; then
		mount -t binfmt_misc binfmt_misc $binfmt || die "cannot mount binfmt_misc"
		binfmt_mounted=true
	fi
	if [ ! -e $binfmt/qemu-aarch64 ]; then
		[ -r $conf ] || die "needs qemu-user-static, which is not installed"
		cat $conf >$binfmt/register
		binfmt_registered=true
	fi
}

# Leave it as it was found.
binfmt_restore() {
	! $binfmt_registered || echo -1 >$binfmt/qemu-aarch64
	! $binfmt_mounted || umount $binfmt
}

# bootstrap_root TAR: the packages, configured, with nothing of ours.  They come from Debian's own
# mirror, or from $NIB_TEST_MIRROR.
bootstrap_root() {
	local packages

	packages=$(sed 's/#.*//' "$images/full-packages" | xargs | tr ' ' ',')

	# INITRD=No: an initramfs takes minutes under emulation.  It is made once, at the end.
	# The firmware of the boot partition is only downloaded; installing it wants a mounted one.
	# Packages of Python programs compile them only if py3compile is there: minutes again.
	# shellcheck disable=SC2016 # the hooks expand it
	INITRD=No mmdebstrap --mode=root --arch=arm64 --variant=minbase \
		--components=main,non-free-firmware --include="$packages" \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--dpkgopt='path-include=/usr/share/locale/locale.alias' \
		--dpkgopt='path-exclude=/usr/bin/py3compile' \
		--customize-hook='chroot "$1" sh -c "cd /var/tmp && apt-get -qq download raspi-firmware"' \
		--customize-hook='dpkg-deb -x "$1"/var/tmp/raspi-firmware_*.deb "$1"/var/tmp/firmware' \
		--customize-hook='rm "$1"/var/tmp/raspi-firmware_*.deb' \
		--format=tar trixie "$1" ${NIB_TEST_MIRROR:+"$NIB_TEST_MIRROR"}
}
