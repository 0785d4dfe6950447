// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device memory that pages of processes are moved into.
 *
 *	add	memremap_pages() gives the range struct pages of
 *		MEMORY_DEVICE_COHERENT, all free: nobody has a reference
 *	take	a free page gets its first reference, see pmm_migrate.c
 *	free	the kernel calls pmm_coherent_page_free() when it drops the last one,
 *		in any context: an unmapped page, or one that was copied away
 *	error	a bad page stays with whoever has it and is not read by the kernel, nor
 *		given to anybody else afterwards
 *	remove	migrate_device_range() finds who maps a page, and moves it back to
 *		system RAM, until all are free
 *
 * Such a type has no blocks, and its allocator has no memory.  What it has instead
 * is a list of free pages: a process's pages are moved one by one, in any order,
 * so that no longer range is ever wanted.  They are not zeroed while they are free:
 * a page is either copied over as a whole or zeroed before anybody has it.
 *
 * The pages themselves are what any anonymous page is to the kernel but for three
 * things: they are on no LRU list, so they are never reclaimed or swapped out; they
 * are never part of a large folio; and who pins them for long has them moved to
 * system RAM first.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/highmem.h>
#include <linux/jiffies.h>
#include <linux/llist.h>
#include <linux/memremap.h>
#include <linux/migrate.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pmm.h>
#include <linux/slab.h>
#include <linux/vmstat.h>
#include <linux/xarray.h>

#include "pmm_coherent.h"
#include "pmm_core.h"
#include "pmm_parse.h"

/* Pages that are moved back at a time when the memory goes. */
#define PMM_EVACUATE_PAGES	256UL
/* Between two looks: doubled each time, from the first to the second. */
#define PMM_EVACUATE_DELAY_MIN_MS	10
#define PMM_EVACUATE_DELAY_MAX_MS	1000
/* Between two words about it, in jiffies. */
#define PMM_EVACUATE_WARN	(10 * HZ)

/* Of all types: what is in one may be moved into another. */
static int pmm_coherent_owner;

/**
 * struct pmm_slot - a page of the memory
 * @node: in pmm_coherent.freed or .free
 * @charge: who pays for it, or NULL
 */
struct pmm_slot {
	struct llist_node node;
	struct pmm_charge *charge;
};

/**
 * struct pmm_coherent - the memory of a type that pages are moved into
 * @pgmap: its struct pages
 * @type: the type
 * @pfn: the first one
 * @nr: how many
 * @nr_good: how many of them are used: those without memory errors; changed under
 *	@lock, read without it, too
 * @slots: one for each
 * @freed: what came back, in any context, and is not in @free yet
 * @work: puts it there
 * @spoiled: there was a memory error since @free was looked through
 * @lock: protects @free, @nr_free, @closed
 * @free: pages that nobody has
 * @nr_free: how many; read without the lock, too
 * @closed: none are given out any more
 * @starved: system RAM was out when pages were to be moved back; this and what
 *	follows is for whoever removes the type
 * @src: for migrate_device_range()
 * @dst: likewise
 */
struct pmm_coherent {
	struct dev_pagemap pgmap;
	struct pmm_type *type;
	unsigned long pfn;
	unsigned long nr;
	unsigned long nr_good;
	struct pmm_slot *slots;
	struct llist_head freed;
	struct work_struct work;
	bool spoiled;

	struct mutex lock;	/* the next three, and nr_good */
	struct llist_node *free;
	unsigned long nr_free;
	bool closed;

	bool starved;
	unsigned long src[PMM_EVACUATE_PAGES];
	unsigned long dst[PMM_EVACUATE_PAGES];
};

/* ---- pages ---- */

void *pmm_coherent_pgmap_owner(void)
{
	return &pmm_coherent_owner;
}

/* Is this a page of any of these types? */
bool pmm_coherent_page(const struct page *page)
{
	return is_device_coherent_page(page) &&
	       page->pgmap->owner == &pmm_coherent_owner;
}

/* Is it one of this type? */
bool pmm_coherent_has(const struct pmm_type *type, const struct page *page)
{
	return is_device_coherent_page(page) &&
	       page->pgmap == &type->coherent->pgmap;
}

unsigned long pmm_coherent_nr_free(const struct pmm_type *type)
{
	return READ_ONCE(type->coherent->nr_free);
}

