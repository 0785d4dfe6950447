// SPDX-License-Identifier: GPL-2.0-only
/*
 * RAM that was set aside at boot, as types.
 *
 *	memmap=64M$0x30000000			on the kernel's command line
 *	insmod pmm.ko regions=camera:64M@0x30000000
 *
 * The kernel has never used such memory, so nothing in it has to be moved and no
 * part of it is ever missing.  But what else is marked as reserved may belong to
 * the firmware: only what the firmware said is RAM is taken.
 */
#include <linux/err.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/numa.h>
#include <linux/slab.h>
#ifdef CONFIG_X86
#include <asm/e820/api.h>
#endif

#include "pmm_core.h"
#include "pmm_region.h"
#include "pmm_regions.h"

static char *regions;
module_param(regions, charp, 0444);
MODULE_PARM_DESC(regions, "RAM set aside at boot (memmap=SIZE$START): NAME:SIZE@START[:migrate],...");

static struct pmm_region *pmm_reserved[PMM_REGIONS_MAX];
static unsigned int pmm_reserved_nr;

#ifdef CONFIG_X86
/* The firmware's map has it as RAM, the kernel's as reserved: memmap= was there. */
static const char *pmm_reserved_page_fault(u64 start)
{
	u64 end = start + PAGE_SIZE;

	if (!e820__mapped_raw_any(start, end, E820_TYPE_RAM) ||
	    e820__mapped_raw_any(start, end, E820_TYPE_RESERVED))
		return "the firmware does not say that all of it is RAM";
	if (e820__mapped_any(start, end, E820_TYPE_RAM))
		return "the kernel uses it, or some of it: boot with memmap=SIZE$START";
	if (!e820__mapped_any(start, end, E820_TYPE_RESERVED))
		return "not all of it is reserved: boot with memmap=SIZE$START";
	return NULL;
}
#else
static const char *pmm_reserved_page_fault(u64 start)
{
	return "this machine has no map that tells reserved RAM from other memory";
}
#endif

/* Why is this not memory that was set aside?  NULL if it is. */
static const char *pmm_reserved_fault(const struct pmm_region_spec *spec)
{
	const char *fault = NULL;
	u64 at;

	for (at = PAGE_ALIGN_DOWN(spec->start);
	     !fault && at < spec->start + spec->size; at += PAGE_SIZE) {
		fault = pmm_reserved_page_fault(at);
		cond_resched();
	}
	return fault;
}

static int pmm_reserved_add(const struct pmm_region_spec *spec)
{
	const struct pmm_region_desc desc = {
		.name = spec->name,
		.start = spec->start,
		.size = spec->size,
		.caps = PMM_TYPE_RAM | (spec->migrate ? PMM_TYPE_MIGRATE :
							PMM_TYPE_MAPPABLE),
		.nid = NUMA_NO_NODE,
	};
	const char *why = pmm_reserved_fault(spec);
	struct pmm_region *region;

	region = why ? ERR_PTR(-EINVAL) : pmm_region_add(&desc, &why);
	if (IS_ERR(region)) {
		pr_err("pmm: regions=: '%s': %s\n", spec->name, why);
		return PTR_ERR(region);
	}
	pmm_reserved[pmm_reserved_nr++] = region;
	return 0;
}

/* Make the types that regions= asks for, all of them or none. */
int pmm_reserved_init(void)
{
	struct pmm_region_list *list;
	unsigned int i;
	int err;

	if (!regions)
		return 0;
	list = kzalloc(sizeof(*list), GFP_KERNEL);
	if (!list)
		return -ENOMEM;
	err = pmm_regions_parse(regions, list);
	if (err)
		pr_err("pmm: regions=%s: character %u: %s\n", regions,
		       list->position, list->error);
	for (i = 0; !err && i < list->nr; i++)
		err = pmm_reserved_add(&list->region[i]);
	kfree(list);
	if (err)
		pmm_reserved_exit();
	return err;
}

/* There are no blocks any more. */
void pmm_reserved_exit(void)
{
	while (pmm_reserved_nr)
		pmm_region_remove(pmm_reserved[--pmm_reserved_nr]);
}
