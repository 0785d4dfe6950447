# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the tests of the examples share: each source says in comments at its top how to
# build and run the program, and what it prints.  Sourced.

# said SOURCE KEY DEFAULT
said() {
	local value

	value=$(sed -nE "s@^(//|#) $2: @@p" "$1")
	printf '%s\n' "${value:-$3}"
}

# prints SOURCE PROGRAM: run it, and compare.  $program is what it is then called.
prints() {
	local want arguments out status=0

	want=$(said "$1" prints '')
	arguments=$(said "$1" run 'x')
	[[ $arguments == *' '* ]] && arguments=${arguments#* } || arguments=
	# shellcheck disable=SC2016 # as it stands in the comment
	arguments=${arguments/'$FILM'/${film:-}}
	# shellcheck disable=SC2086 # several arguments
	out=$(timeout 60 "$2" $arguments 2>&1) || status=$?
	[ -n "$want" ] && [ "$status" = 0 ] && grep -qE "^$want\$" <<<"$out" && return
	printf '%s\nstatus %s, and that does not match: %s\n' "$out" "$status" "$want"
	return 1
}
