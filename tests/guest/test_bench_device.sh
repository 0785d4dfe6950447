#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The benchmarks of memory on devices run; see bench.sh.
#
# guest: MEM=1024,slots=2,maxmem=4G NO_X=1
# guest: APPEND='memmap=128M$0x30000000' PMM_ARGS='regions=bank:128M@0x30000000'
# guest: QEMU_ARGS='-object memory-backend-ram,id=r0,size=1024M
# guest: -numa node,nodeid=0,cpus=0-1,memdev=r0 -numa node,nodeid=1
# guest: -object memory-backend-ram,id=bar,share=on,size=256M -device ivshmem-plain,memdev=bar'

. tests/guest/bench.sh

[ "$KERNEL" != debug ] || skip "the modules of the benchmarks are not built for the debug kernel"

# As after all tests: with the module as it was.
finish() {
	local module

	for module in pmm_bench_mirror pmm_pci pmm; do
		rmmod "$module" || fail "$module.ko does not unload"
	done
	scripts/guest/load.sh || fail "pmm.ko does not load"
}

rmmod pmm || fail "pmm.ko does not unload"
insmod "$PMM_KO" pool_mb=64 regions=near:64M@0x30000000,vram:64M@0x34000000:migrate ||
	fail "pmm.ko does not load with other regions"
rows 21 "^[a-zA-Z].*( +($number|-)){4,}\$" env OUT="$work" bench/device-guest.sh --rounds 1
[ "$(cat "$work"/device-*.dat | wc -l)" = 21 ] || { wc -l "$work"/device-*.dat; fail "there are too few data for the plot"; }
finish
