// SPDX-License-Identifier: GPL-2.0-only
/*
 * The quarantine: dead blocks whose pages are not all returned yet.
 *
 * Most leave it at the first look.  Others wait: for a driver or a ring buffer
 * that pinned a page, or for the per-CPU batches of the mlock code, which keep
 * references for as long as their CPU has nothing else to mlock.  Those are
 * drained by passing a page of our own through the one exported function that
 * drains them, on each CPU.
 */
#include <linux/cpu.h>
#include <linux/jiffies.h>
#include <linux/pagevec.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "pmm_compat.h"
#include "pmm_core.h"
#include "pmm_trace.h"

/* Between two looks: doubled each time, from the first to the second. */
#define PMM_QUARANTINE_DELAY_MIN	(HZ / 10)
#define PMM_QUARANTINE_DELAY_MAX	(10 * HZ)
/* What is still held after so many looks is not in a batch. */
#define PMM_QUARANTINE_DRAINS		4

static LIST_HEAD(pmm_quarantine);
/* Protects the list; nests inside nothing. */
static DEFINE_SPINLOCK(pmm_quarantine_lock);
static struct page *pmm_drain_page;
/* Looks since a block came, or since somebody asked. */
static atomic_t pmm_quarantine_looks;

static void pmm_quarantine_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(pmm_quarantine_round, pmm_quarantine_work);

static void pmm_drain_cpu(struct work_struct *work)
{
	struct folio_batch batch;

	folio_batch_init(&batch);
	get_page(pmm_drain_page);
	folio_batch_add(&batch, page_folio(pmm_drain_page));
	pmm_folio_batch_release(&batch);
}

/* Empty every CPU's batches of pages; may sleep. */
void pmm_drain_all(void)
{
	struct work_struct __percpu *drains = alloc_percpu(struct work_struct);
	int cpu;

	if (!drains)
		return;
	cpus_read_lock();
	for_each_online_cpu(cpu) {
		struct work_struct *work = per_cpu_ptr(drains, cpu);

		INIT_WORK(work, pmm_drain_cpu);
		queue_work_on(cpu, system_wq, work);
	}
	for_each_online_cpu(cpu)
		flush_work(per_cpu_ptr(drains, cpu));
	cpus_read_unlock();
	free_percpu(drains);
}

/* Bring a block's pages back to the pool, if nobody else has any. */
static bool pmm_quarantine_release(struct pmm_block *block)
{
	/* Dead, so that this does not change any more. */
	if (block->gone) {
		pmm_type_quarantine(block->type, -(long)block->nr);
		pmm_block_destroy(block);
		return true;
	}
	if (!pmm_pages_returned(block->pfn, block->nr) ||
	    !pmm_pages_reset(block->pfn, block->nr))
		return false;
	if (pmm_type_give(block->type, block->pfn, block->nr))
		return false;
	pmm_type_quarantine(block->type, -(long)block->nr);
	trace_pmm_block_free(block, block->pfn, block->nr);
	pmm_block_destroy(block);
	return true;
}

/* One look at every block.  Return: how many have to stay. */
static unsigned int pmm_quarantine_look(void)
{
	struct pmm_block *block, *next;
	unsigned int left = 0;
	LIST_HEAD(todo);

	spin_lock(&pmm_quarantine_lock);
	list_splice_init(&pmm_quarantine, &todo);
	spin_unlock(&pmm_quarantine_lock);

	list_for_each_entry_safe(block, next, &todo, waiting) {
		list_del_init(&block->waiting);
		if (pmm_quarantine_release(block))
			continue;
		left++;
		spin_lock(&pmm_quarantine_lock);
		list_add_tail(&block->waiting, &pmm_quarantine);
		spin_unlock(&pmm_quarantine_lock);
	}
	return left;
}

static void pmm_quarantine_work(struct work_struct *work)
{
	int looks = atomic_inc_return(&pmm_quarantine_looks);
	unsigned long delay;

	if (!pmm_quarantine_look())
		return;
	if (looks <= PMM_QUARANTINE_DRAINS) {
		pmm_drain_all();
		if (!pmm_quarantine_look())
			return;
	}
	delay = min_t(unsigned long, PMM_QUARANTINE_DELAY_MAX,
		      PMM_QUARANTINE_DELAY_MIN << min(looks - 1, 16));
	queue_delayed_work(pmm_wq, &pmm_quarantine_round, delay);
}

/* Look now, and for a while often. */
static void pmm_quarantine_kick(void)
{
	atomic_set(&pmm_quarantine_looks, 0);
	mod_delayed_work(pmm_wq, &pmm_quarantine_round, 0);
}

/**
 * pmm_quarantine_add() - a block has died
 * @block: the block; from now on the quarantine's
 *
 * Context: May sleep.
 */
void pmm_quarantine_add(struct pmm_block *block)
{
	trace_pmm_block_quarantine(block, block->pfn, block->nr);
	pmm_type_quarantine(block->type, block->nr);
	spin_lock(&pmm_quarantine_lock);
	list_add_tail(&block->waiting, &pmm_quarantine);
	spin_unlock(&pmm_quarantine_lock);
	pmm_quarantine_kick();
}

/* Look now, and wait for the outcome; may sleep. */
void pmm_quarantine_flush(void)
{
	pmm_quarantine_kick();
	flush_delayed_work(&pmm_quarantine_round);
}

/* Before the first block. */
int pmm_quarantine_init(void)
{
	pmm_drain_page = alloc_page(GFP_KERNEL);
	return pmm_drain_page ? 0 : -ENOMEM;
}

/* After the last block. */
void pmm_quarantine_exit(void)
{
	cancel_delayed_work_sync(&pmm_quarantine_round);
	/* No CPU keeps a page of the pool after this. */
	pmm_drain_all();
	__free_page(pmm_drain_page);
}
