# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What guest tests that are scripts share.  Sourced, in the guest.
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
check() { # check DESCRIPTION COMMAND...
	local what=$1 begin=$EPOCHREALTIME

	shift
	"$@" || fail "$what"
	say "ok: $what ($(((${EPOCHREALTIME/[.,]/} - ${begin/[.,]/}) / 1000)) ms)"
}

# wait_for SECONDS COMMAND...: until the command succeeds; longer where all is slow
wait_for() {
	local end=$((SECONDS + $1 * ${SLOW:-1}))

	shift
	until "$@"; do
		((SECONDS < end)) || return 1
		sleep 0.1
	done
}

ended() { ! kill -0 "$1" 2>/dev/null; }

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
