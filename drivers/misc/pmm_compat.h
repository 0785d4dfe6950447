/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between the kernels that PMM supports, and nothing else.
 *
 * Every condition is the answer of a compile probe (scripts/probe.sh).
 */
#ifndef PMM_COMPAT_H
#define PMM_COMPAT_H

#include <linux/bitops.h>
#include <linux/fs.h>
#include <linux/fsnotify_backend.h>
#include <linux/mm.h>
#include <linux/pagevec.h>
#include <linux/poison.h>

#include "pmm_probe.h"

/* The group's lock may be taken in reclaim; newer kernels always allow that. */
#ifndef PMM_HAVE_FSNOTIFY_GROUP_NOFS
#define FSNOTIFY_GROUP_NOFS 0
#endif

static inline bool pmm_inode_owner_or_capable(struct file *file,
					      struct inode *inode)
{
#ifdef PMM_HAVE_MNT_IDMAP
	return inode_owner_or_capable(file_mnt_idmap(file), inode);
#else
	return inode_owner_or_capable(file_mnt_user_ns(file), inode);
#endif
}

/* Put the pages of @batch, after draining this CPU's batches of pages. */
static inline void pmm_folio_batch_release(struct folio_batch *batch)
{
#ifdef PMM_HAVE_FOLIO_BATCH_RELEASE
	__folio_batch_release(batch);
#else
	BUILD_BUG_ON(sizeof(struct folio_batch) != sizeof(struct pagevec));
	__pagevec_release((struct pagevec *)batch);
#endif
}

#ifdef CONFIG_TRANSPARENT_HUGEPAGE
/*
 * The fields of a compound page that prep_compound_page(), which is not
 * exported, would set: of the head, after all tails are set up.
 */
static inline void pmm_compound_head_init(struct page *page, unsigned int order)
{
#ifdef PMM_HAVE_COMPOUND_PAGE_DTOR
	set_compound_page_dtor(page, TRANSHUGE_PAGE_DTOR);
	set_compound_order(page, order);
	atomic_set(compound_mapcount_ptr(page), -1);
	atomic_set(compound_pincount_ptr(page), 0);
	INIT_LIST_HEAD(page_deferred_list(page));
#else
	struct folio *folio = (struct folio *)page;

	/* Atomically: a memory error may set a flag of this page meanwhile. */
	set_mask_bits(&folio->_flags_1, 0xffUL, (unsigned long)order);
#ifdef CONFIG_64BIT
	folio->_folio_nr_pages = 1U << order;
#endif
	atomic_set(&folio->_large_mapcount, -1);
	atomic_set(&folio->_entire_mapcount, -1);
	atomic_set(&folio->_nr_pages_mapped, 0);
	atomic_set(&folio->_pincount, 0);
	INIT_LIST_HEAD(&folio->_deferred_list);
	folio_set_large_rmappable(folio);
#endif
}

/* Is a compound page as pmm_compound_head_init() left it, unmapped, unpinned? */
static inline bool pmm_compound_head_unused(struct page *page)
{
#ifdef PMM_HAVE_COMPOUND_PAGE_DTOR
	return atomic_read(compound_mapcount_ptr(page)) == -1 &&
	       atomic_read(compound_pincount_ptr(page)) == 0 &&
	       list_empty(page_deferred_list(page));
#else
	struct folio *folio = (struct folio *)page;

	return atomic_read(&folio->_large_mapcount) == -1 &&
	       atomic_read(&folio->_entire_mapcount) == -1 &&
	       atomic_read(&folio->_nr_pages_mapped) == 0 &&
	       atomic_read(&folio->_pincount) == 0 &&
	       list_empty(&folio->_deferred_list);
#endif
}
#else
/* No page is made a compound one: PMM_CHUNK_ORDER is 0. */
static inline void pmm_compound_head_init(struct page *page, unsigned int order) { }
static inline bool pmm_compound_head_unused(struct page *page) { return true; }
#endif /* CONFIG_TRANSPARENT_HUGEPAGE */

/* As many pages as there are from @start on, faulted in; mmap_lock is held. */
static inline long pmm_get_user_pages_remote(struct mm_struct *mm,
					     unsigned long start,
					     unsigned long nr,
					     unsigned int flags,
					     struct page **pages)
{
#ifdef PMM_HAVE_GUP_VMAS
	return get_user_pages_remote(mm, start, nr, flags, pages, NULL, NULL);
#else
	return get_user_pages_remote(mm, start, nr, flags, pages, NULL);
#endif
}

/* Does more than one process map this page, as far as can be told? */
static inline bool pmm_page_shared(struct page *page)
{
#ifdef PMM_HAVE_FOLIO_LIKELY_MAPPED_SHARED
	return folio_likely_mapped_shared(page_folio(page));
#else
	return page_mapcount(page) > 1;
#endif
}

/* How often a folio is mapped, in whole or in part, each a reference. */
static inline int pmm_folio_mapcount(struct folio *folio)
{
#ifdef PMM_HAVE_COMPOUND_PAGE_DTOR
	/* Not exported there for large folios, each of whose pages has a count. */
	long nr = folio_nr_pages(folio), i;
	int whole, sum;

	if (!folio_test_large(folio))
		return atomic_read(&folio->_mapcount) + 1;
	whole = folio_entire_mapcount(folio);
	sum = whole;
	for (i = 0; i < nr; i++)
		sum += atomic_read(&folio_page(folio, i)->_mapcount) + 1;
	/* In a file's, each counts mappings of the whole, too. */
	if (!folio_test_anon(folio))
		sum -= whole * nr;
	else if (folio_test_double_map(folio))
		sum -= nr;
	return sum;
#else
	return folio_mapcount(folio);
#endif
}

/* Flags that live in the first tail page and mean something else elsewhere. */
#ifndef PAGE_FLAGS_SECOND
#define PAGE_FLAGS_SECOND 0UL
#endif

#endif /* PMM_COMPAT_H */
