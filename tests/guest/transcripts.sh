# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The transcripts in the documentation are what these commands print.  Sourced, by
# test_transcripts*.sh.
#
# A transcript is a literal block (in Markdown an indented one) with lines that begin
# with "# " (root types that) or "$ " (a user in the group video does), and go on behind
# "> ".  What follows is what the command prints, errors too.  "..." on a line of its own
# stands for any lines.  What is typed elsewhere ("host# ") is not run.
#
# A comment before the paragraph that introduces the block says where it is run:
#
#	.. transcript: GUEST
#	   varies: REGEX	what differs each time, as often as needed: extended, for
#				lines without blanks at the ends, and one between words
#	   before: COMMAND	what is not shown, as often as needed; after: COMMAND, too
#
# In Markdown it is "<!-- transcript: GUEST", with "-->" at the end.
#
# GUEST is one of those that test_transcripts*.sh run in, or `none` and the reason.
#
# Blanks and blank lines do not matter, nor the time in lines of the kernel log, nor the
# largest free range of a type, which grows while its memory is being zeroed.  All blocks
# of a document are one session, which begins with the module loaded as in that guest,
# in a directory with pmm.ko and the other modules.  Its first segment has the id 0.
# What only looks is typed again for a while, if what it prints is not yet right, and
# `pmmctl offline` has more time than the reader's.

. "$(dirname "${BASH_SOURCE[0]}")/shell.sh"

[ "$KERNEL" != debug ] || skip "the transcripts are of Debian's kernels"

session=$work/session
always=(-e 's/^\[ ?[0-9]+\.[0-9]+\] //'
	-e 's/^.*: line [0-9]+: [0-9]+ (Bus error|Killed|Terminated)/\1/'
	-e 's/MiB [0-9]+ MiB 0 bytes/MiB ~ MiB 0 bytes/')
ran=0
failures=0

# ---- a session ----

# Another one each time that the module is loaded, which takes long.
loaded() { stat -c %i /sys/module/pmm 2>/dev/null; }
as_loaded=$(loaded)

# What is built upon the module: false if there is something left.
unload_others() {
	local user left=0

	for user in /sys/module/pmm/holders/*; do
		[ ! -e "$user" ] || rmmod "${user##*/}" 2>"$work/rmmod" || left=1
	done
	return "$left"
}
unload() { [ ! -e /sys/module/pmm ] || rmmod pmm 2>"$work/rmmod"; }

session_begin() {
	local job

	cd "$PMM_SRC" || exit
	for job in $(jobs -p); do
		{ kill -KILL "$job" && wait "$job"; } 2>/dev/null
	done
	ipcrm --all=shm
	rm -rf /dev/shm/*
	echo 0 >/proc/sys/kernel/shm_next_id
	wait_for 20 unload_others || fail "cannot unload: $(<"$work/rmmod")"
	if [ "$(loaded)" != "$as_loaded" ]; then
		wait_for 20 unload || fail "cannot unload: $(<"$work/rmmod")"
		scripts/guest/load.sh || fail "cannot load"
		as_loaded=$(loaded)
	fi
	rm -rf "$session"
	mkdir -m 777 "$session" && cd "$session" || exit
	ln -s "${PMM_KO%/*}"{,/tests/kmod}/*.ko .
}

# typed SIGN COMMAND: it and all that it prints go to $work/printed.now
typed() {
	local command=$2

	printf '%s %s\n' "$1" "$2" >"$work/printed.now"
	# A busy machine stops a guest for longer than the 30 seconds that it would try.
	[[ $command != 'pmmctl offline '* ]] || command+=' --timeout 300'
	if [ "$1" = '#' ]; then
		eval "$command"
	else
		setpriv --reuid 65534 --regid 65534 --groups video bash -c "$command"
	fi >>"$work/printed.now" 2>&1 </dev/null
}

# ---- comparing ----

# normal FILE...: without what may differ
normal() { sed -E -e 's/[[:blank:]]+/ /g; s/^ //; s/ $//; /^$/d' "${always[@]}" "${varies[@]}" "$@"; }

# as_pattern TEXT: sets $pattern, for [[ ]]
as_pattern() {
	local special

	pattern=$1
	# shellcheck disable=SC1003 # a backslash
	for special in '\' '[' ']' '*' '?' '+' '@' '!' '(' ')' '|'; do
		pattern=${pattern//"$special"/"\\$special"}
	done
	pattern=${pattern//$'\n...\n'/$'\n*\n'}
}

# same SUFFIX: is $work/printed as $work/expected?  Sets $normal_expected and $normal_printed.
# Few processes: each of them takes long in a guest.
same() {
	local between=$'\003' all pattern

	all=$(normal "$work/expected$1" - "$work/printed$1" <<<"$between")
	normal_expected=${all%%$'\n'"$between"*}
	normal_printed=${all#*"$between"$'\n'}
	as_pattern $'\n'"$normal_expected"$'\n'
	# shellcheck disable=SC2053 # it is a pattern
	[[ $'\n'$normal_printed$'\n' == $pattern ]]
}
typed_same() { typed "$@"; same .now; }

# What only looks, and may have to wait for what goes on in the background.
looks='^(pmmctl( (status|types|blocks|check|show [^ ]+))?$|(cat|cut|grep) .*/sys/kernel/debug/pmm/)'

