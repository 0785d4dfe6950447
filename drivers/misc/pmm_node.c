// SPDX-License-Identifier: GPL-2.0-only
/*
 * Regions as ordinary RAM: PMM_IOC_ONLINE, PMM_IOC_OFFLINE, PMM_IOC_NODE.
 *
 * A region, a BAR or RAM that was set aside, is a type as long as it has struct
 * pages of its own.  Here these are given up, and the kernel makes pages for its own
 * use, on a NUMA node: add_memory_driver_managed().  Only user space can set them
 * online, by way of sysfs; a notifier sees to it that they go into the movable
 * zone, since what the kernel puts anywhere else stays there for ever.
 *
 * Taking it back (offline_and_remove_memory()) goes on until it succeeds or a
 * signal is pending.  So it is the work of a thread of its own, which gets one when
 * its time is up or the caller is killed.
 */
#include <linux/capability.h>
#include <linux/completion.h>
#include <linux/ioport.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/notifier.h>
#include <linux/numa.h>
#include <linux/pmm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/xarray.h>

#include "pmm_compat.h"
#include "pmm_core.h"
#include "pmm_node.h"
#include "pmm_region.h"

/* What /proc/iomem shows; the kernel insists on this form. */
#define PMM_NODE_RESOURCE	"System RAM (pmm)"
/* For how long OFFLINE tries if it is not said, and at most. */
#define PMM_OFFLINE_MS		30000
#define PMM_OFFLINE_MS_MAX	(24 * 60 * 60 * 1000)

/**
 * struct pmm_node - a region whose memory is a NUMA node's
 * @list: in pmm_nodes, under pmm_nodes_lock
 * @region: the region; it is not removed under us, see pmm_node_leave()
 * @nid: the node
 * @start: physical address, a multiple of the kernel's memory blocks, as is
 * @size: bytes
 * @resource: its name in /proc/iomem, which the kernel does not copy
 * @online: pages that are in use, or could be, under pmm_nodes_lock
 * @bad: an entry for each page that had a memory error while they were
 */
struct pmm_node {
	struct list_head list;
	struct pmm_region *region;
	int nid;
	u64 start;
	u64 size;
	char *resource;
	unsigned long online;
	struct xarray bad;
};

static LIST_HEAD(pmm_nodes);
/* Protects the list; it is taken in the notifier, with the kernel's own held. */
static DEFINE_SPINLOCK(pmm_nodes_lock);
/*
 * One comes or goes at a time, be it for a minute.  Whoever holds it may use what is
 * in the list without pmm_nodes_lock, and regions do not go away.
 */
static DEFINE_MUTEX(pmm_nodes_mutex);

/* ---- the kernel's own blocks of memory, as they go online ---- */

/* Which has this page?  pmm_nodes_lock is held. */
static struct pmm_node *pmm_node_of(unsigned long pfn)
{
	struct pmm_node *node;

	lockdep_assert_held(&pmm_nodes_lock);
	list_for_each_entry(node, &pmm_nodes, list)
		if (PFN_PHYS(pfn) - node->start < node->size)
			return node;
	return NULL;
}

/* The kernel is about to forget which had memory errors.  pmm_nodes_lock is held. */
static void pmm_node_note_bad(struct pmm_node *node,
			      const struct memory_notify *arg)
{
	unsigned long pfn = arg->start_pfn, end = pfn + arg->nr_pages;

	lockdep_assert_held(&pmm_nodes_lock);
	for (; pfn < end; pfn++)
		if (PageHWPoison(pfn_to_page(pfn)) &&
		    xa_is_err(xa_store(&node->bad, pfn, xa_mk_value(1),
				       GFP_ATOMIC)))
			pr_err("pmm: no memory to note that page %#lx of type %s is bad\n",
			       pfn, node->region->name);
}

