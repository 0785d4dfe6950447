// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scrubbing: memory is zeroed after it was used, so that it need not be before.
 *
 * What is free in an allocator is clean, all zeroes.  Pages that come back from a
 * block, and pages that are new to a type, are *dirty*: free to users, but used
 * areas to the allocator, which are in a list.  A thread of each type takes an
 * entry from there, zeroes a chunk without any lock, frees it in the allocator,
 * where it merges with its neighbours, and puts the rest back.  So clean memory
 * becomes available bit by bit, and nobody can get a page that was not zeroed:
 * while it is neither in the list nor free it belongs to whoever zeroes it.
 *
 * What was one block becomes clean from its beginning to its end.  So a clean
 * range always begins where a block did, and blocks of one size keep falling
 * into the places of others, as if all of the memory were clean.
 *
 * The thread has the lowest priority, and its stores bypass the caches, since
 * nobody is about to read what it writes.  An allocation for which there is not
 * enough clean memory does not wait for it but zeroes chunks itself, through the
 * caches, until it succeeds or none is left.  Meanwhile the thread pauses.
 *
 * Pages with a memory error are never touched: they are left out when their
 * chunk is freed, and so are out of use for good.
 */
#include <linux/err.h>
#include <linux/highmem.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/wait.h>

#include "pmm_core.h"
#include "pmm_trace.h"

/* Entries that an allocation looks at for one that is long enough. */
#define PMM_SCRUB_LOOKS		64

/**
 * struct pmm_dirty - a used area of the allocator that is to be zeroed and freed
 * @node: in pmm_scrub.dirty, under pmm_type.lock, unless somebody zeroes some
 * @pfn: the first one
 * @nr: how many
 */
struct pmm_dirty {
	struct list_head node;
	unsigned long pfn;
	unsigned long nr;
};

/* Who zeroes: the type's thread, or an allocation that is short of memory. */
enum pmm_scrubber {
	PMM_SCRUB_THREAD,
	PMM_SCRUB_CALLER,
};

/* ---- the list ---- */

static struct pmm_dirty *pmm_dirty_create(unsigned long pfn, unsigned long nr)
{
	struct pmm_dirty *dirty = kmalloc(sizeof(*dirty), GFP_KERNEL);

	if (dirty) {
		dirty->pfn = pfn;
		dirty->nr = nr;
	}
	return dirty;
}

/* It is the list's from now on. */
static void pmm_scrub_enter(struct pmm_type *type, struct pmm_dirty *dirty)
{
	lockdep_assert_held(&type->lock);
	list_add_tail(&dirty->node, &type->scrub.dirty);
	type->scrub.pages += dirty->nr;
}

/**
 * pmm_scrub_add() - a block's pages are to be zeroed, and free
 * @type: the type
 * @pfn: the first one
 * @nr: how many; together a whole used area of the allocator
 *
 * Context: May sleep.  Nobody else has these pages.
 * Return: 0, or -ENOMEM and then nothing has changed.
 */
int pmm_scrub_add(struct pmm_type *type, unsigned long pfn, unsigned long nr)
{
	struct pmm_dirty *dirty = pmm_dirty_create(pfn, nr);

	if (!dirty)
		return -ENOMEM;
	pmm_type_lock(type);
	pmm_scrub_enter(type, dirty);
	pmm_type_unlock(type);
	wake_up_all(&type->scrub.wait);
	return 0;
}

/* An entry of so many pages if one is near, else the first; NULL if none. */
static struct pmm_dirty *pmm_scrub_pick(struct pmm_type *type, unsigned long nr)
{
	struct pmm_dirty *dirty;
	unsigned int looks = 0;

	lockdep_assert_held(&type->lock);
	list_for_each_entry(dirty, &type->scrub.dirty, node) {
		if (dirty->nr >= nr)
			return dirty;
		if (++looks == PMM_SCRUB_LOOKS)
			break;
	}
	return list_first_entry_or_null(&type->scrub.dirty, struct pmm_dirty,
					node);
}

/* Take an entry, if possible one of @nr pages.  Return: NULL if there is none. */
static struct pmm_dirty *pmm_scrub_take(struct pmm_type *type, unsigned long nr)
{
	struct pmm_dirty *dirty;

	pmm_type_lock(type);
	dirty = pmm_scrub_pick(type, nr);
	if (dirty)
		list_del(&dirty->node);
	pmm_type_unlock(type);
	return dirty;
}

