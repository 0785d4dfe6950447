// SPDX-License-Identifier: GPL-2.0-only
/*
 * Types whose memory goes away while there are blocks: pmm_type_remove().
 *
 * First there are no new blocks, nothing goes into a home any more, and every
 * home is cut to nothing, which unmaps it wherever it is mapped.  From then on
 * the pages become free one holder after the other: a write that is under way, a
 * pinned page, a driver that uses a block.  Nobody can be made to let go, so that
 * is waited for, with a word in the kernel log about whom.
 *
 * The blocks themselves live on, without memory, until their holders let go of
 * them, which may be long after.
 */
#include <linux/delay.h>
#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pmm.h>
#include <linux/uidgid.h>

#include "pmm_core.h"
#include "pmm_trace.h"

/* Between two looks: doubled each time, from the first to the second. */
#define PMM_REMOVE_DELAY_MIN_MS	10
#define PMM_REMOVE_DELAY_MAX_MS	1000
/* Between two words about it, in jiffies. */
#define PMM_REMOVE_WARN		(10 * HZ)

/* No new homes, adoptions or uses; the home there is, with a reference, or NULL. */
static struct pmm_home *pmm_block_lose(struct pmm_block *block)
{
	struct pmm_home *home;

	mutex_lock(&block->lock);
	block->lost = true;
	home = block->gone ? NULL : block->home;
	if (home)
		pmm_watch_get(&home->watch);
	mutex_unlock(&block->lock);
	return home;
}

/* Does somebody do more than hold pages?  The block's lock is held. */
static const char *pmm_block_user(struct pmm_block *block)
{
	lockdep_assert_held(&block->lock);
	if (block->adopting)
		return "it is being adopted";
	if (atomic_read_acquire(&block->uses))
		return "a driver uses it";
	return NULL;
}

/*
 * Take the pages of a lost block back, if nobody has any.  Those of a dead one are
 * the quarantine's to take.  Return: NULL, or what they wait for.
 */
static const char *pmm_block_collect(struct pmm_block *block)
{
	const char *why;

	mutex_lock(&block->lock);
	why = pmm_block_user(block);
	if (!why && !block->gone) {
		if (block->dead || !pmm_pages_returned(block->pfn, block->nr) ||
		    !pmm_pages_reset(block->pfn, block->nr)) {
			why = "its pages are pinned, by a device or a program";
		} else {
			block->gone = true;
			trace_pmm_block_free(block, block->pfn, block->nr);
			pmm_type_block_gone(block->type);
		}
	}
	mutex_unlock(&block->lock);
	return why;
}

/* Return: NULL when the block has no pages any more, or what it waits for. */
static const char *pmm_block_take_away(struct pmm_block *block)
{
	struct pmm_home *home = pmm_block_lose(block);
	bool empty = true;

	if (home) {
		empty = pmm_home_empty(home);
		pmm_watch_put(&home->watch);
	}
	return empty ? pmm_block_collect(block) : "its file is being written to";
}

static void pmm_remove_warn(struct pmm_block *block, const char *why)
{
	pr_warn("pmm: removing type %s waits for block %llu of user %u, %zu KiB: %s\n",
		block->type->name, block->id,
		from_kuid(&init_user_ns, block->uid),
		pmm_block_size(block) >> 10, why);
}

/* One look at every block of the type. */
static void pmm_remove_round(struct pmm_type *type, bool warn)
{
	struct pmm_block *block;
	unsigned long id = 0;
	const char *why;

	while ((block = pmm_block_after(&id))) {
		if (block->type == type) {
			why = pmm_block_take_away(block);
			if (why && warn)
				pmm_remove_warn(block, why);
		}
		pmm_block_put_ref(block);
		cond_resched();
	}
	/* What is dead already, and what the processors keep in their batches. */
	pmm_blocks_flush();
}

static bool pmm_type_has_blocks(struct pmm_type *type)
{
	bool has;

	pmm_type_lock(type);
	has = type->blocks;
	pmm_type_unlock(type);
	return has;
}

/* Is any page of the pool held by somebody, for however short a time? */
static bool pmm_type_returned(struct pmm_type *type)
{
	struct pmm_range *range;
	bool returned = true;

	mutex_lock(&pmm_ranges_mutex);
	list_for_each_entry(range, &type->ranges, node)
		returned = returned &&
			   pmm_pages_returned(range->pfn, range->nr) &&
			   pmm_pages_reset(range->pfn, range->nr);
	mutex_unlock(&pmm_ranges_mutex);
	return returned;
}

/**
 * pmm_type_remove() - take a driver's memory back, whoever uses it
 * @type: what pmm_type_register() returned
 *
 * For a device that is going, or a driver that cannot say no.  There are no new
 * blocks from the beginning.  Whoever has a block mapped gets SIGBUS when he
 * touches it; what can still be done with its names and its fd is told in
 * Documentation/types.rst.  Then it waits until nobody holds any page: programs
 * that have some pinned, and drivers that have a block.  The kernel log names
 * the blocks every ten seconds.  When it returns the memory is the driver's, is
 * not touched by anybody else any more, and @type is gone.
 *
 * Context: May sleep, for as long as somebody holds a page.  No locks.
 */
void pmm_type_remove(struct pmm_type *type)
{
	unsigned long warned = jiffies;
	unsigned int delay = PMM_REMOVE_DELAY_MIN_MS;
	bool warn = false;

	pmm_type_lock(type);
	type->closed = true;
	pmm_type_unlock(type);
	pmm_type_unlist(type);
	pmm_scrub_stop(type);

	for (;;) {
		pmm_remove_round(type, warn);
		if (!pmm_type_has_blocks(type) && pmm_type_returned(type))
			break;
		warn = time_after_eq(jiffies, warned + PMM_REMOVE_WARN);
		if (warn)
			warned = jiffies;
		msleep(delay);
		delay = min(2 * delay, PMM_REMOVE_DELAY_MAX_MS);
	}
	mutex_lock(&pmm_ranges_mutex);
	pmm_type_forget_ranges(type);
	mutex_unlock(&pmm_ranges_mutex);
	pmm_type_put(type);
}
EXPORT_SYMBOL_GPL(pmm_type_remove);
