// SPDX-License-Identifier: GPL-2.0-only
/*
 * The registry of types: those of system RAM, which the module parameters make,
 * and those that drivers register.
 *
 * Types are listed in the order in which they came.  The first one is the
 * default, and the order is that in which they are tried for an allocation that
 * asks for capabilities.  Whoever looks one up gets a reference to it, which
 * keeps the structure; whether there is still memory behind it is found out when
 * some is taken.
 */
#include <linux/err.h>
#include <linux/export.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pmm.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "pmm_core.h"
#include "pmm_parse.h"
#include "pmm_trace.h"

static LIST_HEAD(pmm_types);
/* Protects the list; no type's lock is taken inside. */
static DEFINE_SPINLOCK(pmm_types_lock);

/* Protects every pmm_type.ranges, and so which pages belong to whom. */
DEFINE_MUTEX(pmm_ranges_mutex);

#define PMM_TYPE_CAPS	(PMM_TYPE_RAM | PMM_TYPE_DEVICE | PMM_TYPE_MAPPABLE | \
			 PMM_TYPE_SYNC)

/**
 * pmm_type_find() - look a type up by name
 * @name: its name, or the empty string for the default one
 *
 * Return: the type, to be put with pmm_type_put(), or NULL.
 */
struct pmm_type *pmm_type_find(const char *name)
{
	struct pmm_type *type, *found = NULL;

	spin_lock(&pmm_types_lock);
	list_for_each_entry(type, &pmm_types, node) {
		if (!*name || !strcmp(type->name, name)) {
			pmm_type_get(type);
			found = type;
			break;
		}
	}
	spin_unlock(&pmm_types_lock);
	return found;
}

/* The @index-th type, to be put with pmm_type_put(), or NULL past the last. */
struct pmm_type *pmm_type_by_index(unsigned int index)
{
	struct pmm_type *type, *found = NULL;

	spin_lock(&pmm_types_lock);
	list_for_each_entry(type, &pmm_types, node) {
		if (!index--) {
			pmm_type_get(type);
			found = type;
			break;
		}
	}
	spin_unlock(&pmm_types_lock);
	return found;
}

/**
 * pmm_type_list() - enter a type into the registry
 * @type: the type; the caller's reference becomes the registry's
 *
 * Context: May sleep.
 * Return: 0, -EEXIST if there is one of that name, or what starting a thread gives.
 */
int pmm_type_list(struct pmm_type *type)
{
	struct pmm_type *other;
	/* What pages are moved into is not zeroed beforehand. */
	int err = type->coherent ? 0 : pmm_scrub_start(type);

	if (err)
		return err;
	spin_lock(&pmm_types_lock);
	list_for_each_entry(other, &pmm_types, node)
		if (!strcmp(other->name, type->name))
			err = -EEXIST;
	if (!err)
		list_add_tail(&type->node, &pmm_types);
	spin_unlock(&pmm_types_lock);
	if (err)
		pmm_scrub_stop(type);
	return err;
}

/* Take it out again.  The registry's reference becomes the caller's. */
void pmm_type_unlist(struct pmm_type *type)
{
	spin_lock(&pmm_types_lock);
	list_del_init(&type->node);
	spin_unlock(&pmm_types_lock);
}

/**
 * pmm_type_close() - allow no new blocks, unless there are blocks
 * @type: the type
 *
 * Context: May sleep.
 * Return: 0, and then nobody touches its memory any more; or -EBUSY and then
 * nothing has changed.
 */
int pmm_type_close(struct pmm_type *type)
{
	int err = 0;

	pmm_type_lock(type);
	if (type->blocks)
		err = -EBUSY;
	else
		type->closed = true;
	pmm_type_unlock(type);
	if (!err)
		pmm_scrub_stop(type);
	return err;
}

/**
 * pmm_type_extent() - where a type's memory begins and ends
 * @type: the type
 * @first: set to the lowest page frame number of its pool
 * @last: set to the highest
 *
 * Context: May sleep; none of the module's locks, nor mmap_lock.
 * Return: 0, or -ENOENT if it has no memory any more.
 */
int pmm_type_extent(struct pmm_type *type, unsigned long *first,
		    unsigned long *last)
{
	struct pmm_range *range;

	*first = ULONG_MAX;
	*last = 0;
	mutex_lock(&pmm_ranges_mutex);
	list_for_each_entry(range, &type->ranges, node) {
		*first = min(*first, range->pfn);
		*last = max(*last, range->pfn + range->nr - 1);
	}
	mutex_unlock(&pmm_ranges_mutex);
	return *first <= *last ? 0 : -ENOENT;
}

