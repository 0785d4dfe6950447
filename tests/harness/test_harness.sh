#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The harness sees what goes wrong.  Runs the tests in fixtures/, each of which ends
# as its name says, in real guests, and looks at what is reported; then the same for
# the leak check, on invented files.

. "$(dirname "$0")/../../scripts/common.sh"

fixtures=tests/harness/fixtures
out=${CHECK_OUT:-$PMM_SRC/out/check}/harness/guests
log=$out.log
failures=0

problem() { say "not as it should be: $*"; failures=$((failures + 1)); }

# expect WORD NAME [REASON-REGEX]
expect() {
	grep -qE "^$1	6.1	$2	[0-9.]*	.*${3:-}" "$out/results" ||
		problem "$2 is not $1 ${3:-}"
}

cd "$PMM_SRC"
mkdir -p "$out"
status=0
tests=''
for name in pass fail as_loaded skip noisy slow crash stuck; do
	tests+=" $fixtures/$name.sh"
done
TESTS=$tests KERNELS=6.1 CHECK_OUT=$out scripts/check.sh guest >"$log" 2>&1 || status=$?
cat "$log"

[ "$status" != 0 ] || problem "exit status 0 although tests failed"
expect PASS pass
expect FAIL fail "exit status 1"
expect PASS as_loaded
expect SKIP skip "no such device"
expect FAIL noisy "WARNING: a test that passes"
expect FAIL slow "no end after 3 seconds"
expect FAIL crash "the guest died"
expect FAIL stuck "the guest hung"
grep -q "words of the test that fails" "$log" || problem "output of a failed test is not shown"
grep -q "sysrq: Trigger a crash" "$log" || problem "the last words of the kernel are not shown"
[ "$(tail -n 1 "$log")" = "2 passed, 5 failed, 1 skipped" ] || problem "the last line: $(tail -n 1 "$log")"

# leaks RETIRED QUARANTINED FREE BLOCKS
leaks() {
	printf '%s\n' "name allocator total free largest_free quarantined retired blocks allocs" \
		"general bestfit 1048576 $3 4096 $2 $1 $4 10" >"$out/types"
	! tests/guest/leaks.sh "$out/types" 0 >>"$log"
}
! leaks 0 0 1048576 0 || problem "a leak is seen where none is"
! leaks 4096 0 1044480 0 || problem "a retired page counts as a leak"
leaks 0 0 1044480 1 || problem "a block alive is not seen"
leaks 0 4096 1044480 0 || problem "quarantine that does not empty is not seen"

[ "$failures" = 0 ] || die "$failures problems"
say "failures, crashes, hangs, warnings and leaks are seen"
