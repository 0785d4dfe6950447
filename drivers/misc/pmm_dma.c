// SPDX-License-Identifier: GPL-2.0-only
/*
 * Blocks and devices: what a device can reach, and mapping blocks for it.
 *
 * A block is mapped in one piece, and the device gets at the block's own pages or
 * at nothing: the kernel would quietly copy through a bounce buffer what a
 * device cannot reach, which for memory that others have mapped is wrong and not
 * just slow.  So whatever would bounce is refused, first for a type as a whole
 * when memory is allocated for a device, and again for the block when it is mapped.
 */
#include <linux/device.h>
#include <linux/dma-direct.h>
#include <linux/dma-mapping.h>
#include <linux/iommu.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/swiotlb.h>

#include "pmm_core.h"

/* Is there an IOMMU between the device and memory that gives any page any address? */
static bool pmm_dma_translated(struct device *dev)
{
#ifdef CONFIG_IOMMU_API
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);

	return domain && (domain->type & __IOMMU_DOMAIN_PAGING);
#else
	return false;
#endif
}

/**
 * pmm_dma_reaches() - does a device see memory as it is, and in one piece?
 * @dev: the device, which does DMA
 * @first: first byte
 * @last: last byte
 *
 * Return: if not, the kernel would have it reach a copy.
 */
bool pmm_dma_reaches(struct device *dev, phys_addr_t first, phys_addr_t last)
{
	dma_addr_t from, to;

	if (pmm_dma_translated(dev))
		return true;
	if (is_swiotlb_force_bounce(dev))
		return false;
	from = phys_to_dma(dev, first);
	to = phys_to_dma(dev, last);
	return to - from == last - first &&
	       dma_capable(dev, from, last - first + 1, true);
}

/* The longest piece that the device takes, in bytes. */
static u64 pmm_dma_max_size(struct device *dev)
{
	unsigned long boundary = dma_get_seg_boundary(dev);
	u64 max = dma_get_max_seg_size(dev);

	if (boundary != ULONG_MAX)
		max = min_t(u64, max, (u64)boundary + 1);
	/* Without an IOMMU this limit is that of the bounce buffers. */
	if (pmm_dma_translated(dev))
		max = min_t(u64, max, dma_max_mapping_size(dev));
	return max;
}

/* Does [first, last] cross one of the lines that the device's pieces may not? */
static bool pmm_dma_crosses(struct device *dev, u64 first, u64 last)
{
	return (first ^ last) & ~(u64)dma_get_seg_boundary(dev);
}

/* The alignment at which no block of @size crosses one.  A wrong one stays wrong. */
static u64 pmm_dma_align(u64 size, u64 align)
{
	u64 enough = min_t(u64, roundup_pow_of_two(size), PMM_MAX_ALIGN);

	return !align || is_power_of_2(align) ? max(align, enough) : align;
}

/* What does not depend on where in memory a block is. */
static int pmm_dma_check_size(struct device *dev, u64 size)
{
	if (!size || !dev->dma_mask || !*dev->dma_mask)
		return -EINVAL;
	if (size > pmm_dma_max_size(dev)) {
		dev_err_ratelimited(dev, "pmm: %llu bytes are too many for this device, it takes %llu in one piece (see dma_set_max_seg_size() and dma_set_seg_boundary())\n",
				    size, pmm_dma_max_size(dev));
		return -E2BIG;
	}
	return 0;
}

/* Where a pool ends is for the log; where in it a block is, is not. */
static int pmm_dma_out_of_reach(struct device *dev, struct pmm_type *type,
				phys_addr_t *end)
{
	u64 limit = min_not_zero(dma_get_mask(dev), dev->bus_dma_limit);

	if (is_swiotlb_force_bounce(dev))
		dev_err_ratelimited(dev, "pmm: this machine lets devices reach bounce buffers only\n");
	else if (end)
		dev_err_ratelimited(dev, "pmm: type %s ends at %pap, this device reaches up to %#llx; it takes a pool below that (pools=, below=)\n",
				    type->name, end, limit);
	else
		dev_err_ratelimited(dev, "pmm: a block of type %s is beyond %#llx, which this device reaches up to; it takes one of a pool below that (pools=, below=)\n",
				    type->name, limit);
	return -ERANGE;
}

