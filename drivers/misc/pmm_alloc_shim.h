/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the allocators use of the kernel, and the same for user space.
 *
 * In user space the red-black tree and the lists are the kernel's own: add the
 * kernel's tools/include to the include path and link tools/lib/rbtree.c.
 * Memory comes from pmm_shim_alloc(), which the program brings along, so that
 * a test can refuse it and a benchmark can choose where it lies.
 */
#ifndef PMM_ALLOC_SHIM_H
#define PMM_ALLOC_SHIM_H

#ifdef __KERNEL__

#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/rbtree_augmented.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/types.h>

static inline void *pmm_shim_alloc(size_t size)
{
	return kmalloc(size, GFP_KERNEL);
}

static inline void pmm_shim_free(void *p)
{
	kfree(p);
}

#else /* !__KERNEL__ */

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

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

static inline int pmm_list_is_first(const struct list_head *list,
				    const struct list_head *head)
{
	return list->prev == head;
}

#define list_is_first	pmm_list_is_first

/* Memory with undefined contents, or NULL. */
void *pmm_shim_alloc(size_t size);
/* Takes NULL. */
void pmm_shim_free(void *p);

#endif /* __KERNEL__ */

#endif /* PMM_ALLOC_SHIM_H */
