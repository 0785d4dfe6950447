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

#include "pmm_coherent.h"
#include "pmm_core.h"

/**
 * pmm_type_create() - make a type, without memory and not in the registry
 * @name: its name, see pmm_type_name_valid()
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
	pmm_scrub_init(&type->scrub);
	return type;
}

static void pmm_type_release(struct kref *ref)
{
	struct pmm_type *type = container_of(ref, struct pmm_type, ref);

	pmm_coherent_destroy(type->coherent);
	type->ops->destroy(type->alloc);
	pmm_accounts_destroy(&type->accounts);
	pmm_scrub_destroy(&type->scrub);
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
 * They are zeroed before anybody gets them.
 *
 * Context: May sleep.  The pages are in @ranges, or will be; pmm_ranges_mutex is
 * held.
 * Return: 0 or what pmm_scrub_add_new() gives.
 */
int pmm_type_add(struct pmm_type *type, unsigned long pfn, unsigned long nr)
{
	lockdep_assert_held(&pmm_ranges_mutex);
	return pmm_scrub_add_new(type, pfn, nr);
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

	pmm_type_lock(type);
	err = type->ops->alloc(type->alloc, nr, nr, &take, pfn);
	if (!err) {
		WARN_ON_ONCE(type->ops->remove(type->alloc, *pfn, &remove));
		type->total -= nr;
	}
	pmm_type_unlock(type);
	pmm_spares_drop(&remove);
out_drop_take:
	pmm_spares_drop(&take);
	return err;
}

/*
 * What its allocator has, nothing at all once it has none; but what is still to
 * be zeroed counts as free.
 */
static void pmm_type_stats(struct pmm_type *type, struct pmm_alloc_stats *stats)
{
	lockdep_assert_held(&type->lock);
	memset(stats, 0, sizeof(*stats));
	if (type->coherent) {
		stats->free = pmm_coherent_nr_free(type);
		stats->largest = stats->free;
	} else if (type->alloc) {
		type->ops->stats(type->alloc, stats);
	}
	stats->free += type->scrub.pages;
}

/**
 * pmm_type_describe() - fill in the out fields of PMM_IOC_TYPE
 * @type: the type
 * @info: zeroed by the caller
 */
void pmm_type_describe(struct pmm_type *type, struct pmm_type_info *info)
{
	struct pmm_alloc_stats stats;

	pmm_type_lock(type);
	pmm_type_stats(type, &stats);
	info->total = (u64)type->total << PAGE_SHIFT;
	info->quarantined = (u64)type->quarantined << PAGE_SHIFT;
	info->retired = (u64)(type->coherent ? pmm_coherent_nr_retired(type) :
			      type->retired) << PAGE_SHIFT;
	info->blocks = type->blocks;
	info->dirty = (u64)type->scrub.pages << PAGE_SHIFT;
	pmm_type_unlock(type);

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

	pmm_type_lock(type);
	pmm_type_stats(type, &stats);
	why->total = type->total;
	pmm_type_unlock(type);

	why->reason = reason;
	why->free = stats.free;
	why->largest = stats.largest;
}

/* An allocation failed for good, for this reason. */
void pmm_type_count_failure(struct pmm_type *type, unsigned int reason)
{
	pmm_type_lock(type);
	type->failures[reason]++;
	pmm_type_unlock(type);
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

	pmm_type_lock(type);
	WARN_ON_ONCE(type->ops->free(type->alloc, pfn, &spares));
	pmm_type_unlock(type);
	pmm_spares_drop(&spares);
}

/**
 * pmm_type_give() - return pages to a type's pool
 * @type: the type
 * @pfn: first page
 * @nr: how many; together a whole used area of the allocator
 *
 * They are zeroed, and retired if they have memory errors, in the background.
 *
 * Context: May sleep.
 * Return: 0, or -ENOMEM: then it is to be called again.
 */
int pmm_type_give(struct pmm_type *type, unsigned long pfn, unsigned long nr)
{
	return pmm_scrub_add(type, pfn, nr);
}

/* Be counted as a block, which keeps the type's owner, or see it closed. */
static bool pmm_type_block_begin(struct pmm_type *type)
{
	bool open;

	if (!try_module_get(type->owner))
		return false;
	pmm_type_lock(type);
	open = !type->closed;
	if (open)
		type->blocks++;
	pmm_type_unlock(type);
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

	pmm_type_lock(type);
	type->blocks--;
	pmm_type_unlock(type);
	module_put(owner);
}