static int pmm_node_notify(struct notifier_block *nb, unsigned long action,
			   void *data)
{
	const struct memory_notify *arg = data;
	int ret = NOTIFY_OK;
	struct pmm_node *node;

	spin_lock(&pmm_nodes_lock);
	node = pmm_node_of(arg->start_pfn);
	if (!node)
		goto out_unlock;
	switch (action) {
	case MEM_GOING_ONLINE:
		if (page_zonenum(pfn_to_page(arg->start_pfn)) != ZONE_MOVABLE) {
			pr_info("pmm: memory of type %s goes online as online_movable, and no other way\n",
				node->region->name);
			ret = notifier_from_errno(-EPERM);
		}
		break;
	case MEM_ONLINE:
		node->online += arg->nr_pages;
		break;
	case MEM_OFFLINE:
		node->online -= arg->nr_pages;
		pmm_node_note_bad(node, arg);
		break;
	}
out_unlock:
	spin_unlock(&pmm_nodes_lock);
	return ret;
}

static struct notifier_block pmm_node_notifier = {
	.notifier_call = pmm_node_notify,
};

/* ---- choosing a node ---- */

static bool pmm_node_empty(int nid)
{
	return !node_state(nid, N_CPU) && !node_state(nid, N_MEMORY);
}

/* The one that firmware has for this address, if it is empty, or any other. */
static int pmm_node_choose(u64 start)
{
	int nid = phys_to_target_node(start);

	if (nid >= 0 && node_possible(nid) && pmm_node_empty(nid))
		return nid;
	for_each_node(nid)
		if (pmm_node_empty(nid))
			return nid;
	return NUMA_NO_NODE;
}

static int pmm_node_check(int nid)
{
	if (nid < 0 || nid >= MAX_NUMNODES || !node_possible(nid))
		return NUMA_NO_NODE;
	return nid;
}

/* ---- adding ---- */

/* The whole memory blocks in a part of a region. */
static bool pmm_node_fit(const struct pmm_region *region,
			 const struct pmm_online *arg, u64 *start, u64 *size)
{
	u64 block = memory_block_size_bytes(), length = region->desc.size, end;

	if (arg->offset > length || arg->length > length - arg->offset)
		return false;
	*start = region->desc.start + arg->offset;
	end = arg->length ? *start + arg->length :
			    region->desc.start + length;
	*start = ALIGN(*start, block);
	end = ALIGN_DOWN(end, block);
	if (*start >= end)
		return false;
	*size = end - *start;
	return true;
}

static struct pmm_node *pmm_node_create(struct pmm_region *region, int nid,
					u64 start, u64 size)
{
	struct pmm_node *node = kzalloc(sizeof(*node), GFP_KERNEL);

	if (!node)
		return NULL;
	node->resource = kstrdup(PMM_NODE_RESOURCE, GFP_KERNEL);
	if (!node->resource) {
		kfree(node);
		return NULL;
	}
	xa_init(&node->bad);
	node->region = region;
	node->nid = nid;
	node->start = start;
	node->size = size;
	return node;
}

static void pmm_node_destroy(struct pmm_node *node)
{
	xa_destroy(&node->bad);
	kfree(node->resource);
	kfree(node);
}

static void pmm_node_list(struct pmm_node *node)
{
	spin_lock(&pmm_nodes_lock);
	list_add_tail(&node->list, &pmm_nodes);
	spin_unlock(&pmm_nodes_lock);
}

static void pmm_node_unlist(struct pmm_node *node)
{
	spin_lock(&pmm_nodes_lock);
	list_del(&node->list);
	spin_unlock(&pmm_nodes_lock);
}

/*
 * Hand the memory over: the type and its pages go, the kernel's come.  The module
 * and that of the region stay until it is back.
 */