/* Put back what is left of it. */
static void pmm_scrub_untake(struct pmm_type *type, struct pmm_dirty *dirty)
{
	if (dirty->nr) {
		pmm_type_lock(type);
		list_add(&dirty->node, &type->scrub.dirty);
		pmm_type_unlock(type);
	} else {
		kfree(dirty);
	}
	wake_up_all(&type->scrub.wait);
}

/* ---- an entry, which is in nobody's hands but ours ---- */

/* How many of its pages to zero at once: to where a large folio would end. */
static unsigned long pmm_scrub_chunk(const struct pmm_dirty *dirty)
{
	unsigned long offset = dirty->pfn & (PMM_CHUNK_PAGES - 1);

	return min(dirty->nr, PMM_CHUNK_PAGES - offset);
}

static void pmm_scrub_page(struct page *page, enum pmm_scrubber who)
{
	void *p;

	if (who == PMM_SCRUB_CALLER) {
		clear_highpage(page);
		return;
	}
	p = kmap_local_page(page);
	memcpy_flushcache(p, page_address(ZERO_PAGE(0)), PAGE_SIZE);
	kunmap_local(p);
}

static bool pmm_scrub_stopped(enum pmm_scrubber who)
{
	if (who == PMM_SCRUB_THREAD)
		return kthread_should_stop();
	return fatal_signal_pending(current);
}

static int pmm_scrub_zero(unsigned long pfn, unsigned long nr,
			  enum pmm_scrubber who)
{
	unsigned long i;

	for (i = 0; i < nr; i++) {
		struct page *page = pfn_to_page(pfn + i);

		if (pmm_scrub_stopped(who))
			return -EINTR;
		if (!PageHWPoison(page))
			pmm_scrub_page(page, who);
		cond_resched();
	}
	/* Stores that bypass the caches are not ordered by a lock. */
	wmb();
	return 0;
}

/* Make the first @nr pages of an entry an area of their own. */
static int pmm_scrub_split(struct pmm_type *type, const struct pmm_dirty *dirty,
			   unsigned long nr)
{
	struct pmm_spares spares;
	int err;

	if (nr == dirty->nr)
		return 0;
	err = pmm_spares_fill(&spares, type->ops);
	if (err)
		return err;
	pmm_type_lock(type);
	WARN_ON_ONCE(type->ops->split(type->alloc, dirty->pfn, dirty->pfn + nr,
				      &spares));
	pmm_type_unlock(type);
	pmm_spares_drop(&spares);
	return 0;
}

/* The first @nr pages of an entry are done with. */
static void pmm_scrub_advance(struct pmm_type *type, struct pmm_dirty *dirty,
			      unsigned long nr)
{
	lockdep_assert_held(&type->lock);
	type->scrub.pages -= nr;
	type->scrub.done += nr;
	dirty->pfn += nr;
	dirty->nr -= nr;
}

/* The first @nr pages of an entry are clean and good: anybody may have them. */
static int pmm_scrub_give(struct pmm_type *type, struct pmm_dirty *dirty,
			  unsigned long nr)
{
	struct pmm_spares spares = { .ops = type->ops };
	int err;

	if (!nr)
		return 0;
	err = pmm_scrub_split(type, dirty, nr);
	if (err)
		return err;
	pmm_type_lock(type);
	WARN_ON_ONCE(type->ops->free(type->alloc, dirty->pfn, &spares));
	pmm_scrub_advance(type, dirty, nr);
	pmm_type_unlock(type);
	pmm_spares_drop(&spares);
	return 0;
}

/* The first page of an entry has a memory error: nobody gets it any more. */
static int pmm_scrub_retire(struct pmm_type *type, struct pmm_dirty *dirty)
{
	int err = pmm_scrub_split(type, dirty, 1);

	if (err)
		return err;
	trace_pmm_page_retire(type, dirty->pfn);
	pmm_type_lock(type);
	type->retired++;
	pmm_scrub_advance(type, dirty, 1);
	pmm_type_unlock(type);
	pr_warn("pmm: type %s: a page with a memory error is out of use now\n",
		type->name);
	return 0;
}

/* The first @nr pages were zeroed.  Return: 0, or -ENOMEM with some left. */
static int pmm_scrub_give_good(struct pmm_type *type, struct pmm_dirty *dirty,
			       unsigned long nr)
{
	unsigned long end = dirty->pfn + nr, i;
	int err = 0;

	while (!err && dirty->pfn < end) {
		for (i = dirty->pfn; i < end; i++)
			if (PageHWPoison(pfn_to_page(i)))
				break;
		err = pmm_scrub_give(type, dirty, i - dirty->pfn);
		if (!err && i < end)
			err = pmm_scrub_retire(type, dirty);
	}
	return err;
}