/**
 * pmm_dma_check_type() - can a device use every block of a type?
 * @type: the type
 * @dev: the device
 * @size: of the block that is wanted, in bytes
 * @align: its alignment in bytes, or 0 for the natural one; raised where blocks
 *	of that size could cross the device's segment boundary
 *
 * All of the type's memory counts, so the answer does not depend on what happens to
 * be free.
 *
 * Context: May sleep; no locks.
 * Return: 0, or -EINVAL (the device does no DMA), -E2BIG (longer than it takes in
 * one piece), -ERANGE (it does not reach it), -ENOENT (the type is leaving).
 */
int pmm_dma_check_type(struct pmm_type *type, struct device *dev, u64 size,
		       u64 *align)
{
	unsigned long first_pfn, last_pfn;
	phys_addr_t first, last;
	int err;

	err = pmm_dma_check_size(dev, size);
	if (err)
		return err;
	err = pmm_type_extent(type, &first_pfn, &last_pfn);
	if (err)
		return err;
	first = PFN_PHYS(first_pfn);
	last = PFN_PHYS(last_pfn) + PAGE_SIZE - 1;
	if (!pmm_dma_reaches(dev, first, last))
		return pmm_dma_out_of_reach(dev, type, &last);

	if (!pmm_dma_translated(dev) &&
	    pmm_dma_crosses(dev, phys_to_dma(dev, first),
			    phys_to_dma(dev, last)))
		*align = pmm_dma_align(size, *align);
	return 0;
}

/* What looks like RAM but is another device's is not everyone's to reach. */
static int pmm_dma_check_peer(struct pmm_type *type, struct device *dev)
{
	if (type->caps & PMM_TYPE_RAM)
		return 0;
	return type->reaches ? type->reaches(type->data, dev) : -EOPNOTSUPP;
}

/**
 * pmm_dma_check_block() - can a device use a block where it is?
 * @block: the block
 * @dev: the device, which may have it in several pieces
 *
 * Context: May sleep.  The caller uses the block, see pmm_block_use().
 * Return: 0, or -EINVAL (the device does no DMA), -ERANGE (it does not reach all
 * of it), -EOPNOTSUPP (the memory is another device's, and out of its reach).
 */
int pmm_dma_check_block(struct pmm_block *block, struct device *dev)
{
	phys_addr_t phys = pmm_block_phys(block);
	int err = pmm_dma_check_peer(block->type, dev);

	if (err)
		return err;
	if (!dev->dma_mask || !*dev->dma_mask)
		return -EINVAL;
	if (!pmm_dma_reaches(dev, phys, phys + pmm_block_size(block) - 1))
		return pmm_dma_out_of_reach(dev, block->type, NULL);
	return 0;
}

/*
 * The address must be what was promised: a piece that crosses no boundary, and
 * the pages themselves.
 */
static int pmm_dma_check_addr(struct pmm_block *block, struct device *dev,
			      dma_addr_t addr)
{
	if (pmm_dma_crosses(dev, addr, addr + pmm_block_size(block) - 1))
		return -ERANGE;
	if (!pmm_dma_translated(dev) &&
	    addr != phys_to_dma(dev, pmm_block_phys(block)))
		return -ERANGE;
	return 0;
}

