# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the tests of the GStreamer plugin share.  Sourced, at the top of the tree, here or
# in the guest.

. tests/guest/shell.sh

for tool in gst-launch-1.0 gst-inspect-1.0 pkg-config xwd xwininfo; do
	command -v "$tool" >/dev/null || skip "$tool is not installed"
done
system=$(pkg-config --variable=pluginsdir gstreamer-1.0) || skip "GStreamer is not installed"

# Only those plugins that are used: looking at all takes a minute in emulation.
chmod 755 "$work"
mkdir "$work/plugins"
for plugin in coreelements coretracers videotestsrc videoconvertscale video4linux2; do
	[ ! -e "$system/libgst$plugin.so" ] || ln -s "$system/libgst$plugin.so" "$work/plugins"
done
export GST_PLUGIN_SYSTEM_PATH_1_0=$work/plugins GST_PLUGIN_PATH=$PWD/build/lib/gstreamer-1.0
export GST_REGISTRY=$work/registry GST_REGISTRY_FORK=no GST_DEBUG_NO_COLOR=1
PATH=$PWD/build/guest:$PWD/build/bin:$PATH

# look PIPELINE: to its end, counts in $work/look
look() { gst_look "$@" >"$work/look" 2>"$work/words" || { cat "$work/look" "$work/words"; return 1; }; }
# counted NAME NUMBER...: those counts are these
counted() {
	while [ $# -gt 1 ]; do
		grep -qx "$1 $2" "$work/look" || { say "$1 is not $2:"; cat "$work/look"; return 1; }
		shift 2
	done
}

# window_has FILE: these pixels
window_has() { xwd -silent -name gst-launch-1.0 2>/dev/null | tail -c "$(wc -c <"$1")" | cmp -s - "$1"; }

# launch ELEMENT...: in the background, its pid in $launched
launch() {
	gst-launch-1.0 -v "$@" >"$work/words" 2>&1 &
	launched=$!
	pids+=("$launched")
}
# As the user ends it
quits() {
	kill -INT "$launched"
	if ! wait_for 60 ended "$launched" || ! wait "$launched"; then
		cat "$work/words"
		return 1
	fi
}
# Of what has quit
no_copies() { grep -q 'backend = ' "$work/words" && ! grep 'copied = ' "$work/words"; }
copies() { grep 'copied = ' "$work/words"; }

# refused TEXT ELEMENT...: fails, and says so
refused() {
	local text=$1

	shift
	! gst-launch-1.0 -q "$@" >"$work/words" 2>&1 && grep -qF -- "$text" "$work/words" && return
	cat "$work/words"
	return 1
}