/* Pages with memory errors that are not used any more. */
unsigned long pmm_coherent_nr_retired(const struct pmm_type *type)
{
	return type->coherent->nr - READ_ONCE(type->coherent->nr_good);
}

static void pmm_coherent_put_slot(struct pmm_coherent *c,
				  const struct page *page)
{
	struct pmm_slot *slot = &c->slots[page_to_pfn(page) - c->pfn];

	if (llist_add(&slot->node, &c->freed))
		queue_work(pmm_wq, &c->work);
}

/*
 * The last reference has gone.  In any context, interrupts included.  The flags
 * that the page's life left behind would be taken for those of the next.
 */
static void pmm_coherent_page_free(struct page *page)
{
	if (folio_test_clear_mlocked(page_folio(page)))
		mod_zone_page_state(page_zone(page), NR_MLOCK, -1);
	set_mask_bits(&page->flags,
		      PAGE_FLAGS_CHECK_AT_PREP & ~BIT(PG_reserved), 0);
	page->index = 0;
	set_page_private(page, 0);
	pmm_coherent_put_slot(container_of(page->pgmap, struct pmm_coherent,
					   pgmap), page);
}

/*
 * Only the kernel could take the page away from whoever has it, and it does not know
 * how: left to itself it takes it for a file's, and crashes.  It does send SIGBUS to
 * a program that reads what has gone bad.
 */
static int pmm_coherent_memory_failure(struct dev_pagemap *pgmap,
				       unsigned long pfn, unsigned long nr,
				       int flags)
{
	struct pmm_coherent *c = container_of(pgmap, struct pmm_coherent,
					      pgmap);

	for (; nr--; pfn++)
		SetPageHWPoison(pfn_to_page(pfn));
	/* Who sees this finds those; pairs with xchg() in pmm_coherent_collect(). */
	smp_store_release(&c->spoiled, true);
	queue_work(pmm_wq, &c->work);
	return -ENXIO;
}

static const struct dev_pagemap_ops pmm_coherent_ops = {
	.page_free = pmm_coherent_page_free,
	.memory_failure = pmm_coherent_memory_failure,
};

/* ---- giving pages out and having them back ---- */

static bool pmm_coherent_idle(struct pmm_coherent *c)
{
	lockdep_assert_held(&c->lock);
	return c->nr_free == c->nr_good;
}

static struct page *pmm_coherent_slot_page(const struct pmm_coherent *c,
					   const struct pmm_slot *slot)
{
	return pfn_to_page(c->pfn + (slot - c->slots));
}

/* Free pages that went bad are not used any more. */
static void pmm_coherent_sort_out(struct pmm_coherent *c)
{
	struct llist_node **at = &c->free;
	struct pmm_slot *slot;

	lockdep_assert_held(&c->lock);
	while (*at) {
		slot = llist_entry(*at, struct pmm_slot, node);
		if (!PageHWPoison(pmm_coherent_slot_page(c, slot))) {
			at = &slot->node.next;
			continue;
		}
		*at = slot->node.next;
		WRITE_ONCE(c->nr_good, c->nr_good - 1);
		WRITE_ONCE(c->nr_free, c->nr_free - 1);
	}
}

/* One that came back: to where it can be taken from, unless it is bad. */
static void pmm_coherent_put_back(struct pmm_coherent *c, struct pmm_slot *slot)
{
	pmm_quota_uncharge_some(slot->charge, 1);
	slot->charge = NULL;
	if (PageHWPoison(pmm_coherent_slot_page(c, slot))) {
		WRITE_ONCE(c->nr_good, c->nr_good - 1);
		return;
	}
	slot->node.next = c->free;
	c->free = &slot->node;
	WRITE_ONCE(c->nr_free, c->nr_free + 1);
}

/* Put what came back where it can be taken from. */
static void pmm_coherent_collect(struct pmm_coherent *c)
{
	struct llist_node *node, *next;
	bool idle;

	lockdep_assert_held(&c->lock);
	idle = pmm_coherent_idle(c);
	node = llist_del_all(&c->freed);
	llist_for_each_safe(node, next, node)
		pmm_coherent_put_back(c, llist_entry(node, struct pmm_slot,
						     node));
	if (xchg(&c->spoiled, false))
		pmm_coherent_sort_out(c);
	if (!idle && pmm_coherent_idle(c))
		module_put(c->type->owner);
}