/**
 * pmm_block_dma_map() - give a device a block's address
 * @block: the block; the caller has a reference, and keeps it until the reverse,
 *	pmm_block_dma_unmap()
 * @dev: the device, its DMA mask set
 * @dir: who writes: DMA_TO_DEVICE, DMA_FROM_DEVICE or DMA_BIDIRECTIONAL.  A block
 *	that pmm_block_from_fd() gave for reading is for DMA_TO_DEVICE only.
 * @addr: set to the address, as the device sees it, of the whole block in one
 *	piece
 *
 * The block may be mapped for several devices, and several times for one.  Until
 * then, and between pmm_block_dma_sync_for_device() and
 * pmm_block_dma_sync_for_cpu(), the memory is the device's where that makes a
 * difference.
 *
 * Context: May sleep.
 * Return: 0 or
 *
 * * -EINVAL if @dev does no DMA or @dir is none of these,
 * * -E2BIG if the block is longer than dma_get_max_seg_size() or the segment
 *   boundary of @dev,
 * * -ERANGE if @dev cannot reach all of it, or only by way of bounce buffers, or it
 *   crosses a segment boundary,
 * * -EOPNOTSUPP if the block is another device's memory, which @dev does not reach,
 * * -EIO if the mapping failed, for instance because the IOMMU has no room.
 */
int pmm_block_dma_map(struct pmm_block *block, struct device *dev,
		      enum dma_data_direction dir, dma_addr_t *addr)
{
	size_t size = pmm_block_size(block);
	int err;

	might_sleep();
	if (!valid_dma_direction(dir))
		return -EINVAL;
	err = pmm_dma_check_size(dev, size);
	if (err)
		return err;
	err = pmm_dma_check_block(block, dev);
	if (err)
		return err;

	*addr = dma_map_page(dev, pmm_block_page(block, 0), 0, size, dir);
	if (dma_mapping_error(dev, *addr))
		return -EIO;
	err = pmm_dma_check_addr(block, dev, *addr);
	if (err)
		dma_unmap_page(dev, *addr, size, dir);
	return err;
}
EXPORT_SYMBOL_GPL(pmm_block_dma_map);

/**
 * pmm_block_dma_unmap() - the device does not use the block any more
 * @block: the block
 * @dev: the device
 * @addr: what pmm_block_dma_map() gave
 * @dir: as then
 *
 * Before this the device must have been stopped from using @addr: nothing else
 * stops it from writing to memory that is somebody else's by then.
 *
 * Context: Any.
 */
void pmm_block_dma_unmap(struct pmm_block *block, struct device *dev,
			 dma_addr_t addr, enum dma_data_direction dir)
{
	dma_unmap_page(dev, addr, pmm_block_size(block), dir);
}
EXPORT_SYMBOL_GPL(pmm_block_dma_unmap);

static bool pmm_dma_inside(struct pmm_block *block, size_t offset, size_t size)
{
	return !WARN_ON_ONCE(offset > pmm_block_size(block) ||
			     size > pmm_block_size(block) - offset);
}

/**
 * pmm_block_dma_sync_for_cpu() - look at what the device wrote
 * @block: the block
 * @dev: the device
 * @addr: what pmm_block_dma_map() gave
 * @offset: where in the block, in bytes
 * @size: how much, in bytes
 * @dir: as it was mapped
 *
 * To be called after the device's work and before the CPU's, in the kernel or in
 * a program that has the block mapped.
 *
 * Context: Any.
 */
void pmm_block_dma_sync_for_cpu(struct pmm_block *block, struct device *dev,
				dma_addr_t addr, size_t offset, size_t size,
				enum dma_data_direction dir)
{
	if (pmm_dma_inside(block, offset, size))
		dma_sync_single_for_cpu(dev, addr + offset, size, dir);
}
EXPORT_SYMBOL_GPL(pmm_block_dma_sync_for_cpu);

/**
 * pmm_block_dma_sync_for_device() - let the device see what the CPU wrote
 * @block: the block
 * @dev: the device
 * @addr: what pmm_block_dma_map() gave
 * @offset: where in the block, in bytes
 * @size: how much, in bytes
 * @dir: as it was mapped
 *
 * The reverse of pmm_block_dma_sync_for_cpu(), before the device is started again.
 *
 * Context: Any.
 */
void pmm_block_dma_sync_for_device(struct pmm_block *block, struct device *dev,
				   dma_addr_t addr, size_t offset, size_t size,
				   enum dma_data_direction dir)
{
	if (pmm_dma_inside(block, offset, size))
		dma_sync_single_for_device(dev, addr + offset, size, dir);
}
EXPORT_SYMBOL_GPL(pmm_block_dma_sync_for_device);
