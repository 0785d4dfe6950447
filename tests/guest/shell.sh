# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What tests that are scripts share.  Sourced, most often in the guest.
#
# $work is a directory for the test; processes whose pids are in $pids are killed at
# its end.

set -u

work=$(mktemp -d)
pids=()

# shellcheck disable=SC2317 # called by the trap
cleanup() {
	local pid

	for pid in "${pids[@]}"; do
		{ kill -KILL "$pid" && wait "$pid"; } 2>/dev/null
	done
	rm -rf "$work"
}
trap cleanup EXIT

say() { printf '%s\n' "$*"; }
fail() { say "FAIL: $*"; exit 1; }
skip() { say "SKIP: $*"; exit 77; }
ms_since() { echo $(((${EPOCHREALTIME/[.,]/} - ${1/[.,]/}) / 1000)); }
check() { # check DESCRIPTION COMMAND...
	local what=$1 begin=$EPOCHREALTIME

	shift
	"$@" || fail "$what"
	say "ok: $what ($(ms_since "$begin") ms)"
}

# nap SECONDS: without a process, each of which costs in emulation
exec {nothing}<> <(:)
nap() { ! read -r -t "$1" -u "$nothing"; }

# wait_for SECONDS COMMAND...: until the command succeeds; longer where all is slow.
# What counts are our own naps: a busy machine stops a guest for minutes, and its
# clock jumps.
wait_for() {
	local naps=$(($1 * 10 * ${SLOW:-1}))

	shift
	until "$@"; do
		((naps-- > 0)) || return 1
		nap 0.1
	done
}

ended() { ! kill -0 "$1" 2>/dev/null; }

# bars FILE WIDTH HEIGHT: of vivid's colour bars, in pixels of four bytes, which of red,
# green and blue are there, in the middle of each bar, near the bottom.  They are white,
# yellow, cyan, green, magenta, red, blue, black.
bars() {
	local i pixel

	for ((i = 0; i < 8; i++)); do
		pixel=$(((($3 - 8) * $2 + i * $2 / 8 + $2 / 16) * 4))
		od -An -tu1 -j "$pixel" -N 3 "$1" | awk '{ printf " " ($3 > 90) ($2 > 90) ($1 > 90) }'
	done
}
# shellcheck disable=SC2034 # used by those that source this
all_bars=" 111 110 011 010 101 100 001 000"

# types COLUMN: of the type `general`
types() {
	awk -v want="$1" 'NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i }
		NR == 2 { print $column[want] }' /sys/kernel/debug/pmm/types
}
pool_is_whole() { [ "$(types free)" = "$(types total)" ] && [ "$(types blocks)" = 0 ]; }
pool_whole() {
	wait_for 10 pool_is_whole && return
	cat /sys/kernel/debug/pmm/{types,blocks}
	return 1
}
