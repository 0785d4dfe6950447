#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# When pmm-play cannot play it says what is wrong and what helps, and leaves
# nothing behind: as far as PMM, other users and what the X server can do are
# concerned.  The rest is in tests/unit/test_player.sh.
#
# timeout: 600

. "$(dirname "$0")/player.sh"

# server NUMBER OPTION...: in the background
server() {
	local number=$1

	shift
	Xvfb ":$number" "$@" >"$work/server-$number" 2>&1 &
	pids+=("$!")
}
server_is_up() { wait_for 60 test -S "/tmp/.X11-unix/X$1" || { cat "$work/server-$1"; return 1; }; }

# One that cannot share memory; one of another depth, to be reached by the network too.
server 11 -nolisten tcp -extension MIT-SHM
server 12 -ac -listen tcp -screen 0 640x480x16

make_film

# as_nobody GROUP COMMAND...
as_nobody=(setpriv --reuid nobody --clear-groups --regid)

# The player for other users, who may not get at the tree that it is in.
player=$(command -v pmm-play)
mkdir "$work/bin" "$work/lib"
cp "$player" "$work/bin"
cp -d "${player%/*}"/../lib/libpmmshm.so* "$work/lib"
chmod 755 "$work"
install -m 600 "$film" "$work/private.mp4"

says 1 "group 'video'" "${as_nobody[@]}" nogroup "$work/bin/pmm-play" "$film"
says 1 "Permission denied" "${as_nobody[@]}" video "$work/bin/pmm-play" "$work/private.mp4"
says 1 "cannot allocate" pmm-play --size 8000x8000 "$film"

short=(--no-clock --max-frames 2)
check "a server without MIT-SHM" server_is_up 11
says 1 "has no MIT-SHM extension" pmm-play --display :11 "$film"
check "--copy plays there" pmm-play --copy --display :11 "${short[@]}" "$film"
check "one of 16 bits a pixel" server_is_up 12
check "they are fine" pmm-play --display :12 "${short[@]}" "$film"
check "and in a pixmap" pmm-play --shm pixmap --display :12 "${short[@]}" "$film"
old_server=(env LD_PRELOAD="${player%/*}/../lib/old_server.so" pmm-play "${short[@]}")
says 1 "has MIT-SHM 1.1" "${old_server[@]}" --shm fd "$film"
says 1 "has no shared pixmaps" "${old_server[@]}" --shm pixmap "$film"
check "what it says helps" "${old_server[@]}" --shm sysv "$film"

# By its network address every server looks like a remote one.
for way in sysv fd pixmap; do
	says 1 "is on another machine" pmm-play --shm "$way" --display localhost:12 "$film"
done
check "--copy plays there" pmm-play --copy --display localhost:12 "${short[@]}" "$film"

# In a container of its own, a player's segment numbers mean something else.
says 1 "in another container" unshare --ipc pmm-play "$film"
says 1 "in another container" unshare --ipc pmm-play --shm pixmap "$film"
check "an fd means the same there" unshare --ipc pmm-play --shm fd "${short[@]}" "$film"

check "everything returns to the pool" pool_whole
