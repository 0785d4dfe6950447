// SPDX-License-Identifier: GPL-2.0-only
/*
 * What holds up memory that the kernel should give back: pages that cannot be moved.
 */
#include <linux/capability.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/pfn.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "pmm_compat.h"
#include "pmm_node.h"

/* References that the kernel itself has to a folio on an LRU, or about to be. */
static int pmm_folio_known_refs(struct folio *folio)
{
	int refs = pmm_folio_mapcount(folio);

	if (folio_test_anon(folio) ? folio_test_swapcache(folio) :
				     !!folio->mapping)
		refs += folio_nr_pages(folio);
	return refs + !!folio_test_private(folio);
}

static void pmm_busy_name(struct pmm_offline *arg, unsigned long pfn)
{
	unsigned int i;

	for (i = 0; i < PMM_OFFLINE_PAGES; i++) {
		if (!arg->pages[i]) {
			arg->pages[i] = PFN_PHYS(pfn);
			return;
		}
	}
}

/*
 * Count a page that is in use.  Nothing keeps it from changing meanwhile, and nothing
 * follows from the answer but a message.
 */
static void pmm_busy_count(struct pmm_offline *arg, struct page *page)
{
	struct folio *folio = page_folio(page);
	bool head = &folio->page == page;

	arg->used += PAGE_SIZE;
	if (!folio_test_lru(folio) && !__PageMovable(&folio->page))
		arg->unmovable += PAGE_SIZE;
	else if (folio_test_lru(folio) &&
		 folio_ref_count(folio) > pmm_folio_known_refs(folio))
		arg->pinned += PAGE_SIZE;
	else
		return;
	if (head)
		pmm_busy_name(arg, page_to_pfn(page));
}

/**
 * pmm_busy_look() - count what is in use in a range of ordinary RAM
 * @pfn: its first page
 * @nr: how many
 * @arg: the out fields are filled in; @arg->pages for CAP_SYS_RAWIO only
 *
 * Context: May sleep.  The pages have struct pages, and keep them.
 */
void pmm_busy_look(unsigned long pfn, unsigned long nr, struct pmm_offline *arg)
{
	unsigned long end = pfn + nr;
	struct page *page;

	for (; pfn < end; pfn++) {
		page = pfn_to_online_page(pfn);
		if (page && page_count(page))
			pmm_busy_count(arg, page);
		cond_resched();
	}
	if (!capable(CAP_SYS_RAWIO))
		memset(arg->pages, 0, sizeof(arg->pages));
}
