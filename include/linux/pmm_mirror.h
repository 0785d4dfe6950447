/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PMM for drivers: a device that works on a process's address space.
 *
 *	mirror = pmm_mirror_register(NULL, &pdev->dev, &my_mirror_ops);
 *	range = pmm_mirror_range_create(mirror, arg.addr, arg.length, true, my);
 *	...
 *	err = pmm_mirror_fault(range);
 *	if (err)
 *		return err;
 *	for (at = 0; at < arg.length; at += n) {
 *		addr = pmm_mirror_dma(range, at, &n);
 *		... let the device work on the n bytes at addr ...
 *	}
 *	pmm_mirror_done(range);
 *	...
 *	pmm_mirror_range_destroy(range);
 *	pmm_mirror_unregister(mirror);
 *
 * No page is pinned and none is copied: the kernel goes on to swap, migrate, share
 * and free them, and the device follows.  See Documentation/mirror.rst, and
 * tests/kmod/pmm_test_edu_mirror.c for a driver.
 */
#ifndef _LINUX_PMM_MIRROR_H
#define _LINUX_PMM_MIRROR_H

#include <linux/sizes.h>
#include <linux/types.h>

struct device;
struct mm_struct;
struct pmm_mirror;
struct pmm_mirror_range;

/* The longest range, in bytes. */
#define PMM_MIRROR_MAX_LENGTH	(64ULL * SZ_1G)

/**
 * struct pmm_mirror_ops - what a driver is asked to do
 * @invalidate: make the device stop using part of a range: remove it from the
 *	device's page table, flush what the device remembers of it, wait for what
 *	is under way.  After this the pages may be anybody's.  It is called with
 *	the range held, so pmm_mirror_fault() does not return meanwhile, and only
 *	if addresses there were handed out.  Part of a range means: [start, end) of
 *	the process's addresses, always inside of it.  With may_sleep false, which
 *	is when a process that is out of memory is torn down, it must not wait for
 *	anything, and returns false, having done nothing, if it would have to;
 *	otherwise it returns true.  NULL for a driver whose device works only between
 *	pmm_mirror_fault() and pmm_mirror_done(): then there is nothing to stop.
 *
 * The callback runs in the middle of munmap(), of reclaim, of exit, in whoever's
 * context that is, with locks of the memory management held.  It must not allocate
 * memory that reclaim would have to be done for, touch user memory, take mmap_lock
 * or any lock that is held while one of these things is done, call any function
 * of this file, or wait for somebody who does.
 */
struct pmm_mirror_ops {
	bool (*invalidate)(void *data, unsigned long start, unsigned long end,
			   bool may_sleep);
};

struct pmm_mirror *pmm_mirror_register(struct mm_struct *mm, struct device *dev,
				       const struct pmm_mirror_ops *ops);
void pmm_mirror_unregister(struct pmm_mirror *mirror);
bool pmm_mirror_is_current(const struct pmm_mirror *mirror);

struct pmm_mirror_range *pmm_mirror_range_create(struct pmm_mirror *mirror,
						 unsigned long start,
						 size_t length, bool write,
						 void *data);
void pmm_mirror_range_destroy(struct pmm_mirror_range *range);

int pmm_mirror_fault(struct pmm_mirror_range *range);
dma_addr_t pmm_mirror_dma(const struct pmm_mirror_range *range, size_t offset,
			  size_t *length);
void pmm_mirror_done(struct pmm_mirror_range *range);

#endif /* _LINUX_PMM_MIRROR_H */
