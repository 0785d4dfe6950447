// SPDX-License-Identifier: GPL-2.0-only
/*
 * Regions: physical memory that the kernel does not manage, made a type.
 *
 *	claim	the range is ours in /proc/iomem, or somebody else's
 *	map	memremap_pages() gives it struct pages, of MEMORY_DEVICE_GENERIC:
 *		get_user_pages() and the DMA API take them for ordinary ones
 *	type	pmm_type_register() makes blocks of them
 *
 * and back in the reverse order.  memunmap_pages() does not wait for those who
 * hold pages, so that is what pmm_type_remove() is for: it returns when nobody
 * holds any.
 *
 * Or pages of processes are moved into it (PMM_TYPE_MIGRATE).  Then all but the
 * claim is done by pmm_coherent.c.
 */
#include <linux/err.h>
#include <linux/export.h>
#include <linux/ioport.h>
#include <linux/list.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>
#include <linux/pmm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/xarray.h>

#include "pmm_coherent.h"
#include "pmm_core.h"
#include "pmm_node.h"
#include "pmm_region.h"

LIST_HEAD(pmm_regions);
/* Protects the list; nothing is waited for inside. */
DEFINE_MUTEX(pmm_regions_mutex);

/**
 * pmm_region_align() - where a region may begin and end
 *
 * Return: bytes, a power of two: the least that the kernel makes pages for.
 */
u64 pmm_region_align(void)
{
	return memremap_compat_align();
}
EXPORT_SYMBOL_GPL(pmm_region_align);

/* The kernel warns loudly of what it would refuse: find that out first. */
static int pmm_region_check(const struct pmm_region_desc *desc,
			    const char **why)
{
	u64 align = pmm_region_align();

	if (!desc->size || desc->start + desc->size <= desc->start ||
	    !IS_ALIGNED(desc->start, align) || !IS_ALIGNED(desc->size, align)) {
		*why = "start and size must be multiples of 2 MiB";
		return -EINVAL;
	}
	if (region_intersects(desc->start, desc->size, IORESOURCE_SYSTEM_RAM,
			      IORES_DESC_NONE) != REGION_DISJOINT) {
		*why = "it is memory that the kernel uses";
		return -EBUSY;
	}
	return 0;
}

static int pmm_region_claim(struct pmm_region *region, const char **why)
{
	region->res = request_mem_region(region->desc.start, region->desc.size,
					 region->name);
	if (!region->res) {
		*why = "a driver, or another type, has some of it, see /proc/iomem";
		return -EBUSY;
	}
	return 0;
}

static void pmm_region_release(struct pmm_region *region)
{
	release_mem_region(region->desc.start, region->desc.size);
}

/*
 * Whoever pins a page that is marked as reserved may take it for one without a
 * count, as VFIO does, and never give it back.
 */
static void pmm_region_unreserve(const struct pmm_span *span)
{
	unsigned long i;

	for (i = 0; i < span->nr; i++) {
		ClearPageReserved(pfn_to_page(span->pfn + i));
		cond_resched();
	}
}

/*
 * Left to itself the kernel would not know what to do, and do nothing.  So whoever
 * has the page mapped loses it, and gets SIGBUS when he touches it next; when its
 * block is freed the page is retired.
 */
static int pmm_region_memory_failure(struct dev_pagemap *pgmap,
				     unsigned long pfn, unsigned long nr,
				     int flags)
{
	struct page *page;

	for (; nr--; pfn++) {
		page = pfn_to_page(pfn);
		SetPageHWPoison(page);
		/* It neither enters nor leaves a home meanwhile. */
		lock_page(page);
		if (page->mapping)
			unmap_mapping_range(page->mapping, page_offset(page),
					    PAGE_SIZE, 0);
		unlock_page(page);
	}
	return 0;
}

static const struct dev_pagemap_ops pmm_region_pagemap_ops = {
	.memory_failure = pmm_region_memory_failure,
};

