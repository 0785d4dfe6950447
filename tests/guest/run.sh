#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh TEST...: run guest tests, in the guest.
#
# A test is a program (build/guest/test_NAME, source tests/guest/test_NAME.c; or
# build/guest/soak, source tests/soak/soak.c) or a script (tests/guest/test_NAME.sh).  Exit status 0 passes, 77 skips (its last line
# says why), anything else fails.  It also fails when the kernel complains while it
# runs, or when five seconds after something is missing from the pools, shared memory
# is left, or the module is not loaded any more.  Comments in the source may say, a
# line each:
#
#	timeout: SECONDS        instead of 300, to be multiplied by $SLOW
#	expect-log: REGEX       kernel messages that are no complaint here
#	guest: MEM=... APPEND=... QEMU_ARGS=...
#	                        run in a guest of its own, started with these
#
# $OUT/results gets "RUN name" before, and "PASS|SKIP|FAIL name seconds reason" after
# each test, separated by tabs: a RUN without the other is where the guest died.

complaint='\bBUG\b|\bWARNING\b|Oops|Bad page|Call Trace|(circular|recursive) locking'
complaint+='|inconsistent lock state|INFO: .*(lockdep|blocked for more|stall)|hung task'
complaint+='|general protection|KASAN|UBSAN|kmemleak|refcount_t:|list_(add|del) corruption'

here=$(cd "$(dirname "$0")" && pwd)
failed=0

# In emulation each process costs, so the shell does what it can by itself.

# settings SOURCE: set $limit and $expected from its comments
settings() {
	local line

	limit=300
	expected=
	[ ! -r "$1" ] || while IFS= read -r line; do
		[[ $line =~ ^[[:space:]/*#]*(timeout|expect-log):\ +(.*)$ ]] || continue
		case ${BASH_REMATCH[1]} in
		timeout) limit=${BASH_REMATCH[2]} ;;
		expect-log) expected+=${expected:+|}${BASH_REMATCH[2]} ;;
		esac
	done <"$1"
	limit=$(((limit) * ${SLOW:-1}))
}

result() { # result WORD NAME SECONDS REASON
	printf '%s\t%s\t%s\t%s\n' "$@" >>"$OUT/results"
	printf '%s %s (%ss)%s\n' "$1" "$2" "$3" "${4:+: $4}"
	[ "$1" != FAIL ] || failed=1
}

# complaints MARKER [EXPECTED-REGEX]: the kernel's, since the marker
complaints() {
	dmesg | sed "1,/$1/d" | grep -E "$complaint" | grep -vE "${2:-^\$}"
}

# since TIME: seconds, with one decimal
since() {
	local ms=$(((${EPOCHREALTIME/[.,]/} - ${1/[.,]/}) / 1000))

	printf '%d.%d' $((ms / 1000)) $((ms % 1000 / 100))
}

run() {
	local test=$1 name source limit expected log begin status reason='' bad marker
	name=${test##*/}
	name=${name%.sh}
	source=$test
	[[ $test == *.sh ]] || source=$here/$name.c
	[ -e "$source" ] || source=$here/../$name/$name.c
	settings "$source"
	log=$OUT/$name.log
	marker="pmm-test: $name starts as $RANDOM$RANDOM"

	printf 'RUN\t%s\n' "$name" >>"$OUT/results"
	echo "$marker" >/dev/kmsg
	begin=$EPOCHREALTIME
	setsid timeout -k 5 "$limit" "$test" </dev/null >"$log" 2>&1 &
	wait $!
	status=$?
	# What it has left running may hold blocks.
	kill -KILL -- -$! 2>/dev/null

	case $status in
	0) ;;
	77) reason=$(tail -n 1 "$log") ;;
	124 | 137) reason="no end after $limit seconds, or killed" ;;
	*) reason="exit status $status" ;;
	esac
	[ "$status" != 77 ] || [ -n "$reason" ] || { status=1; reason="skipped without a reason"; }

	if ! bad=$("$here/leaks.sh" '' $((5 * ${SLOW:-1}))) || { [ -n "$module" ] && [ ! -e /sys/module/pmm ]; }; then
		bad=${bad:-the module}
		{ echo "Left behind, or not there any more:"; echo "$bad"; cat /sys/kernel/debug/pmm/blocks 2>/dev/null; } >>"$log"
		status=leak
		reason="${reason:+$reason; }left behind or lost: ${bad%%$'\n'*}"
	fi
	if bad=$(complaints "$marker" "$expected"); then
		{ echo "The kernel's complaints:"; echo "$bad"; } >>"$log"
		[ "$status" = leak ] || status=1
		reason="${reason:+$reason; }kernel: $(head -n 1 <<<"$bad")"
	fi

	case $status in
	0) result PASS "$name" "$(since "$begin")" '' ;;
	77) result SKIP "$name" "$(since "$begin")" "$reason" ;;
	*)
		result FAIL "$name" "$(since "$begin")" "$reason"
		sed 's/^/    | /' "$log"
		[ "$status" != leak ] && as_loaded
		return
		;;
	esac
	true
}

# A test that fails may have left the module with parameters of its own, and little memory.
as_loaded() {
	echo 0 >/proc/sys/vm/nr_hugepages
	[ -z "$module" ] || { rmmod pmm && scripts/guest/load.sh; }
}

# Does every test have to leave the module loaded?
module=
[ ! -e /sys/module/pmm ] || module=1

if bad=$(complaints 'Linux version'); then
	result FAIL boot 0 "kernel: $(head -n 1 <<<"$bad")"
fi

for test; do
	# With blocks missing all later tests would fail: the host starts a fresh guest.
	run "$test" || exit 1
done

if [ -e /sys/module/pmm ]; then
	echo "pmm-test: unload" >/dev/kmsg
	bad=$(rmmod pmm 2>&1) || result FAIL unload 0 "$bad"
	! bad=$(complaints 'pmm-test: unload') || result FAIL unload 0 "kernel: $(head -n 1 <<<"$bad")"
fi

# Memory that nothing points to any more.  The first look only notes what changes.
kmemleak() {
	sleep 6
	echo scan >"$1" && echo scan >"$1" || echo "kmemleak has given up"
	cat "$1"
}

# What debug kernels know: all tests are judged together, for it takes long.
if [ -e /sys/kernel/debug/kmemleak ]; then
	begin=$EPOCHREALTIME
	kmemleak /sys/kernel/debug/kmemleak >"$OUT/kmemleak.log" 2>&1
	if [ -s "$OUT/kmemleak.log" ]; then
		result FAIL kmemleak "$(since "$begin")" "$(head -n 1 "$OUT/kmemleak.log")"
		sed 's/^/    | /' "$OUT/kmemleak.log"
	else
		result PASS kmemleak "$(since "$begin")" ''
	fi
fi
if grep -qs 'debug_locks: *0' /proc/lockdep_stats; then
	result FAIL lockdep 0 "lockdep has given up"
fi
exit $failed