static int pmm_node_add(struct pmm_node *node, u32 *reason)
{
	struct pmm_region *region = node->region;
	int err;

	if (!try_module_get(region->desc.owner))
		return -ENOENT;
	err = pmm_region_suspend(region);
	if (err) {
		*reason = err == -EIO ? PMM_ONLINE_ERRORS : PMM_ONLINE_BLOCKS;
		goto err_put;
	}
	/* From here on the notifier knows it. */
	pmm_node_list(node);
	err = add_memory_driver_managed(node->nid, node->start, node->size,
					node->resource, MHP_NONE);
	if (err) {
		pr_warn("pmm: the kernel does not take the memory of type %s: error %d\n",
			region->name, -err);
		*reason = PMM_ONLINE_KERNEL;
		err = -EIO;
		goto err_resume;
	}
	__module_get(THIS_MODULE);
	return 0;

err_resume:
	pmm_node_unlist(node);
	pmm_region_resume(region, &node->bad);
err_put:
	module_put(region->desc.owner);
	return err;
}

/* The node of a type, or NULL.  pmm_nodes_mutex is held. */
static struct pmm_node *pmm_node_find(const char *name)
{
	struct pmm_node *node;

	lockdep_assert_held(&pmm_nodes_mutex);
	list_for_each_entry(node, &pmm_nodes, list)
		if (!strcmp(node->region->name, name))
			return node;
	return NULL;
}

/* Likewise by the region; another may have taken the name meanwhile. */
static struct pmm_node *pmm_node_find_region(const struct pmm_region *region)
{
	struct pmm_node *node;

	lockdep_assert_held(&pmm_nodes_mutex);
	list_for_each_entry(node, &pmm_nodes, list)
		if (node->region == region)
			return node;
	return NULL;
}

/* Its first memory block, which is an address. */
static u64 pmm_node_first(const struct pmm_node *node)
{
	return node->start / memory_block_size_bytes();
}

static void pmm_node_describe(const struct pmm_node *node,
			      struct pmm_online *arg)
{
	arg->node = node->nid;
	arg->offset = node->start - node->region->desc.start;
	arg->length = node->size;
	arg->first = capable(CAP_SYS_RAWIO) ? pmm_node_first(node) : 0;
}

/* pmm_nodes_mutex is held. */
static int pmm_online_region(struct pmm_region *region, struct pmm_online *arg)
{
	struct pmm_node *node;
	u64 start, size;
	int nid, err;

	if (!pmm_node_fit(region, arg, &start, &size)) {
		arg->reason = PMM_ONLINE_SIZE;
		return -EINVAL;
	}
	nid = arg->node == PMM_NODE_ANY ? pmm_node_choose(start) :
					  pmm_node_check(arg->node);
	if (nid == NUMA_NO_NODE) {
		arg->reason = PMM_ONLINE_NODE;
		return -ENODEV;
	}
	node = pmm_node_create(region, nid, start, size);
	if (!node)
		return -ENOMEM;
	err = pmm_node_add(node, &arg->reason);
	if (err) {
		pmm_node_destroy(node);
		return err;
	}
	pmm_node_describe(node, arg);
	return 0;
}

/* pmm_nodes_mutex is held. */
static int pmm_online_type(struct pmm_online *arg)
{
	struct pmm_node *node = pmm_node_find(arg->type);
	struct pmm_region *region;
	struct pmm_type *type;

	if (node) {
		pmm_node_describe(node, arg);
		arg->reason = PMM_ONLINE_ALREADY;
		return -EBUSY;
	}
	region = pmm_region_find(arg->type);
	if (region)
		return pmm_online_region(region, arg);
	type = pmm_type_find(arg->type);
	if (!type)
		return -ENOENT;
	pmm_type_put(type);
	return -EOPNOTSUPP;
}

static bool pmm_node_name_valid(const char *name)
{
	return *name && strnlen(name, PMM_NAME_LEN) < PMM_NAME_LEN;
}

/**
 * pmm_ioc_online() - PMM_IOC_ONLINE
 * @uarg: the caller's struct pmm_online
 *
 * Context: May sleep, for seconds.
 * Return: 0 or what struct pmm_online says.
 */
