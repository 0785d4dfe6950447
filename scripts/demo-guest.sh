#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# demo-guest.sh FILM FRAME SIZE WAY: the part of scripts/demo.sh inside the guest.
#
# Leaves in $OUT: the player's figures with PMM, without it, and at FRAME; the
# proofs, one for each block that was on the screen; what the X server shows.

. "$(dirname "$0")/proof-guest.sh"

film=$1 frame=$2 size=$3 way=$4

# play NAME OPTION...: from start to end, as fast as possible
play() {
	local name=$1

	shift
	pmm-play --no-clock --size "$size" --json "$OUT/$name.json" "$@" "$film" ||
		die "pmm-play failed"
	show_figures "$OUT/$name.json"
}

# Start the player with its clock running, and wait until it stands at the frame.
hold() {
	pmm-play --shm "$way" --hold-frame "$frame" --size "$size" --json "$OUT/held.json" "$film" &
	program=$!
	wait_for_figures "$OUT/held.json"
}

note_machine
basename "$film" >"$OUT/film"

say "Playing $film on $DISPLAY, kernel $(uname -r), with PMM (--shm $way) ..."
play pmm --shm "$way"
say "Playing it without PMM, for comparison ..."
play copy --copy
say "Playing it to frame $frame, at its own speed ..."
hold
say "Comparing page frames of the player, the X server and the block ..."
prove_images proof "$program" "$OUT/held.json"
say "Taking a picture of the X screen ..."
photograph "$OUT/held.json"
end_program
note_pool