/**
 * pmm_type_offset() - where in a type's memory a page is
 * @type: the type
 * @pfn: the page
 * @offset: set to the number of its pages that have lower addresses
 *
 * Context: pmm_ranges_mutex is held.
 * Return: 0, or -ENOENT if the page is not the type's, or not any more.
 */
int pmm_type_offset(struct pmm_type *type, unsigned long pfn,
		    unsigned long *offset)
{
	struct pmm_range *range;
	unsigned long below = 0;
	int err = -ENOENT;

	lockdep_assert_held(&pmm_ranges_mutex);
	list_for_each_entry(range, &type->ranges, node) {
		if (pfn >= range->pfn + range->nr) {
			below += range->nr;
		} else if (pfn >= range->pfn) {
			below += pfn - range->pfn;
			err = 0;
		}
	}
	if (!err)
		*offset = below;
	return err;
}

/* ---- what drivers call ---- */

/* Is this a page in nobody's hands but the caller's, who has one reference? */
static bool pmm_page_usable(unsigned long pfn)
{
	struct page *page;

	if (!pfn_valid(pfn))
		return false;
	page = pfn_to_page(pfn);
	return page_ref_count(page) == 1 && !PageCompound(page) &&
	       !PageLRU(page) && !PageSlab(page) && !page->mapping;
}

/* Does another type have one of these pages?  pmm_ranges_mutex is held. */
static bool pmm_span_taken(const struct pmm_span *span)
{
	struct pmm_type *type;
	struct pmm_range *range;
	bool taken = false;

	lockdep_assert_held(&pmm_ranges_mutex);
	spin_lock(&pmm_types_lock);
	list_for_each_entry(type, &pmm_types, node)
		list_for_each_entry(range, &type->ranges, node)
			if (span->pfn < range->pfn + range->nr &&
			    range->pfn < span->pfn + span->nr)
				taken = true;
	spin_unlock(&pmm_types_lock);
	return taken;
}

static int pmm_span_check(const struct pmm_span *span)
{
	unsigned long i;

	if (!span->nr || span->pfn + span->nr < span->pfn)
		return -EINVAL;
	if (pmm_span_taken(span))
		return -EEXIST;
	for (i = 0; i < span->nr; i++) {
		if (!pmm_page_usable(span->pfn + i))
			return -EINVAL;
		cond_resched();
	}
	return 0;
}

static int pmm_type_add_span(struct pmm_type *type, const struct pmm_span *span)
{
	struct pmm_range *range;
	int err = pmm_span_check(span);

	if (err)
		return err;
	range = kzalloc(sizeof(*range), GFP_KERNEL);
	if (!range)
		return -ENOMEM;
	err = pmm_type_add(type, span->pfn, span->nr);
	if (err) {
		kfree(range);
		return err;
	}
	range->pfn = span->pfn;
	range->nr = span->nr;
	list_add_tail(&range->node, &type->ranges);
	return 0;
}

/* A driver's pages go back to it as they are.  pmm_ranges_mutex is held. */
void pmm_type_forget_ranges(struct pmm_type *type)
{
	struct pmm_range *range, *next;

	list_for_each_entry_safe(range, next, &type->ranges, node) {
		list_del(&range->node);
		kfree(range);
	}
}

static int pmm_desc_check(const struct pmm_type_desc *desc)
{
	if (!desc->name || !pmm_type_name_valid(desc->name))
		return -EINVAL;
	if (!pmm_alloc_find(desc->allocator))
		return -ENOENT;
	if (desc->caps & ~PMM_TYPE_CAPS ||
	    !(desc->caps & PMM_TYPE_RAM) == !(desc->caps & PMM_TYPE_DEVICE))
		return -EINVAL;
	if (desc->min_align && (!is_power_of_2(desc->min_align) ||
				desc->min_align > PMM_MAX_ALIGN))
		return -EINVAL;
	if (!desc->nr_spans)
		return -EINVAL;
	return 0;
}

static struct pmm_type *pmm_type_from_desc(const struct pmm_type_desc *desc)
{
	struct pmm_type *type;
	u64 end = 0;
	unsigned int i;

	type = pmm_type_create(desc->name, pmm_alloc_find(desc->allocator));
	if (!type)
		return NULL;
	type->caps = desc->caps;
	type->owner = desc->owner;
	type->reaches = desc->reaches;
	type->data = desc->data;
	type->min_align = max(desc->min_align >> PAGE_SHIFT, 1UL);
	for (i = 0; i < desc->nr_spans; i++)
		end = max(end, (u64)desc->spans[i].pfn + desc->spans[i].nr);
	/* What a device has to reach, and not where exactly the memory is. */
	type->limit = roundup_pow_of_two(max(end, 1ULL)) << PAGE_SHIFT;
	return type;
}

