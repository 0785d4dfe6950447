// SPDX-License-Identifier: GPL-2.0-only
/*
 * The one file that knows how shmem keeps its pages.
 *
 * Pages go into a shmem inode's page cache as shmem_add_to_page_cache() puts
 * its own there, but they are never on an LRU list and never charged to a
 * memory cgroup, and PMM keeps a reference on each.  They come out through
 * shmem_truncate_range() and inode eviction, like all pages of shmem.
 *
 * None of that is a stable interface, so pmm_shmem_selftest() tries it on a
 * private file when the module is loaded.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/pagemap.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>
#include <linux/vmstat.h>
#include <linux/xarray.h>

#include "pmm_compat.h"
#include "pmm_core.h"

/* A folio has come, or with -nr gone.  The lock of i_pages is held. */
static void pmm_shmem_count(struct address_space *mapping, struct folio *folio,
			    long nr)
{
	mapping->nrpages += nr;
	if (folio_test_pmd_mappable(folio))
		__lruvec_stat_mod_folio(folio, NR_SHMEM_THPS, nr);
	__lruvec_stat_mod_folio(folio, NR_FILE_PAGES, nr);
	__lruvec_stat_mod_folio(folio, NR_SHMEM, nr);
}

/*
 * One folio; it is locked and complete before anybody can see it, and stays
 * locked.
 */
static int pmm_shmem_insert_folio(struct address_space *mapping,
				  struct folio *folio, pgoff_t index)
{
	XA_STATE_ORDER(xas, &mapping->i_pages, index, folio_order(folio));
	long nr = folio_nr_pages(folio);

	folio_lock(folio);
	/* An inode that has ended may still be on its way out of memory. */
	if (folio->mapping) {
		folio_unlock(folio);
		return -EBUSY;
	}
	folio_set_swapbacked(folio);
	folio_set_dirty(folio);
	folio_mark_uptodate(folio);
	folio_ref_add(folio, nr);
	folio->mapping = mapping;
	folio->index = index;

	do {
		xas_lock_irq(&xas);
		if (xas_find_conflict(&xas)) {
			xas_set_err(&xas, -EEXIST);
			goto unlock;
		}
		xas_store(&xas, folio);
		if (!xas_error(&xas))
			pmm_shmem_count(mapping, folio, nr);
unlock:
		xas_unlock_irq(&xas);
	} while (xas_nomem(&xas, GFP_KERNEL));

	if (xas_error(&xas)) {
		folio->mapping = NULL;
		folio_ref_sub(folio, nr);
		folio_unlock(folio);
	}
	return xas_error(&xas);
}

/* Undo pmm_shmem_insert_folio(). */
static void pmm_shmem_remove_folio(struct address_space *mapping,
				   struct folio *folio)
{
	XA_STATE_ORDER(xas, &mapping->i_pages, folio->index,
		       folio_order(folio));
	long nr = folio_nr_pages(folio);

	xas_lock_irq(&xas);
	xas_store(&xas, NULL);
	pmm_shmem_count(mapping, folio, -nr);
	xas_unlock_irq(&xas);
	/* Whoever found it meanwhile waits for its lock, and then looks again. */
	folio->mapping = NULL;
	folio_ref_sub(folio, nr);
	folio_unlock(folio);
}

/* All folios are in, or (not @keep) come out again: only now can they be used. */
static void pmm_shmem_insert_end(struct address_space *mapping,
				 unsigned long pfn, unsigned long nr, bool keep)
{
	unsigned long offset = 0;

	while (offset < nr) {
		struct folio *folio = page_folio(pfn_to_page(pfn + offset));

		offset += folio_nr_pages(folio);
		if (keep)
			folio_unlock(folio);
		else
			pmm_shmem_remove_folio(mapping, folio);
		cond_resched();
	}
}

/* The folio for the pages at @pfn: as large as their address and @nr allow. */
static struct folio *pmm_shmem_folio(unsigned long pfn, unsigned long offset,
				     unsigned long nr)
{
	struct page *page = pfn_to_page(pfn + offset);

	if (!PageHead(page) && nr - offset >= PMM_CHUNK_PAGES &&
	    IS_ALIGNED(pfn + offset, PMM_CHUNK_PAGES) &&
	    IS_ALIGNED(offset, PMM_CHUNK_PAGES))
		pmm_folio_compose(page);
	return page_folio(page);
}

