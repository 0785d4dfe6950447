/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is in memory, and which pages it is.
 */
#ifndef PMM_TEST_PAGES_H
#define PMM_TEST_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- contents ---- */

/* A pattern that differs in every word and for every seed, and its check. */
void fill(void *p, size_t size, uint64_t seed);
bool filled(const void *p, size_t size, uint64_t seed);
bool zeroed(const void *p, size_t size);
/* The i-th word of it. */
uint64_t pattern(uint64_t seed, size_t i);

/* ---- pages ---- */

/* What is mapped at an address, 0 if nothing is. */
uint64_t pfn_of(const void *address);
uint64_t pfn_of_pid(int pid, const void *address);
/* Touch every page, and see that they are the block's, in order. */
bool maps_block(const void *address, size_t size, uint64_t first_pfn);
/* Words of /proc/kpageflags (KPF_*) and /proc/kpagecount. */
uint64_t kpageflags(uint64_t pfn);
uint64_t kpagecount(uint64_t pfn);

#endif /* PMM_TEST_PAGES_H */