/**
 * pmm_type_register() - offer a driver's memory as a type
 * @desc: what it is; not needed any longer when this returns
 *
 * The pages become blocks for programs and drivers, until
 * pmm_type_unregister() or pmm_type_remove() has returned.  Until then nobody
 * else may touch them or drop their references.  They come back with one
 * reference each, and with whatever was written to them.
 *
 * Context: May sleep.
 * Return: the type, or an ERR_PTR: -EINVAL (bad name, capabilities, alignment or
 * span, or a page that is not the driver's alone), -ENOENT (no such allocator),
 * -EEXIST (there is a type of that name, or with one of these pages), -ENOMEM.
 */
struct pmm_type *pmm_type_register(const struct pmm_type_desc *desc)
{
	struct pmm_type *type;
	unsigned int i;
	int err = pmm_desc_check(desc);

	if (err)
		return ERR_PTR(err);
	type = pmm_type_from_desc(desc);
	if (!type)
		return ERR_PTR(-ENOMEM);

	mutex_lock(&pmm_ranges_mutex);
	for (i = 0; !err && i < desc->nr_spans; i++)
		err = pmm_type_add_span(type, &desc->spans[i]);
	if (!err)
		err = pmm_type_list(type);
	if (err)
		pmm_type_forget_ranges(type);
	mutex_unlock(&pmm_ranges_mutex);
	if (err) {
		pmm_type_put(type);
		return ERR_PTR(err);
	}
	return type;
}
EXPORT_SYMBOL_GPL(pmm_type_register);

/**
 * pmm_type_unregister() - take a driver's memory back, if nobody uses it
 * @type: what pmm_type_register() returned
 *
 * Context: May sleep; no locks.
 * Return: 0, and then the memory is the driver's again and @type is gone; or
 * -EBUSY while there are blocks, or freed ones of which somebody holds a page,
 * and then nothing has changed.
 */
int pmm_type_unregister(struct pmm_type *type)
{
	int err;

	/* What was freed just now may still be on its way. */
	pmm_blocks_flush();
	mutex_lock(&pmm_ranges_mutex);
	err = pmm_type_close(type);
	if (!err) {
		pmm_type_unlist(type);
		pmm_type_forget_ranges(type);
	}
	mutex_unlock(&pmm_ranges_mutex);
	if (!err)
		pmm_type_put(type);
	return err;
}
EXPORT_SYMBOL_GPL(pmm_type_unregister);

/* ---- choosing ---- */

/*
 * How much a failure tells of what could help: one that was close more than one
 * that was not.
 */
static unsigned int pmm_reason_rank(unsigned int reason)
{
	switch (reason) {
	case PMM_REASON_QUOTA:
	case PMM_REASON_RESERVE:
		return 6;
	case PMM_REASON_ALIGNMENT:
		return 5;
	case PMM_REASON_FRAGMENTED:
		return 4;
	case PMM_REASON_QUARANTINE:
		return 3;
	case PMM_REASON_EXHAUSTED:
		return 2;
	case PMM_REASON_TYPE:
	case PMM_REASON_MASK:
		return 1;
	default:
		return 0;
	}
}

/**
 * struct pmm_choice - an allocation that goes from type to type
 * @want: what is wanted
 * @failed: the type whose failure tells most; a reference to it
 * @err: its error
 * @why: its failure; or of a block that was allocated, the figures of the quota
 */
struct pmm_choice {
	const struct pmm_want *want;
	struct pmm_type *failed;
	int err;
	struct pmm_why why;
};

static void pmm_choice_failed(struct pmm_choice *choice, struct pmm_type *type,
			      int err, const struct pmm_why *why)
{
	unsigned int rank = pmm_reason_rank(why->reason);
	unsigned int best = pmm_reason_rank(choice->why.reason);

	if (choice->failed && (rank < best || (rank == best &&
					       why->largest <= choice->why.largest)))
		return;
	if (choice->failed)
		pmm_type_put(choice->failed);
	pmm_type_get(type);
	choice->failed = type;
	choice->err = err;
	choice->why = *why;
}

/* A block of this type, which the device, if there is one, can use. */
static struct pmm_block *pmm_want_alloc(const struct pmm_want *want,
					struct pmm_type *type,
					struct pmm_why *why)
{
	u64 align = want->align;
	int err = 0;

