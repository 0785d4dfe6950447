/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PMM for drivers: physically contiguous, reference-counted blocks of memory.
 *
 * A driver that calls anything here keeps pmm.ko loaded, as with any symbol.
 */
#ifndef _LINUX_PMM_H
#define _LINUX_PMM_H

#include <linux/types.h>
#include <uapi/linux/pmm.h>

struct module;

/* ---- types: drivers/misc/pmm_registry.c ---- */

struct pmm_type;

/**
 * struct pmm_span - pages in a row
 * @pfn: page frame number of the first
 * @nr: how many
 */
struct pmm_span {
	unsigned long pfn;
	unsigned long nr;
};

/**
 * struct pmm_type_desc - a type of memory that a driver offers
 * @name: what users call it: letters, digits, '-', '_' and '.', beginning with a
 *	letter, shorter than PMM_NAME_LEN; no other type has it
 * @allocator: name of the allocator that manages it; NULL for the default
 * @caps: PMM_TYPE_* bits: either of %PMM_TYPE_RAM and %PMM_TYPE_DEVICE;
 *	%PMM_TYPE_MAPPABLE unless programs are not to map its blocks; and
 *	%PMM_TYPE_SYNC if devices and processors see each other's writes only
 *	after cache maintenance
 * @min_align: smallest alignment of a block in bytes, a power of two; 0 for a page
 * @spans: its memory, in any order; no page twice.  Every page has a struct page
 *	with one reference, which is the driver's, and is nowhere else: not
 *	mapped, in no page cache, on no list, not part of a compound page.
 * @nr_spans: how many
 * @owner: module that each block keeps loaded, usually THIS_MODULE; or NULL
 */
struct pmm_type_desc {
	const char *name;
	const char *allocator;
	u64 caps;
	size_t min_align;
	const struct pmm_span *spans;
	unsigned int nr_spans;
	struct module *owner;
};

struct pmm_type *pmm_type_register(const struct pmm_type_desc *desc);
int pmm_type_unregister(struct pmm_type *type);

#endif /* _LINUX_PMM_H */