/**
 * pmm_shmem_insert() - make pages the contents of an empty shmem inode
 * @inode: the inode, from its beginning
 * @pfn: first page
 * @nr: how many
 *
 * Others may have the inode open and mapped.  Nobody can read or write a page
 * before all are in: a page that was used could not be taken out again without
 * losing what somebody has written to it.
 *
 * Context: May sleep.  The inode's lock is held, or nobody else has the inode.
 * Return: 0; -EEXIST if a fault was faster and put a page of its own there;
 * -EBUSY if a page is still in another inode; -ENOMEM.  After a failure the
 * inode has none of these pages.
 */
int pmm_shmem_insert(struct inode *inode, unsigned long pfn, unsigned long nr)
{
	unsigned long offset = 0;
	int err = 0;

	while (!err && offset < nr) {
		struct folio *folio = pmm_shmem_folio(pfn, offset, nr);

		err = pmm_shmem_insert_folio(inode->i_mapping, folio, offset);
		if (!err)
			offset += folio_nr_pages(folio);
		cond_resched();
	}
	pmm_shmem_insert_end(inode->i_mapping, pfn, offset, !err);
	return err;
}

/**
 * pmm_shmem_empty() - does an inode hold nothing, in memory or in swap?
 * @inode: a shmem inode
 * @nr: pages from here on are not looked at
 *
 * Context: The inode's lock is held, or nobody else has the inode.
 * Return: true if it holds nothing.
 */
bool pmm_shmem_empty(struct inode *inode, unsigned long nr)
{
	unsigned long index = 0;

	/* Swapped pages are value entries in the same array. */
	return !xa_find(&inode->i_mapping->i_pages, &index, nr - 1, XA_PRESENT);
}

/**
 * pmm_shmem_huge() - how a home holds its block
 * @inode: the home
 * @pfn: first page of the block
 * @nr: pages of the block
 * @complete: set to whether every page of the block is in its place
 *
 * Context: May sleep.
 * Return: bytes that are there as folios of PMM_CHUNK_ORDER.
 */
u64 pmm_shmem_huge(struct inode *inode, unsigned long pfn, unsigned long nr,
		   bool *complete)
{
	unsigned long offset = 0;
	u64 huge = 0;

	*complete = true;
	while (offset < nr) {
		struct page *page = pfn_to_page(pfn + offset);
		unsigned long step = PageHead(page) ? PMM_CHUNK_PAGES : 1;

		if (xa_load(&inode->i_mapping->i_pages, offset) != page)
			*complete = false;
		else if (step > 1)
			huge += PMM_CHUNK_SIZE;
		offset += step;
		cond_resched();
	}
	return huge;
}

/* Does what is written through @file arrive in the page at @pfn, and back? */
static bool pmm_shmem_same(struct file *file, unsigned long pfn, u64 pattern)
{
	u64 *p = page_address(pfn_to_page(pfn));
	u64 seen = 0;
	loff_t pos = 0;

	if (kernel_write(file, &pattern, sizeof(pattern), &pos) !=
	    sizeof(pattern))
		return false;
	if (READ_ONCE(*p) != pattern)
		return false;
	WRITE_ONCE(*p, ~pattern);
	pos = 0;
	if (kernel_read(file, &seen, sizeof(seen), &pos) != sizeof(seen))
		return false;
	return seen == ~pattern;
}

