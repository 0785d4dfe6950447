/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The allocators, NAME in drivers/misc/pmm_NAME.c; the first one is the default.
 * Included where each is declared or listed, and read by Kbuild and the tests.
 */
PMM_ALLOCATOR(bestfit)
PMM_ALLOCATOR(tlsf)
