# SPDX-License-Identifier: GPL-2.0-only

INSTALL_PYTHON += python/pmmshm

UNIT_TESTS += tests/unit/test_python.sh
tests/unit/test_python.sh: build/lib/libpmmshm.so