/* Return: 1 with a chunk less, 0 if there is none, -EINTR or -ENOMEM. */
static int pmm_scrub_one(struct pmm_type *type, unsigned long nr,
			 enum pmm_scrubber who)
{
	struct pmm_dirty *dirty = pmm_scrub_take(type, nr);
	unsigned long chunk;
	int err;

	if (!dirty)
		return 0;
	chunk = pmm_scrub_chunk(dirty);
	err = pmm_scrub_zero(dirty->pfn, chunk, who);
	if (!err)
		err = pmm_scrub_give_good(type, dirty, chunk);
	pmm_scrub_untake(type, dirty);
	return err ?: 1;
}

/* ---- pages that are new ---- */

/* As many of these pages as every allocator finds in an area of just so many. */
static unsigned long pmm_scrub_piece(unsigned long nr)
{
	unsigned int shift = max(fls_long(nr), 7) - 7;

	return nr >> shift << shift;
}

/*
 * Add pages as a used area, to a type of which nothing is free: then what is
 * allocated is just these.  Return: 0, or an errno of adding them.
 */
static int pmm_scrub_add_used(struct pmm_type *type, struct pmm_dirty *dirty)
{
	struct pmm_spares add, take;
	unsigned long pfn;
	int err = pmm_spares_fill_add(&add, type->ops, dirty->nr);

	if (err)
		return err;
	err = pmm_spares_fill(&take, type->ops);
	if (err)
		goto out_drop_add;
	pmm_type_lock(type);
	err = type->ops->add(type->alloc, dirty->pfn, dirty->nr, &add);
	if (!err) {
		type->total += dirty->nr;
		err = type->ops->alloc(type->alloc, dirty->nr, 1, &take, &pfn);
		/* Nobody may have what is not zeroed. */
		if (WARN_ON_ONCE(err || pfn != dirty->pfn))
			type->closed = true;
		else
			pmm_scrub_enter(type, dirty);
	}
	pmm_type_unlock(type);
	pmm_spares_drop(&take);
out_drop_add:
	pmm_spares_drop(&add);
	return err;
}

/* Zero pages, and then add them. */
static int pmm_scrub_add_clean(struct pmm_type *type, unsigned long pfn,
			       unsigned long nr)
{
	struct pmm_spares spares;
	int err;

	if (pmm_pages_poisoned(pfn, nr))
		return -EIO;
	err = pmm_scrub_zero(pfn, nr, PMM_SCRUB_CALLER);
	if (err)
		return err;
	err = pmm_spares_fill_add(&spares, type->ops, nr);
	if (err)
		return err;
	pmm_type_lock(type);
	err = type->ops->add(type->alloc, pfn, nr, &spares);
	if (!err)
		type->total += nr;
	pmm_type_unlock(type);
	pmm_spares_drop(&spares);
	return err;
}

/**
 * pmm_scrub_add_new() - add pages to a type, to be zeroed before anybody has them
 * @type: the type
 * @pfn: the first one
 * @nr: how many
 *
 * The pages of a type that is not in the registry yet are zeroed in the background,
 * as those of blocks are.  Pages that are added later are zeroed at once.
 *
 * Context: May sleep.  pmm_ranges_mutex is held.
 * Return: 0, -ENOMEM, -EEXIST if they are there already, -EINVAL if there are
 * too many, -EIO if one has a memory error, -EINTR if the caller was killed.  Of
 * the pages of a type that is not in the registry yet, some may be in its pool
 * then.
 */
int pmm_scrub_add_new(struct pmm_type *type, unsigned long pfn,
		      unsigned long nr)
{
	struct pmm_dirty *dirty;
	unsigned long piece;
	int err;

	if (type->scrub.task)
		return pmm_scrub_add_clean(type, pfn, nr);
	for (; nr; pfn += piece, nr -= piece) {
		piece = pmm_scrub_piece(nr);
		dirty = pmm_dirty_create(pfn, piece);
		if (!dirty)
			return -ENOMEM;
		err = pmm_scrub_add_used(type, dirty);
		if (err) {
			kfree(dirty);
			return err;
		}
	}
	return 0;
}

/* ---- allocations that are short of clean memory ---- */

static unsigned long pmm_scrub_done(struct pmm_type *type)
{
	unsigned long done;

	pmm_type_lock(type);
	done = type->scrub.done;
	pmm_type_unlock(type);
	return done;
}