static void pmm_coherent_work(struct work_struct *work)
{
	struct pmm_coherent *c = container_of(work, struct pmm_coherent, work);

	mutex_lock(&c->lock);
	pmm_coherent_collect(c);
	mutex_unlock(&c->lock);
}

/* As many of @nr pages as the quota allows.  Return: how many. */
static unsigned long pmm_coherent_charge(struct pmm_coherent *c,
					 unsigned long nr,
					 struct pmm_charge **charge,
					 unsigned int *reason)
{
	struct pmm_why why = {};

	for (; nr; nr /= 2) {
		if (!pmm_quota_charge(c->type, nr, charge, &why))
			break;
		*reason = why.reason == PMM_REASON_QUOTA ? PMM_MIGRATE_QUOTA :
			  why.reason == PMM_REASON_RESERVE ? PMM_MIGRATE_RESERVE :
							     PMM_MIGRATE_NO_MEMORY;
	}
	return nr;
}

static struct page *pmm_coherent_pop(struct pmm_coherent *c,
				     struct pmm_charge *charge)
{
	struct pmm_slot *slot = llist_entry(c->free, struct pmm_slot, node);

	lockdep_assert_held(&c->lock);
	c->free = slot->node.next;
	WRITE_ONCE(c->nr_free, c->nr_free - 1);
	slot->charge = charge;
	return pmm_coherent_slot_page(c, slot);
}

/* Return: how many of @nr there are; the first one keeps the module it is from. */
static unsigned long pmm_coherent_room(struct pmm_coherent *c,
				       unsigned long nr)
{
	lockdep_assert_held(&c->lock);
	pmm_coherent_collect(c);
	nr = min(nr, c->nr_free);
	if (c->closed || !nr)
		return 0;
	if (pmm_coherent_idle(c) && !try_module_get(c->type->owner))
		return 0;
	return nr;
}

/**
 * pmm_coherent_take() - take free pages, at the expense of the caller's user
 * @type: a type with PMM_TYPE_MIGRATE
 * @pages: filled with those, which nobody has a reference to yet
 * @nr: how many
 * @reason: why there are fewer, PMM_MIGRATE_*
 *
 * Each goes to zone_device_page_init() or pmm_coherent_untake().
 *
 * Context: May sleep.
 * Return: how many.
 */
unsigned long pmm_coherent_take(struct pmm_type *type, struct page **pages,
				unsigned long nr, unsigned int *reason)
{
	struct pmm_coherent *c = type->coherent;
	struct pmm_charge *charge = NULL;
	unsigned long room, got, i;

	mutex_lock(&c->lock);
	room = pmm_coherent_room(c, nr);
	if (room < nr)
		*reason = PMM_MIGRATE_NO_ROOM;
	got = pmm_coherent_charge(c, room, &charge, reason);
	if (room && !got && pmm_coherent_idle(c))
		module_put(type->owner);
	for (i = 0; i < got; i++)
		pages[i] = pmm_coherent_pop(c, charge);
	mutex_unlock(&c->lock);
	return got;
}

/* Give one back that was not needed. */
void pmm_coherent_untake(struct pmm_type *type, struct page *page)
{
	pmm_coherent_put_slot(type->coherent, page);
}

/* ---- back to system RAM ---- */

/**
 * pmm_coherent_system_page() - a page for what is moved back
 *
 * Nobody is killed to have one: it can stay where it is.
 *
 * Context: May sleep.
 * Return: the page, locked, or NULL.
 */
struct page *pmm_coherent_system_page(void)
{
	struct page *page = alloc_page(GFP_HIGHUSER_MOVABLE |
				       __GFP_RETRY_MAYFAIL | __GFP_NOWARN);

	if (page)
		lock_page(page);
	return page;
}

/**
 * pmm_coherent_copy() - copy pages that are being moved
 * @src: what migrate_vma_pages() or migrate_device_pages() left
 * @dst: likewise
 * @nr: how many there are of each
 *
 * Not earlier: a page that somebody else still had a reference to might be written
 * to until then, and is not moved.  What was in a bad page is lost: whoever touches it
 * gets SIGBUS, as if the error had been in the new one.
 *
 * Context: May sleep.
 */
