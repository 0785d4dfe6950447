#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# check.sh lint|unit|harness|in-tree|guest|soak...: run these kinds of tests and sum up,
# those in guests last.
#
# Set by environment:
#
#   UNIT_TESTS   programs to run on this machine
#   GUEST_PROGS  programs of the guest; those called test_* are tests
#   TESTS        only guest tests of these names (or paths)
#   KERNELS      in which guests (6.1 6.12)
#   SOAK_SECONDS how long to soak (600)
#   JOBS         how many guests run at the same time (1)
#   CHECK_OUT    where logs and results go (out/check)
#
# Ends with "N passed, N failed", and fails if anything did.

. "$(dirname "$0")/common.sh"

KERNELS=${KERNELS:-$OLDEST $NEWEST}
export SOAK_SECONDS=${SOAK_SECONDS:-600}
CHECK_OUT=${CHECK_OUT:-$PMM_SRC/out/check}
results=$CHECK_OUT/results

cd "$PMM_SRC"
rm -rf "$CHECK_OUT"
mkdir -p "$CHECK_OUT"
: >"$results"

result() { # result WORD SUITE NAME SECONDS REASON
	printf '%s\t%s\t%s\t%s\t%s\n' "$@" >>"$results"
}

# ------------------------------------------------------- tests on this machine

# run_here SUITE NAME TIMEOUT COMMAND...
run_here() {
	local suite=$1 name=$2 limit=$3 log=$CHECK_OUT/$1/$2.log status=0 word begin=$SECONDS

	shift 3
	mkdir -p "$CHECK_OUT/$suite"
	setpriv --pdeathsig TERM timeout -k 5 "$limit" "$@" </dev/null >"$log" 2>&1 || status=$?
	case $status in
	0) word=PASS ;;
	77) word=SKIP ;;
	*) word=FAIL ;;
	esac
	result "$word" "$suite" "$name" $((SECONDS - begin)) "$(tail -n 1 "$log")"
	printf '%s  %s %s (%ss): %s\n' "$suite" "$word" "$name" $((SECONDS - begin)) "$(tail -n 1 "$log")"
	[ "$word" != FAIL ] || sed 's/^/    | /' "$log"
}

check_lint() {
	local tool

	for tool in $(scripts/lint.sh --list); do
		run_here lint "$tool" 600 scripts/lint.sh "$tool"
	done
}

check_unit() {
	local test

	for test in ${UNIT_TESTS:-}; do
		run_here unit "$(basename "$test")" 900 "$test"
	done
}

check_harness() {
	local test

	for test in tests/harness/test_*.sh; do
		run_here harness "$(basename "$test" .sh)" 600 "$test"
	done
}

# -------------------------------------------------------------- tests in guests

guest_tests() {
	local prog name

	for prog in ${GUEST_PROGS:-} tests/guest/test_*.sh; do
		name=$(basename "$prog" .sh)
		[[ $name == test_* && -e $prog ]] || continue
		if [ -z "${TESTS:-}" ] || [[ " ${TESTS//.sh/} " == *" $name "* ]] ||
			[[ " ${TESTS//.sh/} " == *" ${name#test_} "* ]]; then
			echo "$prog"
		fi
	done
	for prog in ${TESTS:-}; do
		[[ $prog != */* ]] || echo "$prog"
	done
}

# source_of TEST and setting TEST KEY: see tests/guest/run.sh.  Always one line.
source_of() {
	case $1 in
	*.sh) echo "$1" ;;
	*/soak) echo tests/soak/soak.c ;;
	*) echo "tests/guest/$(basename "$1").c" ;;
	esac
}
setting() { { sed -nE "s%^[ \t#/*]*$2: +(.*)%\1%p" "$(source_of "$1")" || true; } | paste -sd ' '; }

# guest_dir DIRECTORY: prints one in it that nobody else has
guest_dir() {
	local n=1

	mkdir -p "$1"
	until mkdir "$1/guest-$n" 2>/dev/null; do
		n=$((n + 1))
	done
	echo "$1/guest-$n"
}

