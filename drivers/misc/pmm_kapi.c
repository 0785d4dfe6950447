// SPDX-License-Identifier: GPL-2.0-only
/*
 * Blocks for drivers: include/linux/pmm.h, but for DMA, which is in pmm_dma.c.
 *
 * A driver is a user of a block as an open block fd is: it counts among the
 * holders, and the block lives until the last of them and its home are gone.
 * And since it touches the pages by itself, the memory is not given back to the
 * driver it came from before, see pmm_block_use().
 */
#include <linux/err.h>
#include <linux/export.h>
#include <linux/file.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/pmm.h>

#include "pmm_core.h"

/**
 * pmm_alloc() - allocate a block
 * @type: name of the type of memory, or NULL to leave the choice to PMM: the
 *	default type, or with @dev the first type of system RAM, in the order in
 *	which debugfs lists them, that the device reaches and that has room
 * @size: in bytes; rounded up to whole pages
 * @align: alignment of its physical address in bytes, a power of two, or 0 for
 *	the natural one (2 MiB for blocks of 2 MiB and more, else a page)
 * @dev: a device that is going to use the block, its DMA mask and, as far as it
 *	matters, dma_set_max_seg_size() and dma_set_seg_boundary() set; or NULL
 *
 * The memory is zeroed.  With @dev the block is one that pmm_block_dma_map() takes:
 * the type's highest address, free or not, must be within the device's reach,
 * so that it does not depend on the weather whether the driver works.  For
 * devices behind an IOMMU that translates, all memory is.
 *
 * Nobody's quota is charged: a driver that allocates on behalf of programs limits
 * what they get.
 *
 * Beware of PCI devices: unless their drivers call dma_set_max_seg_size() they
 * take 64 KiB in one piece.
 *
 * Context: May sleep, and takes time in proportion to @size if there is no
 * zeroed memory at hand.  No locks, mmap_lock included.
 * Return: the block, with one reference, which is the caller's; or an ERR_PTR:
 *
 * * -EINVAL: @size is 0, @align is no power of two or above 1 GiB, or @dev does
 *   no DMA,
 * * -ENOENT: there is no such type,
 * * -ENOMEM: its pool has no such range free,
 * * -E2BIG: @size is more than @dev takes in one piece,
 * * -ERANGE: @dev does not reach all memory of the type; the kernel log says
 *   how far it should and does,
 * * -EINTR: the calling process has been killed.
 */
struct pmm_block *pmm_alloc(const char *type, size_t size, size_t align,
			    struct device *dev)
{
	struct pmm_want want = {
		.name = type ?: "",
		.caps = type || !dev ? 0 : PMM_TYPE_RAM,
		.length = size,
		.align = align,
		.dev = dev,
	};
	char chosen[PMM_NAME_LEN];
	struct pmm_block *block;
	struct pmm_why why = {};

	might_sleep();
	block = pmm_types_alloc(&want, chosen, &why);
	if (!IS_ERR(block) && !pmm_block_use(block)) {
		pmm_block_put(block);
		block = ERR_PTR(-ENOENT);
	}
	return block;
}
EXPORT_SYMBOL_GPL(pmm_alloc);

/**
 * pmm_get() - one more reference to a block
 * @block: the block; the caller has a reference, or keeps somebody from putting
 *	theirs
 *
 * This is how a driver hands a block to another one: whoever gets the pointer
 * gets a reference of its own before the giver puts his.
 *
 * Context: Any.
 * Return: @block.
 */
struct pmm_block *pmm_get(struct pmm_block *block)
{
	pmm_block_get(block);
	atomic_inc(&block->uses);
	return block;
}
EXPORT_SYMBOL_GPL(pmm_get);

/**
 * pmm_put() - give a reference to a block back
 * @block: the block, or NULL
 *
 * The memory returns to its pool when the last holder is gone, be that a
 * driver, an fd, a mapping or a segment, and no page is pinned any more.  The
 * driver must not touch the memory after this, nor may its device.
 *
 * Context: Any but NMI.
 */
void pmm_put(struct pmm_block *block)
{
	if (!block)
		return;
	pmm_block_unuse(block);
	pmm_block_put(block);
}
EXPORT_SYMBOL_GPL(pmm_put);

/**
 * pmm_block_from_fd() - get the block that a program's fd stands for
 * @fd: a block fd, a dma-buf's, or one of a file that is the block's home or an
 *	alias of it: a tmpfs file or a memfd
 * @write: whether the driver, or its device, is going to write to the block
 *
 * The fd is one of the calling process.  It may be closed afterwards, and the
 * process may end.  A driver that asks with @write false promises to only
 * read: the rights of the fd are checked here and nowhere else.
 *
 * Context: May sleep.  Process context, no locks.
 * Return: the block, with one reference more, which is the caller's; or an
 * ERR_PTR: -EBADF (no such fd), -ENOENT (not of a block), -EACCES (the fd does
 * not grant reading, or with @write, writing), -ENODEV (its memory was another
 * driver's, which has taken it back).
 */
