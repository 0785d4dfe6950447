#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# demo-device-guest.sh FILM FRAME SIZE: the part of scripts/demo-device.sh inside the
# guest.
#
# Leaves in $OUT: the player's figures in device RAM, in system RAM, and at FRAME; the
# proofs; what the X server shows; where the device's memory is.

. "$(dirname "$0")/proof-guest.sh"

film=$1 frame=$2 size=$3

# The first of QEMU's shared memory devices, such as 0000:00:04.0.
find_device() {
	local dir

	for dir in /sys/bus/pci/devices/*; do
		[ "$(<"$dir/vendor") $(<"$dir/device")" != "0x1af4 0x1110" ] || { echo "${dir##*/}"; return; }
	done
	die "there is no ivshmem device"
}

take_device() {
	local start

	insmod "${PMM_KO%/*}/pmm_pci.ko"
	echo pmm_pci >"/sys/bus/pci/devices/$device/driver_override"
	echo "$device" >/sys/bus/pci/drivers/pmm_pci/bind
	read -r start _ < <(sed -n 3p "/sys/bus/pci/devices/$device/resource")
	echo "$start" >"$OUT/bar_start"
	echo "$type" >"$OUT/type"
}

# play NAME OPTION...
play() {
	local name=$1

	shift
	pmm-play --no-clock --size "$size" --json "$OUT/$name.json" "$@" "$film" ||
		die "pmm-play failed"
	show_figures "$OUT/$name.json"
}

# The host looks into the device while the picture is on the screen.
let_host_look() {
	local i

	: >"$OUT/look"
	for ((i = 0; i < 600; i++)); do
		[ ! -e "$OUT/seen" ] || return 0
		sleep 0.1
	done
	die "the host does not look"
}

note_machine
device=$(find_device)
type=pci-$device-bar2
take_device
say "Playing $film on $DISPLAY, kernel $(uname -r), out of $type ..."
play pmm --type "$type"
say "Playing it out of system RAM, for comparison ..."
play ram
say "Playing it to frame $frame, at its own speed ..."
pmm-play --type "$type" --hold-frame "$frame" --size "$size" --json "$OUT/held.json" "$film" &
program=$!
wait_for_figures "$OUT/held.json"
say "Comparing page frames of the player, the X server and the block ..."
prove_images proof "$program" "$OUT/held.json"
say "Taking a picture of the window ..."
photograph "$OUT/held.json"
let_host_look
end_program
note_pool
echo "$device" >/sys/bus/pci/drivers/pmm_pci/unbind
rmmod pmm_pci