/* Something else has happened to the dirty memory than nothing. */
static bool pmm_scrub_moved(struct pmm_type *type, unsigned long done)
{
	bool moved;

	pmm_type_lock(type);
	moved = type->scrub.done != done || !type->scrub.pages ||
		!list_empty(&type->scrub.dirty);
	pmm_type_unlock(type);
	return moved;
}

/* Somebody is short of clean memory: the thread is to stand aside. */
void pmm_scrub_begin(struct pmm_type *type)
{
	pmm_type_lock(type);
	type->scrub.callers++;
	pmm_type_unlock(type);
}

/* The reverse. */
void pmm_scrub_end(struct pmm_type *type)
{
	pmm_type_lock(type);
	type->scrub.callers--;
	pmm_type_unlock(type);
	wake_up_all(&type->scrub.wait);
}

/**
 * pmm_scrub_help() - make some dirty memory clean, for an allocation
 * @type: the type
 * @nr: pages that the allocation needs
 *
 * If others are at work on all that there is, wait for one of them.
 *
 * Context: May sleep.  Between pmm_scrub_begin() and pmm_scrub_end().
 * Return: 0: it may now succeed, or there is nothing dirty any more; -EINTR if
 * the caller was killed, -ENOMEM without memory for bookkeeping.
 */
int pmm_scrub_help(struct pmm_type *type, unsigned long nr)
{
	unsigned long done = pmm_scrub_done(type);
	int ret = pmm_scrub_one(type, nr, PMM_SCRUB_CALLER);

	if (ret < 0)
		return ret;
	if (!ret && wait_event_killable(type->scrub.wait,
					pmm_scrub_moved(type, done)))
		return -EINTR;
	return 0;
}

/**
 * pmm_scrub_flush() - make clean what is dirty now
 * @type: the type
 *
 * Whoever takes clean memory away, to shrink a pool, calls this first.
 *
 * Context: May sleep, in proportion to what is dirty.
 * Return: 0, -EINTR if the caller was killed, -ENOMEM.
 */
int pmm_scrub_flush(struct pmm_type *type)
{
	unsigned long start, pages;
	int err = 0;

	pmm_scrub_begin(type);
	pmm_type_lock(type);
	start = type->scrub.done;
	pages = type->scrub.pages;
	pmm_type_unlock(type);
	while (!err && pmm_scrub_done(type) - start < pages)
		err = pmm_scrub_help(type, 0);
	pmm_scrub_end(type);
	return err;
}

/* ---- the thread ---- */

static bool pmm_scrub_todo(struct pmm_type *type)
{
	bool todo;

	pmm_type_lock(type);
	todo = !list_empty(&type->scrub.dirty) && !type->scrub.callers;
	pmm_type_unlock(type);
	return todo || kthread_should_stop();
}

static int pmm_scrub_thread(void *data)
{
	struct pmm_type *type = data;

	set_user_nice(current, MAX_NICE);
	while (!kthread_should_stop()) {
		wait_event_idle(type->scrub.wait, pmm_scrub_todo(type));
		if (pmm_scrub_one(type, 0, PMM_SCRUB_THREAD) == -ENOMEM)
			schedule_timeout_idle(HZ);
	}
	return 0;
}

/**
 * pmm_scrub_start() - begin to zero a type's memory
 * @type: the type
 *
 * Context: May sleep.
 * Return: 0 or a negative errno.
 */
int pmm_scrub_start(struct pmm_type *type)
{
	struct task_struct *task;

	task = kthread_run(pmm_scrub_thread, type, "pmm/%s", type->name);
	if (IS_ERR(task))
		return PTR_ERR(task);
	type->scrub.task = task;
	return 0;
}

/**
 * pmm_scrub_stop() - leave a type's memory alone
 * @type: the type; nobody allocates from it any more
 *
 * What is dirty stays so.  May be called again.
 *
 * Context: May sleep.
 */
void pmm_scrub_stop(struct pmm_type *type)
{
	if (type->scrub.task)
		kthread_stop(type->scrub.task);
	type->scrub.task = NULL;
}

/* A new type. */
void pmm_scrub_init(struct pmm_scrub *scrub)
{
	INIT_LIST_HEAD(&scrub->dirty);
	init_waitqueue_head(&scrub->wait);
}

/* A type goes; nobody touches its memory any more. */
void pmm_scrub_destroy(struct pmm_scrub *scrub)
{
	struct pmm_dirty *dirty, *next;

	list_for_each_entry_safe(dirty, next, &scrub->dirty, node)
		kfree(dirty);
}
