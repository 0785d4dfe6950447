#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The Python bindings on the module: what tests/unit/test_python.py says.
#
# timeout: 300

. "$(dirname "$0")/shell.sh"

cd "$(dirname "$0")/../.." || exit
[ -x /usr/bin/python3 ] || skip "there is no /usr/bin/python3"
export LD_LIBRARY_PATH=$PWD/build/lib PYTHONPATH=$PWD/python PYTHONDONTWRITEBYTECODE=1
export PMMSHM_BACKEND=pmm

check "they work on the module" /usr/bin/python3 -W error tests/unit/test_python.py
check "everything returns to the pool" pool_whole
