// SPDX-License-Identifier: GPL-2.0-only
/* Pools that count what fails. */
#include <err.h>
#include <stdlib.h>

#include "frag.h"

void *frag_zalloc(size_t nr, size_t size)
{
	void *p = calloc(nr, size);

	if (!p)
		err(1, "%zu times %zu bytes", nr, size);
	return p;
}

unsigned long frag_random(struct frag_run *run, unsigned long n)
{
	run->rng ^= run->rng >> 12;
	run->rng ^= run->rng << 25;
	run->rng ^= run->rng >> 27;
	return ((run->rng * 0x2545f4914f6cdd1dULL) >> 32) % n;
}

void frag_pool_create(struct frag_pool *pool, const struct pmm_alloc_ops *ops,
		      unsigned long pages)
{
	struct pmm_spares spares;

	*pool = (struct frag_pool){ .ops = ops, .pages = pages };
	pool->areas = ops->create();
	if (!pool->areas || pmm_spares_fill_add(&spares, ops, pages))
		err(1, "a pool of %lu pages", pages);
	if (ops->add(pool->areas, 0, pages, &spares))
		errx(1, "%s refuses %lu pages", ops->name, pages);
	pmm_spares_drop(&spares);
}

void frag_pool_destroy(struct frag_pool *pool)
{
	pool->ops->destroy(pool->areas);
}

bool frag_pool_alloc(struct frag_pool *pool, unsigned long len,
		     unsigned long align, struct frag_block *block)
{
	struct pmm_spares spares;
	unsigned long start;
	int error;

	if (pmm_spares_fill(&spares, pool->ops))
		err(1, "a node");
	error = pool->ops->alloc(pool->areas, len, align, &spares, &start);
	pmm_spares_drop(&spares);
	pool->requests++;
	if (error) {
		if (!pool->failed++ || len < pool->refused)
			pool->refused = len;
		return false;
	}
	*block = (struct frag_block){ pool, start, len };
	pool->live += len;
	pool->peak = max(pool->peak, pool->live);
	return true;
}

void frag_block_free(struct frag_block *block)
{
	struct frag_pool *pool = block->pool;
	struct pmm_spares spares = { };

	if (!pool)
		return;
	spares.ops = pool->ops;
	if (pool->ops->free(pool->areas, block->start, &spares))
		errx(1, "%s does not know a block", pool->ops->name);
	pmm_spares_drop(&spares);
	pool->live -= block->len;
	block->pool = NULL;
}

double frag_pool_whole(const struct frag_pool *pool)
{
	unsigned long largest = pool->ops->largest(pool->areas, 1);

	if (pool->live == pool->pages)
		return 1;
	return (double)largest / (pool->pages - pool->live);
}
