// SPDX-License-Identifier: GPL-2.0-only
/*
 * Types: kinds of memory, each with one pool and the allocator that manages it.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "pmm_core.h"

static unsigned long pool_mb;
module_param(pool_mb, ulong, 0444);
MODULE_PARM_DESC(pool_mb, "size of the pool 'general' in MiB (default: an eighth of memory, at most 256)");

static char *allocator = "bestfit";
module_param(allocator, charp, 0444);
MODULE_PARM_DESC(allocator, "allocator of the pool 'general' (default: bestfit)");

/* The types there are; fixed from load to unload. */
static struct pmm_type *pmm_types[1];

/**
 * pmm_type_find() - look a type up by name
 * @name: its name, or the empty string for the default one
 *
 * Return: the type, or NULL.
 */
struct pmm_type *pmm_type_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pmm_types); i++)
		if (!*name || !strcmp(pmm_types[i]->name, name))
			return pmm_types[i];
	return NULL;
}

/* The @index-th type, or NULL past the last one. */
struct pmm_type *pmm_type_by_index(unsigned int index)
{
	return index < ARRAY_SIZE(pmm_types) ? pmm_types[index] : NULL;
}

/**
 * pmm_type_describe() - fill in the out fields of PMM_IOC_TYPE
 * @type: the type
 * @info: zeroed by the caller
 */
void pmm_type_describe(struct pmm_type *type, struct pmm_type_info *info)
{
	struct pmm_alloc_stats stats;

	spin_lock(&type->lock);
	type->ops->stats(type->alloc, &stats);
	info->quarantined = (u64)type->quarantined << PAGE_SHIFT;
	info->retired = (u64)type->retired << PAGE_SHIFT;
	info->blocks = type->blocks;
	spin_unlock(&type->lock);

	info->caps = type->caps;
	info->min_align = PAGE_SIZE;
	info->max_align = PMM_MAX_ALIGN;
	info->total = (u64)type->total << PAGE_SHIFT;
	info->free = (u64)stats.free << PAGE_SHIFT;
	info->largest_free = (u64)stats.largest << PAGE_SHIFT;
	strscpy(info->name, type->name, sizeof(info->name));
	strscpy(info->allocator, type->ops->name, sizeof(info->allocator));
}

/* Put down what there was when an allocation failed. */
static void pmm_type_why(struct pmm_type *type, struct pmm_why *why,
			 unsigned int reason)
{
	struct pmm_alloc_stats stats;

	spin_lock(&type->lock);
	type->ops->stats(type->alloc, &stats);
	spin_unlock(&type->lock);

	why->reason = reason;
	why->total = type->total;
	why->free = stats.free;
	why->largest = stats.largest;
}

/* An allocation failed for good, for this reason. */
void pmm_type_count_failure(struct pmm_type *type, unsigned int reason)
{
	spin_lock(&type->lock);
	type->failures[reason]++;
	spin_unlock(&type->lock);
}

/* Why can @nr pages at @align not be had?  The type's lock is held. */
static unsigned int pmm_type_reason(struct pmm_type *type, unsigned long nr)
{
	struct pmm_alloc_stats stats;

	lockdep_assert_held(&type->lock);
	type->ops->stats(type->alloc, &stats);
	if (stats.largest >= nr)
		return PMM_REASON_ALIGNMENT;
	if (stats.free >= nr)
		return PMM_REASON_FRAGMENTED;
	if (stats.free + type->quarantined >= nr)
		return PMM_REASON_QUARANTINE;
	return PMM_REASON_EXHAUSTED;
}

static void pmm_type_free(struct pmm_type *type, unsigned long pfn)
{
	struct pmm_spares spares = { .ops = type->ops };

	spin_lock(&type->lock);
	WARN_ON_ONCE(type->ops->free(type->alloc, pfn, &spares));
	spin_unlock(&type->lock);
	pmm_spares_drop(&spares);
}

/* Make [@at, @at + 1) a used area of its own, or change nothing. */
static int pmm_type_isolate(struct pmm_type *type, unsigned long pfn,
			    unsigned long at, unsigned long end)
{
	struct pmm_spares before, after;
	int err;

	err = pmm_spares_fill(&before, type->ops);
	if (err)
		return err;
	err = pmm_spares_fill(&after, type->ops);
	if (err)
		goto err_drop_before;

	spin_lock(&type->lock);
	if (at > pfn)
		WARN_ON_ONCE(type->ops->split(type->alloc, pfn, at,
					      &before));
	if (at + 1 < end)
		WARN_ON_ONCE(type->ops->split(type->alloc, at, at + 1,
					      &after));
	spin_unlock(&type->lock);

	pmm_spares_drop(&after);
err_drop_before:
	pmm_spares_drop(&before);
	return err;
}

