#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Unmodified programs under pmmrun: they do what they do, and while they run, root
# sees from outside that their shared memory is contiguous.  One that runs without
# any block fails.
#
# timeout: 600

. "$(dirname "$0")/pmmrun.sh"

for tool in x11perf ffplay gst-launch-1.0 gtk3-demo stress-ng; do
	command -v "$tool" >/dev/null || skip "$tool is not installed"
done
sdl=/usr/libexec/installed-tests/SDL2/testdrawchessboard
plugins=/usr/lib/$(uname -m)-linux-gnu/gstreamer-1.0

# ---- X: the server has the same pages ----

server=$(pidof -s Xvfb)
[ -n "$server" ] || skip "there is no X server"

proves_with_server() {
	proves && others=$server && wait_for 60 both_have_it && others= && return
	cat "$work/proof"
	return 1
}
# The block of a line of the client's is in a line of the server's.
both_have_it() {
	proved && awk -v server="$server" '
		/ block / { for (i = 1; i < NF; i++) if ($i == "block") b = $(i + 1)
			if ($1 == server) there[b]; else here[b] }
		END { for (b in here) if (b in there) exit 0; exit 1 }' "$work/proof"
}

# It would be over before there was a look at both.
standing_both_have_it() {
	local status=0

	kill -STOP "$program" || return
	both_have_it || status=$?
	kill -CONT "$program"
	return "$status"
}
perf() {
	start x11perf -repeat 1 -reps 2000 -shmput500 -shmget500
	others=$server
	wait_for 180 standing_both_have_it || { cat "$work/proof" "$work/output"; return 1; }
	others=
	grep ' block ' "$work/proof"
	ends_well && grep -q 'reps @' "$work/output"
}

# Its handler of SIGTERM calls exit(), which waits for ever if it needs a lock that was
# held when the signal came.
player() {
	SDL_VIDEODRIVER=x11 SDL_RENDER_DRIVER=software SDL_FRAMEBUFFER_ACCELERATION=0 \
		SDL_AUDIODRIVER=dummy start ffplay -hide_banner -loglevel error -an -f lavfi \
		-i testsrc2=size=160x120:rate=5
	proves_with_server && quits KILL
}

# Only those plugins that are used: looking at all takes a minute here.
sink() {
	local plugin

	mkdir "$work/plugins"
	for plugin in coreelements videotestsrc videoconvertscale ximagesink; do
		ln -s "$plugins/libgst$plugin.so" "$work/plugins"
	done
	GST_PLUGIN_SYSTEM_PATH_1_0=$work/plugins GST_REGISTRY=$work/registry GST_REGISTRY_FORK=no \
		start gst-launch-1.0 -q -e videotestsrc ! \
		video/x-raw,width=320,height=240,framerate=10/1 ! ximagesink
	proves_with_server && quits INT && ends_well
}

sdl() {
	SDL_VIDEODRIVER=x11 SDL_FRAMEBUFFER_ACCELERATION=0 SDL_AUDIODRIVER=dummy start "$sdl"
	proves_with_server && quits TERM
}

gtk() {
	GSETTINGS_BACKEND=memory NO_AT_BRIDGE=1 GDK_BACKEND=x11 start gtk3-demo --run=pixbufs
	proves_with_server && quits TERM
}

# ---- others ----

stress() {
	options=(--memfd)
	start stress-ng --shm 1 --shm-sysv 1 --mmap 1 --shm-bytes 1m --shm-sysv-bytes 1m \
		--mmap-bytes 2m --verify --timeout 0
	options=()
	proves && wait_for 60 made_both && kill -INT "$program" && wait "$program" || return 1
	# Objects that its children had no time to remove.
	rm -f /dev/shm/stress-ng-*
	! grep -E 'fail|error' "$work/output"
}
made_both() {
	grep -q 'segment .*: block' "$log" && grep -q '/dev/shm/.*: block' "$log"
}

check "x11perf" perf
check "ffplay" player
check "GStreamer's ximagesink" sink
check "an SDL program" sdl
check "a GTK program" gtk
check "stress-ng" stress
check "everything returns to the pool" pool_whole
