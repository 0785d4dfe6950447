// SPDX-License-Identifier: GPL-2.0-only
/*
 * Growing and shrinking pools of system RAM: PMM_IOC_RESIZE.
 *
 * Blocks stay where they are.  Shrinking takes free, naturally aligned pieces of
 * PMM_POOL_STEP out of the pool, one at a time, and the allocator picks those
 * from the smallest free ranges, so that the long ones last.
 */
#include <linux/capability.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "pmm_core.h"

/* The part of a pool's ranges that begins at @pfn is not the pool's any more. */
static void pmm_range_cut(struct list_head *ranges, unsigned long pfn,
			  unsigned long nr, struct pmm_range *rest)
{
	struct pmm_range *range;

	list_for_each_entry(range, ranges, node)
		if (pfn - range->pfn < range->nr)
			break;
	if (WARN_ON_ONCE(list_entry_is_head(range, ranges, node))) {
		kfree(rest);
		return;
	}
	rest->pfn = pfn + nr;
	rest->nr = range->pfn + range->nr - rest->pfn;
	range->nr = pfn - range->pfn;
	list_add(&rest->node, &range->node);
	if (!rest->nr) {
		list_del(&rest->node);
		kfree(rest);
	}
	if (!range->nr) {
		list_del(&range->node);
		kfree(range);
	}
}

/* Give one step back to the kernel. */
static int pmm_shrink_step(struct pmm_type *type)
{
	struct pmm_range *range, *rest;
	LIST_HEAD(given);
	int err = -ENOMEM;

	range = kmalloc(sizeof(*range), GFP_KERNEL);
	rest = kmalloc(sizeof(*rest), GFP_KERNEL);
	if (!range || !rest)
		goto err_free;
	range->nr = PMM_POOL_STEP;
	err = pmm_type_cut(type, range->nr, &range->pfn);
	if (err)
		goto err_free;
	pmm_range_cut(&type->ranges, range->pfn, range->nr, rest);
	list_add(&range->node, &given);
	pmm_pool_empty(&given);
	return 0;

err_free:
	kfree(rest);
	kfree(range);
	return err;
}

/* To @want pages or as far as it goes. */
static int pmm_shrink(struct pmm_type *type, unsigned long want, u32 *reason)
{
	int err;

	/* What was freed just now may still be on its way, or dirty. */
	pmm_blocks_flush();
	err = pmm_scrub_flush(type);
	if (err == -ENOMEM)
		*reason = PMM_RESIZE_NO_MEMORY;
	if (err)
		return err;
	while (type->total > want) {
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
		err = pmm_shrink_step(type);
		if (err == -ENOSPC) {
			*reason = PMM_RESIZE_IN_USE;
			return -EBUSY;
		}
		if (err) {
			*reason = PMM_RESIZE_NO_MEMORY;
			return err;
		}
	}
	return 0;
}

/* Put new ranges into the pool; those that there is no node for go back. */
static int pmm_grow_add(struct pmm_type *type, struct list_head *new)
{
	struct pmm_range *range, *next;
	int err;

	list_for_each_entry_safe(range, next, new, node) {
		err = pmm_type_add(type, range->pfn, range->nr);
		if (err) {
			pmm_pool_empty(new);
			return err;
		}
		list_move_tail(&range->node, &type->ranges);
	}
	pmm_pool_merge(&type->ranges);
	return 0;
}

static int pmm_grow(struct pmm_type *type, unsigned long want, u32 *reason)
{
	unsigned long available = round_down(pmm_ram_available(),
					     PMM_POOL_STEP);
	unsigned long nr = want - type->total;
	LIST_HEAD(new);
	int err, err_add;

	err = pmm_pool_fill(&new, min(nr, available), type->limit);
	err_add = pmm_grow_add(type, &new);
	if (err || err_add) {
		*reason = PMM_RESIZE_NO_MEMORY;
		return err ?: err_add;
	}
	if (nr > available) {
		*reason = PMM_RESIZE_RESERVE;
		return -ENOMEM;
	}
	return 0;
}

/* Grow or shrink; @total and @actual in bytes. */
static int pmm_resize(struct pmm_type *type, u64 total, u64 *actual,
		      u32 *reason)
{
	unsigned long want;
	int err;

	/* More than can be stays more than can be. */
	total = min_t(u64, total, (u64)PMM_ALLOC_MAX_TOTAL << PAGE_SHIFT);
	want = round_up(DIV_ROUND_UP_ULL(total, PAGE_SIZE), PMM_POOL_STEP);
	if (mutex_lock_killable(&pmm_ranges_mutex))
		return -EINTR;
	if (want < type->total)
		err = pmm_shrink(type, want, reason);
	else
		err = pmm_grow(type, want, reason);
	*actual = (u64)type->total << PAGE_SHIFT;
	mutex_unlock(&pmm_ranges_mutex);
	return err;
}

/**
 * pmm_ioc_resize() - PMM_IOC_RESIZE
 * @uarg: the caller's struct pmm_resize
 *
 * Context: May sleep, for seconds.
 * Return: 0 or what struct pmm_resize says.
 */
long pmm_ioc_resize(void __user *uarg)
{
	struct pmm_resize arg;
	struct pmm_type *type;
	long usize = pmm_copy_in(&arg, sizeof(arg), uarg);
	int err;

	if (usize < 0)
		return usize;
	if (arg.flags || arg.reserved ||
	    strnlen(arg.type, sizeof(arg.type)) == sizeof(arg.type))
		return -EINVAL;
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	type = pmm_type_find(arg.type);
	if (!type)
		return -ENOENT;
	arg.actual = 0;
	arg.reason = PMM_RESIZE_NONE;
	err = type->pool ? pmm_resize(type, arg.total, &arg.actual,
				      &arg.reason) : -EOPNOTSUPP;
	pmm_type_put(type);
	if (err && err != -EBUSY && err != -ENOMEM)
		return err;
	if (pmm_copy_out(uarg, &arg, sizeof(arg), usize))
		return -EFAULT;
	return err;
}
