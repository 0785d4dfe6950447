#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# leaks.sh [FILE [SECONDS]]: has everything returned to the pools?
#
# Reads FILE in the format of /sys/kernel/debug/pmm/types.  What is free, or retired
# for bad memory, must be all there is, with no block alive.  Pages come back with
# a delay, so look again with pauses of SECONDS in all.  Without FILE, shared memory of
# the ordinary kind counts too: the next test would wonder about it.

file=${1:-/sys/kernel/debug/pmm/types}
seconds=${2:-5}

leaks() {
	[ -n "$1" ] || awk 'NR > 1 { print "System V segment " $2 ", " $4 " bytes" }' /proc/sysvipc/shm
	[ -n "$1" ] || find /dev/shm -mindepth 1
	[ ! -e "$file" ] || awk 'NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
	$column["free"] + $column["retired"] != $column["total"] || $column["blocks"] != 0 {
		printf "type %s: %d bytes free of %d, %d retired, %d quarantined, %d blocks\n",
			$column["name"], $column["free"], $column["total"],
			$column["retired"], $column["quarantined"], $column["blocks"]
	}
	END { if (NR == 0 || !("blocks" in column)) print "cannot read this" }' "$file"
}

looks=$((seconds * 5))
while found=$(leaks "${1:-}") && [ -n "$found" ]; do
	if ((looks-- <= 0)); then
		echo "$found"
		exit 1
	fi
	sleep 0.2
done
