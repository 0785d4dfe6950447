#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# pmmrun without the module: options, messages, exit statuses, and that programs work.

set -u

cd "$(dirname "$0")/../.." || exit
PATH=$PWD/build/bin:$PATH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

check() { # check DESCRIPTION COMMAND...
	local what=$1

	shift
	"$@" || { echo "FAIL: $what"; exit 1; }
	echo "ok: $what"
}

status_is() { # status_is STATUS COMMAND...
	local want=$1 status=0

	shift
	"$@" >"$work/out" 2>&1 || status=$?
	[ "$status" = "$want" ] || { echo "status $status, not $want"; cat "$work/out"; return 1; }
}
says() { grep -qF -- "$1" "$work/out" || { cat "$work/out"; return 1; }; }

statuses() {
	status_is 7 pmmrun sh -c 'exit 7' &&
		status_is 127 pmmrun /nonesuch && says "cannot run /nonesuch: No such file" &&
		status_is 126 pmmrun /etc && says "cannot run /etc: Permission denied" &&
		status_is 125 pmmrun && says "no program given" &&
		status_is 125 pmmrun --min 3q true && says "--min 3q: not a size" &&
		status_is 125 pmmrun --min 99999999999999T true && says "not a size" &&
		status_is 125 pmmrun --min -1 true && says "--min -1: not a size" &&
		status_is 125 pmmrun --type '' true && says "no type of memory has such a name" &&
		status_is 125 pmmrun --log /nonesuch/x true && says "/nonesuch/x: No such file" &&
		status_is 125 pmmrun --nonesuch true &&
		status_is 0 pmmrun --help && says "Usage: pmmrun" &&
		status_is 0 pmmrun --version && says "pmmrun "
}

keeps_other_preloads() {
	LD_PRELOAD=libm.so.6 status_is 0 pmmrun pmmrun env &&
		grep -qE '^LD_PRELOAD=libm.so.6:[^:]*/libpmmrun.so$' "$work/out"
}

options_reach_the_program() { # and one pmmrun in another forgets them
	status_is 0 pmmrun --min 2K --memfd --type x -- env && says PMMRUN_MIN=2048 &&
		says PMMRUN_MEMFD=1 && says PMMRUN_TYPE=x &&
		status_is 0 pmmrun --min 2K --memfd pmmrun env && ! says PMMRUN_ >/dev/null
}

# What is installed finds its preload, wherever that is.
finds_its_preload() {
	mkdir -p "$work/a/bin" "$work/a/lib" "$work/b c/bin" "$work/b c/lib" &&
		cp build/bin/pmmrun "$work/a/bin" && cp build/lib/libpmmrun.so "$work/a/lib" &&
		status_is 0 "$work/a/bin/pmmrun" env && says "LD_PRELOAD=$work/a/lib/libpmmrun.so" &&
		cp build/bin/pmmrun "$work/b c/bin" && cp build/lib/libpmmrun.so "$work/b c/lib" &&
		status_is 125 "$work/b c/bin/pmmrun" env && says "with a space or a colon in its path"
}

# shellcheck disable=SC2016 # the inner shell expands it
log_is_written() {
	(cd "$work" && status_is 0 pmmrun --log lines sh -c 'cd / && ipcrm -m $(ipcmk -M 5000 | sed "s/.*: //")') &&
		grep -qE '^pmmrun: ipcmk\[[0-9]+\]: segment [0-9]+ \(key 0x[0-9a-f]{8}\), 5000 bytes: ' "$work/lines"
}

exports_nothing_else() {
	! nm -D --defined-only build/lib/libpmmrun.so |
		grep -vE ' T (shm(get|at|dt|ctl)|(posix_)?fallocate(64)?|ftruncate(64)?)$'
}

# Both end without pmmrun.
forks_go_on() {
	status_is 0 timeout 120 pmmrun build/unit/pmmrun_forks lock &&
		status_is 0 timeout 120 pmmrun build/unit/pmmrun_forks jump
}

check "exit statuses and messages" statuses
check "other preloads stay" keeps_other_preloads
check "options reach the program" options_reach_the_program
check "the preload is found beside pmmrun" finds_its_preload
check "the preload exports what it replaces, and nothing else" exports_nothing_else
check "what became of an object is in the log" log_is_written
check "forks do not wait for ever" forks_go_on
