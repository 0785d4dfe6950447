#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The completion of pmmctl in bash: what it asks, and what it makes of the answers.

set -u

cd "$(dirname "$0")/../.." || exit
PATH=$PWD/build/bin:$PATH
. tools/pmmctl/pmmctl.bash

fail() { printf 'FAIL: %s\n' "$*"; exit 1; }

# completes LINE WORD...: with the cursor at its end, to these
completes() {
	local got

	COMP_LINE=$1
	COMP_POINT=${#1}
	shift
	_pmmctl
	got=$(printf '%s\n' "${COMPREPLY[@]}")
	[ "$got" = "$(printf '%s\n' "$@")" ] || fail "'$COMP_LINE' gives: $got"
}

COMP_WORDBREAKS=$' \t\n"\'><=;|&(:'
complete -p pmmctl >/dev/null || fail "bash has not been told"

# All commands that the help lists, and only they
mapfile -t commands < <(pmmctl --help | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p')
[ ${#commands[@]} -ge 15 ] || fail "the help lists ${#commands[@]} commands"
completes "pmmctl " "${commands[@]}" --help --version --json
completes "pmmctl sh" show
completes "pmmctl nonesuch x" ""
completes "pmmctl blocks --s" --sort
completes "pmmctl blocks --sort " id size type user
completes "pmmctl blocks --sort s" size
completes "pmmctl blocks --sort size --j" --json
completes "pmmctl map --by s" state
completes "pmmctl quota n" none
completes "pmmctl quota --type general d" default
completes "pmmctl top -n 3 --d" --delay
completes "pmmctl blocks --user roo" root

# Answers as with the module
pmmctl() {
	[ "$*" = "--complete show sysv:" ] && printf '%s\n' sysv:1 sysv:32769
	[ "$*" = "--complete rm /" ] && printf '%s\n' /a "/b c"
}
completes "pmmctl show sysv:" 1 32769
completes "pmmctl rm /" /a '/b\ c'
COMP_WORDBREAKS=$' \t\n'
completes "pmmctl show sysv:" sysv:1 sysv:32769
echo "ok: completion in bash"
