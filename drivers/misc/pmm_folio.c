// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages of a pool: making folios of them for a home, and taking them back.
 *
 * PMM keeps one reference of its own on every page of a pool.  A page is
 * *returned* when nothing but that reference is left.  Lockless lookups (page
 * cache, get_user_pages) may take a page from one reference to two at any time
 * and put it later, so flags and counts are edited only while the page is
 * frozen, that is, while its reference count reads zero to them.
 */
#include <linux/bitops.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/page_ref.h>
#include <linux/vmstat.h>

#include "pmm_compat.h"
#include "pmm_core.h"

/* After a memory error the kernel keeps a reference of its own, for ever. */
static int pmm_page_expected(struct page *page)
{
	if (PageHWPoison(page) && !PageCompound(page) &&
	    page_ref_count(page) == 2 && !READ_ONCE(page->mapping) &&
	    atomic_read(&page->_mapcount) == -1)
		return 2;
	return 1;
}

/*
 * Undo what being in a page cache left behind.  Frozen.  Flags are changed
 * atomically because a memory error may set PG_hwpoison at any time, and that
 * flag is kept.
 */
static void pmm_page_reset(struct page *page)
{
	if (folio_test_clear_mlocked(page_folio(page)))
		mod_zone_page_state(page_zone(page), NR_MLOCK, -1);
	WARN_ON_ONCE(atomic_read(&page->_mapcount) != -1);
	atomic_set(&page->_mapcount, -1);
	set_mask_bits(&page->flags, PAGE_FLAGS_CHECK_AT_PREP, 0);
	/* Of a device's page that is where its dev_pagemap is. */
	if (!is_zone_device_page(page))
		INIT_LIST_HEAD(&page->lru);
	page->mapping = NULL;
	page->index = 0;
	set_page_private(page, 0);
}

/**
 * pmm_folio_compose() - make one folio of PMM_CHUNK_PAGES pages
 * @head: the first of them, naturally aligned, all returned
 *
 * Not of a device's pages (ZONE_DEVICE): the kernel asks each for its dev_pagemap,
 * tail or not, and that of a tail would be overwritten.
 *
 * Context: Any; the pages are in no home and in no free range.
 * Return: true if @head is a folio of that order now, with one reference.
 * False if a page is referenced right now, has had a memory error or is a
 * device's; then nothing has changed, and the pages can be used one by one.
 */
bool pmm_folio_compose(struct page *head)
{
	unsigned long i;

	if (!PMM_CHUNK_ORDER || is_zone_device_page(head))
		return false;
	for (i = 0; i < PMM_CHUNK_PAGES; i++) {
		if (PageHWPoison(head + i) || !page_ref_freeze(head + i, 1))
			goto err_unfreeze;
	}
	for (i = 0; i < PMM_CHUNK_PAGES; i++)
		pmm_page_reset(head + i);

	set_bit(PG_head, &head->flags);
	for (i = 1; i < PMM_CHUNK_PAGES; i++) {
		head[i].mapping = TAIL_MAPPING;
		set_compound_head(head + i, head);
	}
	pmm_compound_head_init(head, PMM_CHUNK_ORDER);
	page_ref_unfreeze(head, 1);
	return true;

err_unfreeze:
	while (i--)
		page_ref_unfreeze(head + i, 1);
	return false;
}

/* The reverse: PMM_CHUNK_PAGES pages with one reference each. */
static bool pmm_folio_decompose(struct page *head)
{
	unsigned long i;

	if (!page_ref_freeze(head, 1))
		return false;

	WARN_ON_ONCE(!pmm_compound_head_unused(head));
	if (folio_test_clear_mlocked(page_folio(head)))
		mod_zone_page_state(page_zone(head), NR_MLOCK,
				    -(long)PMM_CHUNK_PAGES);
	set_mask_bits(&head[1].flags, PAGE_FLAGS_SECOND, 0);
	for (i = 1; i < PMM_CHUNK_PAGES; i++) {
		WARN_ON_ONCE(page_ref_count(head + i));
		clear_compound_head(head + i);
		pmm_page_reset(head + i);
	}
	clear_bit(PG_head, &head->flags);
	pmm_page_reset(head);

	for (i = PMM_CHUNK_PAGES; i--;)
		page_ref_unfreeze(head + i, 1);
	return true;
}

static bool pmm_page_return(struct page *page)
{
	int expected = pmm_page_expected(page);

	if (!page_ref_freeze(page, expected))
		return false;
	pmm_page_reset(page);
	page_ref_unfreeze(page, expected);
	return true;
}

/**
 * pmm_pages_returned() - has everyone but PMM let go of these pages?
 * @pfn: first page
 * @nr: how many
 *
 * Only a look: pmm_pages_reset() has the last word.
 *
 * Context: May sleep.
 * Return: true when nobody else seems to hold any of them.
 */
bool pmm_pages_returned(unsigned long pfn, unsigned long nr)
{
	unsigned long i = 0;

	while (i < nr) {
		struct page *page = pfn_to_page(pfn + i);

		if (page_ref_count(page) != pmm_page_expected(page))
			return false;
		i += PageHead(page) ? PMM_CHUNK_PAGES : 1;
		cond_resched();
	}
	return true;
}

/**
 * pmm_pages_poisoned() - has one of these pages had a memory error?
 * @pfn: first page
 * @nr: how many
 *
 * Context: May sleep.
 * Return: true if any has.
 */
bool pmm_pages_poisoned(unsigned long pfn, unsigned long nr)
{
	unsigned long i;

	for (i = 0; i < nr; i++) {
		if (PageHWPoison(pfn_to_page(pfn + i)))
			return true;
		cond_resched();
	}
	return false;
}

/**
 * pmm_pages_reset() - make pages as good as new, apart from their contents
 * @pfn: first page
 * @nr: how many
 *
 * Context: May sleep.  The pages are in no home.
 * Return: true if they all are; false if somebody holds one, to be tried again.
 */
bool pmm_pages_reset(unsigned long pfn, unsigned long nr)
{
	unsigned long i = 0;

	while (i < nr) {
		struct page *page = pfn_to_page(pfn + i);

		if (PageHead(page)) {
			if (!pmm_folio_decompose(page))
				return false;
			i += PMM_CHUNK_PAGES;
		} else {
			if (!pmm_page_return(page))
				return false;
			i++;
		}
		cond_resched();
	}
	return true;
}
