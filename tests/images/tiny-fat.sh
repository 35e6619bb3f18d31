# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Part of tiny-tree.sh: the files of the boot partition.
# shellcheck disable=SC2154

# fat_put NAME < CONTENT
fat_put() {
	local content

	IFS= read -r -d '' content || :
	printf '%s' "$content" >"$fat/$1"
}

# A kernel's first 64 bytes are all that can be told from the file; it comes compressed.
fat_kernel() {
	{
		printf 'MZ\0\0\0\0\0\0\0\0\x08\0\0\0\0\0\0\0\x10\0\0\0\0\0\x0a\0\0\0\0\0\0\0'
		printf '\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0ARM\x64\x40\0\0\0'
		printf '%s' "$1"
	} | gzip -n >"$fat/$2"
}

tree_fat() {
	local name

	mkdir "$fat/overlays"
	fat_put cmdline.txt <<<"$cmdline"
	fat_put config.txt < <(fat_config)
	fat_put issue.txt <"$root/etc/rpi-issue"
	if ! $bookworm; then
		fat_put user-data <<<$'#cloud-config\n\n# Set your user configuration here.\n#hostname: raspberrypi'
		fat_put meta-data <<<$'# This is the meta-data configuration file for cloud-init.\ndsmode: local\ninstance_id: rpios-image'
		fat_put network-config <<<$'# This file contains a netplan-compatible configuration.\n#network:\n#  version: 2'
	fi
	fat_kernel v8 kernel8.img
	fat_kernel 2712 kernel_2712.img
	for name in initramfs8 initramfs_2712 bootcode.bin start.elf fixup.dat start4.elf fixup4.dat \
		LICENCE.broadcom overlays/{vc4-kms-v3d,vc4-kms-v3d-pi4,disable-bt,dwc2,miniuart-bt}.dtbo \
		overlays/{overlay_map.dtb,README} $(fat_device_trees); do
		fat_put "$name" <<<"stand-in for $name"
	done
}

# What a board needs on the FAT partition beside the kernels.
fat_device_trees() {
	printf '%s.dtb\n' bcm2710-rpi-{2-b,3-b,3-b-plus,cm0,cm3,zero-2,zero-2-w} \
		bcm2711-rpi-{4-b,400,cm4,cm4-io,cm4s} bcm2712-rpi-{5-b,500} bcm2712d0-rpi-5-b \
		bcm2712-rpi-cm5-cm{4,5}io bcm2712-rpi-cm5l-cm{4,5}io
}

fat_config() {
	cat <<-'FILE'
		# For more options and information see
		# http://rptl.io/configtxt

		# Uncomment some or all of these to enable the optional hardware interfaces
		#dtparam=i2c_arm=on
		#dtparam=spi=on

		# Enable audio (loads snd_bcm2835)
		dtparam=audio=on

		# Automatically load overlays for detected cameras
		camera_auto_detect=1

		# Automatically load overlays for detected DSI displays
		display_auto_detect=1

		# Automatically load initramfs files, if found
		auto_initramfs=1

		# Enable DRM VC4 V3D driver
		dtoverlay=vc4-kms-v3d
		max_framebuffers=2

		# Don't have the firmware create an initial video= setting in cmdline.txt.
		disable_fw_kms_setup=1

		# Run in 64-bit mode
		arm_64bit=1

		# Disable compensation for displays with overscan
		disable_overscan=1

		# Run as fast as firmware / board allows
		arm_boost=1

		[cm4]
		# Enable host mode on the 2711 built-in XHCI USB controller.
		otg_mode=1

		[cm5]
		dtoverlay=dwc2,dr_mode=host

		[all]
	FILE
}
