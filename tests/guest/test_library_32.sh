#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A program of 32 bits, and with it each call of the library, on the module of a kernel
# of 64.  What it does is in tests/unit/installed.c.
#
# timeout: 60

. "$(dirname "$0")/shell.sh"

command -v installed32 >/dev/null || skip "there was no compiler for 32 bits"

check "32 bits with the module" installed32 pmm
check "32 bits without it" env PMMSHM_BACKEND=shm installed32 shm
check "everything returns to the pool" pool_whole
