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
allocators=$(sed -nE 's/^(extern const struct pmm_alloc_ops pmm_|PMM_ALLOCATOR\()([a-z0-9]+)(_ops;|\))/\2/p' drivers/misc/pmm_alloc*.h)
nr=$(wc -w <<<"$allocators")

rows $((2 * nr)) "^($(paste -sd '|' <<<"$allocators"))$row" build/bin/bench_alloc "${small[@]}"
rows 2 "^linear$row" build/bin/bench_alloc "${small[@]}"

modprobe drm || fail "drm.ko does not load"
insmod "build/kernel-$KERNEL/bench/kmod/pmm_bench_alloc.ko" || fail "pmm_bench_alloc.ko does not load"
rows $((2 * nr + 4)) "^($(paste -sd '|' <<<"$allocators")|drm_mm|gen_pool)$row" \
	build/bin/bench_alloc --kernel "${small[@]}"
rmmod pmm_bench_alloc drm || fail "pmm_bench_alloc.ko does not unload"