/*
 * Free what is before the bad page @bad of the used area [@pfn, @end), and keep
 * that page as a used area which nobody will ever free.
 */
static int pmm_type_retire(struct pmm_type *type, unsigned long pfn,
			   unsigned long bad, unsigned long end)
{
	int err = pmm_type_isolate(type, pfn, bad, end);

	if (err)
		return err;
	if (bad > pfn)
		pmm_type_free(type, pfn);

	spin_lock(&type->lock);
	type->retired++;
	spin_unlock(&type->lock);
	pr_warn("pmm: type %s: a page with a memory error is out of use now\n",
		type->name);
	return 0;
}

/**
 * pmm_type_give() - return pages to a type's pool
 * @type: the type
 * @pfn: first page
 * @nr: how many; together a whole used area of the allocator
 *
 * Pages with memory errors are retired instead.
 *
 * Context: May sleep.
 * Return: 0, or -ENOMEM: then it is to be called again with the same range.
 */
int pmm_type_give(struct pmm_type *type, unsigned long *pfn, unsigned long *nr)
{
	unsigned long i, end = *pfn + *nr;
	int err;

	for (i = *pfn; i < end; i++) {
		cond_resched();
		if (!PageHWPoison(pfn_to_page(i)))
			continue;
		err = pmm_type_retire(type, *pfn, i, end);
		if (err)
			return err;
		*pfn = i + 1;
		*nr = end - *pfn;
	}
	if (*nr)
		pmm_type_free(type, *pfn);
	*nr = 0;
	return 0;
}

static int pmm_type_try(struct pmm_type *type, unsigned long nr,
			unsigned long align, unsigned long *pfn,
			unsigned int *reason)
{
	struct pmm_spares spares;
	int err = pmm_spares_fill(&spares, type->ops);

	*reason = PMM_REASON_KERNEL;
	if (err)
		return err;
	spin_lock(&type->lock);
	err = type->ops->alloc(type->alloc, nr, align, &spares, pfn);
	if (err)
		*reason = pmm_type_reason(type, nr);
	spin_unlock(&type->lock);
	pmm_spares_drop(&spares);
	return err;
}

/**
 * pmm_type_take() - take pages from a type's pool
 * @type: the type
 * @nr: how many, not zero
 * @align: what the first page frame number is a multiple of, a power of two
 * @pfn: set to the first page frame number
 * @why: filled in on failure
 *
 * The pages hold whatever was in them.
 *
 * Context: May sleep.
 * Return: 0, or -ENOMEM.
 */
int pmm_type_take(struct pmm_type *type, unsigned long nr, unsigned long align,
		  unsigned long *pfn, struct pmm_why *why)
{
	unsigned long first, left;
	unsigned int reason;

	for (;;) {
		if (pmm_type_try(type, nr, align, pfn, &reason)) {
			pmm_type_why(type, why, reason);
			return -ENOMEM;
		}
		/* Memory errors are found in idle pages, too. */
		if (!pmm_pages_poisoned(*pfn, nr))
			return 0;
		first = *pfn;
		left = nr;
		if (pmm_type_give(type, &first, &left)) {
			/* Found again by whoever takes it next. */
			pmm_type_free(type, first);
			pmm_type_why(type, why, PMM_REASON_KERNEL);
			return -ENOMEM;
		}
	}
}

/* @nr pages more, or less, wait for their users. */
void pmm_type_quarantine(struct pmm_type *type, long nr)
{
	spin_lock(&type->lock);
	type->quarantined += nr;
	spin_unlock(&type->lock);
}

/* The debugfs file "types". */
void pmm_types_show(struct seq_file *m)
{
	static const char * const reasons[PMM_NR_REASONS] = {
		[PMM_REASON_EXHAUSTED] = "exhausted",
		[PMM_REASON_FRAGMENTED] = "fragmented",
		[PMM_REASON_ALIGNMENT] = "alignment",
		[PMM_REASON_QUOTA] = "quota",
		[PMM_REASON_TYPE] = "type",
		[PMM_REASON_KERNEL] = "kernel",
		[PMM_REASON_QUARANTINE] = "quarantine",
	};
	unsigned int i, r;

	seq_puts(m, "name allocator total free largest_free quarantined retired blocks allocs");
	for (r = PMM_REASON_NONE + 1; r < PMM_NR_REASONS; r++)
		seq_printf(m, " failed_%s", reasons[r]);
	seq_putc(m, '\n');

	for (i = 0; i < ARRAY_SIZE(pmm_types); i++) {
		struct pmm_type *type = pmm_types[i];
		struct pmm_type_info info = {};

		pmm_type_describe(type, &info);
		seq_printf(m, "%s %s %llu %llu %llu %llu %llu %llu %lu",
			   info.name, info.allocator, info.total, info.free,
			   info.largest_free, info.quarantined, info.retired,
			   info.blocks, READ_ONCE(type->allocs));
		for (r = PMM_REASON_NONE + 1; r < PMM_NR_REASONS; r++)
			seq_printf(m, " %lu", READ_ONCE(type->failures[r]));
		seq_putc(m, '\n');
	}
}

