/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The module parameter regions=: which memory was set aside at boot, to be types.
 *
 *	regions=NAME:SIZE@START[:migrate][,...]
 *	regions=camera:64M@0x30000000,dsp:16M@0x34000000
 *
 * SIZE and NAME are those of pools=.  START is a physical address, hexadecimal after
 * "0x", or like SIZE.  With "migrate" pages of processes are moved there, and there
 * are no blocks.
 *
 * Like the allocators this is compiled into the tests, too.
 */
#ifndef PMM_REGIONS_H
#define PMM_REGIONS_H

#include "pmm_alloc_shim.h"

#define PMM_REGIONS_MAX		16
#define PMM_REGION_NAME_LEN	32

/**
 * struct pmm_region_spec - one region, as asked for
 * @name: its name
 * @size: bytes; not zero
 * @start: physical address; @start + @size does not wrap around
 * @migrate: it has no blocks, but pages are moved there
 */
struct pmm_region_spec {
	char name[PMM_REGION_NAME_LEN];
	unsigned long long size;
	unsigned long long start;
	bool migrate;
};

/**
 * struct pmm_region_list - what the parameter says
 * @nr: number of regions
 * @region: the regions, in the order in which they were given
 * @error: why it was refused; NULL if it was not
 * @position: of the character that was refused, from 1
 */
struct pmm_region_list {
	unsigned int nr;
	struct pmm_region_spec region[PMM_REGIONS_MAX];
	const char *error;
	unsigned int position;
};

int pmm_regions_parse(const char *text, struct pmm_region_list *list);

#endif /* PMM_REGIONS_H */
