#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Show, in a guest with a stock kernel, the picture of a camera that writes to
# contiguous memory only, and prove from outside of pmm-camera that nothing copies it:
#
#   - pmm-camera counts the bytes that it copies between buffers;
#   - the page frames behind the mappings of pmm-camera and of the X server are
#     those of the blocks, one after the other, and the camera is attached to the
#     dma-bufs of its four;
#   - what the X server shows is compared with what the ffmpeg program, on this
#     machine, makes of the bytes that the camera wrote;
#   - the same camera refuses a dma-buf of scattered memory, which another, that
#     can do with such, takes; and either takes one of PMM.
#
# Leaves out/camera.png (the X screen) and out/camera.json.  Fails if a proof does.

. "$(dirname "$0")/common.sh"
. "$PMM_SRC/scripts/proof.sh"

# The camera's picture, and a window whose block is one of huge pages.
CAMERA=1280x720
SIZE=1024x576
BUFFERS=4

work=$PMM_SRC/build/demo-camera
run=$work/run
png=$PMM_SRC/out/camera.png
json=$PMM_SRC/out/camera.json

# picture RAW FILE: what the ffmpeg program makes of the camera's bytes
picture() {
	ff -f rawvideo -pixel_format "$(field "$run/held.json" video_format | tr -d '"')" \
		-video_size "$CAMERA" -i "$1" \
		-vf "scale=${SIZE/x/:}:flags=$flags,format=bgr0,format=rgb24" \
		-frames:v 1 -f image2 -c:v ppm "$2"
}

judge() {
	local control

	copied=$(field "$run/pmm.json" client_copied_bytes)
	blocks=$(find "$run" -name 'image-*.json' -o -name 'capture-*.json' | wc -l)
	verdict client_copied_bytes "$copied" 0
	verdict "the same for the held frame" "$(field "$run/held.json" client_copied_bytes)" 0
	verdict blocks_proved "$blocks" $((3 + BUFFERS))
	for kind in image capture; do
		verdict "$kind: server_pfn_match" "$(all "$kind" server_pfn_match true)" true
		verdict "$kind: client_pfn_match" "$(all "$kind" client_pfn_match true)" true
		verdict "$kind: contiguous" "$(all "$kind" contiguous true)" true
	done
	verdict camera_attached "$(<"$run/attached")" "$BUFFERS"
	verdict reference_equal "$reference_equal" true
	verdict other_frame_equal "$other_equal" false
	for control in "$run"/control-*.json; do
		verdict "$(field "$control" exporter): scattered_accepted" "$(field "$control" scattered_accepted)" false
		verdict scattered_accepted_by_other "$(field "$control" scattered_accepted_by_other)" true
		verdict pmm_accepted "$(field "$control" pmm_accepted)" true
		verdict pmm_segments "$(field "$control" pmm_segments)" 1
		verdict pmm_dma_address "$(field "$control" pmm_dma_address)" "$(field "$control" pmm_block_physical)"
	done
	verdict "the kernel's word" "$(grep -c 'contiguous chunk is too small' "$run/dmesg")" \
		"$(find "$run" -name 'control-*.json' | wc -l)"
	verdict pool_whole_afterwards "$(<"$run/pool_whole")" true
}

write_json() {
	cat <<-EOT
	{
	  "kernel": "$(<"$run/kernel")",
	  "machine": "$(<"$run/machine")",
	  "frames": $(field "$run/pmm.json" frames),
	  "frames_per_second": $(field "$run/pmm.json" frames_per_second),
	  "client_copied_bytes": $copied,
	  "server_pfn_match": $(all image server_pfn_match true),
	  "contiguous": $(all image contiguous true),
	  "captures_contiguous": $(all capture contiguous true),
	  "blocks_proved": $blocks,
	  "camera_attached": $(<"$run/attached"),
	  "reference_equal": $reference_equal,
	  "other_frame_equal": $other_equal,
	  "scattered_accepted": $(field "$run/control-vgem.json" scattered_accepted),
	  "pmm_accepted": $(field "$run/control-vgem.json" pmm_accepted),
	  "pool_whole_afterwards": $(<"$run/pool_whole"),
	  "proved": $([ $failed = 0 ] && echo true || echo false),
	  "pmm": $(nested "$run/pmm.json"),
	  "copy": $(nested "$run/copy.json"),
	  "held": $(nested "$run/held.json"),
	  "controls": [
	EOT
	nested_all control
	printf '\n  ],\n  "images": [\n'
	nested_all image
	printf '\n  ],\n  "captures": [\n'
	nested_all capture
	printf '\n  ]\n}\n'
}

control_summary() {
	local control

	for control in "$run"/control-*.json; do
		printf '              a dma-buf of %s in %s pieces: "%s"; one of PMM, in %s: taken.\n' \
			"$(field "$control" exporter | tr -d '"')" "$(field "$control" scattered_segments)" \
			"$(field "$control" scattered_refused | tr -d '"')" "$(field "$control" pmm_segments)"
	done
}

summary() {
	cat <<-EOT

	Kernel $(<"$run/kernel"), as Debian built it, on $(<"$run/machine").
	  $(field "$run/pmm.json" frames) frames of $CAMERA that the camera wrote into blocks, scaled to $SIZE, shown by an
	  unmodified X server.
	  No copy:    pmm-camera copied $copied bytes between buffers ($(field "$run/pmm.json" frames_per_second) frames/s);
	              without PMM $(field "$run/copy.json" client_copied_bytes_per_frame) a frame ($(field "$run/copy.json" frames_per_second) frames/s).
	  Same pages: those behind the mappings of the X server and of pmm-camera are the blocks', one after
	              the other in RAM, and the camera is attached to its $BUFFERS.
	  Same picture: the window is, pixel for pixel, what the ffmpeg program makes of the camera's bytes.
	  Control:    what the same camera says to
	$(control_summary)
	  Afterwards all memory was back in the pool.
	out/camera.png is what the X screen showed, out/camera.json has the figures.
	EOT
}

need_tools
mkdir -p "$work" "$PMM_SRC/out"
rm -rf "$run" "$png" "$json"
say "Booting a guest ..."
CMD="scripts/demo-camera-guest.sh $CAMERA $SIZE $BUFFERS" OUT=$run TIMEOUT=${TIMEOUT:-600} \
	"$PMM_SRC/scripts/guest.sh" || die "the guest failed: see the messages above"
say "Comparing the window with what the ffmpeg program makes of the camera's bytes ..."
picture "$run/latest.raw" "$work/reference.ppm"
picture "$run/other.raw" "$work/other.ppm"
compare "$work/reference.ppm" "$work/other.ppm"
judge
write_json >"$json"
[ "$failed" = 0 ] || die "not everything was proved; see $json"
summary
