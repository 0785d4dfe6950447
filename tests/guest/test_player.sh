#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# pmm-play plays out of PMM blocks: what it shows in each way, its keys, new sizes
# of the window, and two players on one server.
#
# timeout: 600

. "$(dirname "$0")/player.sh"

make_film

# reference FRAME WIDTH HEIGHT: the pixels that the ffmpeg program makes of a frame
reference() {
	local flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp+bitexact

	ffmpeg -nostdin -loglevel error -y -i "$film" \
		-vf "select=eq(n\,$1),scale=$2:$3:flags=$flags,format=bgr0" \
		-frames:v 1 -f rawvideo "$work/reference-$2x$3"
}

# same_as_ffmpeg WIDTH HEIGHT: a window dump is a header, and then the pixels
same_as_ffmpeg() {
	xwd -silent -id "$window" | tail -c $(($1 * $2 * 4)) | cmp - "$work/reference-$1x$2"
}

size_is() { xdotool getwindowgeometry "$window" | grep -q "Geometry: $1\$"; }

stands_still() {
	local sum

	sum=$(window_sum)
	sleep 0.5
	[ "$(window_sum)" = "$sum" ]
}

plays_to_the_end() { # plays_to_the_end WAY
	start_play --no-clock --shm "$1"
	wait "$play" || { cat "$work/words"; return 1; }
	is "$work/json" frames "$film_frames" && is "$work/json" mode '"pmm"' &&
		is "$work/json" client_copied_bytes_per_frame 0 &&
		is "$work/json" decoder_direct true
}

plays_in_a_loop() {
	pmm-play --no-clock --loop --max-frames $((film_frames + 10)) --json "$work/json" "$film" &&
		is "$work/json" frames $((film_frames + 10))
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
	pmm-play --copy --no-clock --json "$work/json" "$film" &&
		is "$work/json" client_copied_bytes_per_frame $((320 * 180 * 4))
}

holds_a_frame() { # holds_a_frame WAY
	start_play --loop --hold-frame 20 --shm "$1"
	wait_for 60 test -e "$work/json" && find_window && is "$work/json" last_frame 20 &&
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

quits_on_term() { kill "$play" && wait_for 20 ended "$play" && wait "$play"; }

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

space_resumes() {
	local sum

	sum=$(window_sum)
	press space
	wait_for 20 window_moves "$sum"
}

quits_on() { press "$1" && wait_for 20 ended "$play" && wait "$play"; }

key_quits() { # key_quits KEY
	start_play --loop
	window_appears && quits_on "$1"
}

space_pauses() {
	local sum

	start_play --loop
	window_appears || return 1
	press space
	sleep 0.5
	stands_still || return 1
	sum=$(window_sum)
	press space
	wait_for 20 window_moves "$sum" && kill "$play" && wait "$play"
}

many_sizes() {
	local i

	start_play --loop --no-clock
	window_appears || return 1
	for ((i = 0; i < 40; i++)); do
		xdotool windowsize "$window" $((20 + i * 17)) $((500 - i * 12)) || return 1
	done
	wait_for 20 size_is 683x32 && kill "$play" && wait_for 20 ended "$play" && wait "$play"
}

two_players() {
	local first

	start_play --loop
	window_appears || return 1
	first=$play
	start_play --no-clock
	wait "$play" && is "$work/json" frames "$film_frames" && ! ended "$first" &&
		kill "$first" && wait "$first"
}

no_segments_left() { ! ipcs -m | grep -E '^0x'; }

for way in sysv fd pixmap; do
	check "$way: plays to the end without a copy" plays_to_the_end "$way"
	check "everything returns to the pool" pool_whole
done
check "plays in a loop" plays_in_a_loop
check "keeps the video's clock" keeps_the_clock
check "--copy counts its copies" copy_is_counted
reference 20 320 180
reference 20 480 270
for way in fd pixmap sysv; do
	check "$way: holds a frame, equal to ffmpeg's" holds_a_frame "$way"
	check "$way: pmm-prove finds its pages in the server" proves_the_pages "$way"
	[ "$way" = sysv ] || {
		check "$way: rescales it with the window" rescales_the_held_frame
		check "$way: ends at a signal" quits_on_term
	}
done
check "rescales it with the window" rescales_the_held_frame
check "shows it again after it was covered" redraws_what_was_covered
check "space goes on from it" space_resumes
check "q quits" quits_on q
check "q quits in the middle" key_quits q
check "Escape quits" key_quits Escape
check "space pauses and resumes" space_pauses
check "forty new sizes in a row" many_sizes
check "two players on one server" two_players
check "everything returns to the pool" pool_whole
check "no segment is left" no_segments_left
