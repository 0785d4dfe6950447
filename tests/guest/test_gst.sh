#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The GStreamer plugin on the module: frames are dma-bufs in one piece, an X server shows
# them from where a source or a camera that takes contiguous memory only wrote them, and
# nothing is left.
#
# On a busy machine vivid may be late for a frame, and says so with a trace:
# "schedule_timeout: wrong timeout value".
#
# expect-log: Call Trace

. tests/guest/gst.sh

server=$(pidof -s Xvfb) || skip "there is no X server"
modprobe vivid n_devs=1 allocators=1 node_types=0x1 num_inputs=1 input_types=0 2>/dev/null ||
	skip "this kernel has no vivid"
wait_for 10 test -c /dev/video0 || fail "vivid has no device"
[ -e "$work/plugins/libgstvideo4linux2.so" ] || skip "gstreamer1.0-plugins-good is not installed"

width=320 height=180
size=video/x-raw,width=$width,height=$height
source="videotestsrc num-buffers=4 ! $size ! pmmpool name=pmm ! fakesink name=look"

# Root has CAP_SYS_RAWIO.
in_one_piece() { look "$source" && counted frames 4 dmabuf 4 phys 4 contiguous 4 copied 0; }
# Others are told no addresses, and GStreamer tells none.
no_addresses() {
	chmod 666 "$GST_REGISTRY"
	setpriv --reuid=nobody --regid=video --clear-groups --bounding-set=-all \
		env HOME=/nonexistent "$(command -v gst_look)" "$source" >"$work/look" &&
		counted frames 4 dmabuf 4 phys 0 copied 0
}
# Nor does it call ordinary memory a dma-buf, which a camera could then not take.
no_pretence() {
	! PMMSHM_BACKEND=shm gst_look "v4l2src io-mode=dmabuf-import num-buffers=1 ! pmmpool name=pmm ! fakesink name=look" \
		>"$work/look" 2>"$work/words" && grep 'error:' "$work/look" && counted frames 0
}
# No more memory than there is: the pool's own words
exhausted() {
	! gst_look "videotestsrc num-buffers=1 ! video/x-raw,format=BGRx,width=16384,height=16384 ! pmmpool ! fakesink name=look" \
		>"$work/look" 2>&1 && grep 'error: cannot allocate' "$work/look"
}

# Blocks that both the program and the server have, and all pages of which are there
same_pages() {
	pmm_mapped "$launched" "$server" >"$work/proof" || return 1
	awk -v server="$server" '
		/: contiguous$/ { for (i = 1; i < NF; i++) if ($i == "block") b = $(i + 1)
			if ($1 == server) there[b]; else here[b] }
		END { for (b in here) n += b in there; exit n < 2 }' "$work/proof"
}
proves_it() { wait_for 60 same_pages && ! grep 'NOT ITS PAGES' "$work/proof"; }

picture() {
	gst-launch-1.0 -q videotestsrc num-buffers=1 pattern=smpte100 ! "$size,format=BGRx" \
		! filesink location="$work/picture"
}
start_source() { launch videotestsrc pattern=smpte100 ! $size,framerate=5/1 ! pmmximagesink; }
start_camera() { launch v4l2src io-mode=dmabuf-import ! $size,format=BGRx ! pmmximagesink; }

shows_the_picture() { wait_for 60 window_has "$work/picture" || { cat "$work/words"; return 1; }; }

has_the_bars() {
	xwd -silent -name gst-launch-1.0 2>/dev/null | tail -c $((width * height * 4)) >"$work/window"
	[ -s "$work/window" ] && [ "$(bars "$work/window" $width $height)" = "$all_bars" ]
}
shows_the_camera() { wait_for 60 has_the_bars || { cat "$work/words"; return 1; }; }

check "frames are dma-bufs, in one piece" in_one_piece
check "without CAP_SYS_RAWIO no address" no_addresses
check "ordinary memory is none, and no camera's" no_pretence
check "no memory: who says so, and why" exhausted
check "a picture" picture
check "a source" start_source
check "the window has it" shows_the_picture
check "out of the pages that it was written to" proves_it
check "quits" quits
check "without a copy" no_copies
check "everything returns to the pool" pool_whole
check "a camera that wants contiguous memory" start_camera
check "the window has its bars" shows_the_camera
check "out of the pages that the device wrote" proves_it
check "quits" quits
check "without a copy" no_copies
check "everything returns to the pool" pool_whole
check "the camera is free" rmmod vivid
