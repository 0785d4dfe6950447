#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What pmm-play and pmm-camera say about their command lines, the video and the X
# server: all that needs neither the module nor other users.  With --copy, on X
# servers of its own.  See tests/guest/test_player_messages.sh for the rest.

cd "$(dirname "$0")/../.." || exit
. tests/guest/player.sh

PATH=$PWD/build/bin:$PATH
film=$work/film.mp4

# start_server OPTION...: its name in $DISPLAY
start_server() {
	local number

	[ -p "$work/number" ] || mkfifo "$work/number"
	Xvfb -displayfd 3 -nolisten tcp "$@" 3>"$work/number" 2>"$work/server" &
	pids+=("$!")
	# It is written when the server can be connected to.
	read -r -t 60 number <"$work/number" || { cat "$work/server"; return 1; }
	export DISPLAY=:$number
}

make_film

says 2 "no video given" pmm-play
says 2 "one video at a time" pmm-play "$film" "$film"
says 2 "write WIDTHxHEIGHT" pmm-play --size 3 "$film"
says 2 "write sysv, fd or pixmap" pmm-play --shm posix "$film"
says 2 "--max-frames 0: not a number of at least 1" pmm-play --max-frames 0 "$film"
says 2 "see pmm-play --help" pmm-play --nonesuch
says 0 "Usage: pmm-play" pmm-play --help
says 2 "one camera at a time" pmm-camera /dev/video0 /dev/video1
says 2 "--hold-frame -1: not a number of at least 0" pmm-camera --hold-frame -1
says 2 "--buffers 33: at most 32" pmm-camera --buffers 33
says 2 "see pmm-camera --help" pmm-camera --nonesuch
says 0 "Usage: pmm-camera" pmm-camera --help

says 1 "not loaded" env PMMSHM_DEVICE=/dev/nothing pmm-play "$film"
says 1 "DISPLAY is not set" env -u DISPLAY pmm-play --copy "$film"
says 1 "no X server at :9999" pmm-play --copy --display :9999 "$film"
check "an X server of 8 bits a pixel" start_server -screen 0 640x480x8
says 1 "not TrueColor" pmm-play --copy "$film"

check "a usual one" start_server -screen 0 640x480x24
echo "Dear reader, this is a letter and no film." >"$work/letter.txt"
head -c 100000 /dev/urandom >"$work/noise"
ffmpeg -nostdin -loglevel error -f lavfi -i sine=duration=1 "$work/sound.wav"
says 1 "No such file" pmm-play --copy "$work/nothing.mp4"
says 1 "Is a directory" pmm-play --copy "$work"
says 1 "not a video" pmm-play --copy "$work/letter.txt"
says 1 "not a video" pmm-play --copy "$work/noise"
says 1 "no video in it" pmm-play --copy "$work/sound.wav"
says 1 "can be written" pmm-play --copy --json /nowhere/json --max-frames 1 "$film"
check "plays" pmm-play --copy --no-clock "$film"
