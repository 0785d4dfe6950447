// SPDX-License-Identifier: GPL-2.0-only
/*
 * Has this machine had a memory error?
 *
 * A page may go bad while it is in no block.  The kernel marks it and tells
 * nobody, so each allocation would have to look at all of its pages, which costs
 * time in proportion to its size, for something that most machines never see.
 * The kernel does announce memory errors to whoever traces them.  Before the
 * first one, allocations need not look.
 */
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <linux/xarray.h>

#include "pmm_core.h"

static struct tracepoint *pmm_poison_event;
static bool pmm_poison_possible;

/* As of include/ras/ras_event.h. */
static void pmm_poison_probe(void *data, unsigned long pfn, int type,
			     int result)
{
	WRITE_ONCE(pmm_poison_possible, true);
}

static void pmm_poison_find(struct tracepoint *tp, void *data)
{
	if (!strcmp(tp->name, "memory_failure_event"))
		pmm_poison_event = tp;
}

/**
 * pmm_poison_seen() - may a page have gone bad since the module was loaded?
 *
 * Context: Any.
 * Return: false if none has.
 */
bool pmm_poison_seen(void)
{
	return READ_ONCE(pmm_poison_possible);
}

/**
 * pmm_poison_mark() - mark pages as bad, for what makes a type of them
 * @bad: has an entry for the number of each, or is NULL
 *
 * Struct pages that are new know of no errors from before.
 *
 * Context: Any; nobody changes @bad meanwhile.
 */
void pmm_poison_mark(struct xarray *bad)
{
	unsigned long pfn;
	void *entry;

	if (!bad)
		return;
	xa_for_each(bad, pfn, entry)
		SetPageHWPoison(pfn_to_page(pfn));
}

/* Begin to listen.  If the kernel does not tell, any page may be bad any time. */
void pmm_poison_init(void)
{
	for_each_kernel_tracepoint(pmm_poison_find, NULL);
	if (!pmm_poison_event ||
	    tracepoint_probe_register(pmm_poison_event, pmm_poison_probe,
				      NULL)) {
		pmm_poison_event = NULL;
		pmm_poison_possible = true;
	}
}

/* The reverse. */
void pmm_poison_exit(void)
{
	if (!pmm_poison_event)
		return;
	tracepoint_probe_unregister(pmm_poison_event, pmm_poison_probe, NULL);
	tracepoint_synchronize_unregister();
}
