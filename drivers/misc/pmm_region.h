/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Regions: physical memory that the kernel does not manage, made a type.
 *
 * A BAR of a PCI device (pmm_pci.c) and RAM that was set aside at boot
 * (pmm_regions.c) differ in who says that they are there.  What follows is the
 * same, and is here: the range is claimed, gets struct pages, and becomes a type.
 */
#ifndef PMM_REGION_H
#define PMM_REGION_H

#include <linux/list.h>
#include <linux/memremap.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <uapi/linux/pmm.h>

struct device;
struct module;
struct pmm_type;
struct resource;
struct xarray;

/**
 * struct pmm_region_desc - memory that is to be a region
 * @name: of its type, see struct pmm_type_desc; also in /proc/iomem
 * @start: physical address, a multiple of pmm_region_align()
 * @size: bytes, likewise
 * @caps: as in struct pmm_type_desc; or with %PMM_TYPE_MIGRATE, for memory that
 *	pages of processes are moved into, instead of %PMM_TYPE_MAPPABLE
 * @nid: the node that it is close to, or NUMA_NO_NODE
 * @owner: as in struct pmm_type_desc
 * @reaches: as in struct pmm_type_desc
 * @data: as in struct pmm_type_desc
 */
struct pmm_region_desc {
	const char *name;
	u64 start;
	u64 size;
	u64 caps;
	int nid;
	struct module *owner;
	int (*reaches)(void *data, struct device *dev);
	void *data;
};

/**
 * struct pmm_region - a claimed range
 * @node: in pmm_regions, under pmm_regions_mutex
 * @name: of its type
 * @desc: what it was made of; @desc.name is @name
 * @res: the claim, in /proc/iomem; from pmm_region_claim() to the end
 * @pgmap: its struct pages, while @type is there
 * @type: what programs get blocks of; NULL while the memory is the kernel's, see
 *	pmm_node.c
 */
struct pmm_region {
	struct list_head node;
	char name[PMM_NAME_LEN];
	struct pmm_region_desc desc;
	struct resource *res;
	struct dev_pagemap pgmap;
	struct pmm_type *type;
};

/* All regions there are; taken before pmm_ranges_mutex. */
extern struct list_head pmm_regions;
extern struct mutex pmm_regions_mutex;

u64 pmm_region_align(void);
struct pmm_region *pmm_region_add(const struct pmm_region_desc *desc,
				  const char **why);
void pmm_region_remove(struct pmm_region *region);
struct pmm_region *pmm_region_find(const char *name);
int pmm_region_suspend(struct pmm_region *region);
void pmm_region_resume(struct pmm_region *region, struct xarray *bad);

/* The parameter regions=: pmm_reserved.c */
#ifdef CONFIG_ZONE_DEVICE
int pmm_reserved_init(void);
void pmm_reserved_exit(void);
#else
static inline int pmm_reserved_init(void)
{
	return 0;
}

static inline void pmm_reserved_exit(void) {}
#endif

#endif /* PMM_REGION_H */
