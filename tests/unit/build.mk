# SPDX-License-Identifier: GPL-2.0-only

include tests/unit/alloc.mk tests/unit/pools.mk tests/fuzz/build.mk

UNIT_TESTS += tests/unit/test_release.sh
