#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Play a film out of RAM on a PCI device, on the X server of a guest with a stock
# kernel.  The device's RAM is a file on this machine (QEMU's ivshmem-plain), in which
# this machine finds the picture that the server shows at that moment: neither the
# player nor the server knows of the device.
#
# Leaves out/device.png, the picture as rebuilt from the file, out/device-screen.png,
# the same window as the X server in the guest shows it, and out/device.json.  Fails
# unless the two are equal, and equal to what the ffmpeg program makes of that frame.

. "$(dirname "$0")/common.sh"
. "$PMM_SRC/scripts/proof.sh"

work=$PMM_SRC/build/demo
. "$PMM_SRC/scripts/film.sh"
run=$work/run-device
rebuilt=$PMM_SRC/out/device.png
screen=$PMM_SRC/out/device-screen.png
json=$PMM_SRC/out/device.json
watcher=

# Where the block of the picture on the screen begins, in the device's memory.
picture_offset() {
	local block proof phys

	block=$(sed -n 's/.*"on_screen": true,.*"block": \([0-9]*\),.*/\1/p' "$run/held.json")
	for proof in "$run"/proof-*.json; do
		[ "$(field "$proof" block)" = "$block" ] || continue
		phys=$(field "$proof" block_physical)
		echo $((${phys//\"/} - $(<"$run/bar_start")))
		return
	done
	return 1
}

# Take the picture out of the file while the guest, which has asked for it, waits.  It
# may end without having asked, and so may we.
look() {
	local stride height

	while [ ! -e "$run/look" ]; do
		[ ! -e "$run/ended" ] && kill -0 $$ 2>/dev/null || return 0
		sleep 0.2
	done
	stride=$(field "$run/held.json" image_stride)
	height=$(field "$run/held.json" image_height)
	if picture_offset >"$run/offset"; then
		dd if="$run/bar" of="$run/picture.raw" iflag=skip_bytes,count_bytes bs=1M status=none \
			skip="$(<"$run/offset")" count=$((stride * height))
	fi
	: >"$run/seen"
}

# The lines of an image may be longer than the picture is wide.
rebuild() {
	local stride width height

	stride=$(field "$run/held.json" image_stride)
	width=$(field "$run/held.json" image_width)
	height=$(field "$run/held.json" image_height)
	ff -f rawvideo -pixel_format bgr0 -video_size "$((stride / 4))x$height" -i "$run/picture.raw" \
		-vf "crop=$width:$height:0:0,format=rgb24" -frames:v 1 -f image2 -c:v ppm "$work/rebuilt.ppm"
	ff -i "$work/rebuilt.ppm" "$rebuilt"
	ff -i "$run/window.xwd" -frames:v 1 -pix_fmt rgb24 -f image2 -c:v ppm "$work/window.ppm"
	ff -i "$work/window.ppm" "$screen"
}

write_json() {
	cat <<-EOT
	{
	  "kernel": "$(<"$run/kernel")",
	  "machine": "$(<"$run/machine")",
	  "type": "$(<"$run/type")",
	  "frames": $(field "$run/pmm.json" frames),
	  "frames_per_second": $(field "$run/pmm.json" frames_per_second),
	  "system_ram_frames_per_second": $(field "$run/ram.json" frames_per_second),
	  "client_copied_bytes_per_frame": $(field "$run/pmm.json" client_copied_bytes_per_frame),
	  "server_pfn_match": $server_pfn_match,
	  "contiguous": $contiguous,
	  "blocks_proved": $blocks,
	  "picture_offset_in_device": $(<"$run/offset"),
	  "reference_frame": $FRAME,
	  "rebuilt_equals_screen": $screen_equal,
	  "rebuilt_equals_reference": $reference_equal,
	  "rebuilt_equals_next_frame": $other_equal,
	  "pool_whole_afterwards": $(<"$run/pool_whole"),
	  "proved": $([ $failed = 0 ] && echo true || echo false),
	  "held": $(nested "$run/held.json"),
	  "proofs": [
	EOT
	nested_all proof
	printf '\n  ]\n}\n'
}

judge() {
	blocks=$(find "$run" -name 'proof-*.json' | wc -l)
	server_pfn_match=$(all proof server_pfn_match true)
	contiguous=$(all proof contiguous true)
	screen_equal=$(same "$work/rebuilt.ppm" "$work/window.ppm")
	reference_equal=$(same "$work/rebuilt.ppm" "$work/reference.ppm")
	other_equal=$(same "$work/rebuilt.ppm" "$work/next.ppm")
	verdict "type of the picture's block" \
		"$(sed -n 's/.*"on_screen": true,.*"type": "\([^"]*\)".*/\1/p' "$run/held.json")" "$(<"$run/type")"
	verdict client_copied_bytes_per_frame "$(field "$run/pmm.json" client_copied_bytes_per_frame)" 0
	verdict decoder_direct "$(field "$run/pmm.json" decoder_direct)" true
	verdict last_frame "$(field "$run/held.json" last_frame)" "$FRAME"
	verdict blocks_proved "$blocks" 3
	verdict server_pfn_match "$server_pfn_match" true
	verdict contiguous "$contiguous" true
	verdict rebuilt_equals_screen "$screen_equal" true
	verdict rebuilt_equals_reference "$reference_equal" true
	verdict rebuilt_equals_next_frame "$other_equal" false
	verdict pool_whole_afterwards "$(<"$run/pool_whole")" true
}

summary() {
	cat <<-EOT

	Kernel $(<"$run/kernel"), as Debian built it, on $(<"$run/machine").
	  $(field "$run/pmm.json" frames) frames of H.264 decoded and scaled to $SIZE in RAM on a PCI device, type
	  $(<"$run/type"), and shown by an unmodified X server: $(field "$run/pmm.json" frames_per_second) frames/s
	  (in system RAM $(field "$run/ram.json" frames_per_second)); the client copied $(field "$run/pmm.json" client_copied_bytes_per_frame) bytes a frame.
	  This machine found frame $FRAME in the file that is the device's RAM, at offset $(<"$run/offset"):
	  it is, pixel for pixel, what the X server in the guest showed, and what ffmpeg makes of it.
	out/device.png was rebuilt from the file, out/device-screen.png is the X server's window,
	out/device.json has the figures.
	EOT
}

need_tools
mkdir -p "$work" "$PMM_SRC/out"
need_film
rm -rf "$run" "$rebuilt" "$screen" "$json"
mkdir -p "$run"
look &
watcher=$!
trap 'kill $watcher 2>/dev/null || true' EXIT
say "Booting a guest ..."
# shellcheck disable=SC2016 # for guest.sh to expand
CMD="scripts/demo-device-guest.sh ${film#"$PMM_SRC/"} $FRAME $SIZE" OUT=$run TIMEOUT=${TIMEOUT:-600} \
	QEMU_ARGS='-object memory-backend-file,id=bar,share=on,size=64M,mem-path=$OUT/bar -device ivshmem-plain,memdev=bar' \
	"$PMM_SRC/scripts/guest.sh" || die "the guest failed: see the messages above"
: >"$run/ended"
wait "$watcher"
[ -s "$run/picture.raw" ] || die "the picture was not found in the device's memory"
say "Rebuilding the picture from the device's memory, and comparing it ..."
rebuild
reference "$FRAME" "$work/reference.ppm"
reference "$((FRAME + 1))" "$work/next.ppm"
judge
write_json >"$json"
[ "$failed" = 0 ] || die "not everything was proved; see $json"
summary
