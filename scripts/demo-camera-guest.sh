#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# demo-camera-guest.sh CAMERA-SIZE WINDOW-SIZE BUFFERS: the part of
# scripts/demo-camera.sh inside the guest.
#
# Leaves in $OUT: pmm-camera's figures with PMM, without it, and at a frame that it
# holds; proofs, one for each block; what the camera wrote, what the X server shows;
# what the camera says to scattered memory.

. "$(dirname "$0")/proof-guest.sh"

camera_size=$1 size=$2 buffers=$3

# The first wants contiguous memory, the second does not care.
load_cameras() {
	modprobe vivid n_devs=2 allocators=1,0 node_types=0x1,0x1 num_inputs=1,1 input_types=0,0
	[ -c /dev/video1 ] || die "there are no cameras"
	modprobe vgem
	insmod "build/kernel-$KERNEL/tests/kmod/pmm_test_import.ko"
}

# show NAME OPTION...: so many frames
show() {
	local name=$1

	shift
	pmm-camera --size "$camera_size" --window "$size" --buffers "$buffers" \
		--json "$OUT/$name.json" "$@" /dev/video0 || die "pmm-camera failed"
	show_figures "$OUT/$name.json"
}

hold() {
	pmm-camera --size "$camera_size" --window "$size" --buffers "$buffers" \
		--hold-frame 8 --json "$OUT/held.json" /dev/video0 &
	program=$!
	wait_for_figures "$OUT/held.json"
}

# control EXPORTER: its scattered memory, and PMM's; 77 if this kernel has none
control() {
	local status=0

	camera_control "$1" /dev/video0 /dev/video1 >"$OUT/control-$1.json" || status=$?
	case $status in
	0) say "  $1: refused; PMM: taken" ;;
	77)
		say "  $(<"$OUT/control-$1.json")"
		rm "$OUT/control-$1.json"
		;;
	*) cat "$OUT/control-$1.json" ;;
	esac
}

# The camera's own blocks: the X server has nothing to do with these.
prove_captures() {
	sed -n 's/.*"address": "\(0x[0-9a-f]*\)", "bytes": \([0-9]*\), "captured": [1-9].*/\1 \2/p' \
		"$OUT/held.json" | prove capture "$program" "$program"
}

# How many dma-bufs has the camera attached?
note_attached() {
	cp /sys/kernel/debug/dma_buf/bufinfo "$OUT/bufinfo"
	grep -c vivid "$OUT/bufinfo" >"$OUT/attached"
}

# dump true|false FILE: what the camera wrote last, or before
dump() {
	local address bytes

	bytes=$(field "$OUT/held.json" video_bytes)
	address=$(sed -n "s/.*\"address\": \"\(0x[0-9a-f]*\)\",.*\"latest\": $1 .*/\1/p" \
		"$OUT/held.json" | head -n 1)
	dd if="/proc/$program/mem" of="$OUT/$2" iflag=skip_bytes,count_bytes bs=64K \
		skip=$((address)) count="$bytes" status=none
}

note_machine
load_cameras

say "Showing /dev/video0 on $DISPLAY, kernel $(uname -r), with PMM ..."
show pmm --frames 25
say "Showing it without PMM, for comparison ..."
show copy --copy --frames 10
say "Offering it memory that is not contiguous ..."
control vgem
control heap
dmesg >"$OUT/dmesg"
say "Holding a frame ..."
hold
say "Comparing page frames of pmm-camera, the X server and the blocks ..."
prove_images image "$program" "$OUT/held.json"
prove_captures
note_attached
dump true latest.raw
dump false other.raw
say "Taking a picture of the X screen ..."
photograph "$OUT/held.json"
end_program
rmmod vivid || die "the camera is still in use"
note_pool
