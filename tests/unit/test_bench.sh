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