/**
 * struct pmm_request - an allocation under way
 * @type: from where
 * @nr: pages
 * @align: in pages
 * @pfn: the first page that it got
 * @reason: why it got none
 * @dirty: pages that may yet become clean
 * @start: pmm_scrub.done when it began to wait for that
 * @limit: how much further that has to go before it gives up
 */
struct pmm_request {
	struct pmm_type *type;
	unsigned long nr;
	unsigned long align;
	unsigned long pfn;
	unsigned int reason;
	unsigned long dirty;
	unsigned long start;
	unsigned long limit;
};

/* From what is clean at this moment.  Return: 0, -ENOSPC or -ENOMEM. */
static int pmm_type_try(struct pmm_request *req)
{
	struct pmm_type *type = req->type;
	struct pmm_spares spares;
	int err = pmm_spares_fill(&spares, type->ops);

	req->reason = PMM_REASON_KERNEL;
	if (err)
		return err;
	pmm_type_lock(type);
	err = type->ops->alloc(type->alloc, req->nr, req->align, &spares,
			       &req->pfn);
	if (err) {
		req->reason = pmm_type_reason(type, req->nr);
		req->dirty = type->scrub.pages;
		if (!req->limit) {
			req->start = type->scrub.done;
			req->limit = 2 * type->total;
		} else if (type->scrub.done - req->start >= req->limit) {
			/* Others get it all, and will go on to. */
			req->dirty = 0;
		}
	}
	pmm_type_unlock(type);
	pmm_spares_drop(&spares);
	return err;
}

/* Memory errors are found in idle pages, too, which then become dirty. */
static int pmm_type_check_good(struct pmm_request *req)
{
	if (!pmm_poison_seen() || !pmm_pages_poisoned(req->pfn, req->nr))
		return 0;
	/* More is dirty now than when it began to wait. */
	req->limit = 0;
	if (!pmm_type_give(req->type, req->pfn, req->nr))
		return -EAGAIN;
	/* Found again by whoever takes it next. */
	pmm_type_free(req->type, req->pfn);
	req->reason = PMM_REASON_KERNEL;
	return -ENOMEM;
}

/* Return: 0, -EAGAIN if it is worth another try, -ENOMEM with a reason. */
static int pmm_type_try_good(struct pmm_request *req)
{
	int err = pmm_type_try(req);

	if (!err)
		return pmm_type_check_good(req);
	return err == -ENOSPC && req->dirty ? -EAGAIN : -ENOMEM;
}

/*
 * From what is clean, or becomes so: everything that is dirty now, if need be.
 * Return: 0, -ENOMEM with a reason, or -EINTR.
 */
static int pmm_type_take_good(struct pmm_request *req)
{
	int err = pmm_type_try_good(req);

	if (err != -EAGAIN)
		return err;
	pmm_scrub_begin(req->type);
	while (err == -EAGAIN) {
		err = pmm_scrub_help(req->type, req->nr);
		if (err == -ENOMEM)
			req->reason = PMM_REASON_KERNEL;
		if (!err)
			err = pmm_type_try_good(req);
	}
	pmm_scrub_end(req->type);
	return err;
}

/**
 * pmm_type_take() - take pages from a type's pool, for a block
 * @type: the type
 * @nr: how many, not zero
 * @align: what the first page frame number is a multiple of, a power of two
 * @pfn: set to the first page frame number
 * @why: filled in on failure
 *
 * The pages are all zeroes.
 *
 * Context: May sleep.
 * Return: 0, -ENOMEM, -EINTR if the caller was killed, or -ENOENT if the type is
 * leaving.
 */
int pmm_type_take(struct pmm_type *type, unsigned long nr, unsigned long align,
		  unsigned long *pfn, struct pmm_why *why)
{
	struct pmm_request req = { .type = type, .nr = nr, .align = align };
	int err;

	if (!pmm_type_block_begin(type)) {
		why->reason = PMM_REASON_TYPE;
		return -ENOENT;
	}
	err = pmm_type_take_good(&req);
	if (err) {
		pmm_type_why(type, why, err == -EINTR ? PMM_REASON_NONE :
							req.reason);
		pmm_type_block_gone(type);
		return err;
	}
	*pfn = req.pfn;
	pmm_type_lock(type);
	type->allocs++;
	pmm_type_unlock(type);
	return 0;
}

/* @nr pages more, or less, wait for their users. */
void pmm_type_quarantine(struct pmm_type *type, long nr)
{
	pmm_type_lock(type);
	type->quarantined += nr;
	pmm_type_unlock(type);
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
	seq_puts(m, " caps min_align limit dirty\n");
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
	seq_printf(m, " %#llx %llu %llu %llu\n", info.caps, info.min_align,
		   info.limit, info.dirty);
}
