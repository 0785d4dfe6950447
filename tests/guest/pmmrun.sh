# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the tests of pmmrun share.  Sourced, in the guest, by test_pmmrun*.sh.

. "$(dirname "$0")/shell.sh"

# Other users make the log.
chmod 777 "$work"
log=$work/log

# ---- programs, and a look at them from outside ----

# start COMMAND...: under pmmrun, in a session of its own, $program
start() {
	rm -f "$log"
	setsid pmmrun --log "$log" "${options[@]}" "$@" >"$work/output" 2>&1 &
	program=$!
	pids+=("$program")
}
options=()

# Is there a block, and all of it where it should be, in one of the program's
# processes, or in those whose pids are in $others?
others=
proved() {
	local status=0

	# shellcheck disable=SC2046,SC2086 # several pids
	pmm_mapped $(pgrep -s "$program") $others >"$work/proof" 2>&1 || status=$?
	# Something wrong, and not just nothing yet.
	! grep 'NOT ITS PAGES' "$work/proof" || exit 1
	return "$status"
}

# What was seen, or the last words if it was nothing.
proves() {
	if wait_for 180 proved; then
		grep ' block ' "$work/proof"
		return
	fi
	cat "$work/proof" "$work/output"
	head -n 5 "$log"
	return 1
}

ends_well() {
	wait "$program" || { say "exit status $?"; tail -n 20 "$work/output"; return 1; }
	all_blocks
}
# In this guest there is room for all of it.
all_blocks() { ! grep -v ': block [0-9]*$' "$log"; }

# quits SIGNAL: it does not end by itself
quits() {
	kill "-$1" "$program"
	wait_for 60 ended "$program" && all_blocks
}
