#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The Python bindings, without the module; and their types.

set -u

cd "$(dirname "$0")/../.." || exit
[ -x /usr/bin/python3 ] || { echo "SKIP: there is no /usr/bin/python3"; exit 77; }

export LD_LIBRARY_PATH=$PWD/build/lib PYTHONPATH=$PWD/python PYTHONDONTWRITEBYTECODE=1
PMMSHM_BACKEND=shm /usr/bin/python3 -W error tests/unit/test_python.py || exit
if command -v mypy >/dev/null; then
	# In its own words, which are few.
	mypy --strict --cache-dir=build/mypy python/pmmshm || exit
	mypy --cache-dir=build/mypy --ignore-missing-imports tests/unit/test_python.py examples/frames.py || exit
else
	echo "(mypy is not installed)"
fi
