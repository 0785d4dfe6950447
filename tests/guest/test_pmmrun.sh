#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# pmmrun: a program that knows nothing of PMM gets blocks, and cannot tell.  Two runs
# of shm_story (see story.h), one of them under pmmrun, have to print the same, be it
# that there are blocks or that there are none to be had.
#
# timeout: 600

. "$(dirname "$0")/pmmrun.sh"

# tell SEED STEPS FILE [PMMRUN OPTION...]
tell() {
	local seed=$1 steps=$2 file=$3 status=0

	shift 3
	"$@" shm_story "$seed" "$steps" >"$file" || status=$?
	[ "$status" = 0 ] || { say "exit status $status"; tail -n 3 "$file"; }
	return "$status"
}

# story SEED STEPS [PMMRUN OPTION...]: is what it sees the same, and the log not empty?
story() {
	local seed=$1 steps=$2

	shift 2
	rm -f "$log"
	tell "$seed" "$steps" "$work/plain" &&
		tell "$seed" "$steps" "$work/pmm" pmmrun --log "$log" "$@" || return 1
	diff -U 5 "$work/plain" "$work/pmm" | head -n 40
	cmp "$work/plain" "$work/pmm" && [ -s "$log" ]
}

same_with_blocks() {
	local seed kind

	for seed in 1 2 3; do
		say "seed $seed"
		story "$seed" 400 --memfd || return 1
		cat "$log" >>"$work/logs"
	done
	for kind in segment /dev/shm/ /memfd:; do
		grep -qE "$kind.*: block [0-9]+\$" "$work/logs" ||
			{ say "no $kind became a block"; return 1; }
	done
}

# fallback REASON COMMAND...: nothing is a block, and the log says why
fallback() {
	local reason=$1

	shift
	"$@" || return 1
	if grep -E ': block [0-9]+$' "$log" || ! grep -q "ordinary memory: .*$reason" "$log"; then
		head -n 5 "$log"
		return 1
	fi
}

without_module() {
	local status=0

	rmmod pmm || return 1
	fallback "the pmm module is not loaded" story 5 100 --memfd || status=1
	scripts/guest/load.sh && return "$status"
}

# What happens in corners, which the seeds hardly ever get into.  (In an IPC namespace
# of its own, since that sets the limits of segments.)
same_in_corners() {
	rm -f "$log"
	corners plain && corners pmm pmmrun --memfd --log "$log" || return 1
	diff -U 5 "$work/plain" "$work/pmm" | head -n 40
	cmp "$work/plain" "$work/pmm" || return 1
	! grep "cannot set" "$work/plain" && grep -q 'segment .*: block' "$log" &&
		grep -q '/dev/shm/.*: block' "$log"
}
corners() { # corners FILE [PMMRUN OPTION...]
	local file=$1

	shift
	unshare --ipc -- "$@" shm_story corners >"$work/$file"
}

# Nobody reads what it says of blocks, but the program goes on.
without_reader() {
	local id

	mkfifo "$work/pipe"
	exec 5<>"$work/pipe"
	exec 6>"$work/pipe" 5<&-
	id=$(pmmrun --verbose ipcmk -M 5000 2>&6 | sed -n 's/^Shared memory id: //p')
	exec 6>&-
	[ -n "$id" ] && ipcrm -m "$id"
}

no_such_type() { fallback "no such type of memory; there is: general" story 6 100 --type nonesuch; }
smaller_than_min() { fallback "smaller than pmmrun --min 8796093022208" story 7 100 --min 8T; }

as_nobody() { # as_nobody [--groups GROUP] COMMAND...: who has no quota but the default
	setpriv --reuid 65534 --regid 65534 "$@"
}

makes_a_segment() { # makes_a_segment COMMAND...: does it make one, and what of
	local id

	rm -f "$log"
	id=$("$@" | sed -n 's/^Shared memory id: //p') && [ -n "$id" ] && ipcrm -m "$id"
}

no_permission() {
	fallback "permission denied: add the user to group 'video'" \
		makes_a_segment as_nobody --clear-groups pmmrun --log "$log" ipcmk -M 1M
}

over_quota() {
	local quota

	quota=$(($(types total) / 2))
	fallback "a quota of" makes_a_segment as_nobody --groups video \
		pmmrun --log "$log" ipcmk -M $((quota + 4096))
}

exhausted() {
	fallback "the whole pool has" makes_a_segment pmmrun --log "$log" \
		ipcmk -M $(($(types total) + 4096))
}

forced_removal() {
	local status=0

	echo 1 >/proc/sys/kernel/shm_rmid_forced
	story 8 100 || status=1
	echo 0 >/proc/sys/kernel/shm_rmid_forced
	grep -q 'segment .*: ordinary memory: kernel.shm_rmid_forced is set' "$log" &&
		! grep -E 'segment .*: block' "$log" && return "$status"
}

# A segment that nobody has attached yet is a block, and stays one.
segment_is_a_block() {
	local id

	rm -f "$log"
	id=$(pmmrun --log "$log" ipcmk -M 5000 | sed -n 's/^Shared memory id: //p')
	grep -q "sysv:$id " /sys/kernel/debug/pmm/blocks && ipcrm -m "$id" &&
		grep -q "ipcmk\[[0-9]*\]: segment $id (key 0x[0-9a-f]*), 5000 bytes: block [0-9]*\$" "$log"
}

# Killed anywhere on its way, it leaves nothing but segments, which are the program's.
killed() {
	local i

	for i in {1..8}; do
		timeout -s KILL "0.$((i * 7919 % 90 + 10))" pmmrun --memfd shm_story "$i" 100000 >/dev/null
	done 2>/dev/null
	ipcrm -a
	rm -f /dev/shm/story-*
	pool_whole
}

check "a segment is a block before anybody attaches it" segment_is_a_block
check "programs cannot tell blocks" same_with_blocks
check "not in corners either" same_in_corners
check "a program whose blocks nobody wants to hear of goes on" without_reader
check "everything returns to the pool" pool_whole
check "with shm_rmid_forced, ordinary segments" forced_removal
check "without such a type, ordinary memory" no_such_type
check "below --min, ordinary memory" smaller_than_min
check "without permission, ordinary memory" no_permission
check "over quota, ordinary memory" over_quota
check "without room in the pool, ordinary memory" exhausted
check "without the module, ordinary memory" without_module
check "killed programs leave nothing" killed
