// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where system RAM for a pool comes from: alloc_contig_range().
 *
 * It takes any range of which every page is free or movable, and moves what is
 * there elsewhere.  A range that holds a single page of the kernel's own fails,
 * after much work, so ranges are looked over before they are asked for.  Large
 * ranges are tried first, from high addresses down, and the size is halved when
 * no range of that size can be had: a pool is as few ranges as the machine gives.
 */
#include <linux/gfp.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "pmm_core.h"

/*
 * Could this page be moved, as far as one look tells?  It may change at once,
 * which alloc_contig_range() then finds out.
 */
static bool pmm_pool_movable(struct page *page, struct zone *zone)
{
	if (!page || page_zone(page) != zone)
		return false;
	if (PageReserved(page) || PageHuge(page) || PageHWPoison(page))
		return false;
	return PageLRU(page) || __PageMovable(page) || !page_count(page);
}

static bool pmm_pool_is_dma(struct zone *zone)
{
#ifdef CONFIG_ZONE_DMA
	return zone_idx(zone) == ZONE_DMA;
#else
	return false;
#endif
}

/* The highest page in [pfn, pfn + nr) that cannot be had, or none. */
static bool pmm_pool_obstacle(unsigned long pfn, unsigned long nr,
			      unsigned long *where)
{
	struct page *first = pfn_to_online_page(pfn);
	struct zone *zone;
	unsigned long i;

	if (!first) {
		*where = pfn + nr - 1;
		return true;
	}
	zone = page_zone(first);
	/* Where long-term pins are not allowed, or memory is scarce. */
	if (zone_idx(zone) == ZONE_MOVABLE || pmm_pool_is_dma(zone)) {
		*where = pfn + nr - 1;
		return true;
	}
	for (i = nr; i--;) {
		if (!pmm_pool_movable(pfn_to_online_page(pfn + i), zone)) {
			*where = pfn + i;
			return true;
		}
	}
	return false;
}

static int pmm_pool_add(struct list_head *ranges, unsigned long pfn,
			unsigned long nr)
{
	struct pmm_range *range = kzalloc(sizeof(*range), GFP_KERNEL);
	int err;

	if (!range)
		return -ENOMEM;
	err = alloc_contig_range(pfn, pfn + nr, MIGRATE_MOVABLE,
				 GFP_KERNEL | __GFP_NOWARN);
	if (err) {
		kfree(range);
		return err;
	}
	range->pfn = pfn;
	range->nr = nr;
	list_add_tail(&range->node, ranges);
	return 0;
}

/* One range of @nr pages inside [@floor, @end), the highest that can be had. */
static int pmm_pool_find(struct list_head *ranges, unsigned long nr,
			 unsigned long floor, unsigned long end)
{
	unsigned long pfn, where;
	int err;

	while (end >= floor + nr) {
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
		pfn = round_down(end - nr, PMM_POOL_STEP);
		if (pfn < floor)
			break;
		if (pmm_pool_obstacle(pfn, nr, &where)) {
			end = round_down(where, PMM_POOL_STEP);
			continue;
		}
		err = pmm_pool_add(ranges, pfn, nr);
		if (err != -EBUSY && err != -ENOMEM)
			return err;
		/* Something in there cannot be moved: on by a part of it. */
		end -= max(round_down(nr / 4, PMM_POOL_STEP), PMM_POOL_STEP);
	}
	return -ENOSPC;
}

/* Below 4 GiB first, where devices with 32-bit DMA masks reach. */
static int pmm_pool_find_any(struct list_head *ranges, unsigned long nr,
			     u64 limit)
{
	unsigned long low = 1UL << (32 - PAGE_SHIFT), end = 0;
	int nid, err;

	for_each_online_node(nid)
		end = max(end, node_end_pfn(nid));
	end = min_t(u64, end, limit >> PAGE_SHIFT);
	err = pmm_pool_find(ranges, nr, PMM_POOL_STEP, min(low, end));
	if (err == -ENOSPC && end > low)
		err = pmm_pool_find(ranges, nr, low, end);
	return err;
}

/* Neighbours in a list of struct pmm_range become one range. */
void pmm_pool_merge(struct list_head *ranges)
{
	struct pmm_range *a, *b, *next;

	list_for_each_entry(a, ranges, node) {
again:
		list_for_each_entry_safe(b, next, ranges, node) {
			if (a->pfn + a->nr == b->pfn) {
				a->nr += b->nr;
				list_del(&b->node);
				kfree(b);
				goto again;
			}
		}
	}
}

/**
 * pmm_pool_fill() - take pages from the kernel
 * @ranges: list of struct pmm_range to add to
 * @nr: how many; rounded up to what the kernel moves as a whole
 * @limit: physical address that they all have to be below
 *
 * Context: May sleep, for seconds.
 * Return: 0, -ENOMEM or -EINTR; after a failure @ranges has got what there was.
 */
int pmm_pool_fill(struct list_head *ranges, unsigned long nr, u64 limit)
{
	unsigned long want = round_up(nr, PMM_POOL_STEP);
	unsigned long size = want;
	int err = 0;

	while (want) {
		size = min(size, want);
		err = pmm_pool_find_any(ranges, size, limit);
		if (!err) {
			want -= size;
			continue;
		}
		if (err != -ENOSPC || size == PMM_POOL_STEP)
			break;
		size = round_up(size / 2, PMM_POOL_STEP);
	}
	pmm_pool_merge(ranges);
	return err == -ENOSPC ? -ENOMEM : err;
}

/* Free @nr pages, but for those with a memory error: these nobody may have. */
static void pmm_pool_free(unsigned long pfn, unsigned long nr)
{
	unsigned long i, start = 0;

	for (i = 0; i < nr; i++) {
		if (!PageHWPoison(pfn_to_page(pfn + i)))
			continue;
		if (i > start)
			free_contig_range(pfn + start, i - start);
		start = i + 1;
	}
	if (nr > start)
		free_contig_range(pfn + start, nr - start);
}

/**
 * pmm_pool_empty() - give all ranges back to the kernel
 * @ranges: list of struct pmm_range; empty afterwards
 *
 * Context: May sleep.  No page is in a block or a home.
 */
void pmm_pool_empty(struct list_head *ranges)
{
	struct pmm_range *range, *next;

	list_for_each_entry_safe(range, next, ranges, node) {
		pmm_pool_free(range->pfn, range->nr);
		list_del(&range->node);
		kfree(range);
		cond_resched();
	}
}
