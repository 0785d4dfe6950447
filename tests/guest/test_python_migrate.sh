#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The Python bindings move memory to a device and back, of their own process and of
# another one.
#
# guest: APPEND='memmap=32M$512M' NO_X=1

. "$(dirname "$0")/shell.sh"

cd "$(dirname "$0")/../.." || exit
[ -x /usr/bin/python3 ] || skip "there is no /usr/bin/python3"
export LD_LIBRARY_PATH=$PWD/build/lib PYTHONPATH=$PWD/python PYTHONDONTWRITEBYTECODE=1

moves() { /usr/bin/python3 -W error tests/guest/migrate.py; }

insmod "build/kernel-$KERNEL/tests/kmod/pmm_test_coherent.ko" start_mb=512 size_mb=8 ||
	fail "pmm_test_coherent does not load"
check "memory goes to a device and comes back" moves
rmmod pmm_test_coherent || fail "pmm_test_coherent does not go"
