// SPDX-License-Identifier: GPL-2.0-only
/*
 * The allocators of PMM in the steady state, each of them through its ops table
 * and with its spare nodes prepared as the module does it.
 */
#include "../drivers/misc/pmm_alloc.h"
#include "steady.h"

/* Handles are page numbers, and 0 is no handle: numbers start at this. */
#define STEADY_BASE	PMM_ALLOC_MAX_ALIGN

struct steady_pmm {
	const struct pmm_alloc_ops *ops;
	struct pmm_areas *areas;
	/* End of the last area placed; from there on all is one used area. */
	unsigned long placed;
	unsigned long end;
};

static void steady_pmm_destroy(void *data)
{
	struct steady_pmm *pool = data;

	if (!pool)
		return;
	pool->ops->destroy(pool->areas);
	steady_free(pool);
}

/* Put all pages into one used area. */
static int steady_pmm_fill(struct steady_pmm *pool, unsigned long pages)
{
	struct pmm_spares spares;
	unsigned long start;
	int err;

	err = pmm_spares_fill_add(&spares, pool->ops, pages);
	if (err)
		return err;
	err = pool->ops->add(pool->areas, STEADY_BASE, pages, &spares);
	pmm_spares_drop(&spares);
	if (!err)
		err = pmm_spares_fill(&spares, pool->ops);
	if (err)
		return err;
	err = pool->ops->alloc(pool->areas, pages, 1, &spares, &start);
	pmm_spares_drop(&spares);
	return err;
}

static void *steady_pmm_create(const struct steady_peer *peer,
			       unsigned long pages)
{
	struct steady_pmm *pool = steady_zalloc(sizeof(*pool));

	if (!pool)
		return NULL;
	pool->ops = peer->data;
	pool->placed = STEADY_BASE;
	pool->end = STEADY_BASE + pages;
	pool->areas = pool->ops->create();
	if (!pool->areas || steady_pmm_fill(pool, pages)) {
		steady_pmm_destroy(pool);
		return NULL;
	}
	return pool;
}

static int steady_pmm_split(struct steady_pmm *pool, unsigned long start,
			    unsigned long at)
{
	struct pmm_spares spares;
	int err;

	if (at == pool->end)
		return 0;
	err = pmm_spares_fill(&spares, pool->ops);
	if (err)
		return err;
	err = pool->ops->split(pool->areas, start, at, &spares);
	pmm_spares_drop(&spares);
	return err;
}

static int steady_pmm_release(struct steady_pmm *pool, unsigned long start)
{
	struct pmm_spares spares;
	int err;

	err = pmm_spares_fill(&spares, pool->ops);
	if (err)
		return err;
	err = pool->ops->free(pool->areas, start, &spares);
	pmm_spares_drop(&spares);
	return err;
}

static int steady_pmm_place(void *data, unsigned long start, unsigned long len,
			    unsigned long *handle)
{
	struct steady_pmm *pool = data;
	int err;

	*handle = STEADY_BASE + start;
	err = steady_pmm_split(pool, pool->placed, *handle);
	if (!err)
		err = steady_pmm_split(pool, *handle, *handle + len);
	if (!err && *handle > pool->placed)
		err = steady_pmm_release(pool, pool->placed);
	pool->placed = *handle + len;
	return err;
}

static int steady_pmm_placed(void *data)
{
	struct steady_pmm *pool = data;

	if (pool->placed == pool->end)
		return 0;
	return steady_pmm_release(pool, pool->placed);
}

static int steady_pmm_alloc(void *data, unsigned long len, unsigned long align,
			    unsigned long *handle)
{
	struct steady_pmm *pool = data;
	struct pmm_spares spares;
	int err;

	err = pmm_spares_fill(&spares, pool->ops);
	if (err)
		return err;
	err = pool->ops->alloc(pool->areas, len, align, &spares, handle);
	pmm_spares_drop(&spares);
	return err;
}

/* As the module: nothing to prepare, released nodes go back afterwards. */
static void steady_pmm_free(void *data, unsigned long handle)
{
	struct steady_pmm *pool = data;
	struct pmm_spares spares = { .ops = pool->ops };

	pool->ops->free(pool->areas, handle, &spares);
	pmm_spares_drop(&spares);
}

/**
 * steady_pmm_peer() - go through the allocators of PMM
 * @index: which, from 0
 * @peer: out: what to measure
 *
 * Return: false if there are no more.
 */
bool steady_pmm_peer(size_t index, struct steady_peer *peer)
{
	const struct pmm_alloc_ops *ops = pmm_alloc_by_index(index);

	if (!ops)
		return false;
	*peer = (struct steady_peer){
		.name = ops->name,
		.create = steady_pmm_create,
		.place = steady_pmm_place,
		.placed = steady_pmm_placed,
		.alloc = steady_pmm_alloc,
		.free = steady_pmm_free,
		.destroy = steady_pmm_destroy,
		.data = ops,
	};
	return true;
}
