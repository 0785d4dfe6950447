/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PMM for drivers: physically contiguous, reference-counted blocks of memory.
 *
 *	block = pmm_alloc(NULL, SZ_8M, 0, &pdev->dev);
 *	err = pmm_block_dma_map(block, &pdev->dev, DMA_FROM_DEVICE, &addr);
 *	...
 *	pmm_block_dma_unmap(block, &pdev->dev, addr, DMA_FROM_DEVICE);
 *	pmm_put(block);
 *
 * or, with the fd of a block that a program has, pmm_block_from_fd() in place of
 * pmm_alloc().  The handle is the block, never an address.  See
 * Documentation/driver-api.rst, and tests/kmod/pmm_test_edu_blocks.c for a driver.
 *
 * A driver that calls anything here keeps pmm.ko loaded, as with any symbol.
 */
#ifndef _LINUX_PMM_H
#define _LINUX_PMM_H

#include <linux/dma-direction.h>
#include <linux/types.h>
#include <uapi/linux/pmm.h>

struct device;
struct module;
struct page;
struct pmm_block;

/* ---- blocks: drivers/misc/pmm_kapi.c ---- */

struct pmm_block *pmm_alloc(const char *type, size_t size, size_t align,
			    struct device *dev);
struct pmm_block *pmm_get(struct pmm_block *block);
void pmm_put(struct pmm_block *block);

struct pmm_block *pmm_block_from_fd(int fd, bool write);
int pmm_block_fd(struct pmm_block *block, bool write);

u64 pmm_block_id(const struct pmm_block *block);
size_t pmm_block_size(const struct pmm_block *block);
struct page *pmm_block_page(const struct pmm_block *block, unsigned long n);
phys_addr_t pmm_block_phys(const struct pmm_block *block);

void *pmm_block_vmap(struct pmm_block *block);
void pmm_block_vunmap(struct pmm_block *block, void *vaddr);

/* ---- DMA: drivers/misc/pmm_dma.c ---- */

int pmm_block_dma_map(struct pmm_block *block, struct device *dev,
		      enum dma_data_direction dir, dma_addr_t *addr);
void pmm_block_dma_unmap(struct pmm_block *block, struct device *dev,
			 dma_addr_t addr, enum dma_data_direction dir);
void pmm_block_dma_sync_for_cpu(struct pmm_block *block, struct device *dev,
				dma_addr_t addr, size_t offset, size_t size,
				enum dma_data_direction dir);
void pmm_block_dma_sync_for_device(struct pmm_block *block, struct device *dev,
				   dma_addr_t addr, size_t offset, size_t size,
				   enum dma_data_direction dir);

/* ---- types: drivers/misc/pmm_registry.c, pmm_remove.c ---- */

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
 * @name: what users call it: letters, digits, '-', '_', '.' and ':', beginning with
 *	a letter, shorter than PMM_NAME_LEN; no other type has it
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
 * @owner: module that each block keeps loaded, usually THIS_MODULE; with NULL the
 *	module can be removed at any time, and has to call pmm_type_remove()
 * @reaches: for memory that is not system RAM: may this other device's DMA go to it?
 *	0 or an errno.  It is asked for each device, in a context that may sleep,
 *	and not any more when the memory has been taken back.  NULL is a no.
 * @data: for @reaches
 */
struct pmm_type_desc {
	const char *name;
	const char *allocator;
	u64 caps;
	size_t min_align;
	const struct pmm_span *spans;
	unsigned int nr_spans;
	struct module *owner;
	int (*reaches)(void *data, struct device *dev);
	void *data;
};

struct pmm_type *pmm_type_register(const struct pmm_type_desc *desc);
int pmm_type_unregister(struct pmm_type *type);
void pmm_type_remove(struct pmm_type *type);

#endif /* _LINUX_PMM_H */
