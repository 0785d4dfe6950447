#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The benchmarks that measure the kernel's allocators and the module run.  Those that
# need neither are in tests/unit/test_bench.sh.
#
# timeout: 120

. tests/guest/bench.sh

# The debug kernel has none of those that PMM is compared with, nor are these built for it.
if [ "$KERNEL" = debug ]; then
	rows 2 "^PMM, (clean|dirty) +1 MiB( +$number){2}\$" build/bin/bench_latency --rounds 1 1
	exit
fi

modprobe drm || fail "drm.ko does not load"
insmod "build/kernel-$KERNEL/bench/kmod/pmm_bench_alloc.ko" || fail "pmm_bench_alloc.ko does not load"
rows $((2 * nr + 4)) "^($allocators|drm_mm|gen_pool)$row" \
	build/bin/bench_alloc --kernel "${small[@]}"
rmmod pmm_bench_alloc || fail "pmm_bench_alloc.ko does not unload"

insmod "build/kernel-$KERNEL/bench/kmod/pmm_bench_mirror.ko" || fail "pmm_bench_mirror.ko does not load"
rows 2 "^(mirror|pin) +1 MiB, 4 KiB( +($number|-)){6}\$" build/bin/bench_mirror --rounds 1 1
rmmod pmm_bench_mirror || fail "pmm_bench_mirror.ko does not unload"

insmod "build/kernel-$KERNEL/bench/kmod/pmm_bench_contig.ko" || fail "pmm_bench_contig.ko does not load"
rows 3 "^(PMM, clean|PMM, dirty|alloc_contig) +1 MiB( +$number){2}\$" build/bin/bench_latency --rounds 1 1
rmmod pmm_bench_contig || fail "pmm_bench_contig.ko does not unload"
