# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The film of the demos, in $work.  Sourced by scripts/demo.sh and demo-device.sh.

# The frame that is looked at, in a window of this size: over 2 MiB, so that its
# block is one of huge pages.
# shellcheck disable=SC2034 # for who sources this
FRAME=60
SIZE=1024x576

# shellcheck disable=SC2154 # whoever sources this sets it
film=$work/film.mp4

# Five seconds of H.264 with B frames: a flight into the Mandelbrot set, and a test
# picture with a running clock in its corner.
make_film() {
	say "Making a film ..."
	ff -f lavfi -i "mandelbrot=size=640x360:rate=25:start_scale=2.2:end_scale=0.002:end_pts=150" \
		-f lavfi -i "testsrc2=size=160x90:rate=25" \
		-filter_complex "[0][1]overlay=x=W-w-12:y=H-h-12,format=yuv420p" \
		-t 5 -c:v libx264 -threads 1 -preset medium -crf 22 -bf 2 -g 50 \
		-flags +bitexact -fflags +bitexact "$film.part.mp4"
	mv "$film.part.mp4" "$film"
}

# reference NUMBER FILE: one frame of the film, scaled, by the ffmpeg program.  The
# flags are those of xclient-demo/scale.c.
reference() {
	# shellcheck disable=SC2154 # proof.sh sets it
	ff -i "$film" -vf "select=eq(n\,$1),scale=${SIZE/x/:}:flags=$flags,format=bgr0,format=rgb24" \
		-frames:v 1 -fps_mode passthrough -f image2 -c:v ppm "$2"
}

need_film() { [ -e "$film" ] || make_film; }
