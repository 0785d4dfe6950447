#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The GStreamer plugin without the module, on this machine's X server: who writes frames,
# what they are in, what the window shows, what is said when it cannot be.

cd "$(dirname "$0")/../.." || exit
. tests/guest/gst.sh

command -v Xvfb >/dev/null || skip "Xvfb is not installed"
export PMMSHM_BACKEND=shm
mkfifo "$work/display"
# Without clients it would start anew, with an empty screen.
Xvfb -noreset -displayfd 3 -nolisten tcp -screen 0 640x480x24 3>"$work/display" 2>"$work/server" &
pids+=("$!")
read -r -t 60 number <"$work/display" || fail "Xvfb does not start"
export DISPLAY=:$number

size=video/x-raw,width=320,height=240
wide=video/x-raw,width=640,height=240

elements() { gst-inspect-1.0 pmm >"$work/inspect" && grep -q '^  2 features' "$work/inspect"; }

# A sink opens its server on the way to READY, and looks at no property after that.
mutable() { gst-inspect-1.0 "$1" | grep -q 'changeable only in NULL or READY state'; }
properties() { mutable pmmpool && ! mutable pmmximagesink; }

# The source has its frames from us; they are no dma-bufs, and do not say so.
direct() {
	look "videotestsrc num-buffers=8 ! $size ! pmmpool name=pmm ! fakesink name=look" &&
		counted frames 8 fd 8 dmabuf 0 phys 0 copied 0
}
# So has a converter; its pictures are those that it makes in other memory.
converted() {
	local source=(videotestsrc num-buffers=3 ! "$size,format=I420" ! videoconvert)

	gst-launch-1.0 -q "${source[@]}" ! video/x-raw,format=BGRx ! filesink location="$work/plain" &&
		gst-launch-1.0 -q "${source[@]}" ! pmmpool ! video/x-raw,format=BGRx ! filesink location="$work/ours" &&
		cmp "$work/plain" "$work/ours"
}
# What comes in other memory is copied, all of it, and arrives as it was.
copied() {
	look "videotestsrc num-buffers=8 ! $size ! identity drop-allocation=true ! pmmpool name=pmm ! fakesink name=look" &&
		counted frames 8 fd 8 copied 8 || return
	gst-launch-1.0 -q videotestsrc num-buffers=3 ! "$size,format=NV12" ! tee name=t \
		! queue ! filesink location="$work/plain" \
		t. ! queue ! identity drop-allocation=true ! pmmpool ! filesink location="$work/ours" &&
		cmp "$work/plain" "$work/ours"
}
# Odd sizes have lines with something behind them.
odd() {
	look "videotestsrc num-buffers=2 ! video/x-raw,format=$1,width=321,height=241 ! pmmpool name=pmm ! fakesink name=look" &&
		counted fd 2 copied 0
}

picture() { # picture PATTERN FILE
	gst-launch-1.0 -q videotestsrc num-buffers=1 pattern="$1" ! "$size,format=BGRx" ! filesink location="$2"
}
shown() { # shown WAY...: what is before the sink
	launch videotestsrc pattern=smpte100 ! "$size" ! "$@" pmmximagesink
	wait_for 60 window_has "$work/smpte100" && ! window_has "$work/ball" && quits
}

# A program's own window: the screen itself, in the middle of it
in_window() {
	local root

	root=$(xwininfo -root | sed -n 's/.*Window id: \(0x[0-9a-f]*\).*/\1/p')
	look --window "$root" "videotestsrc num-buffers=1 ! $wide ! pmmximagesink name=look" &&
		counted frames 1 fd 1 || return
	gst-launch-1.0 -q videotestsrc num-buffers=1 ! "$wide,format=BGRx" ! filesink location="$work/wide"
	xwd -silent -root | tail -c $((640 * 480 * 4)) | tail -c +$((640 * 120 * 4 + 1)) |
		head -c $((640 * 240 * 4)) | cmp - "$work/wide"
}

# A frame that stays, as a still picture does, keeps no connection of a sink that has gone.
still() {
	look --again 5 "videotestsrc num-buffers=1 ! $size ! pmmximagesink name=look" &&
		counted frames 6 fds 0
}

# Who hears of an error may call the sink, even from inside of the message.
lost() {
	! timeout 60 gst_look --lose 2 "videotestsrc num-buffers=9 ! $size ! pmmximagesink name=look" >"$work/look" 2>"$work/words" &&
		grep -qx "error: the connection to X server $DISPLAY is lost" "$work/look" && return
	cat "$work/look" "$work/words"
	return 1
}

# What GStreamer itself still counts at the end
no_leaks() {
	GST_TRACERS=leaks GST_DEBUG=GST_TRACER:7 GST_DEBUG_FILE=$work/leaks \
		gst-launch-1.0 -q videotestsrc num-buffers=5 ! "$size,format=I420" ! pmmpool ! videoconvert \
		! pmmximagesink sync=false && grep -q 'format string: object-alive' "$work/leaks" &&
		! grep ':: object-alive,' "$work/leaks"
}

check "the plugin has its elements" elements
check "when properties may change" properties
check "a source writes to our memory" direct
check "a converter writes the right pictures" converted
check "other memory is copied, and counted" copied
check "frames of odd size" odd I420
check "frames of odd size, in two planes" odd NV21
check "a picture" picture smpte100 "$work/smpte100"
check "another one" picture ball "$work/ball"
check "the window shows what the source wrote" shown
check "without a copy" no_copies
check "what a pmmpool copied" shown identity drop-allocation=true ! pmmpool !
check "that was a copy" copies
check "what the sink copied itself" shown identity drop-allocation=true !
check "that was one, too" copies
check "a program's window shows it" in_window
check "a frame outlives its sinks" still
check "the server is lost" lost
check "nothing is left" no_leaks
check "no such type" refused "no such type of memory; there is: shm" videotestsrc ! pmmpool type=vram ! fakesink
check "no such server" refused "it is not there or does not let us in" videotestsrc ! pmmximagesink display=:9999
PMMSHM_BACKEND=pmm PMMSHM_DEVICE=/dev/nothing check "no module" refused "not loaded (modprobe pmm)" videotestsrc ! pmmpool ! fakesink
