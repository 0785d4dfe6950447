#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A program that has nothing but what `make install` installs, found by pkg-config: in C
# and C++, linked either way, and for 32 bits.

set -u

cd "$(dirname "$0")/../.." || exit
source=$PWD/tests/unit/installed.c
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() { echo "FAIL: $*"; exit 1; }

# Only the library, and what is built already.
install_to() { # install_to DIR VARIABLE=VALUE...
	local dir=$1

	shift
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -o programs install DESTDIR="$dir" \
		PREFIX=/opt/pmm INSTALL_BIN= "$@" >"$work/make" 2>&1 ||
		{ cat "$work/make"; fail "make install"; }
}
install_to "$work"
export PKG_CONFIG_SYSROOT_DIR=$work PKG_CONFIG_LIBDIR=$work/opt/pmm/lib/pkgconfig
version=$(pkg-config --modversion libpmmshm) || fail "pkg-config"
for file in man/man1/pmmctl.1 man/man3/pmmshm_open.3 man/man4/pmm.4 man/man7/pmmshm.7 bash-completion/completions/pmmctl; do
	[ -s "$work/opt/pmm/share/$file" ] || fail "share/$file was not installed"
done

# The tree is out of reach from here.
cd "$work" || exit
strict=(-Wall -Wextra -Werror -pedantic)
build() { # build NAME COMPILER-AND-OPTION... -- LIBRARY...
	local name=$1 compiler=()

	shift
	while [ "$1" != -- ]; do compiler+=("$1"); shift; done
	shift
	# shellcheck disable=SC2046 # several options
	"${compiler[@]}" "${strict[@]}" $(pkg-config --cflags libpmmshm) "$source" -o "$work/$name" "$@" ||
		fail "$name cannot be built"
}
runs() { # runs NAME BITS
	local got

	got=$(LD_LIBRARY_PATH=$work/opt/pmm/lib PMMSHM_BACKEND=shm "$work/$1" shm) || fail "$1"
	[ "$got" = "libpmmshm $version, shm, $2 bits" ] || fail "$1: $got"
	echo "ok: $1: $got"
}

mapfile -d ' ' -t libs < <(pkg-config --libs libpmmshm | tr -d '\n')
build c99 "${CC:-gcc}" -std=gnu99 -- "${libs[@]}"
runs c99 64
# What a library that is not there would say; the program above had the right one.
! "$work/c99" 2>/dev/null || fail "it finds another library"
build c11-static "${CC:-gcc}" -std=gnu11 -D_FORTIFY_SOURCE=2 -O2 -- "$work/opt/pmm/lib/libpmmshm.a"
runs c11-static 64
if command -v g++ >/dev/null; then
	build c++11 g++ -std=gnu++11 -x c++ -- -x none "${libs[@]}"
	runs c++11 64
	build c++20 g++ -std=gnu++20 -x c++ -- -x none "${libs[@]}"
	runs c++20 64
else
	echo "(no g++ here)"
fi

# The same program, and the library, of the other size.
if [ -x "$OLDPWD/build/guest/installed32" ]; then
	cp "$OLDPWD/build/guest/installed32" "$work"
	runs installed32 32
else
	echo "SKIP: no compiler for 32 bits"
	exit 77
fi
