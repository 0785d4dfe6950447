# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the demos share inside the guest, where they leave everything in $OUT.  Sourced
# by scripts/demo*-guest.sh.  $program is the pid of one that is to end with them.

set -euo pipefail

program=

# shellcheck source=scripts/proof.sh
. "$(dirname "$0")/proof.sh"

say() { printf '%s\n' "$*"; }
die() { say "${0##*/}: $*"; exit 1; }

cleanup() { [ -z "$program" ] || kill "$program" 2>/dev/null || true; }
trap cleanup EXIT

# end_program: as the user would, and well
end_program() {
	kill "$program"
	wait "$program" || die "the program did not end well"
	program=
}

note_machine() {
	uname -r >"$OUT/kernel"
	sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1 >"$OUT/machine"
}

# Every type has as much free as it has in all.
pool_is_whole() {
	awk 'NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
	     $column["total"] != $column["free"] { bad = 1 }
	     END { exit bad || NR < 2 }' /sys/kernel/debug/pmm/types
}

# Is it, within five seconds?  To $OUT/pool_whole.
note_pool() {
	local i

	for ((i = 0; i < 50; i++)); do
		! pool_is_whole || break
		sleep 0.1
	done
	if pool_is_whole; then
		echo true
	else
		echo false
		cat /sys/kernel/debug/pmm/{types,blocks} >&2
	fi >"$OUT/pool_whole"
}

# wait_for_figures FILE: until $program holds a frame, within two minutes.
wait_for_figures() {
	local i

	for ((i = 0; i < 1200; i++)); do
		[ ! -e "$1" ] || return 0
		kill -0 "$program" 2>/dev/null || die "the program ended early"
		sleep 0.1
	done
	die "the frame was not reached within two minutes"
}

# show_figures FILE
show_figures() {
	say "  $(field "$1" frames) frames, $(field "$1" frames_per_second) frames/s," \
		"$(field "$1" client_copied_bytes_per_frame) bytes copied for each"
}

# prove KIND PID OTHER: compare what both processes have mapped with the blocks, whose
# places in the first and sizes are on stdin, a line each.  To $OUT/KIND-*.json.
prove() {
	local address bytes n=0

	while read -r address bytes; do
		n=$((n + 1))
		pmm-prove "$2" "$3" "$address" "$bytes" >"$OUT/$1-$n.json" ||
			say "  $address: not proved"
	done
	say "  $n blocks compared"
}

# prove_images KIND PID FIGURES: every image that the X server was shown
prove_images() {
	local server

	server=$(pidof -s Xvfb) || die "there is no X server"
	sed -n 's/.*"address": "\(0x[0-9a-f]*\)",.*"image_bytes": \([0-9]*\),.*"shown": [1-9].*/\1 \2/p' \
		"$3" | prove "$1" "$2" "$server"
}

# photograph FIGURES: the X screen, and the window
photograph() {
	xwd -silent -root -out "$OUT/screen.xwd"
	xwd -silent -id "$(field "$1" window)" -out "$OUT/window.xwd"
}
