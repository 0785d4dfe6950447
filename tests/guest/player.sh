# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the tests of pmm-play share.  Sourced, in the guest, by test_player*.sh.

set -u

work=$(mktemp -d)
# One for all tests of this guest.
film=/tmp/pmm-play-test.mp4
film_frames=50
pids=()

# shellcheck disable=SC2317 # called by the trap
cleanup() {
	local pid

	for pid in "${pids[@]}"; do
		{ kill -KILL "$pid" && wait "$pid"; } 2>/dev/null
	done
	rm -rf "$work"
}
trap cleanup EXIT

say() { printf '%s\n' "$*"; }
fail() { say "FAIL: $*"; exit 1; }
skip() { say "SKIP: $*"; exit 77; }
check() { # check DESCRIPTION COMMAND...
	local what=$1

	shift
	"$@" || fail "$what"
	say "ok: $what"
}

for tool in xdotool xwd ffmpeg Xvfb; do
	command -v "$tool" >/dev/null || skip "$tool is not installed"
done

# wait_for SECONDS COMMAND...: until the command succeeds
wait_for() {
	local end=$((SECONDS + $1))

	shift
	until "$@"; do
		((SECONDS < end)) || return 1
		sleep 0.1
	done
}

# field FILE NAME: a value of the player's figures
field() { sed -n "s/^  \"$2\": \(.*[^,]\),\{0,1\}$/\1/p" "$1"; }
is() { [ "$(field "$1" "$2")" = "$3" ] || { say "$2 is $(field "$1" "$2"), not $3"; return 1; }; }
# Without the shell's remark about it
kill_now() { kill -KILL "$1" && { wait "$1"; } 2>/dev/null; }
ended() { ! kill -0 "$1" 2>/dev/null; }

# types COLUMN: of the type `general`
types() {
	awk -v want="$1" 'NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i }
		NR == 2 { print $column[want] }' /sys/kernel/debug/pmm/types
}
pool_is_whole() { [ "$(types free)" = "$(types total)" ] && [ "$(types blocks)" = 0 ]; }
pool_whole() {
	wait_for 10 pool_is_whole && return
	cat /sys/kernel/debug/pmm/{types,blocks}
	return 1
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
