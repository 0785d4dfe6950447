#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The library's ABI is the one that libpmmshm/libpmmshm.symbols and .abi have.

set -u

cd "$(dirname "$0")/../.." || exit
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() { echo "FAIL: $*; if that is meant, see Documentation/library.rst, then: make abi"; exit 1; }

libpmmshm/abi.sh symbols >"$work/symbols" || exit
diff -u libpmmshm/libpmmshm.symbols "$work/symbols" || fail "other symbols than before"
echo "ok: $(grep -c '^ ' "$work/symbols") symbols"

command -v abidiff >/dev/null || { echo "SKIP: abidiff is not installed"; exit 77; }
[ "$(uname -m)" = x86_64 ] || { echo "SKIP: the dump is one of x86_64"; exit 77; }
readelf -SW build/lib/libpmmshm.so.0 | grep -q debug_info ||
	{ echo "SKIP: the library was built without -g"; exit 77; }

libpmmshm/abi.sh dump >"$work/abi" || fail "no dump"
abidiff --harmless libpmmshm/libpmmshm.abi "$work/abi" || fail "other types than before"

# The comparison sees what it is there for.
sees() { # sees WHAT SED-EXPRESSION
	sed "$2" "$work/abi" >"$work/other"
	! cmp -s "$work/abi" "$work/other" || fail "nothing to change: $1"
	! abidiff --harmless "$work/abi" "$work/other" >"$work/out" || fail "it does not see $1"
}
sees "a function that is missing" "/elf-symbol name='pmmshm_block_map'/d"
sees "a field that has moved" "s/layout-offset-in-bits='256'/layout-offset-in-bits='264'/"
sees "a structure that has grown" "/class-decl name='pmmshm_block_info'/s/size-in-bits='[0-9]*'/size-in-bits='8192'/"
sees "a symbol of another version" "/name='pmmshm_open'/s/PMMSHM_0.1/PMMSHM_0.2/"
echo "ok: types and functions are those of the dump"
