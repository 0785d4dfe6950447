# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the tests of the benchmarks share: each runs, with as little to do as possible.
# What it measures is looked at by people only, but each row that it promises has to be
# there.  Sourced at the top of the tree, by test_bench.sh here and in tests/unit.

. tests/guest/shell.sh

# rows NUMBER REGEX COMMAND...: its table has so many rows that match
rows() {
	local want=$1 regex=$2 got

	shift 2
	"$@" >"$work/table" 2>"$work/progress" || { cat "$work"/*; fail "$*: status $?"; }
	cat "$work/table"
	got=$(grep -cE "$regex" "$work/table")
	[ "$got" = "$want" ] || fail "$*: $got rows like '$regex', not $want"
}

# shellcheck disable=SC2034 # for who sources this
small=(--areas 100 --areas 1000 --ops 2000 --passes 1)
number='[0-9]+(\.[0-9]+)?'
# shellcheck disable=SC2034
row="( +$number){5} +[0-9]+\$"
allocators=$(sed -n 's/^PMM_ALLOCATOR(\(.*\))$/\1/p' drivers/misc/pmm_alloc_list.h)
# shellcheck disable=SC2034
nr=$(wc -w <<<"$allocators")
allocators=$(paste -sd '|' <<<"$allocators")