static int pmm_region_map(struct pmm_region *region, const char **why)
{
	struct dev_pagemap *pgmap = &region->pgmap;
	void *p;

	memset(pgmap, 0, sizeof(*pgmap));
	pgmap->type = MEMORY_DEVICE_GENERIC;
	pgmap->ops = &pmm_region_pagemap_ops;
	pgmap->nr_range = 1;
	pgmap->range.start = region->desc.start;
	pgmap->range.end = region->desc.start + region->desc.size - 1;
	p = memremap_pages(pgmap, region->desc.nid);
	if (IS_ERR(p)) {
		*why = "the kernel cannot make pages for it";
		return PTR_ERR(p);
	}
	return 0;
}

static const char *pmm_region_why_no_type(int err)
{
	switch (err) {
	case -EEXIST:
		return "there is a type of that name";
	case -EINVAL:
		return "that is no name for a type";
	case -ENOMEM:
		return "there is no memory to manage it";
	case -EOPNOTSUPP:
		return "this kernel does not move pages to devices";
	default:
		return "it cannot become a type";
	}
}

static int pmm_region_register(struct pmm_region *region, const char **why)
{
	const struct pmm_span span = {
		.pfn = PHYS_PFN(region->desc.start),
		.nr = PHYS_PFN(region->desc.size),
	};
	const struct pmm_type_desc desc = {
		.name = region->name,
		.caps = region->desc.caps,
		.spans = &span,
		.nr_spans = 1,
		.owner = region->desc.owner,
		.reaches = region->desc.reaches,
		.data = region->desc.data,
	};
	struct pmm_type *type;

	pmm_region_unreserve(&span);
	type = pmm_type_register(&desc);
	if (IS_ERR(type)) {
		*why = pmm_region_why_no_type(PTR_ERR(type));
		return PTR_ERR(type);
	}
	region->type = type;
	return 0;
}

static int pmm_region_start_blocks(struct pmm_region *region,
				   struct xarray *bad, const char **why)
{
	int err = pmm_region_map(region, why);

	if (err)
		return err;
	pmm_poison_mark(bad);
	err = pmm_region_register(region, why);
	if (err)
		memunmap_pages(&region->pgmap);
	return err;
}

static int pmm_region_start_migrate(struct pmm_region *region,
				    struct xarray *bad, const char **why)
{
	const struct pmm_coherent_desc desc = {
		.name = region->name,
		.caps = region->desc.caps &
			(PMM_TYPE_RAM | PMM_TYPE_DEVICE),
		.start = region->desc.start,
		.size = region->desc.size,
		.nid = region->desc.nid,
		.owner = region->desc.owner,
		.bad = bad,
	};
	struct pmm_type *type = pmm_coherent_add(&desc);

	if (IS_ERR(type)) {
		*why = pmm_region_why_no_type(PTR_ERR(type));
		return PTR_ERR(type);
	}
	region->type = type;
	return 0;
}

/* The claimed memory becomes a type; @bad has the numbers of its bad pages, or is NULL. */
static int pmm_region_start(struct pmm_region *region, struct xarray *bad,
			    const char **why)
{
	if (region->desc.caps & PMM_TYPE_MIGRATE)
		return pmm_region_start_migrate(region, bad, why);
	return pmm_region_start_blocks(region, bad, why);
}

/* The reverse, whoever uses it. */
static void pmm_region_stop(struct pmm_region *region)
{
	if (region->desc.caps & PMM_TYPE_MIGRATE) {
		pmm_coherent_remove(region->type);
		return;
	}
	pmm_type_remove(region->type);
	memunmap_pages(&region->pgmap);
}

/* The reverse, if nobody uses it; or -EBUSY. */
static int pmm_region_try_stop(struct pmm_region *region)
{
	int err;

	if (region->desc.caps & PMM_TYPE_MIGRATE)
		return pmm_coherent_unregister(region->type);
	err = pmm_type_unregister(region->type);
	if (!err)
		memunmap_pages(&region->pgmap);
	return err;
}

static struct pmm_region *pmm_region_create(const struct pmm_region_desc *desc)
{
	struct pmm_region *region = kzalloc(sizeof(*region), GFP_KERNEL);

	if (!region)
		return NULL;
	INIT_LIST_HEAD(&region->node);
	strscpy(region->name, desc->name, sizeof(region->name));
	region->desc = *desc;
	region->desc.name = region->name;
	return region;
}

