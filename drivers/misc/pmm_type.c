// SPDX-License-Identifier: GPL-2.0-only
/*
 * Types: kinds of memory, each with one pool and the allocator that manages it.
 */
#include <linux/kref.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "pmm_core.h"
#include "pmm_trace.h"

/**
 * pmm_type_create() - make a type, without memory and not in the registry
 * @name: its name, see pmm_pool_name_valid()
 * @ops: its allocation policy
 *
 * The caller sets what is to be other than for ordinary system RAM.
 *
 * Context: May sleep.
 * Return: the type, to be put with pmm_type_put(), or NULL without memory.
 */
struct pmm_type *pmm_type_create(const char *name,
				 const struct pmm_alloc_ops *ops)
{
	struct pmm_type *type = kzalloc(sizeof(*type), GFP_KERNEL);

	if (!type)
		return NULL;
	type->alloc = ops->create();
	if (!type->alloc) {
		kfree(type);
		return NULL;
	}
	kref_init(&type->ref);
	INIT_LIST_HEAD(&type->node);
	strscpy(type->name, name, sizeof(type->name));
	type->caps = PMM_TYPE_RAM | PMM_TYPE_MAPPABLE;
	type->ops = ops;
	type->min_align = 1;
	type->limit = U64_MAX;
	INIT_LIST_HEAD(&type->ranges);
	spin_lock_init(&type->lock);
	pmm_accounts_init(&type->accounts);
	return type;
}

static void pmm_type_release(struct kref *ref)
{
	struct pmm_type *type = container_of(ref, struct pmm_type, ref);

	type->ops->destroy(type->alloc);
	pmm_accounts_destroy(&type->accounts);
	kfree(type);
}

/* Keep the structure. */
void pmm_type_get(struct pmm_type *type)
{
	kref_get(&type->ref);
}

/* The reverse of pmm_type_get(); may sleep. */
void pmm_type_put(struct pmm_type *type)
{
	kref_put(&type->ref, pmm_type_release);
}

/**
 * pmm_type_add() - put pages into a type's pool
 * @type: the type
 * @pfn: the first one
 * @nr: how many
 *
 * Context: May sleep.  The pages are in @ranges, or will be.
 * Return: 0, -ENOMEM, -EEXIST if they are there already, or -EINVAL.
 */
int pmm_type_add(struct pmm_type *type, unsigned long pfn, unsigned long nr)
{
	struct pmm_spares spares;
	int err = pmm_spares_fill_add(&spares, type->ops, nr);

	if (err)
		return err;
	spin_lock(&type->lock);
	err = type->ops->add(type->alloc, pfn, nr, &spares);
	if (!err)
		type->total += nr;
	spin_unlock(&type->lock);
	pmm_spares_drop(&spares);
	return err;
}

/**
 * pmm_type_cut() - take free pages out of a type's pool, for good
 * @type: the type
 * @nr: how many, a power of two; their number is a multiple of it
 * @pfn: set to the first one
 *
 * Context: May sleep.  The caller takes them out of @ranges.
 * Return: 0, -ENOSPC if there are none, or -ENOMEM.
 */
int pmm_type_cut(struct pmm_type *type, unsigned long nr, unsigned long *pfn)
{
	struct pmm_spares take, remove;
	int err = pmm_spares_fill(&take, type->ops);

	if (err)
		return err;
	err = pmm_spares_fill(&remove, type->ops);
	if (err)
		goto out_drop_take;

	spin_lock(&type->lock);
	err = type->ops->alloc(type->alloc, nr, nr, &take, pfn);
	if (!err) {
		WARN_ON_ONCE(type->ops->remove(type->alloc, *pfn, &remove));
		type->total -= nr;
	}
	spin_unlock(&type->lock);
	pmm_spares_drop(&remove);
out_drop_take:
	pmm_spares_drop(&take);
	return err;
}

/* What its allocator has; nothing at all once it has none. */
static void pmm_type_stats(struct pmm_type *type, struct pmm_alloc_stats *stats)
{
	lockdep_assert_held(&type->lock);
	memset(stats, 0, sizeof(*stats));
	if (type->alloc)
		type->ops->stats(type->alloc, stats);
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
	pmm_type_stats(type, &stats);
	info->total = (u64)type->total << PAGE_SHIFT;
	info->quarantined = (u64)type->quarantined << PAGE_SHIFT;
	info->retired = (u64)type->retired << PAGE_SHIFT;
	info->blocks = type->blocks;
	spin_unlock(&type->lock);

	info->caps = type->caps;
	info->min_align = (u64)type->min_align << PAGE_SHIFT;
	info->max_align = PMM_MAX_ALIGN;
	info->limit = type->limit;
	info->free = (u64)stats.free << PAGE_SHIFT;
	info->largest_free = (u64)stats.largest << PAGE_SHIFT;
	strscpy(info->name, type->name, sizeof(info->name));
	strscpy(info->allocator, type->ops->name, sizeof(info->allocator));
}

