#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# demo-guest.sh FILM FRAME SIZE WAY: the part of scripts/demo.sh inside the guest.
#
# Leaves in $OUT: the player's figures with PMM, without it, and at FRAME; the
# proofs, one for each block that was on the screen; what the X server shows.

set -euo pipefail

film=$1 frame=$2 size=$3 way=$4
player=

say() { printf '%s\n' "$*"; }
die() { say "demo: $*"; exit 1; }

cleanup() { [ -z "$player" ] || kill "$player" 2>/dev/null || true; }
trap cleanup EXIT

field() { sed -n "s/^  \"$2\": \(.*[^,]\),\{0,1\}$/\1/p" "$1"; }

# Every type has as much free as it has in all.
pool_is_whole() {
	awk 'NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
	     $column["total"] != $column["free"] { bad = 1 }
	     END { exit bad || NR < 2 }' /sys/kernel/debug/pmm/types
}

# play NAME OPTION...: from start to end, as fast as possible
play() {
	local name=$1

	shift
	pmm-play --no-clock --size "$size" --json "$OUT/$name.json" "$@" "$film" ||
		die "pmm-play failed"
	say "  $(field "$OUT/$name.json" frames) frames," \
		"$(field "$OUT/$name.json" frames_per_second) frames/s," \
		"$(field "$OUT/$name.json" client_copied_bytes_per_frame) bytes copied for each"
}

# Start the player with its clock running, and wait until it stands at the frame.
hold() {
	pmm-play --shm "$way" --hold-frame "$frame" --size "$size" --json "$OUT/held.json" "$film" &
	player=$!
	for ((i = 0; i < 1200; i++)); do
		[ ! -e "$OUT/held.json" ] || return 0
		kill -0 "$player" 2>/dev/null || die "pmm-play ended early"
		sleep 0.1
	done
	die "pmm-play did not reach frame $frame within two minutes"
}

# Every image that was shown has a line with its place in the player and its size.
prove() {
	local server address bytes n=0

	server=$(pidof -s Xvfb) || die "there is no X server"
	while read -r address bytes; do
		n=$((n + 1))
		pmm-prove "$player" "$server" "$address" "$bytes" >"$OUT/proof-$n.json" ||
			say "  $address: not proved"
	done < <(sed -n 's/.*"address": "\(0x[0-9a-f]*\)",.*"image_bytes": \([0-9]*\),.*"shown": [1-9].*/\1 \2/p' \
		"$OUT/held.json")
	say "  $n blocks compared"
}

uname -r >"$OUT/kernel"
{
	sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1
} >"$OUT/machine"
basename "$film" >"$OUT/film"

say "Playing $film on $DISPLAY, kernel $(uname -r), with PMM (--shm $way) ..."
play pmm --shm "$way"
say "Playing it without PMM, for comparison ..."
play copy --copy
say "Playing it to frame $frame, at its own speed ..."
hold
say "Comparing page frames of the player, the X server and the block ..."
prove
say "Taking a picture of the X screen ..."
xwd -silent -root -out "$OUT/screen.xwd"
xwd -silent -id "$(field "$OUT/held.json" window)" -out "$OUT/window.xwd"
kill "$player"
wait "$player" || die "pmm-play did not end well"
player=

pool_whole=false
for ((i = 0; i < 50; i++)); do
	! pool_is_whole || { pool_whole=true; break; }
	sleep 0.1
done
echo "$pool_whole" >"$OUT/pool_whole"
[ "$pool_whole" = true ] || cat /sys/kernel/debug/pmm/{types,blocks}
