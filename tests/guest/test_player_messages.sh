#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# When pmm-play cannot play it says what is wrong and what helps, and leaves
# nothing behind.
#
# timeout: 600

. "$(dirname "$0")/player.sh"

make_film

# says STATUS TEXT COMMAND...: ends with this status, and with this in its words
says() {
	local status=$1 text=$2 got

	shift 2
	timeout 60 "$@" >"$work/words" 2>&1
	got=$?
	sed 's/^/    /' "$work/words"
	[ "$got" = "$status" ] || fail "$*: status $got, not $status"
	grep -qF -- "$text" "$work/words" || fail "$*: does not say '$text'"
	say "ok: $text"
}

# local_server NUMBER OPTION...
local_server() {
	local number=$1

	shift
	Xvfb ":$number" -nolisten tcp "$@" >"$work/server" 2>&1 &
	pids+=("$!")
	wait_for 30 test -S "/tmp/.X11-unix/X$number" || fail "Xvfb $* does not start"
}

# as_nobody GROUP COMMAND...
as_nobody=(setpriv --reuid nobody --clear-groups --regid)

# The player for other users, who may not get at the tree that it is in.
player=$(command -v pmm-play)
mkdir "$work/bin" "$work/lib"
cp "$player" "$work/bin"
cp -d "${player%/*}"/../lib/libpmmshm.so* "$work/lib"
chmod 755 "$work"

# The command line
says 2 "no video given" pmm-play
says 2 "write WIDTHxHEIGHT" pmm-play --size 3 "$film"
says 2 "write sysv, fd or pixmap" pmm-play --shm posix "$film"

# PMM
says 1 "not loaded" env PMMSHM_DEVICE=/dev/nothing pmm-play "$film"
says 1 "group 'video'" "${as_nobody[@]}" nogroup "$work/bin/pmm-play" "$film"
says 1 "cannot allocate" pmm-play --size 8000x8000 "$film"

# The video
echo "Dear reader, this is a letter and no film." >"$work/letter.txt"
head -c 100000 /dev/urandom >"$work/noise"
ffmpeg -nostdin -loglevel error -f lavfi -i sine=duration=1 "$work/sound.wav"
install -m 600 "$film" "$work/private.mp4"
says 1 "No such file" pmm-play "$work/nothing.mp4"
says 1 "Is a directory" pmm-play "$work"
says 1 "Permission denied" "${as_nobody[@]}" video "$work/bin/pmm-play" "$work/private.mp4"
says 1 "not a video" pmm-play "$work/letter.txt"
says 1 "not a video" pmm-play "$work/noise"
says 1 "no video in it" pmm-play "$work/sound.wav"
says 1 "can be written" pmm-play --json /nowhere/json --max-frames 1 "$film"

# The X server
says 1 "DISPLAY is not set" env -u DISPLAY pmm-play "$film"
says 1 "no X server at :99" pmm-play --display :99 "$film"
local_server 11 -extension MIT-SHM
says 1 "has no MIT-SHM extension" pmm-play --display :11 "$film"
check "--copy plays there" pmm-play --copy --display :11 --max-frames 3 "$film"
local_server 12 -screen 0 640x480x8
says 1 "not TrueColor" pmm-play --display :12 "$film"
local_server 13 -screen 0 640x480x16
check "16 bits a pixel are fine" pmm-play --display :13 --max-frames 3 "$film"
check "and in a pixmap" pmm-play --shm pixmap --display :13 --max-frames 3 "$film"
old_server=(env LD_PRELOAD="${player%/*}/../lib/old_server.so" pmm-play --max-frames 3)
says 1 "has MIT-SHM 1.1" "${old_server[@]}" --shm fd "$film"
says 1 "has no shared pixmaps" "${old_server[@]}" --shm pixmap "$film"
check "what it says helps" "${old_server[@]}" --shm sysv "$film"

# By its network address every server looks like a remote one.
Xvfb :14 -ac -listen tcp >"$work/server" 2>&1 &
pids+=("$!")
wait_for 30 test -S /tmp/.X11-unix/X14
for way in sysv fd pixmap; do
	says 1 "is on another machine" pmm-play --shm "$way" --display localhost:14 "$film"
done
check "--copy plays there" pmm-play --copy --display localhost:14 --max-frames 3 "$film"

# In a container of its own, a player's segment numbers mean something else.
says 1 "in another container" unshare --ipc pmm-play "$film"
says 1 "in another container" unshare --ipc pmm-play --shm pixmap "$film"
check "an fd means the same there" unshare --ipc pmm-play --shm fd --max-frames 3 "$film"

check "everything returns to the pool" pool_whole
