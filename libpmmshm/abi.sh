#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# abi.sh symbols|dump [LIBRARY]: what libpmmshm exports, as the files beside this script
# have it.  `make abi` writes them; tests/unit/test_abi.sh compares.
#
#   libpmmshm.symbols  each symbol, its version, and the release in which it came
#   libpmmshm.abi      the types behind them, from the debug information

set -euo pipefail

cd "$(dirname "$0")/.."
library=${2:-build/lib/libpmmshm.so.0}

# A symbol that has a line already keeps the release that is there.
symbols() {
	local release

	release=$(sed -n 's/^VERSION := //p' Makefile)
	echo "# SPDX-License-Identifier: LGPL-2.1-or-later"
	echo "libpmmshm.so.0 libpmmshm0 #MINVER#"
	nm -D --defined-only --with-symbol-versions "$library" | sed -n 's/^[0-9a-f]* [A-Z] //p' |
		LC_ALL=C sort | while read -r symbol; do
		symbol=${symbol/@@/@}
		[[ $symbol == *@* ]] || symbol+=@$symbol
		{ grep "^ $symbol " libpmmshm/libpmmshm.symbols || echo " $symbol $release"; } 2>/dev/null
	done
}

# Only what programs see: neither the library's own types nor where they are written.
dump() {
	abidw --header-file libpmmshm/pmmshm.h --drop-private-types --drop-undefined-syms \
		--no-show-locs --no-corpus-path --no-comp-dir-path \
		--no-elf-needed --type-id-style hash "$library" |
		sed '1a <!-- SPDX-License-Identifier: LGPL-2.1-or-later -->'
}

case ${1:-} in
symbols | dump) "$1" ;;
*) sed -n 's/^# abi.sh/Usage: abi.sh/p' "$0" >&2; exit 2 ;;
esac