# guest_boot KERNEL SETTINGS TEST...: one guest for as many of these as it survives.
# Those that it did not come to are then in $left.
guest_boot() {
	local kernel=$1 settings=$2 test name limit longest=0 all=0 status dir assignments running=
	local word seconds reason SLOW=1
	local -A seen=()

	shift 2
	[[ $kernel == 6.* ]] || SLOW=4
	for test; do
		limit=$(setting "$test" timeout)
		limit=$(((${limit:-300}) * SLOW))
		all=$((all + limit + 15))
		[ "$limit" -le "$longest" ] || longest=$limit
	done
	dir=$(guest_dir "$CHECK_OUT/$kernel")
	: >"$dir/results"
	say "$kernel  guest ${dir##*-}: $# tests${settings:+, $settings}"

	# The tests have their own time limits: these are for a guest that is stuck.
	eval "assignments=($settings)"
	status=0
	setpriv --pdeathsig TERM env KERNEL="$kernel" OUT="$dir" CMD="tests/guest/run.sh $*" \
		TIMEOUT=$((all + 180)) IDLE=$((longest + 30)) "${assignments[@]}" \
		scripts/guest.sh 2>&1 | sed -u "s/^/$kernel  /" || status=${PIPESTATUS[0]}

	while IFS=$'\t' read -r word name seconds reason; do
		if [ "$word" = RUN ]; then
			running=$name
		else
			result "$word" "$kernel" "$name" "$seconds" "$reason"
			[ "$name" != "$running" ] || running=
		fi
		seen[$name]=1
	done <"$dir/results"

	case $status in
	124) reason="the guest hung" ;;
	125) reason="the guest died" ;;
	*) reason="the guest ended early" ;;
	esac
	reason="$reason, see ${dir#"$PMM_SRC"/}/console.log"
	left=()
	if [ ${#seen[@]} = 0 ] && [ $((boots_in_vain++)) = 0 ]; then
		# Emulation has been seen to break a kernel that patches itself at boot.
		say "$kernel  $reason: once more"
		left=("$@")
		return
	elif [ ${#seen[@]} = 0 ]; then
		# It did not come to the first, and the next guest would not either.
		for test; do
			result FAIL "$kernel" "$(basename "$test" .sh)" 0 "no test was run: $reason"
		done
		return
	elif [ -n "$running" ]; then
		printf '%s  FAIL %s: %s\n' "$kernel" "$running" "$reason"
		result FAIL "$kernel" "$running" 0 "$reason"
	elif [ "$status" = 124 ] || [ "$status" = 125 ]; then
		result FAIL "$kernel" "guest ${dir##*-}" 0 "after its last test $reason"
	fi
	for test; do
		[ -n "${seen[$(basename "$test" .sh)]:-}" ] || left+=("$test")
	done
}

# Tests that ask for the same kind of guest share one, until it dies.
guest_kind() { # guest_kind KERNEL SETTINGS
	local test boots_in_vain=0

	left=()
	for test in "${tests[@]}"; do
		[ "$(setting "$test" guest)" != "$2" ] || left+=("$test")
	done
	while [ ${#left[@]} -gt 0 ]; do
		guest_boot "$1" "$2" "${left[@]}"
	done
}

# guest_work LOCK: what nobody else has begun of the queue, which is fd 3
guest_work() {
	local lock kernel settings

	exec {lock}<"$1"
	while flock "$lock" && IFS=$'\t' read -r kernel settings; do
		flock -u "$lock"
		guest_kind "$kernel" "$settings" </dev/null
	done <&3
}

tests=()
guests() {
	local test kernel settings job queue=$CHECK_OUT/queue lock=$CHECK_OUT/lock

	# The ordinary kind, which has the most tests, comes first.
	for test in "${tests[@]}"; do setting "$test" guest; done | LC_ALL=C sort -u |
		while IFS= read -r settings; do
			for kernel in $KERNELS; do
				printf '%s\t%s\n' "$kernel" "$settings"
			done
		done >"$queue"
	: >"$lock"
	trap 'kill $(jobs -p); exit 143' INT TERM HUP
	for ((job = 0; job < ${JOBS:-1}; job++)); do
		guest_work "$lock" &
	done 3<"$queue"
	wait
}

check_guest() {
	mapfile -t tests < <(guest_tests)
	[ ${#tests[@]} != 0 ] || result FAIL guest "${TESTS:-all}" 0 "there is no such test"
}

check_soak() { tests+=(build/guest/soak); }

# ------------------------------------------------ as a part of the kernel itself

check_in-tree() {
	run_here in-tree CONFIG_PMM=m 3600 scripts/in-tree.sh m
	run_here in-tree CONFIG_PMM=y 3600 env KERNEL=in-tree NO_PMM=1 NO_X=1 \
		APPEND=pmm.pool_mb=64 OUT="$CHECK_OUT/in-tree/guest" \
		CMD='[ ! -e /sys/module/pmm/initstate ] && ls -l /dev/pmm && test_zeroes' \
		scripts/guest.sh
}

# --------------------------------------------------------------------- the sum

for kind; do
	"check_$kind"
done
[ ${#tests[@]} = 0 ] || guests

awk -F '\t' '
	{ n[$1]++ }
	$1 == "FAIL" { print "FAIL " $2 " " $3 ": " $5 }
	$1 == "SKIP" { print "SKIP " $2 " " $3 ": " $5 }
	END {
		printf "%d passed, %d failed", n["PASS"], n["FAIL"]
		if (n["SKIP"]) printf ", %d skipped", n["SKIP"]
		print ""
		exit n["FAIL"] > 0 || n["PASS"] == 0
	}' "$results"