long pmm_ioc_online(void __user *uarg)
{
	struct pmm_online arg;
	long usize = pmm_copy_in(&arg, sizeof(arg), uarg);
	int err;

	if (usize < 0)
		return usize;
	if (arg.flags || !pmm_node_name_valid(arg.type))
		return -EINVAL;
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	arg.reason = PMM_ONLINE_NONE;
	arg.block_size = memory_block_size_bytes();
	arg.first = 0;
	if (mutex_lock_killable(&pmm_nodes_mutex))
		return -EINTR;
	err = pmm_online_type(&arg);
	mutex_unlock(&pmm_nodes_mutex);
	if (pmm_copy_out(uarg, &arg, sizeof(arg), usize) && !err)
		return -EFAULT;
	return err;
}

/* ---- taking it back ---- */

/**
 * struct pmm_offlining - the work of the thread
 * @node: what is to be taken back
 * @done: it has tried
 * @err: and this is what came of it
 */
struct pmm_offlining {
	const struct pmm_node *node;
	struct completion done;
	int err;
};

static int pmm_offline_thread(void *data)
{
	struct pmm_offlining *work = data;

	allow_signal(SIGINT);
	work->err = offline_and_remove_memory(work->node->start,
					      work->node->size);
	complete(&work->done);
	/* Whoever started it may be about to send a signal. */
	set_current_state(TASK_UNINTERRUPTIBLE);
	while (!kthread_should_stop()) {
		schedule();
		set_current_state(TASK_UNINTERRUPTIBLE);
	}
	__set_current_state(TASK_RUNNING);
	return 0;
}

/*
 * Move everything elsewhere and take the memory away from the kernel.  Return: 0,
 * -EBUSY if that cannot be done in time, -EINTR if the caller was killed, -ENOMEM.
 */
static int pmm_node_offline(const struct pmm_node *node, unsigned int ms)
{
	struct pmm_offlining work = { .node = node };
	struct task_struct *task;
	long left;

	init_completion(&work.done);
	task = kthread_create(pmm_offline_thread, &work, "pmm_offline");
	if (IS_ERR(task))
		return PTR_ERR(task);
	wake_up_process(task);
	left = wait_for_completion_killable_timeout(&work.done,
						    msecs_to_jiffies(ms));
	/* It looks for signals between any two pages; at first it ignores them. */
	while (left <= 0 && !wait_for_completion_timeout(&work.done, HZ / 10))
		send_sig(SIGINT, task, 1);
	kthread_stop(task);
	if (work.err == -EINTR || work.err == -EAGAIN)
		return left < 0 ? -EINTR : -EBUSY;
	return work.err;
}

/* The memory is back: make it a type again. */
static void pmm_node_gone(struct pmm_node *node)
{
	struct pmm_region *region = node->region;

	pmm_node_unlist(node);
	pmm_region_resume(region, &node->bad);
	pmm_node_destroy(node);
	module_put(region->desc.owner);
	module_put(THIS_MODULE);
}

/* pmm_nodes_mutex is held. */
static int pmm_offline_type(struct pmm_offline *arg)
{
	struct pmm_node *node = pmm_node_find(arg->type);
	unsigned int ms = min_t(u32, arg->timeout_ms, PMM_OFFLINE_MS_MAX);
	int err;

	if (!node)
		return -ENOENT;
	err = pmm_node_offline(node, ms ?: PMM_OFFLINE_MS);
	if (err)
		pmm_busy_look(PHYS_PFN(node->start), PHYS_PFN(node->size),
			      arg);
	else
		pmm_node_gone(node);
	return err;
}

/**
 * pmm_ioc_offline() - PMM_IOC_OFFLINE
 * @uarg: the caller's struct pmm_offline
 *
 * Context: May sleep, for as long as the caller wants.
 * Return: 0 or what struct pmm_offline says.
 */
