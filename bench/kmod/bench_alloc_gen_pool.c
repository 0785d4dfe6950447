// SPDX-License-Identifier: GPL-2.0-only
/*
 * gen_pool with gen_pool_best_fit, a bitmap.  It knows no alignment in that mode:
 * it gets the same lengths, which makes its task the easier one.
 */
#include <linux/genalloc.h>

#include "bench_alloc_peers.h"

/* An address of 0 means failure. */
#define GEN_BASE	BIT(30)

/* A handle is page number and length: both are needed to free the area. */
#define GEN_LEN_BITS	8

static void *gen_create(const struct steady_peer *peer, unsigned long pages)
{
	struct gen_pool *pool = gen_pool_create(PAGE_SHIFT, NUMA_NO_NODE);

	if (!pool)
		return NULL;
	if (gen_pool_add(pool, GEN_BASE, pages << PAGE_SHIFT, NUMA_NO_NODE)) {
		gen_pool_destroy(pool);
		return NULL;
	}
	gen_pool_set_algo(pool, gen_pool_best_fit, NULL);
	return pool;
}

static int gen_handle(unsigned long addr, unsigned long len,
		      unsigned long *handle)
{
	if (!addr)
		return -ENOSPC;
	*handle = (addr >> PAGE_SHIFT) << GEN_LEN_BITS | len;
	return 0;
}

static int gen_place(void *pool, unsigned long start, unsigned long len,
		     unsigned long *handle)
{
	struct genpool_data_fixed where = { .offset = start << PAGE_SHIFT };

	return gen_handle(gen_pool_alloc_algo(pool, len << PAGE_SHIFT,
					      gen_pool_fixed_alloc, &where),
			  len, handle);
}

static int gen_placed(void *pool)
{
	return 0;
}

static int gen_alloc(void *pool, unsigned long len, unsigned long align,
		     unsigned long *handle)
{
	return gen_handle(gen_pool_alloc(pool, len << PAGE_SHIFT), len, handle);
}

static void gen_free(void *pool, unsigned long handle)
{
	unsigned long len = handle & (BIT(GEN_LEN_BITS) - 1);

	gen_pool_free(pool, handle >> GEN_LEN_BITS << PAGE_SHIFT,
		      len << PAGE_SHIFT);
}

static void gen_destroy(void *pool)
{
	gen_pool_destroy(pool);
}

const struct steady_peer bench_gen_pool = {
	.name = "gen_pool",
	.create = gen_create,
	.place = gen_place,
	.placed = gen_placed,
	.alloc = gen_alloc,
	.free = gen_free,
	.destroy = gen_destroy,
};
