#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# pmm-play plays out of PMM blocks: what it shows in each way, its keys, new sizes
# of the window, and two players on one server.
#
# timeout: 600

. "$(dirname "$0")/player.sh"

make_film

# Each program that starts takes seconds in emulation: what can be seen of one that
# runs is seen there.
held=15

# references FRAME SIZE...: the pixels that the ffmpeg program makes of a frame
references() {
	local flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp+bitexact
	local frame=$1 size outputs=()

	shift
	for size; do
		outputs+=(-vf "select=eq(n\,$frame),scale=${size/x/:}:flags=$flags,format=bgr0"
			-frames:v 1 -f rawvideo "$work/reference-$size")
	done
	ffmpeg -nostdin -loglevel error -y -i "$film" "${outputs[@]}"
}

# same_as_ffmpeg WIDTH HEIGHT: a window dump is a header, and then the pixels
same_as_ffmpeg() {
	xwd -silent -id "$window" | tail -c $(($1 * $2 * 4)) | cmp - "$work/reference-$1x$2"
}

size_is() { xdotool getwindowgeometry "$window" | grep -q "Geometry: $1\$"; }

stands_still() {
	local sum

	sum=$(window_sum)
	nap 0.5
	[ "$(window_sum)" = "$sum" ]
}

ends_after() { # ends_after FRAMES: without a copy
	wait "$play" || { cat "$work/words"; return 1; }
	is "$work/json" frames "$1" && is "$work/json" mode '"pmm"' &&
		is "$work/json" client_copied_bytes_per_frame 0 &&
		is "$work/json" decoder_direct true
}

plays_in_a_loop() {
	start_play --no-clock --loop --max-frames $((film_frames + 10))
	ends_after $((film_frames + 10))
}

keeps_the_clock() {
	local begin=$EPOCHREALTIME ms

	start_play
	wait "$play" || return 1
	ms=$(((${EPOCHREALTIME/./} - ${begin/./}) / 1000))
	say "$film_frames frames in $ms ms"
	((ms > (film_frames - 1) * 40)) && is "$work/json" frames_decoded "$film_frames"
}

copy_is_counted() {
	pmm-play --copy --no-clock --max-frames 10 --json "$work/json" "$film" &&
		is "$work/json" client_copied_bytes_per_frame $((320 * 180 * 4))
}

holds_a_frame() { # holds_a_frame WAY
	start_play --no-clock --hold-frame "$held" --shm "$1"
	wait_for 60 test -e "$work/json" && find_window && is "$work/json" last_frame "$held" &&
		is "$work/json" way "\"$1\"" && is "$work/json" client_copied_bytes 0 &&
		same_as_ffmpeg 320 180
}

# Page frames, by root and from outside: of the server, but not of just anybody.
proves_the_pages() {
	local shmid address bytes

	read -r shmid address bytes < <(sed -n \
		's/.*"on_screen": true, "shmid": \([-0-9]*\),.*"address": "\([^"]*\)",.*"image_bytes": \([0-9]*\),.*/\1 \2 \3/p' \
		"$work/json")
	# By an fd only: there is no id.
	[ "$1" != fd ] || [ "$shmid" = -1 ] || return 1
	pmm-prove "$play" "$(pidof -s Xvfb)" "$address" "$bytes" >"$work/proof" || return 1
	is "$work/proof" server_pfn_match true && is "$work/proof" contiguous true &&
		! pmm-prove "$play" $$ "$address" "$bytes" 2>/dev/null &&
		{ [ "$shmid" = -1 ] ||
			pmm-prove "$play" "$(pidof -s Xvfb)" "$shmid" "$bytes" >/dev/null; }
}

rescales_the_held_frame() {
	xdotool windowsize --sync "$window" 480 270 && wait_for 20 same_as_ffmpeg 480 270 &&
		xdotool windowsize --sync "$window" 320 180 && wait_for 20 same_as_ffmpeg 320 180
}

# Another window over it, and away again.
redraws_what_was_covered() {
	xdotool windowunmap --sync "$window" windowmap --sync "$window" &&
		wait_for 20 same_as_ffmpeg 320 180
}

# Keys go to the window under the pointer.
press() { xdotool mousemove --window "$window" 20 20 key "$1"; }

goes_on_to_the_end() { press space && ends_after "$film_frames"; }

ends_well() { wait_for 20 ended "$play" && wait "$play"; }
quits_on() { press "$1" && ends_well; }

plays() {
	start_play --loop "$@"
	window_appears
}

space_pauses() {
	local sum

	press space
	nap 0.5
	stands_still || return 1
	sum=$(window_sum)
	press space
	wait_for 20 window_moves "$sum"
}

many_sizes() {
	local i sizes=()

	for ((i = 0; i < 40; i++)); do
		sizes+=(windowsize "$window" $((20 + i * 17)) $((500 - i * 12)) sleep 0.02)
	done
	xdotool "${sizes[@]}" && wait_for 20 size_is 683x32
}

ends_at_a_signal() { kill "$play" && ends_well; }

no_segments_left() { ! ipcs -m | grep -E '^0x'; }

check "plays in a loop, without a copy" plays_in_a_loop
check "keeps the video's clock" keeps_the_clock
check "--copy counts its copies" copy_is_counted
references "$held" 320x180 480x270
for way in fd pixmap; do
	check "$way: holds a frame, equal to ffmpeg's" holds_a_frame "$way"
	check "$way: pmm-prove finds its pages in the server" proves_the_pages "$way"
	check "$way: rescales it with the window" rescales_the_held_frame
	check "$way: space goes on from it, to the end without a copy" goes_on_to_the_end
	check "everything returns to the pool" pool_whole
done
check "sysv: holds a frame, equal to ffmpeg's" holds_a_frame sysv
check "sysv: pmm-prove finds its pages in the server" proves_the_pages sysv
check "sysv: rescales it with the window" rescales_the_held_frame
check "shows it again after it was covered" redraws_what_was_covered
check "q quits there" quits_on q

check "plays" plays
check "space pauses and resumes" space_pauses
first=$play
check "a second one on the same server" plays --no-clock
check "forty new sizes in a row" many_sizes
check "Escape quits" quits_on Escape
check "the first goes on" kill -0 "$first"
play=$first
check "ends at a signal" ends_at_a_signal
check "a third" plays
check "q quits in the middle" quits_on q
check "everything returns to the pool" pool_whole
check "no segment is left" no_segments_left
