#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The examples work as they stand: each is built by the command that it names, with what
# `make install` installs, and prints what it says.  Without the module.

set -u

cd "$(dirname "$0")/../.." || exit
. examples/expect.sh
work=$(mktemp -d)
trap 'end_server; rm -rf "$work"' EXIT

fail() { echo "FAIL: $*"; exit 1; }

env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -o programs install PREFIX="$work/pmm" \
	PYTHONDIR="$work/pmm/python" INSTALL_BIN= >"$work/make" 2>&1 || { cat "$work/make"; fail "make install"; }
export PKG_CONFIG_PATH=$work/pmm/lib/pkgconfig LD_LIBRARY_PATH=$work/pmm/lib
export PMMSHM_BACKEND=shm
export PYTHONPATH=$work/pmm/python
cp examples/*.c examples/*.py "$work"
cd "$work" || exit

run_all || fail "the above"

# And it would say if they did not.
sed 's/^\(.. prints: \).*/\1something else/' allocate.c >wrong.c
! prints wrong.c ./allocate >/dev/null || fail "anything will do"
