#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# device-guest.sh [OPTION...]: the part of `bench.sh device` inside the guest, whose
# module has the regions `near` for blocks and `vram` for pages of processes, and which
# has a device of QEMU's with RAM and room for a node.  Data for the plot go to $OUT.

. "$(dirname "$0")/../scripts/common.sh"

modules=${PMM_KO%/*}
types=/sys/kernel/debug/pmm/types

# Memory is zeroed in the background, which takes a processor.
wait_clean() {
	while awk 'NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
		$column["dirty"] > 0 { dirty = 1 } END { exit !dirty }' "$types"; do
		sleep 0.2
	done
}

# part TITLE NAME COMMAND...: a table, and its data in $OUT/device-NAME.dat
part() {
	local title=$1 name=$2 program=$3

	shift 3
	printf '\n%s\n' "$title"
	"$program" --data "$OUT/device-$name.dat" "$@"
}

insmod "$modules/pmm_pci.ko" name=bar
echo 1af4 1110 >/sys/bus/pci/drivers/pmm_pci/new_id
wait_clean
part "Blocks of 32 MiB" block bench_device "$@" block general near bar

node=$(pmmctl online bar --json | jq .node)
part "Private memory on a node: $node is the BAR" node bench_device "$@" node 0 "$node"
part "Moving 32 MiB of a process" move bench_device "$@" move vram "$node"
pmmctl offline bar

insmod "$modules/bench/kmod/pmm_bench_mirror.ko"
part "Memory for a device" mirror bench_mirror "$@"
