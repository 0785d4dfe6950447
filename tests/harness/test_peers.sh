#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What selftests print is understood, and what differs is seen: the two programs of
# scripts/peers.sh that judge, on invented words.

. "$(dirname "$0")/../../scripts/common.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

# same WHAT: are $work/is and $work/want the same?
same() {
	diff -U 20 "$work/want" "$work/is" >&2 ||
		{ say "not as it should be: $1"; failures=$((failures + 1)); }
}

# cases: of what is on the standard input
cases() { awk -f "$PMM_SRC/scripts/peers-cases.awk"; }

# ---- the forms of results ----

cases >"$work/is" <<-EOT
	TAP version 13
	1..6
	#  RUN           global.first ...
	#            OK  global.first
	ok 1 global.first
	not ok 2 at 0x7f0012 after 12.5 ms
	ok 3 # SKIP no huge pages
	ok 4 moves # XFAIL it cannot
	ok 5 again
	ok 6 again
	ok 7 extra pages 8 (0.5%), extra thread faults 8
	# Totals: pass:3 fail:1 skip:2 error:0
	[PASS]	a test of pid 1234
	another one: [FAIL]
	[SKIP] no such device
	[INFO] of no importance
	Run test: collapse (khugepaged:shmem)
	Collapse the table....$(printf '\033[32mOK\033[0m')
	Run test: collapse (madvise:shmem)
	Collapse the table... $(printf '\033[31mFail\033[0m')
	Restore settings... $(printf '\033[32mOK\033[0m')
	Testing minor on shmem... done
	Testing minor on hugetlb... skipped [reason: memory allocation failed]
	testing signal delivery: done.
	testing events (fork, remap): userfaults: 1024 missing (1024+)
	bounces: 0, mode: read, userfaults: 1 missing (1+0+)
	memfd: CREATE
	ADD_SEALS(4, 0 -> 8) failed: Operation not permitted
EOT
cat >"$work/want" <<-EOT
	ok	global.first
	not	at ADDRESS after TIME
	skip	test 3
	skip	moves
	ok	again
	ok	again (2)
	ok	extra pages N, extra thread faults N
	ok	a test of pid
	not	another one:
	skip	no such device
	ok	collapse (khugepaged:shmem): Collapse the table
	not	collapse (madvise:shmem): Collapse the table
	ok	Restore settings
	ok	Testing minor on shmem
	skip	Testing minor on hugetlb
	ok	testing signal delivery
	began	testing events (fork, remap)
	began	memfd: CREATE
EOT
same "what a test printed"

# ---- comparing ----

# run NAME CASE=RESULT...
run() {
	local name=$1 one

	shift
	for one; do
		printf '%s\t%s\n' "${one#*=}" "${one%=*}"
	done >"$work/$name"
}

# compare WAY=NAME...: what is found, without the number of cases
compare() {
	local one arguments=()

	for one; do
		arguments+=("way=${one%=*}" "$work/${one#*=}")
	done
	awk -f "$PMM_SRC/scripts/peers-compare.awk" "${arguments[@]}" >"$work/is"
}

want() { printf '%b\n' "$1" >"$work/want"; }

run plain end=passes a=ok b=ok
run other end=passes a=ok b=not
run short end="status 1" a=ok
run more end=passes a=ok b=ok c=ok
cp "$work/plain" "$work/equal"

compare without=plain module=equal pmmrun=equal
want 'cases\t3'
same "nothing differs"
compare without=plain module=equal pmmrun=other
want 'cases\t3\ndiffers\tpmmrun\tb\tok\tnot'
same "a case differs"
compare without=plain module=short
want 'cases\t3\ndiffers\tmodule\tend\tpasses\tstatus 1\ndiffers\tmodule\tb\tok\tabsent'
same "a test ends too early"
compare without=plain module=more
want 'cases\t4\ndiffers\tmodule\tc\tabsent\tok'
same "a case is there for the first time"
compare without=plain without=other module=other
want 'cases\t3\nvaries\tb\tok|not'
same "a case varies without PMM"
compare without=plain without=equal module=equal module=other
want 'cases\t3\ndiffers\tmodule\tb\tok\tnot'
same "a case varies with PMM only"

[ "$failures" = 0 ] || die "$failures problems"
say "results of selftests are understood and compared"
