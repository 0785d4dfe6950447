/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What one operation of an allocator of ranges costs in the steady state: a
 * number of live areas that stays the same, while again and again one of them
 * is freed and another one is allocated.
 *
 * The same source runs in user space (bench_alloc.c) and in the kernel
 * (kmod/pmm_bench_alloc.c), on whatever is a struct steady_peer.
 */
#ifndef PMM_BENCH_STEADY_H
#define PMM_BENCH_STEADY_H

#include "steady_shim.h"

/**
 * struct steady_peer - an allocator under comparison
 * @name: in tables and plots
 * @create: make a pool of @pages pages, all of it used up; NULL without memory
 * @place: make [start, start + len) a live area and what lies between it and
 *	the one placed before free.  Areas are placed from low addresses to high.
 * @placed: no area will be placed any more: what is behind the last one is free
 * @alloc: find @len pages at @align; the area is known by *handle from then on
 * @free: free a live area
 * @destroy: free the pool, in which no area is alive any more
 * @data: the peer's own
 *
 * Functions that may fail return a negative errno.
 */
struct steady_peer {
	const char *name;
	void *(*create)(const struct steady_peer *peer, unsigned long pages);
	int (*place)(void *pool, unsigned long start, unsigned long len,
		     unsigned long *handle);
	int (*placed)(void *pool);
	int (*alloc)(void *pool, unsigned long len, unsigned long align,
		     unsigned long *handle);
	void (*free)(void *pool, unsigned long handle);
	void (*destroy)(void *pool);
	const void *data;
};

/**
 * struct steady_plan - what to measure
 * @areas: live areas
 * @ops: operations to measure
 * @passes: how often to do all of it again; what counts is the fastest time of
 *	each operation, since whatever else the machine does only adds to it
 * @budget_ms: time after which a pass stops to warm up, and to measure
 */
struct steady_plan {
	unsigned long areas;
	unsigned long ops;
	unsigned long passes;
	unsigned long budget_ms;
};

/**
 * struct steady_result - what came out, times in picoseconds
 * @ops: operations that were measured
 * @failed: allocations among them that found no place
 * @mean: of all measured operations
 * @p999: 99.9 % of them took no longer; 0 if there were less than 1000
 * @max: of the longest
 */
struct steady_result {
	unsigned long ops;
	unsigned long failed;
	u64 mean;
	u64 p999;
	u64 max;
};

/* 0 or a negative errno: -ENOMEM, -EINVAL, -EINTR, or what a peer said. */
int steady_run(const struct steady_peer *peer, const struct steady_plan *plan,
	       struct steady_result *result);

/* The allocators of PMM: fill @peer with the @index-th; false past the last. */
bool steady_pmm_peer(size_t index, struct steady_peer *peer);

#endif /* PMM_BENCH_STEADY_H */
