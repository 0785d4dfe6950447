#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# pmm-play is killed while the X server has its blocks attached, at any moment and
# with a frame in flight; and the server is killed under the player.  In the end
# the pool is whole, and never before the last user is gone.
#
# timeout: 600

. "$(dirname "$0")/player.sh"

make_film

# A server of our own, to be stopped and killed.
start_server() {
	Xvfb :9 -screen 0 640x480x24 -nolisten tcp >"$work/server" 2>&1 &
	server=$!
	pids+=("$server")
	wait_for 30 test -S /tmp/.X11-unix/X9
}

# The player's three images
server_has_attached() { [ "$(grep -c /SYSV "/proc/$server/maps")" -ge 3 ]; }

cpu_ticks() { awk '{ sub(/^.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"; }

# With the server stopped, all images are in flight and nobody answers.
waits_without_spinning() {
	local ticks

	kill -STOP "$server"
	sleep 1
	! ended "$play" || return 1
	ticks=$(cpu_ticks "$play")
	sleep 2
	ticks=$(($(cpu_ticks "$play") - ticks))
	say "$ticks ticks of CPU in two seconds"
	((ticks <= 2))
}

server_keeps_the_blocks() {
	kill_now "$play"
	sleep 1
	say "$(types blocks) blocks while the server has them attached"
	# Its three images: the decoder's own frames are gone.
	[ "$(types blocks)" = 3 ]
}

killed_at_any_moment() {
	local i

	for ((i = 0; i < 8; i++)); do
		start_play --display :9 --loop --no-clock
		nap "0.$((RANDOM % 10))"
		[ $((i % 2)) = 0 ] || nap 1
		kill_now "$play"
	done
	return 0
}

server_killed() {
	start_play --display :9 --loop
	wait_for 60 server_has_attached || return 1
	kill_now "$server"
	wait_for 20 ended "$play" && ! wait "$play" && grep -q 'connection is lost' "$work/words"
}

check "a server of our own" start_server
start_play --display :9 --loop --no-clock
check "the server attaches a player's images" wait_for 60 server_has_attached
check "waits for a stopped server without spinning" waits_without_spinning
check "a server keeps the blocks of a killed player" server_keeps_the_blocks
kill -CONT "$server"
check "and gives them back when it notices" pool_whole
check "players killed at any moment" killed_at_any_moment
check "everything returns to the pool" pool_whole
check "the server is killed and the player says so" server_killed
check "everything returns to the pool" pool_whole
