# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the tests of pmm-play share.  Sourced by test_player*.sh.

. "$(dirname "${BASH_SOURCE[0]}")/shell.sh"

# One for all tests of this guest.
film=/tmp/pmm-play-test.mp4
film_frames=25

for tool in xdotool xwd ffmpeg Xvfb; do
	command -v "$tool" >/dev/null || skip "$tool is not installed"
done

# field FILE NAME: a value of the player's figures
field() { sed -n "s/^  \"$2\": \(.*[^,]\),\{0,1\}$/\1/p" "$1"; }
is() { [ "$(field "$1" "$2")" = "$3" ] || { say "$2 is $(field "$1" "$2"), not $3"; return 1; }; }
# Without the shell's remark about it
kill_now() { kill -KILL "$1" && { wait "$1"; } 2>/dev/null; }

# says STATUS TEXT COMMAND...: ends with this status, and with this in its words
says() {
	local status=$1 text=$2 begin=$EPOCHREALTIME got

	shift 2
	"$@" >"$work/words" 2>&1
	got=$?
	sed 's/^/    /' "$work/words"
	[ "$got" = "$status" ] || fail "$*: status $got, not $status"
	grep -qF -- "$text" "$work/words" || fail "$*: does not say '$text'"
	say "ok: $text ($(ms_since "$begin") ms)"
}

make_film() {
	[ -e "$film" ] || ffmpeg -nostdin -loglevel error -y -f lavfi -i testsrc2=size=320x180:rate=25 \
		-frames:v "$film_frames" -c:v libx264 -preset ultrafast -pix_fmt yuv420p \
		-bf 2 "$film" || skip "this ffmpeg cannot make H.264"
}

# start_play OPTION...: in the background, its pid in $play, its words in $work/words
start_play() {
	rm -f "$work/json"
	title=player-$RANDOM$RANDOM
	pmm-play --json "$work/json" --title "$title" "$@" "$film" 2>"$work/words" &
	play=$!
	pids+=("$play")
}

# The window of the player just started, in $window.
find_window() {
	window=$(xdotool search --onlyvisible --name "^$title\$" 2>/dev/null | tail -n 1)
	[ -n "$window" ]
}
window_appears() { wait_for 30 find_window; }
window_sum() { xwd -silent -id "$window" | cksum; }
window_moves() { [ "$(window_sum)" != "$1" ]; }