struct pmm_block *pmm_block_from_fd(int fd, bool write)
{
	struct pmm_block *block;
	struct file *file;

	might_sleep();
	file = fget(fd);
	if (!file)
		return ERR_PTR(-EBADF);
	block = pmm_block_from_file(file);
	if (!IS_ERR(block) && write && !(file->f_mode & FMODE_WRITE)) {
		pmm_block_put(block);
		block = ERR_PTR(-EACCES);
	}
	if (!IS_ERR(block) && !pmm_block_use(block)) {
		pmm_block_put(block);
		block = ERR_PTR(-ENODEV);
	}
	fput(file);
	return block;
}
EXPORT_SYMBOL_GPL(pmm_block_from_fd);

/**
 * pmm_block_fd() - give the calling process a block fd
 * @block: the block; the caller has a reference and keeps it
 * @write: whether the fd grants writing
 *
 * As if the process had allocated the block, or found it.
 *
 * Context: May sleep.  Process context.
 * Return: the fd, close-on-exec and with a reference of its own; or -EMFILE,
 * -ENFILE, -ENOMEM.
 */
int pmm_block_fd(struct pmm_block *block, bool write)
{
	struct file *file;
	int fd;

	might_sleep();
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	pmm_block_get(block);
	file = pmm_block_file(block, write);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	fd_install(fd, file);
	return fd;
}
EXPORT_SYMBOL_GPL(pmm_block_fd);

/**
 * pmm_block_id() - the number of a block, as users and traces have it
 * @block: the block
 *
 * Context: Any.
 * Return: a number that is unique until pmm.ko is unloaded.
 */
u64 pmm_block_id(const struct pmm_block *block)
{
	return block->id;
}
EXPORT_SYMBOL_GPL(pmm_block_id);

/**
 * pmm_block_size() - the size of a block
 * @block: the block
 *
 * Context: Any.
 * Return: bytes, a multiple of PAGE_SIZE.
 */
size_t pmm_block_size(const struct pmm_block *block)
{
	return block->nr << PAGE_SHIFT;
}
EXPORT_SYMBOL_GPL(pmm_block_size);

/**
 * pmm_block_page() - one page of a block
 * @block: the block
 * @n: which, from 0
 *
 * The pages of a block follow one another in memory.  They may be part of larger
 * folios, or become so, at any time: use them one by one.  A page that is pinned
 * when the block dies keeps the block in quarantine until it is released.
 *
 * Context: Any.
 * Return: the page, valid for as long as the caller has its reference to the
 * block; NULL past the end.
 */
struct page *pmm_block_page(const struct pmm_block *block, unsigned long n)
{
	return n < block->nr ? pfn_to_page(block->pfn + n) : NULL;
}
EXPORT_SYMBOL_GPL(pmm_block_page);

/**
 * pmm_block_phys() - the physical address of a block
 * @block: the block
 *
 * Not what a device is to be given, see pmm_block_dma_map(), nor a program
 * without CAP_SYS_RAWIO.
 *
 * Context: Any.
 * Return: the address of its first byte.
 */
phys_addr_t pmm_block_phys(const struct pmm_block *block)
{
	return PFN_PHYS(block->pfn);
}
EXPORT_SYMBOL_GPL(pmm_block_phys);

/**
 * pmm_block_vmap() - map a block for the kernel
 * @block: the block; the caller has a reference, and keeps it until
 *	pmm_block_vunmap()
 *
 * For system RAM this is free of charge: it is mapped already.  Programs may
 * have the block mapped and change it at any time, so never trust what was
 * checked a moment ago.
 *
 * Context: May sleep.
 * Return: the address of its first byte, or an ERR_PTR: -EOPNOTSUPP where the
 * kernel does not map such memory.
 */
void *pmm_block_vmap(struct pmm_block *block)
{
	struct page *page = pmm_block_page(block, 0);

	might_sleep();
	if (!(block->type->caps & PMM_TYPE_RAM) || PageHighMem(page))
		return ERR_PTR(-EOPNOTSUPP);
	return page_address(page);
}
EXPORT_SYMBOL_GPL(pmm_block_vmap);

/**
 * pmm_block_vunmap() - the reverse of pmm_block_vmap()
 * @block: the block
 * @vaddr: what pmm_block_vmap() gave
 *
 * Context: May sleep.
 */
void pmm_block_vunmap(struct pmm_block *block, void *vaddr)
{
	might_sleep();
	WARN_ON_ONCE(vaddr != page_address(pmm_block_page(block, 0)));
}
EXPORT_SYMBOL_GPL(pmm_block_vunmap);