	if (want->dev)
		err = pmm_dma_check_type(type, want->dev, want->length, &align);
	if (err == -ERANGE || err == -E2BIG)
		why->reason = PMM_REASON_MASK;
	if (err)
		return ERR_PTR(err);
	return want->charged ?
	       pmm_block_alloc_charged(type, want->length, align, why) :
	       pmm_block_alloc(type, want->length, align, why);
}

/* Unless pmm_choice_over(), the next one may have some. */
static struct pmm_block *pmm_choice_try(struct pmm_choice *choice,
					struct pmm_type *type)
{
	struct pmm_why why = { .quota = ULONG_MAX };
	struct pmm_block *block = pmm_want_alloc(choice->want, type, &why);

	if (IS_ERR(block))
		pmm_choice_failed(choice, type, PTR_ERR(block), &why);
	else
		choice->why = why;
	return block;
}

static bool pmm_choice_over(struct pmm_block *block)
{
	return block != ERR_PTR(-ENOMEM) && block != ERR_PTR(-ENOENT) &&
	       block != ERR_PTR(-EDQUOT) && block != ERR_PTR(-ERANGE);
}

/* In the order of the registry, the first that has all of @caps and room. */
static struct pmm_block *pmm_choose(struct pmm_choice *choice)
{
	u64 caps = choice->want->caps;
	struct pmm_block *block = ERR_PTR(-ENOENT), *tried;
	struct pmm_type *type;
	unsigned int i;

	for (i = 0; (type = pmm_type_by_index(i)); i++) {
		if (!type->coherent && (type->caps & caps) == caps) {
			tried = pmm_choice_try(choice, type);
			if (tried != ERR_PTR(-ENOENT))
				block = tried;
		}
		pmm_type_put(type);
		if (pmm_choice_over(block))
			break;
	}
	return block;
}

static struct pmm_block *pmm_choose_named(struct pmm_choice *choice)
{
	struct pmm_block *block = ERR_PTR(-ENOENT);
	struct pmm_type *type = pmm_type_find(choice->want->name);
	u64 caps = choice->want->caps;

	if (!type)
		return block;
	if (type->coherent)
		block = ERR_PTR(-EOPNOTSUPP);
	else if ((type->caps & caps) == caps)
		block = pmm_choice_try(choice, type);
	pmm_type_put(type);
	return block;
}

/**
 * pmm_types_alloc() - allocate a block of a type that is named or chosen
 * @want: what is wanted
 * @chosen: set to the name of the type that @why is about, or the block's
 * @why: filled in when there is no memory; of several types, by the one that
 *	was closest to having it
 *
 * A failure is counted in the type that @why is about.
 *
 * Context: May sleep.  The caller keeps the module.
 * Return: a zeroed block with one user, or an ERR_PTR: -ENOENT (no such type),
 * -EOPNOTSUPP (one that pages of processes are moved into) and the errors of
 * pmm_dma_check_type(), pmm_block_alloc() and pmm_block_alloc_charged().
 */
struct pmm_block *pmm_types_alloc(const struct pmm_want *want, char *chosen,
				  struct pmm_why *why)
{
	struct pmm_choice choice = { .want = want };
	struct pmm_block *block;

	*chosen = '\0';
	why->reason = PMM_REASON_TYPE;
	if (*want->name || !want->caps)
		block = pmm_choose_named(&choice);
	else
		block = pmm_choose(&choice);

	if (!IS_ERR(block)) {
		*why = choice.why;
		why->reason = PMM_REASON_NONE;
		strscpy(chosen, block->type->name, PMM_NAME_LEN);
	} else if (choice.failed) {
		*why = choice.why;
		if (!pmm_choice_over(block))
			block = ERR_PTR(choice.err);
		strscpy(chosen, choice.failed->name, PMM_NAME_LEN);
		if (why->reason != PMM_REASON_NONE)
			pmm_type_count_failure(choice.failed, why->reason);
	}
	if (IS_ERR(block))
		trace_pmm_alloc_fail(*chosen ? chosen : "?", want->length,
				     want->align, why->reason, PTR_ERR(block));
	if (choice.failed)
		pmm_type_put(choice.failed);
	return block;
}

/* The debugfs file "types". */
void pmm_types_show(struct seq_file *m)
{
	struct pmm_type *type;
	unsigned int i;

	pmm_type_show_header(m);
	for (i = 0; (type = pmm_type_by_index(i)); i++) {
		pmm_type_show(m, type);
		pmm_type_put(type);
	}
}
