#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Play a film through PMM on the X server of a guest with a stock kernel, and prove
# from outside the player that its pictures are never copied:
#
#   - the player counts the bytes that it copies between buffers;
#   - scripts/demo-guest.sh stops it at a frame, and compares the page frames
#     behind the player's and the X server's mapping with those of the block;
#   - what the X server then shows is compared with what the ffmpeg program, on
#     this machine and without PMM, makes of the same frame.
#
# Leaves out/demo.png (the X screen) and out/demo.json.  Fails if a proof does.
#
# Set by environment, as `make demo SHM=value` does:
#
#   SHM   how the server gets at the pictures, as for pmm-play: sysv (default), fd
#         or pixmap.  The results of the last two are out/demo-fd.png and so on.

. "$(dirname "$0")/common.sh"
. "$PMM_SRC/scripts/proof.sh"

SHM=${SHM:-sysv}
work=$PMM_SRC/build/demo
. "$PMM_SRC/scripts/film.sh"
run=$work/run
name=demo
[ "$SHM" = sysv ] || name+=-$SHM
png=$PMM_SRC/out/$name.png
json=$PMM_SRC/out/$name.json

case $SHM in
sysv | fd | pixmap) ;;
*) die "SHM=$SHM: there is no such way; write sysv, fd or pixmap" ;;
esac

write_json() {
	cat <<-EOT
	{
	  "kernel": "$(<"$run/kernel")",
	  "machine": "$(<"$run/machine")",
	  "film": "$(<"$run/film")",
	  "shm": "$SHM",
	  "frames": $(field "$run/pmm.json" frames),
	  "frames_per_second": $(field "$run/pmm.json" frames_per_second),
	  "client_copied_bytes_per_frame": $(field "$run/pmm.json" client_copied_bytes_per_frame),
	  "server_pfn_match": $server_pfn_match,
	  "client_pfn_match": $client_pfn_match,
	  "contiguous": $contiguous,
	  "blocks_proved": $blocks,
	  "reference_frame": $FRAME,
	  "reference_equal": $reference_equal,
	  "next_frame_equal": $other_equal,
	  "pool_whole_afterwards": $(<"$run/pool_whole"),
	  "proved": $([ $failed = 0 ] && echo true || echo false),
	  "pmm": $(nested "$run/pmm.json"),
	  "copy": $(nested "$run/copy.json"),
	  "held": $(nested "$run/held.json"),
	  "proofs": [
	EOT
	nested_all proof
	printf '\n  ]\n}\n'
}

judge() {
	copied=$(field "$run/pmm.json" client_copied_bytes_per_frame)
	blocks=$(find "$run" -name 'proof-*.json' | wc -l)
	server_pfn_match=$(all proof server_pfn_match true)
	client_pfn_match=$(all proof client_pfn_match true)
	contiguous=$(all proof contiguous true)
	verdict client_copied_bytes_per_frame "$copied" 0
	verdict "the same for the held frame" "$(field "$run/held.json" client_copied_bytes_per_frame)" 0
	verdict way "$(field "$run/pmm.json" way)" "\"$SHM\""
	verdict "the same for the held frame" "$(field "$run/held.json" way)" "\"$SHM\""
	verdict decoder_direct "$(field "$run/pmm.json" decoder_direct)" true
	verdict last_frame "$(field "$run/held.json" last_frame)" "$FRAME"
	verdict blocks_proved "$blocks" 3
	verdict server_pfn_match "$server_pfn_match" true
	verdict client_pfn_match "$client_pfn_match" true
	verdict contiguous "$contiguous" true
	verdict reference_equal "$reference_equal" true
	verdict next_frame_equal "$other_equal" false
	verdict pool_whole_afterwards "$(<"$run/pool_whole")" true
}

summary() {
	local frames fps copy_fps copy_bytes pages huge

	frames=$(field "$run/pmm.json" frames)
	fps=$(field "$run/pmm.json" frames_per_second)
	copy_fps=$(field "$run/copy.json" frames_per_second)
	copy_bytes=$(field "$run/copy.json" client_copied_bytes_per_frame)
	pages=$(field "$run/proof-1.json" pages_compared)
	huge=$(field "$run/proof-1.json" server_pmd_mapped_bytes)
	case $SHM in
	sysv) means="It attached the blocks by their ids (XShmPutImage)" ;;
	fd) means="It was given fds of the blocks (ShmAttachFd, XShmPutImage)" ;;
	pixmap) means="The blocks are the storage of its pixmaps (XCopyArea)" ;;
	esac
	cat <<-EOT

	Kernel $(<"$run/kernel"), as Debian built it, on $(<"$run/machine").
	  $frames frames of H.264 decoded, scaled to $SIZE and shown by an unmodified X server.
	  No copy:    the client copied $copied bytes a frame between buffers ($fps frames/s);
	              without PMM $copy_bytes ($copy_fps frames/s).  $means:
	              it still draws each picture once into its screen.
	  Same pages: $blocks blocks on the screen, $pages pages each: those behind the X server's mapping,
	              the player's mapping and the block are the same, one after the other in RAM
	              (the server maps $((huge >> 10)) KiB of it as huge pages).
	  Same picture: the window is, pixel for pixel, frame $FRAME as the ffmpeg program makes it.
	  Afterwards all memory was back in the pool.
	out/$name.png is what the X screen showed, out/$name.json has the figures.
	EOT
}

need_tools
mkdir -p "$work" "$PMM_SRC/out"
need_film
rm -rf "$run" "$png" "$json"
say "Booting a guest ..."
CMD="scripts/demo-guest.sh ${film#"$PMM_SRC/"} $FRAME $SIZE $SHM" OUT=$run TIMEOUT=${TIMEOUT:-600} \
	"$PMM_SRC/scripts/guest.sh" || die "the guest failed: see the messages above"
say "Comparing the window with the ffmpeg program's frame $FRAME ..."
reference "$FRAME" "$work/reference.ppm"
reference "$((FRAME + 1))" "$work/next.ppm"
compare "$work/reference.ppm" "$work/next.ppm"
judge
write_json >"$json"
[ "$failed" = 0 ] || die "not everything was proved; see $json"
summary