void pmm_coherent_copy(const unsigned long *src, const unsigned long *dst,
		       unsigned long nr)
{
	struct page *from, *to;
	unsigned long i;

	for (i = 0; i < nr; i++) {
		from = migrate_pfn_to_page(src[i]);
		to = migrate_pfn_to_page(dst[i]);
		if (!from || !to || !(src[i] & MIGRATE_PFN_MIGRATE))
			continue;
		if (!PageHWPoison(from)) {
			copy_highpage(to, from);
			continue;
		}
		clear_highpage(to);
		memory_failure_queue(page_to_pfn(to), 0);
	}
}

/* Those of a few pages that nobody pins. */
static void pmm_coherent_evacuate(struct pmm_coherent *c, unsigned long pfn,
				  unsigned long nr)
{
	struct page *page;
	unsigned long i;

	if (migrate_device_range(c->src, pfn, nr))
		return;
	for (i = 0; i < nr; i++) {
		c->dst[i] = 0;
		if (!(c->src[i] & MIGRATE_PFN_MIGRATE))
			continue;
		page = pmm_coherent_system_page();
		if (page)
			c->dst[i] = migrate_pfn(page_to_pfn(page));
		else
			c->starved = true;
	}
	migrate_device_pages(c->src, c->dst, nr);
	pmm_coherent_copy(c->src, c->dst, nr);
	migrate_device_finalize(c->src, c->dst, nr);
}

/* One look at every page.  Return: true when all are free. */
static bool pmm_coherent_evacuate_all(struct pmm_coherent *c)
{
	unsigned long i, nr;
	bool idle;

	c->starved = false;
	for (i = 0; i < c->nr && !c->starved; i += nr) {
		nr = min(c->nr - i, PMM_EVACUATE_PAGES);
		pmm_coherent_evacuate(c, c->pfn + i, nr);
		cond_resched();
	}
	/* Of locked memory, the processors keep some in their batches. */
	pmm_drain_all();
	mutex_lock(&c->lock);
	pmm_coherent_collect(c);
	idle = pmm_coherent_idle(c);
	mutex_unlock(&c->lock);
	return idle;
}

static void pmm_coherent_evacuate_warn(struct pmm_coherent *c)
{
	pr_warn("pmm: removing type %s waits for %lu KiB: %s\n", c->type->name,
		(c->nr_good - pmm_coherent_nr_free(c->type)) << (PAGE_SHIFT - 10),
		c->starved ?
		"there is no system RAM to move it to" :
		"its pages are pinned, by a device or a program");
}

static void pmm_coherent_wait_idle(struct pmm_coherent *c)
{
	unsigned long warned = jiffies;
	unsigned int delay = PMM_EVACUATE_DELAY_MIN_MS;

	mutex_lock(&c->lock);
	c->closed = true;
	mutex_unlock(&c->lock);
	while (!pmm_coherent_evacuate_all(c)) {
		if (time_after_eq(jiffies, warned + PMM_EVACUATE_WARN)) {
			pmm_coherent_evacuate_warn(c);
			warned = jiffies;
		}
		msleep(delay);
		delay = min(2 * delay, PMM_EVACUATE_DELAY_MAX_MS);
	}
}

/* ---- the type ---- */

static int pmm_coherent_map(struct pmm_coherent *c,
			    const struct pmm_coherent_desc *desc)
{
	void *p;

	c->pgmap.type = MEMORY_DEVICE_COHERENT;
	c->pgmap.owner = &pmm_coherent_owner;
	c->pgmap.ops = &pmm_coherent_ops;
	c->pgmap.nr_range = 1;
	c->pgmap.range.start = desc->start;
	c->pgmap.range.end = desc->start + desc->size - 1;
	p = memremap_pages(&c->pgmap, desc->nid);
	if (IS_ERR(p))
		return PTR_ERR(p);
	pmm_poison_mark(desc->bad);
	return 0;
}

static struct pmm_coherent *
pmm_coherent_create(struct pmm_type *type, const struct pmm_coherent_desc *desc)
{
	struct pmm_coherent *c = kvzalloc(sizeof(*c), GFP_KERNEL);
	unsigned long i;

	if (!c)
		return NULL;
	c->type = type;
	c->pfn = PHYS_PFN(desc->start);
	c->nr = PHYS_PFN(desc->size);
	init_llist_head(&c->freed);
	INIT_WORK(&c->work, pmm_coherent_work);
	mutex_init(&c->lock);
	c->slots = kvcalloc(c->nr, sizeof(*c->slots), GFP_KERNEL);
	if (!c->slots) {
		kvfree(c);
		return NULL;
	}
	for (i = c->nr; i--;) {
		if (desc->bad && xa_load(desc->bad, c->pfn + i))
			continue;
		c->slots[i].node.next = c->free;
		c->free = &c->slots[i].node;
		c->nr_good++;
	}
	c->nr_free = c->nr_good;
	return c;
}

