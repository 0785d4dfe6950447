/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Regions as ordinary RAM, on a NUMA node: see pmm_node.c.
 */
#ifndef PMM_NODE_H
#define PMM_NODE_H

#include <linux/errno.h>
#include <uapi/linux/pmm.h>

struct pmm_region;

/* What it takes: a kernel where memory comes and goes, with pages for devices. */
#if defined(CONFIG_ZONE_DEVICE) && defined(CONFIG_MEMORY_HOTREMOVE) && \
	defined(CONFIG_NUMA)
int pmm_nodes_init(void);
void pmm_nodes_exit(void);
void pmm_node_leave(struct pmm_region *region);
long pmm_ioc_online(void __user *uarg);
long pmm_ioc_offline(void __user *uarg);
long pmm_ioc_node(void __user *uarg);
void pmm_busy_look(unsigned long pfn, unsigned long nr,
		   struct pmm_offline *arg);
#else
static inline int pmm_nodes_init(void)
{
	return 0;
}

static inline void pmm_nodes_exit(void) {}
static inline void pmm_node_leave(struct pmm_region *region) {}

static inline long pmm_ioc_online(void __user *uarg)
{
	return -EOPNOTSUPP;
}

static inline long pmm_ioc_offline(void __user *uarg)
{
	return -EOPNOTSUPP;
}

static inline long pmm_ioc_node(void __user *uarg)
{
	return -ENOENT;
}
#endif

#endif /* PMM_NODE_H */