# type_it SIGN COMMAND: and again if that may help
type_it() {
	if [[ $2 =~ $looks ]]; then
		wait_for 10 typed_same "$@"
	else
		typed "$@"
	fi
	printf '%s\n' "$(<"$work/expected.now")" >>"$work/expected"
	printf '%s\n' "$(<"$work/printed.now")" >>"$work/printed"
}

# judge AT: was the transcript right?
judge() {
	ran=$((ran + 1))
	same '' && return
	failures=$((failures + 1))
	say "$1: what is documented is not what is printed:"
	sed 's/^/    /' "$work/printed"
	diff -u --label documented --label printed <(echo "$normal_expected") <(echo "$normal_printed")
}

# ---- documents ----

# hidden AT COMMAND: one that no reader sees, and that has to succeed
hidden() {
	eval "$2" >"$work/hidden" 2>&1 </dev/null && return
	cat "$work/hidden"
	fail "$1: $2"
}

# transcripts GUEST FILE...: run those for this guest
transcripts() {
	local guest=$1 at='' begin='' word text file='' sign prints=''
	local varies=()

	shift
	cd "$PMM_SRC" || exit
	awk -v guest="$guest" -f tests/guest/transcripts.awk "$@" >"$work/stream" || fail "$(<"$work/stream")"
	while read -r word text <&9; do
		text=${text//$'\001'/$'\n'}
		case $word in
		note) say "not run: $text" ;;
		at)
			at=$text varies=()
			[ "$file" = "${text%:*}" ] || session_begin
			file=${text%:*} begin=$EPOCHREALTIME
			: >"$work/expected"
			: >"$work/printed"
			;;
		varies) varies+=(-e $'s\001'"$text"$'\001~\001g') ;;
		before | after) hidden "$at" "$text" ;;
		prints) prints+=$text$'\n' ;;
		root | user)
			[ "$word" = root ] && sign='#' || sign='$'
			printf '%s %s\n%s' "$sign" "$text" "$prints" >"$work/expected.now"
			prints=
			type_it "$sign" "$text"
			;;
		end)
			judge "$at"
			say "ran $at ($(ms_since "$begin") ms)"
			;;
		esac
	done 9<"$work/stream"
}

# documents GUEST: all there are
documents() {
	cd "$PMM_SRC" || exit
	# The module remembers what earlier tests did, failures for one, and `pmmctl check` tells.
	as_loaded=
	transcripts "$1" README.md CONTRIBUTING.md Documentation/*.rst
	[ "$ran" -gt 0 ] || fail "there is none for the guest '$1'"
	session_begin
	cd "$PMM_SRC" || exit
	[ "$failures" = 0 ] || fail "of $ran transcripts $failures are wrong"
	say "$ran transcripts"
}
