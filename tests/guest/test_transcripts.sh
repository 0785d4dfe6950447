#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The transcripts in the documentation that need nothing special, see transcripts.sh; that
# one which is wrong is found; and that there are the tests that security.rst names.
#
# timeout: 900

. "$(dirname "$0")/transcripts.sh"

right() {
	cat >"$work/right.rst" <<-'EOT'
	.. transcript: any
	   varies: [0-9]+ lines
	   before: hidden=yes
	   after: [ "$hidden" = yes ]

	What is typed and printed::

	    # echo a  b; seq 5; echo $hidden \
	    > "$(wc -l </proc/cpuinfo) lines"
	    a b
	    1
	    ...
	    5
	    yes 1 lines
	    $ id -un; id -Gn
	    nobody
	    nogroup video
	    host# what nobody runs
	    $ nonesuch
	    bash: line 1: nonesuch: command not found
	EOT
	transcripts any "$work/right.rst"
	[ "$ran $failures" = "1 0" ]
}
# "echo a; echo b" prints none of this.
wrong() {
	local lines

	for lines in a 'a b c' 'a c' 'c ...' 'c ... b'; do
		printf '%s\n\n' '.. transcript: any' 'What is not true::'
		# shellcheck disable=SC2086 # a line each
		printf '    %s\n' '# echo a; echo b' $lines
		echo
	done >"$work/wrong.rst"
	printf '%s\n\n' '<!-- transcript: any -->' $'    # echo a; echo b\n    a' >"$work/wrong.md"
	failures=0
	transcripts any "$work"/wrong.{rst,md} >"$work/said"
	[ "$failures" = 6 ] && return
	cat "$work/said"
	return 1
}

# (``hazard_8_rights``, ``find``)
names_tests() {
	local name nr=0

	# shellcheck disable=SC2016 # rst's
	for name in $(tr -s ' \n' ' ' <Documentation/security.rst |
		grep -oE '\(``[a-z0-9_]+``(, ``[a-z0-9_]+``)*\)' | tr -d '(`,)'); do
		[ -e "tests/guest/test_$name.c" ] || [ -e "tests/guest/test_$name.sh" ] || fail "no test $name"
		nr=$((nr + 1))
	done
	[ "$nr" -gt 40 ]
}

check "there is each test that security.rst names" names_tests
check "what is right passes" right
check "what is wrong is found" wrong
ran=0 failures=0
documents any