/* Put down what there is when an allocation fails. */
void pmm_type_why(struct pmm_type *type, struct pmm_why *why,
		  unsigned int reason)
{
	struct pmm_alloc_stats stats;

	spin_lock(&type->lock);
	pmm_type_stats(type, &stats);
	why->total = type->total;
	spin_unlock(&type->lock);

	why->reason = reason;
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

	pmm_type_stats(type, &stats);
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
	trace_pmm_page_retire(type, bad);
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

/* Be counted as a block, which keeps the type's owner, or see it closed. */
static bool pmm_type_block_begin(struct pmm_type *type)
{
	bool open;

	if (!try_module_get(type->owner))
		return false;
	spin_lock(&type->lock);
	open = !type->closed;
	if (open)
		type->blocks++;
	spin_unlock(&type->lock);
	if (!open)
		module_put(type->owner);
	return open;
}

/**
 * pmm_type_block_gone() - a block has no pages any more
 * @type: its type; after this it may leave, and so may the module it is from
 *
 * The reverse of a successful pmm_type_take(), after pmm_type_give().
 */
void pmm_type_block_gone(struct pmm_type *type)
{
	struct module *owner = type->owner;

	spin_lock(&type->lock);
	type->blocks--;
	spin_unlock(&type->lock);
	module_put(owner);
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

/* Pages that are all good, or a reason. */
static unsigned int pmm_type_take_good(struct pmm_type *type, unsigned long nr,
				       unsigned long align, unsigned long *pfn)
{
	unsigned long first, left;
	unsigned int reason;

	for (;;) {
		if (pmm_type_try(type, nr, align, pfn, &reason))
			return reason;
		/* Memory errors are found in idle pages, too. */
		if (!pmm_pages_poisoned(*pfn, nr))
			return PMM_REASON_NONE;
		first = *pfn;
		left = nr;
		if (pmm_type_give(type, &first, &left)) {
			/* Found again by whoever takes it next. */
			pmm_type_free(type, first);
			return PMM_REASON_KERNEL;
		}
	}
}

/**
 * pmm_type_take() - take pages from a type's pool, for a block
 * @type: the type
 * @nr: how many, not zero
 * @align: what the first page frame number is a multiple of, a power of two
 * @pfn: set to the first page frame number
 * @why: filled in on failure
 *
 * The pages hold whatever was in them.
 *
 * Context: May sleep.
 * Return: 0, -ENOMEM, or -ENOENT if the type is leaving.
 */
int pmm_type_take(struct pmm_type *type, unsigned long nr, unsigned long align,
		  unsigned long *pfn, struct pmm_why *why)
{
	unsigned int reason;

	if (!pmm_type_block_begin(type)) {
		why->reason = PMM_REASON_TYPE;
		return -ENOENT;
	}
	reason = pmm_type_take_good(type, nr, align, pfn);
	if (reason != PMM_REASON_NONE) {
		pmm_type_why(type, why, reason);
		pmm_type_block_gone(type);
		return -ENOMEM;
	}
	spin_lock(&type->lock);
	type->allocs++;
	spin_unlock(&type->lock);
	return 0;
}

/* @nr pages more, or less, wait for their users. */
void pmm_type_quarantine(struct pmm_type *type, long nr)
{
	spin_lock(&type->lock);
	type->quarantined += nr;
	spin_unlock(&type->lock);
}

static const char * const pmm_reasons[PMM_NR_REASONS] = {
	[PMM_REASON_EXHAUSTED] = "exhausted",
	[PMM_REASON_FRAGMENTED] = "fragmented",
	[PMM_REASON_ALIGNMENT] = "alignment",
	[PMM_REASON_QUOTA] = "quota",
	[PMM_REASON_TYPE] = "type",
	[PMM_REASON_KERNEL] = "kernel",
	[PMM_REASON_QUARANTINE] = "quarantine",
	[PMM_REASON_MASK] = "mask",
	[PMM_REASON_RESERVE] = "reserve",
};

/* The header of the debugfs file "types". */
void pmm_type_show_header(struct seq_file *m)
{
	unsigned int r;

	seq_puts(m, "name allocator total free largest_free quarantined retired blocks allocs");
	for (r = PMM_REASON_NONE + 1; r < PMM_NR_REASONS; r++)
		seq_printf(m, " failed_%s", pmm_reasons[r]);
	seq_puts(m, " caps min_align limit\n");
}

/* The line of a type in it. */
void pmm_type_show(struct seq_file *m, struct pmm_type *type)
{
	struct pmm_type_info info = {};
	unsigned int r;

	pmm_type_describe(type, &info);
	seq_printf(m, "%s %s %llu %llu %llu %llu %llu %llu %lu",
		   info.name, info.allocator, info.total, info.free,
		   info.largest_free, info.quarantined, info.retired,
		   info.blocks, READ_ONCE(type->allocs));
	for (r = PMM_REASON_NONE + 1; r < PMM_NR_REASONS; r++)
		seq_printf(m, " %lu", READ_ONCE(type->failures[r]));
	seq_printf(m, " %#llx %llu %llu\n", info.caps, info.min_align,
		   info.limit);
}
