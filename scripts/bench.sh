#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# bench.sh: first touch and attach of shared memory, in one guest.
#
# KERNEL chooses the kernel (6.1).  The table is also left in out/bench/touch.txt.

. "$(dirname "$0")/common.sh"

export MEM=${MEM:-1536} PMM_ARGS=${PMM_ARGS:-pool_mb=128} NO_X=1
export OUT=$PMM_SRC/out/bench TIMEOUT=${TIMEOUT:-600}
# shellcheck disable=SC2016 # for the guest's shell
export CMD='echo "Kernel $(uname -r), shmem_enabled $(cat /sys/kernel/mm/transparent_hugepage/shmem_enabled)"
	bench_touch | tee "$OUT/touch.txt"; exit "${PIPESTATUS[0]}"'
mkdir -p "$OUT"
"$PMM_SRC/scripts/guest.sh"