/* A type goes; its memory has gone. */
void pmm_coherent_destroy(struct pmm_coherent *c)
{
	if (!c)
		return;
	kvfree(c->slots);
	kvfree(c);
}

static struct pmm_type *
pmm_coherent_type(const struct pmm_coherent_desc *desc)
{
	struct pmm_type *type = pmm_type_create(desc->name,
						pmm_alloc_find(NULL));
	u64 end = desc->start + desc->size;

	if (!type)
		return NULL;
	type->caps = desc->caps | PMM_TYPE_MIGRATE;
	type->owner = desc->owner;
	type->limit = roundup_pow_of_two(end);
	type->total = PHYS_PFN(desc->size);
	type->coherent = pmm_coherent_create(type, desc);
	if (!type->coherent) {
		pmm_type_put(type);
		return NULL;
	}
	return type;
}

/**
 * pmm_coherent_add() - offer memory that pages of processes are moved into
 * @desc: what it is; not needed any longer when this returns
 *
 * Context: May sleep.
 * Return: the type, to be given to pmm_coherent_remove(); or an ERR_PTR: -EINVAL
 * (bad name or capabilities), -EEXIST (there is a type of that name), -ENOMEM, or
 * what memremap_pages() gives.
 */
struct pmm_type *pmm_coherent_add(const struct pmm_coherent_desc *desc)
{
	struct pmm_type *type;
	int err;

	if (!pmm_type_name_valid(desc->name) ||
	    (desc->caps != PMM_TYPE_RAM && desc->caps != PMM_TYPE_DEVICE))
		return ERR_PTR(-EINVAL);
	type = pmm_coherent_type(desc);
	if (!type)
		return ERR_PTR(-ENOMEM);
	err = pmm_coherent_map(type->coherent, desc);
	if (err)
		goto err_put_type;
	err = pmm_type_list(type);
	if (err)
		goto err_unmap;
	return type;

err_unmap:
	memunmap_pages(&type->coherent->pgmap);
err_put_type:
	pmm_type_put(type);
	return ERR_PTR(err);
}
EXPORT_SYMBOL_GPL(pmm_coherent_add);

/* Nobody has pages there any more. */
static void pmm_coherent_end(struct pmm_type *type)
{
	struct pmm_coherent *c = type->coherent;

	memunmap_pages(&c->pgmap);
	cancel_work_sync(&c->work);
	pmm_type_put(type);
}

/**
 * pmm_coherent_unregister() - take the memory back, if nobody has pages there
 * @type: what pmm_coherent_add() returned
 *
 * Context: May sleep.
 * Return: 0, and then @type is gone; or -EBUSY and then nothing has changed.
 */
int pmm_coherent_unregister(struct pmm_type *type)
{
	struct pmm_coherent *c = type->coherent;

	pmm_drain_all();
	mutex_lock(&c->lock);
	pmm_coherent_collect(c);
	c->closed = pmm_coherent_idle(c);
	mutex_unlock(&c->lock);
	if (!c->closed)
		return -EBUSY;
	pmm_type_unlist(type);
	pmm_coherent_end(type);
	return 0;
}

/**
 * pmm_coherent_remove() - take the memory back, whoever has pages there
 * @type: what pmm_coherent_add() returned
 *
 * The pages are moved to system RAM, unnoticed by those who have them.  Pages that
 * somebody has pinned are waited for, and so is system RAM if there is too little;
 * the kernel log says so every ten seconds.  When it returns nobody touches the
 * memory any more, and @type is gone.
 *
 * Context: May sleep, for as long as somebody holds a page.  No locks.
 */
void pmm_coherent_remove(struct pmm_type *type)
{
	pmm_type_unlist(type);
	pmm_coherent_wait_idle(type->coherent);
	pmm_coherent_end(type);
}
EXPORT_SYMBOL_GPL(pmm_coherent_remove);
