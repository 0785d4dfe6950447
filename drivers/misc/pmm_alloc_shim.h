/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the allocators use of the kernel, and the same for user space.
 *
 * In user space the red-black tree and the lists are the kernel's own: add the
 * kernel's tools/include to the include path and link tools/lib/rbtree.c.
 * Memory comes from pmm_shim_alloc() and pmm_shim_zalloc(), which the program
 * brings along, so that a test can refuse it and a benchmark can choose where it
 * lies.
 */
#ifndef PMM_ALLOC_SHIM_H
#define PMM_ALLOC_SHIM_H

#ifdef __KERNEL__

#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/rbtree_augmented.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/types.h>

static inline void *pmm_shim_alloc(size_t size)
{
	return kmalloc(size, GFP_KERNEL);
}

static inline void *pmm_shim_zalloc(size_t size)
{
	return kvzalloc(size, GFP_KERNEL | __GFP_NOWARN);
}

static inline void pmm_shim_free(void *p)
{
	kvfree(p);
}

#else /* !__KERNEL__ */

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <linux/bitops.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/overflow.h>
#include <linux/rbtree_augmented.h>
#include <linux/types.h>

/* What tools/include leaves out. */
#ifndef U32_MAX
#define U32_MAX		((u32)~0U)
#endif
#ifndef BIT
#define BIT(nr)		(1UL << (nr))
#endif
#ifndef max3
#define max3(x, y, z)	max(max(x, y), z)
#endif

static inline unsigned int pmm_ffs64(u64 word)
{
	return __builtin_ctzll(word);
}

#define __ffs64		pmm_ffs64

/* Memory with undefined contents, or NULL. */
void *pmm_shim_alloc(size_t size);
/* Zeroed memory, or NULL; may be very large, and then little of it is used. */
void *pmm_shim_zalloc(size_t size);
/* Takes NULL. */
void pmm_shim_free(void *p);

#endif /* __KERNEL__ */

#endif /* PMM_ALLOC_SHIM_H */
