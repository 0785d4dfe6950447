#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The manual pages say what the programs and the library have: every command, every
# option, every function.

set -u

cd "$(dirname "$0")/../.." || exit
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() { printf 'FAIL: %s\n' "$*"; exit 1; }

# has PAGE WORD: as an option, command or name; mdoc writes "Fl Fl json", "Fl n"
has() {
	local word=${2/#--/Fl Fl }

	grep -qE "^\.(It|Op|Nm|Fl).* ${word/#-/Fl }( |$)|^\.(Fl|Nm|Xr) ${word/#--/Fl }( |$)" "$1" ||
		fail "$1 does not tell of $2"
}

# options PROGRAM ARGUMENT...: those that its help lists, a line each
options() { "$@" --help | sed -nE 's/^ +(-[a-z]), (--[a-z-]+).*/\1\n\2/p; s/^ +(--[a-z-]+).*/\1/p'; }

# all_options PAGE PROGRAM...
all_options() {
	local page=$1 option

	shift
	options "$@" >"$work/options"
	[ -s "$work/options" ] || fail "$* --help lists no options"
	while read -r option; do
		has "$page" "$option"
	done <"$work/options"
}

for program in pmmrun pmm-play pmm-camera; do
	all_options "man/$program.1" "build/bin/$program"
done

build/bin/pmmctl --help | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p' >"$work/commands"
[ -s "$work/commands" ] || fail "pmmctl --help lists no commands"
while read -r command; do
	grep -q "^\.It Cm $command\( \|$\)" man/pmmctl.1 || fail "man/pmmctl.1 does not tell of $command"
	all_options man/pmmctl.1 build/bin/pmmctl "$command"
done <"$work/commands"

# What the library exports has a page, and pmmshm(7) leads to it.
sed -n 's/^\t\(pmmshm_[a-z_]*\);$/\1/p' libpmmshm/libpmmshm.map >"$work/functions"
[ -s "$work/functions" ] || fail "libpmmshm.map names no functions"
while read -r function; do
	[ -s "build/man/$function.3" ] || fail "there is no $function(3)"
	grep -qxF ".Xr $function 3" man/pmmshm.7 || grep -qxF ".Xr $function 3 ," man/pmmshm.7 ||
		fail "pmmshm(7) does not mention $function(3)"
	grep -q '^\.Fo ' "build/man/$function.3" || fail "$function(3) has no prototype"
done <"$work/functions"

# pmm(4) has the modules' parameters.
sed -nE 's/^MODULE_PARM_DESC\(([a-z_]+),.*/\1/p' drivers/misc/pmm*.c | sort -u >"$work/parameters"
[ -s "$work/parameters" ] || fail "the module has no parameters"
while read -r parameter; do
	grep -q "^\.It Cm $parameter " man/pmm.4 ||
		fail "pmm(4) does not tell of $parameter="
done <"$work/parameters"
echo "ok: manual pages"