/* What is wrong, or NULL; an ERR_PTR if it could not be tried. */
static const char *pmm_shmem_try_file(struct file *file, unsigned long pfn,
				      unsigned long nr)
{
	struct inode *inode = file_inode(file);
	struct address_space *mapping = inode->i_mapping;
	bool complete;
	int err;

	if (!shmem_mapping(mapping))
		return "a shmem file is not one";
	err = pmm_shmem_insert(inode, pfn, nr);
	if (err == -ENOMEM && pmm_pages_reset(pfn, nr))
		return ERR_PTR(err);
	if (err)
		return "pages cannot be inserted";
	if (mapping->nrpages != nr)
		return "pages are counted differently";
	pmm_shmem_huge(inode, pfn, nr, &complete);
	if (!complete)
		return "inserted pages are not in their place";
	if (!pmm_shmem_same(file, pfn, 0x504d4d2073656c66ULL))
		return "a file and its pages differ";
	shmem_truncate_range(inode, 0, -1);
	if (mapping->nrpages || !pmm_shmem_empty(inode, nr))
		return "pages do not come out again";
	if (!pmm_pages_reset(pfn, nr))
		return "pages do not become free again";
	return NULL;
}

/* The exact value of a node's counter, what the CPUs keep to themselves too. */
static long pmm_shmem_counter(int nid, enum node_stat_item item)
{
	struct pglist_data *pgdat = NODE_DATA(nid);
	long sum = atomic_long_read(&pgdat->vm_stat[item]);
	int cpu;

	for_each_online_cpu(cpu)
		sum += per_cpu_ptr(pgdat->per_cpu_nodestats,
				   cpu)->vm_node_stat_diff[item];
	return sum;
}

static const enum node_stat_item pmm_shmem_counters[] = {
	NR_FILE_PAGES, NR_SHMEM, NR_SHMEM_THPS,
};

/*
 * One file of @nr pages.  Others use the same counters meanwhile, so these are
 * off only if they are so by a good part of what went in and out.
 */
static const char *pmm_shmem_try(struct file *file, struct page *page,
				 unsigned long nr)
{
	long before[ARRAY_SIZE(pmm_shmem_counters)];
	int nid = page_to_nid(page);
	const char *wrong;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(before); i++)
		before[i] = pmm_shmem_counter(nid, pmm_shmem_counters[i]);
	wrong = pmm_shmem_try_file(file, page_to_pfn(page), nr);
	for (i = 0; !wrong && nr > 1 && i < ARRAY_SIZE(before); i++)
		if (abs(pmm_shmem_counter(nid, pmm_shmem_counters[i]) -
			before[i]) > nr / 2)
			wrong = "its counters are not balanced";
	return wrong;
}

/* Pages of their own for the test, each with one reference, as in a pool. */
static struct page *pmm_shmem_test_pages(unsigned int order)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN,
					order);

	if (page && order)
		split_page(page, order);
	return page;
}

/* Return: 0, -ENOMEM when it could not be tried, or -EOPNOTSUPP. */
static int pmm_shmem_test_order(unsigned int order)
{
	struct page *page = pmm_shmem_test_pages(order);
	unsigned long i, nr = BIT(order);
	const char *wrong;
	struct file *file;

	if (!page)
		return -ENOMEM;
	file = shmem_file_setup("pmm-selftest", nr << PAGE_SHIFT,
				VM_NORESERVE);
	if (IS_ERR(file)) {
		wrong = ERR_CAST(file);
	} else {
		wrong = pmm_shmem_try(file, page, nr);
		fput(file);
	}
	if (!IS_ERR_OR_NULL(wrong)) {
		/* Nobody knows what these pages are now: they stay lost. */
		pr_err("pmm: this kernel's shmem is not what PMM knows: %s; not loading\n",
		       wrong);
		return -EOPNOTSUPP;
	}
	for (i = 0; i < nr; i++)
		__free_page(page + i);
	return PTR_ERR_OR_ZERO(wrong);
}

/**
 * pmm_shmem_selftest() - is shmem in this kernel as this file expects?
 *
 * Single pages and a folio are tried; the latter only if the kernel has so much
 * contiguous memory at hand.
 *
 * Context: May sleep; at load, before there is a pool.
 * Return: 0, -ENOMEM, or -EOPNOTSUPP after a message that says what differs.
 */
int pmm_shmem_selftest(void)
{
	int err = pmm_shmem_test_order(0);

	if (!err && PMM_CHUNK_ORDER) {
		err = pmm_shmem_test_order(PMM_CHUNK_ORDER);
		if (err == -ENOMEM)
			err = 0;
	}
	return err;
}
