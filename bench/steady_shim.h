/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the comparison of allocators uses of the kernel, and the same for user
 * space; see steady.h.
 */
#ifndef PMM_BENCH_STEADY_SHIM_H
#define PMM_BENCH_STEADY_SHIM_H

#include "../drivers/misc/pmm_alloc_shim.h"

#ifdef __KERNEL__

#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sort.h>
#include <linux/timex.h>
#include <asm/msr.h>

static inline void *steady_zalloc(size_t size)
{
	return kvzalloc(size, GFP_KERNEL);
}

static inline void steady_free(void *p)
{
	kvfree(p);
}

/* ktime reads a slow emulated device in a guest; the time stamp counter does not. */
static inline u64 steady_ticks(void)
{
	return rdtsc_ordered();
}

static inline u64 steady_ns(void)
{
	return ktime_get_ns();
}

static inline void steady_sort(u32 *v, size_t nr,
			       int (*cmp)(const void *a, const void *b))
{
	sort(v, nr, sizeof(*v), cmp, NULL);
}

/* Let others run; true if the caller was killed. */
static inline bool steady_pause(void)
{
	cond_resched();
	return fatal_signal_pending(current);
}

#else /* !__KERNEL__ */

#include <stdlib.h>
#include <time.h>

static inline void *steady_zalloc(size_t size)
{
	return calloc(1, size);
}

static inline void steady_free(void *p)
{
	free(p);
}

static inline u64 steady_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static inline u64 steady_ticks(void)
{
#ifdef __x86_64__
	unsigned int aux;

	return __builtin_ia32_rdtscp(&aux);
#else
	return steady_ns();
#endif
}

static inline u64 div64_u64(u64 a, u64 b)
{
	return a / b;
}

static inline void steady_sort(u32 *v, size_t nr,
			       int (*cmp)(const void *a, const void *b))
{
	qsort(v, nr, sizeof(*v), cmp);
}

static inline bool steady_pause(void)
{
	return false;
}

#endif /* __KERNEL__ */

#endif /* PMM_BENCH_STEADY_SHIM_H */
