#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Every benchmark runs, with as little to do as possible.  What it measures is
# looked at by people only: but each row that it promises has to be there.
#
# timeout: 120

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$*"; exit 1; }

# rows NUMBER REGEX COMMAND...: its table has so many rows that match
rows() {
	local want=$1 regex=$2 got

	shift 2
	"$@" >"$work/table" 2>"$work/progress" || { cat "$work"/*; fail "$*: status $?"; }
	cat "$work/table"
	got=$(grep -cE "$regex" "$work/table")
	[ "$got" = "$want" ] || fail "$*: $got rows like '$regex', not $want"
}

small=(--areas 100 --areas 1000 --ops 2000 --passes 1)
number='[0-9]+(\.[0-9]+)?'
row="( +$number){5} +[0-9]+\$"
allocators=$(sed -n 's/^PMM_ALLOCATOR(\(.*\))$/\1/p' drivers/misc/pmm_alloc_list.h)
nr=$(wc -w <<<"$allocators")

rows $((2 * nr)) "^($(paste -sd '|' <<<"$allocators"))$row" build/bin/bench_alloc "${small[@]}"
rows 2 "^linear$row" build/bin/bench_alloc "${small[@]}"

# Three workloads at three fills, three set-ups that never fail.
rows $((9 * nr)) "^(camera|decoder|adversary) +[0-9]+ % [a-z]+( +$number){5} %" build/bin/bench_frag --requests 2000 --pool-mb 256
[ "$(grep -cE '^(equal|classes|holes) .* 0$' "$work/table")" = $((3 * nr)) ] || fail "a set-up that never fails is not there"

# The debug kernel has none of those that PMM is compared with, nor are these built for it.
if [ "$KERNEL" = debug ]; then
	rows 2 "^PMM, (clean|dirty) +1 MiB( +$number){2}\$" build/bin/bench_latency --rounds 1 1
	exit
fi

modprobe drm || fail "drm.ko does not load"
insmod "build/kernel-$KERNEL/bench/kmod/pmm_bench_alloc.ko" || fail "pmm_bench_alloc.ko does not load"
rows $((2 * nr + 4)) "^($(paste -sd '|' <<<"$allocators")|drm_mm|gen_pool)$row" \
	build/bin/bench_alloc --kernel "${small[@]}"
rmmod pmm_bench_alloc || fail "pmm_bench_alloc.ko does not unload"

insmod "build/kernel-$KERNEL/bench/kmod/pmm_bench_contig.ko" || fail "pmm_bench_contig.ko does not load"
rows 3 "^(PMM, clean|PMM, dirty|alloc_contig) +1 MiB( +$number){2}\$" build/bin/bench_latency --rounds 1 1
rmmod pmm_bench_contig || fail "pmm_bench_contig.ko does not unload"
