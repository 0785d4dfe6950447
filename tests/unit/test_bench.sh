#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The benchmarks of the allocators run as programs.

cd "$(dirname "$0")/../.." || exit
. tests/guest/bench.sh

rows $((2 * nr)) "^($allocators)$row" build/bin/bench_alloc "${small[@]}"
rows 2 "^linear$row" build/bin/bench_alloc "${small[@]}"

# Three workloads at three fills, three set-ups that never fail.
rows $((9 * nr)) "^(camera|decoder|adversary) +[0-9]+ % [a-z]+( +$number){5} %" build/bin/bench_frag --requests 2000 --pool-mb 256
[ "$(grep -cE '^(equal|classes|holes) .* 0$' "$work/table")" = $((3 * nr)) ] || fail "a set-up that never fails is not there"

# Smaller pools have no room for a single stream, and the least has.
refused() { # refused TEXT COMMAND...
	local text=$1

	shift
	! timeout 60 "$@" >"$work/table" 2>&1 && grep -qF -- "$text" "$work/table" && return
	cat "$work/table"
	fail "$* is not refused"
}
refused "a pool of 15 MiB is too small for the workloads; give it 16 at least" build/bin/bench_frag --requests 200 --pool-mb 15
timeout 60 build/bin/bench_frag --requests 200 --pool-mb 16 >"$work/table" || fail "the least pool is too small"

# Without the module there is nothing to compare.
PMMSHM_BACKEND=shm refused "the pmm module is not in use" build/bin/bench_touch
