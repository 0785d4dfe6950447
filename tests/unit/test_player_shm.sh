#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# pmm-play without the module, on this machine: every way of sharing shows the right
# pictures, and none is copied.

set -u

cd "$(dirname "$0")/../.." || exit
PATH=$PWD/build/bin:$PATH
export PMMSHM_BACKEND=shm
work=$(mktemp -d)
pids=()
cleanup() {
	[ ${#pids[@]} = 0 ] || kill "${pids[@]}" 2>/dev/null
	wait
	rm -rf "$work"
}
trap cleanup EXIT

say() { printf '%s\n' "$*"; }
fail() { say "FAIL: $*"; exit 1; }
field() { sed -n "s/^  \"$2\": \(.*[^,]\),\{0,1\}$/\1/p" "$1"; }

for tool in ffmpeg Xvfb xwd; do
	command -v "$tool" >/dev/null || { say "SKIP: $tool is not installed"; exit 77; }
done

ffmpeg -nostdin -loglevel error -y -f lavfi -i testsrc2=size=320x180:rate=25 -frames:v 30 \
	-c:v libx264 -preset ultrafast -pix_fmt yuv420p -bf 2 "$work/film.mp4" ||
	{ say "SKIP: this ffmpeg cannot make H.264"; exit 77; }

mkfifo "$work/display"
Xvfb -displayfd 3 -nolisten tcp -screen 0 800x600x24 3>"$work/display" 2>"$work/server" &
pids+=("$!")
read -r number <"$work/display" || fail "Xvfb does not start"
export DISPLAY=:$number

# A thousand times a tenth of a second, however slow the machine is.
wait_for() {
	local i

	for ((i = 0; i < 1000; i++)); do
		! "$@" || return 0
		sleep 0.1
	done
	return 1
}

# Frame 20 as the ffmpeg program makes it; the flags are those of xclient-demo/scale.c.
frame() {
	ffmpeg -nostdin -loglevel error -y -i "$work/film.mp4" \
		-vf "select=eq(n\,$1),scale=640:360:flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp+bitexact,format=bgr0,format=rgb24" \
		-frames:v 1 -fps_mode passthrough -f image2 -c:v ppm "$2" || fail "no frame $1"
}
frame 20 "$work/frame.ppm"
frame 21 "$work/next.ppm"

# The last request may still be on its way to the server.
shows() { # shows PICTURE
	xwd -silent -name "$title" -out "$work/window.xwd" 2>"$work/xwd" || return 1
	ffmpeg -nostdin -loglevel error -y -i "$work/window.xwd" -frames:v 1 -pix_fmt rgb24 \
		-f image2 -c:v ppm "$work/window.ppm" && cmp -s "$work/window.ppm" "$1"
}

# play NAME OPTION...: up to frame 20, which is then on the screen
play() {
	local play

	title=play-$1
	json=$work/$1.json
	shift
	pmm-play --size 640x360 --no-clock --hold-frame 20 --title "$title" --json "$json" "$@" \
		"$work/film.mp4" 2>"$work/words" &
	play=$!
	pids+=("$play")
	wait_for test -e "$json" || fail "$title: $(<"$work/words")"
	[ "$(field "$json" held)" = true ] || fail "$title: it does not hold"
	wait_for shows "$work/frame.ppm" || fail "$title: the window does not show frame 20"
	! shows "$work/next.ppm" || fail "all frames look the same"
	kill "$play"
	wait "$play"
	pids=("${pids[0]}")
}

play copy --copy
[ "$(field "$json" backend)" = '"none"' ] || fail "--copy: backend"
[ ! -s "$work/words" ] || fail "--copy: $(<"$work/words")"

for way in sysv fd pixmap; do
	play "$way" --shm "$way"
	[ "$(field "$json" backend)" = '"shm"' ] || fail "$way: backend"
	[ "$(field "$json" client_copied_bytes)" = 0 ] || fail "$way: it copies"
	[ "$(field "$json" decoder_direct)" = true ] || fail "$way: decoder_direct"
	grep -q "ordinary memory, shared but not contiguous" "$work/words" ||
		fail "$way: it does not say that memory is ordinary"
	say "ok: --shm $way shows the right picture, without a copy"
done

# Whoever would rather have nothing than memory in pieces says so.
PMMSHM_BACKEND=pmm PMMSHM_DEVICE=/dev/nonesuch pmm-play "$work/film.mp4" 2>"$work/words" &&
	fail "it plays without the module"
grep -q "the pmm module is not loaded (modprobe pmm)" "$work/words" || fail "$(<"$work/words")"
say "ok: PMMSHM_BACKEND=pmm insists on the module"