/**
 * pmm_region_add() - claim a range of physical memory and make it a type
 * @desc: what it is; not needed any longer when this returns
 * @why: set to a reason, in words, if it fails
 *
 * The memory is zeroed, whatever was in it, before anybody has some of it.
 *
 * Context: May sleep, and takes time in proportion to the size.
 * Return: the region, to be given to pmm_region_remove(); or an ERR_PTR: -EINVAL
 * (not aligned, or the name is none), -EBUSY (somebody else's), -EEXIST (there is a
 * type of that name), -ENOMEM, or what memremap_pages() gives.
 */
struct pmm_region *pmm_region_add(const struct pmm_region_desc *desc,
				  const char **why)
{
	struct pmm_region *region;
	int err = pmm_region_check(desc, why);

	if (err)
		return ERR_PTR(err);
	*why = "there is no memory to manage it";
	region = pmm_region_create(desc);
	if (!region)
		return ERR_PTR(-ENOMEM);
	err = pmm_region_claim(region, why);
	if (err)
		goto err_free;
	err = pmm_region_start(region, NULL, why);
	if (err)
		goto err_release;
	mutex_lock(&pmm_regions_mutex);
	list_add_tail(&region->node, &pmm_regions);
	mutex_unlock(&pmm_regions_mutex);
	return region;

err_release:
	pmm_region_release(region);
err_free:
	kfree(region);
	return ERR_PTR(err);
}
EXPORT_SYMBOL_GPL(pmm_region_add);

/**
 * pmm_region_find() - the region behind a type
 * @name: name of the type
 *
 * Context: May sleep.  The caller keeps it from going, see pmm_node_leave().
 * Return: the region, or NULL if there is none, or it is no type at this time.
 */
struct pmm_region *pmm_region_find(const char *name)
{
	struct pmm_region *region, *found = NULL;

	mutex_lock(&pmm_regions_mutex);
	list_for_each_entry(region, &pmm_regions, node)
		if (region->type && !strcmp(region->name, name))
			found = region;
	mutex_unlock(&pmm_regions_mutex);
	return found;
}

/**
 * pmm_region_suspend() - give up a region's type and its pages, but not the claim
 * @region: the region
 *
 * Then somebody else may have a resource inside of the claim, and make pages.
 *
 * Context: May sleep; pmm_nodes_mutex is held, as for pmm_region_resume().
 * Return: 0, -EBUSY while there are blocks or pages of processes, or -EIO if a page
 * has had a memory error: others would not know which.
 */
int pmm_region_suspend(struct pmm_region *region)
{
	int err;

	if (pmm_pages_poisoned(PHYS_PFN(region->desc.start),
			       PHYS_PFN(region->desc.size)))
		return -EIO;
	err = pmm_region_try_stop(region);
	if (err)
		return err;
	region->type = NULL;
	region->res->flags &= ~IORESOURCE_BUSY;
	return 0;
}

/**
 * pmm_region_resume() - make a suspended region a type again
 * @region: the region
 * @bad: has an entry for the number of each page that had a memory error
 *
 * Its memory is zeroed.  It stays without a type, and the kernel log says so, if
 * there is no memory for the pages, or another type has taken the name.
 *
 * Context: May sleep, and takes time in proportion to the size.
 */
void pmm_region_resume(struct pmm_region *region, struct xarray *bad)
{
	const char *why;

	region->res->flags |= IORESOURCE_BUSY;
	if (pmm_region_start(region, bad, &why))
		pr_err("pmm: the memory of type %s is back, but there is no such type any more: %s\n",
		       region->name, why);
}

/**
 * pmm_region_remove() - take a region's memory back, whoever uses it
 * @region: what pmm_region_add() returned; gone afterwards
 *
 * See pmm_type_remove(): programs get SIGBUS, and whoever holds pages is waited
 * for.  What was moved there is moved back, see pmm_coherent_remove().  While it is
 * a NUMA node see pmm_node_leave().
 *
 * Context: May sleep, for as long as somebody holds a page.  No locks.
 */
void pmm_region_remove(struct pmm_region *region)
{
	mutex_lock(&pmm_regions_mutex);
	list_del(&region->node);
	mutex_unlock(&pmm_regions_mutex);
	pmm_node_leave(region);
	if (region->type)
		pmm_region_stop(region);
	pmm_region_release(region);
	kfree(region);
}
EXPORT_SYMBOL_GPL(pmm_region_remove);