long pmm_ioc_offline(void __user *uarg)
{
	struct pmm_offline arg;
	long usize = pmm_copy_in(&arg, sizeof(arg), uarg);
	int err;

	if (usize < 0)
		return usize;
	if (arg.flags || arg.reserved || !pmm_node_name_valid(arg.type))
		return -EINVAL;
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	arg.used = 0;
	arg.pinned = 0;
	arg.unmovable = 0;
	memset(arg.pages, 0, sizeof(arg.pages));
	if (mutex_lock_killable(&pmm_nodes_mutex))
		return -EINTR;
	err = pmm_offline_type(&arg);
	mutex_unlock(&pmm_nodes_mutex);
	if (pmm_copy_out(uarg, &arg, sizeof(arg), usize) && !err)
		return -EFAULT;
	return err;
}

/* Return: is the region no node, or no longer?  pmm_nodes_mutex is held. */
static bool pmm_node_try_leave(struct pmm_region *region)
{
	struct pmm_node *node = pmm_node_find_region(region);

	if (!node)
		return true;
	if (pmm_node_offline(node, PMM_OFFLINE_MS)) {
		pr_warn("pmm: removing type %s waits for its memory, which is in use on node %d\n",
			region->name, node->nid);
		return false;
	}
	pmm_node_gone(node);
	return true;
}

/**
 * pmm_node_leave() - a region is going, and may be a node's
 * @region: the region, which is in no list any more
 *
 * A device that is gone cannot be asked to stay, but neither can the kernel do
 * without memory that it uses: so this tries again and again.
 *
 * Context: May sleep, for as long as somebody holds a page.  No locks.
 */
void pmm_node_leave(struct pmm_region *region)
{
	mutex_lock(&pmm_nodes_mutex);
	while (!pmm_node_try_leave(region)) {
		/* Others get a turn, and a caller that was killed does not spin. */
		mutex_unlock(&pmm_nodes_mutex);
		schedule_timeout_uninterruptible(HZ);
		mutex_lock(&pmm_nodes_mutex);
	}
	mutex_unlock(&pmm_nodes_mutex);
}

/* ---- listing ---- */

/* Fill in the @index-th.  Return: false past the last one. */
static bool pmm_node_info_fill(struct pmm_node_info *info)
{
	u32 left = info->index;
	struct pmm_node *node;
	bool found = false;

	spin_lock(&pmm_nodes_lock);
	list_for_each_entry(node, &pmm_nodes, list) {
		if (left--)
			continue;
		found = true;
		info->node = node->nid;
		strscpy(info->type, node->region->name, sizeof(info->type));
		info->offset = node->start - node->region->desc.start;
		info->length = node->size;
		info->online = (u64)node->online << PAGE_SHIFT;
		info->first = pmm_node_first(node);
		break;
	}
	spin_unlock(&pmm_nodes_lock);
	return found;
}

/**
 * pmm_ioc_node() - PMM_IOC_NODE
 * @uarg: the caller's struct pmm_node_info
 *
 * Return: 0 or what struct pmm_node_info says.
 */
long pmm_ioc_node(void __user *uarg)
{
	struct pmm_node_info info;
	long usize = pmm_copy_in(&info, sizeof(info), uarg);
	u32 size, index;

	if (usize < 0)
		return usize;
	if (info.flags)
		return -EINVAL;
	size = info.size;
	index = info.index;
	memset(&info, 0, sizeof(info));
	info.size = size;
	info.index = index;
	info.block_size = memory_block_size_bytes();
	if (!pmm_node_info_fill(&info))
		return -ENOENT;
	if (!capable(CAP_SYS_RAWIO))
		info.first = 0;
	return pmm_copy_out(uarg, &info, sizeof(info), usize);
}

/**
 * pmm_nodes_init() - watch memory as it goes online
 *
 * Return: 0 or what register_memory_notifier() gives.
 */
int pmm_nodes_init(void)
{
	return register_memory_notifier(&pmm_node_notifier);
}

/* The reverse; there are no nodes, each of them keeps the module. */
void pmm_nodes_exit(void)
{
	unregister_memory_notifier(&pmm_node_notifier);
}
