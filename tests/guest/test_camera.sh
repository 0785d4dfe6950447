#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# pmm-camera shows a camera that wants contiguous memory, out of PMM blocks: its
# pictures, what it says when it cannot, what the same camera says to other memory,
# and that nothing is left when it is killed.
#
# On a busy machine vivid may be late for a frame, and says so with a trace:
# "schedule_timeout: wrong timeout value".
#
# timeout: 600
# expect-log: Call Trace

. "$(dirname "$0")/player.sh"

command -v modprobe >/dev/null || skip "modprobe is not installed"
modprobe vivid n_devs=2 allocators=1,0 node_types=0x1,0x1 num_inputs=1,1 input_types=0,0 2>/dev/null ||
	skip "this kernel has no vivid"
wait_for 10 test -c /dev/video1 || fail "vivid has no devices"

width=320 height=180

# start_camera OPTION...: in the background, its pid in $camera, its words in $work/words
start_camera() {
	rm -f "$work/json"
	title=camera-$RANDOM$RANDOM
	pmm-camera --size "${width}x$height" --fps 5 --json "$work/json" --title "$title" "$@" \
		2>"$work/words" &
	camera=$!
	pids+=("$camera")
}

shows_frames() {
	start_camera --frames 6
	wait "$camera" || { cat "$work/words"; return 1; }
	is "$work/json" frames 6 && is "$work/json" client_copied_bytes 0 &&
		is "$work/json" mode '"pmm"' && is "$work/json" driver '"vivid"'
}

by_fd() {
	start_camera --frames 3 --shm fd
	wait "$camera" || { cat "$work/words"; return 1; }
	is "$work/json" frames 3 && is "$work/json" client_copied_bytes 0 &&
		is "$work/json" way '"fd"'
}

copies_if_told() {
	start_camera --copy --frames 3
	wait "$camera" || { cat "$work/words"; return 1; }
	is "$work/json" client_copied_bytes_per_frame $((width * height * 4)) &&
		is "$work/json" mode '"copy"'
}

stops_in_time() {
	start_camera --seconds 2
	wait_for 30 ended "$camera" && wait "$camera"
}

# The bytes that the camera wrote last, by way of somebody else's mapping
latest() {
	local address

	address=$(sed -n 's/.*"address": "\(0x[0-9a-f]*\)",.*"latest": true .*/\1/p' "$work/json")
	dd if="/proc/$camera/mem" iflag=skip_bytes,count_bytes bs=64K status=none \
		skip=$((address)) count="$(field "$work/json" video_bytes)"
}

# holds FORMAT FFMPEG-FORMAT: and what is shown is what ffmpeg makes of the bytes
holds() {
	local flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp+bitexact

	start_camera --format "$1" --hold-frame 2
	wait_for 60 test -e "$work/json" || { cat "$work/words"; return 1; }
	find_window || return 1
	latest | ffmpeg -nostdin -loglevel error -y -f rawvideo -pixel_format "$2" \
		-video_size "${width}x$height" -i pipe:0 \
		-vf "scale=${width}:$height:flags=$flags,format=bgr0" -f rawvideo "$work/reference"
	window_pixels >"$work/window"
	cmp "$work/window" "$work/reference"
}

window_pixels() { xwd -silent -id "$window" | tail -c $((width * height * 4)); }

shows_the_bars() {
	local seen

	seen=$(bars "$work/window" $width $height)
	say "bars:$seen"
	[ "$seen" = "$all_bars" ]
}

one_piece() { # one_piece PID ADDRESS BYTES
	pmm-prove "$camera" "$1" "$2" "$3" >"$work/proof" && is "$work/proof" contiguous true
}

proves_the_pages() {
	local server address bytes n=0

	server=$(pidof -s Xvfb)
	while read -r address bytes; do
		n=$((n + 1))
		one_piece "$camera" "$address" "$bytes" || return 1
	done < <(sed -n 's/.*"address": "\(0x[0-9a-f]*\)", "bytes": \([0-9]*\), "captured": [1-9].*/\1 \2/p' "$work/json")
	[ "$n" -ge 3 ] || return 1
	read -r address bytes < <(sed -n \
		's/.*"on_screen": true, .*"address": "\(0x[0-9a-f]*\)",.*"image_bytes": \([0-9]*\),.*/\1 \2/p' \
		"$work/json")
	one_piece "$server" "$address" "$bytes"
}

# says TEXT OPTION...: fails, and says so
says() {
	local text=$1

	shift
	! pmm-camera --frames 1 "$@" 2>"$work/words" && grep -q -- "$text" "$work/words" && return
	cat "$work/words"
	return 1
}

in_use() { says 'another program is using it' --format NV12; }

quits_cleanly() { kill "$camera" && wait_for 20 ended "$camera" && wait "$camera"; }

# With the device writing, frames waiting, and pictures at the server.
killed_at_any_moment() {
	local i

	for ((i = 0; i < 4; i++)); do
		start_camera
		wait_for 30 find_window || { cat "$work/words"; return 1; }
		sleep "0.$((RANDOM % 10))"
		kill_now "$camera"
	done
	return 0
}

stopped_by_unloading() { ! rmmod vivid 2>/dev/null; }

# What the kernel's own check said so far
remarks() { dmesg | grep -c 'contiguous chunk is too small'; }

# control EXPORTER: refused by the camera for being scattered, and for nothing else
control() {
	local status=0 said

	said=$(remarks)
	camera_control "$1" /dev/video0 /dev/video1 >"$work/control" || status=$?
	cat "$work/control"
	[ "$status" = 77 ] && return
	[ "$status" = 0 ] && [ "$(remarks)" = $((said + 1)) ] &&
		is "$work/control" scattered_refused '"Bad address"'
}

check "shows frames without a copy" shows_frames
check "shows them by fd, too" by_fd
check "everything returns to the pool" pool_whole
check "--copy counts its copies" copies_if_told
check "--seconds stops it" stops_in_time
check "shows what ffmpeg makes of three planes" holds YU12 yuv420p
check "quits" quits_cleanly
check "shows what ffmpeg makes of YUYV" holds YUYV yuyv422
check "which is the camera's colour bars" shows_the_bars
check "pmm-prove finds its pages in one piece" proves_the_pages
check "a second one says why not" in_use
check "the driver is in use" stopped_by_unloading
check "quits" quits_cleanly
check "everything returns to the pool" pool_whole

check "no such device" says 'there is no such camera' /dev/video99
check "not a device of that kind" says 'not a V4L2 device' /dev/null
check "no such format" says 'ABCD is not among its formats; --format takes YUYV' --format ABCD
check "no such size" says 'no pictures of 100x100; the nearest are --size 320x180' --size 100x100
check "no such rate" says 'no 7 frames a second' --fps 7

check "killed at any moment" killed_at_any_moment
check "everything returns to the pool" pool_whole

modprobe vgem 2>/dev/null || skip "this kernel has no vgem"
insmod "build/kernel-$KERNEL/tests/kmod/pmm_test_import.ko" || fail "pmm_test_import does not load"
check "refuses vgem's memory, takes PMM's" control vgem
check "refuses the system heap's, if there is one" control heap
check "everything returns to the pool" pool_whole
check "unloads" rmmod pmm_test_import vivid vgem