/* Tell the allocator which pages there are. */
static int pmm_type_add_ranges(struct pmm_type *type)
{
	struct pmm_range *range;
	struct pmm_spares spares;
	int err = 0;

	list_for_each_entry(range, &type->ranges, node) {
		err = pmm_spares_fill_add(&spares, type->ops, range->nr);
		if (err)
			break;
		spin_lock(&type->lock);
		err = type->ops->add(type->alloc, range->pfn, range->nr,
				     &spares);
		spin_unlock(&type->lock);
		pmm_spares_drop(&spares);
		if (err)
			break;
		type->total += range->nr;
	}
	return err;
}

static void pmm_type_destroy(struct pmm_type *type)
{
	type->ops->destroy(type->alloc);
	pmm_pool_empty(&type->ranges);
	kfree(type);
}

static struct pmm_type *pmm_type_create(const char *name,
					const struct pmm_alloc_ops *ops,
					unsigned long nr)
{
	struct pmm_type *type = kzalloc(sizeof(*type), GFP_KERNEL);
	int err;

	if (!type)
		return ERR_PTR(-ENOMEM);
	strscpy(type->name, name, sizeof(type->name));
	type->caps = PMM_TYPE_RAM;
	type->ops = ops;
	INIT_LIST_HEAD(&type->ranges);
	spin_lock_init(&type->lock);

	err = -ENOMEM;
	type->alloc = ops->create();
	if (!type->alloc)
		goto err_destroy;
	err = pmm_pool_fill(&type->ranges, nr);
	if (err)
		goto err_destroy;
	err = pmm_type_add_ranges(type);
	if (err)
		goto err_destroy;
	return type;

err_destroy:
	pmm_type_destroy(type);
	return ERR_PTR(err);
}

/*
 * What is in a pool's place is moved elsewhere, which takes free memory, and
 * the kernel complains loudly when that runs out: keep an eighth of it.
 */
static unsigned long pmm_pool_limit_mb(void)
{
	unsigned long available = max(si_mem_available(), 0L);

	return (available - available / 8) >> (20 - PAGE_SHIFT);
}

static unsigned long pmm_pool_default_mb(void)
{
	return clamp(totalram_pages() >> (20 - PAGE_SHIFT) >> 3, 4UL, 256UL);
}

/* Make the types that the parameters ask for. */
int pmm_types_init(void)
{
	const struct pmm_alloc_ops *ops = pmm_alloc_find(allocator);
	struct pmm_type *type;

	if (!ops) {
		pr_err("pmm: no allocator '%s'\n", allocator);
		return -EINVAL;
	}
	if (!pool_mb)
		pool_mb = pmm_pool_default_mb();
	if (pool_mb > totalram_pages() >> (20 - PAGE_SHIFT)) {
		pr_err("pmm: pool_mb=%lu is more memory than there is\n",
		       pool_mb);
		return -EINVAL;
	}
	if (pool_mb > pmm_pool_limit_mb()) {
		pr_err("pmm: pool_mb=%lu leaves the machine too little, %lu can be had; free some memory, or load with a smaller pool_mb\n",
		       pool_mb, pmm_pool_limit_mb());
		return -ENOMEM;
	}
	type = pmm_type_create("general", ops, pool_mb << (20 - PAGE_SHIFT));
	if (IS_ERR(type)) {
		if (PTR_ERR(type) == -ENOMEM)
			pr_err("pmm: cannot free %lu MiB of memory for the pool; load the module earlier after boot, or with a smaller pool_mb\n",
			       pool_mb);
		return PTR_ERR(type);
	}
	pmm_types[0] = type;
	return 0;
}

/* Give all memory back; there are no blocks any more. */
void pmm_types_exit(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pmm_types); i++)
		pmm_type_destroy(pmm_types[i]);
}
