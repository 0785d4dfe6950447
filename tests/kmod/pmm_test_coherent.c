// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device with memory that pages of processes are moved into, which can go at any
 * time: rmmod takes it away, whatever is in it.
 *
 *	insmod pmm_test_coherent.ko start_mb=512 size_mb=32
 *
 * The memory is RAM that was set aside at boot, by memmap=32M$512M.  When the module
 * goes it says in the kernel log whether somebody has written to the memory since it
 * had it back.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/module.h>
#include <linux/numa.h>
#include <linux/pmm.h>
#include <linux/string.h>

#include "pmm_coherent.h"

#define POISON	0x5c

static unsigned long start_mb;
module_param(start_mb, ulong, 0444);
MODULE_PARM_DESC(start_mb, "where the memory begins, in MiB");

static unsigned long size_mb = 32;
module_param(size_mb, ulong, 0444);
MODULE_PARM_DESC(size_mb, "how much it is, in MiB");

static bool keep;
module_param(keep, bool, 0444);
MODULE_PARM_DESC(keep, "pages keep this module");

static struct pmm_type *type;

static int __init coherent_init(void)
{
	struct pmm_coherent_desc desc = {
		.name = "vram",
		.caps = PMM_TYPE_DEVICE,
		.start = (u64)start_mb << 20,
		.size = (u64)size_mb << 20,
		.nid = NUMA_NO_NODE,
		.owner = keep ? THIS_MODULE : NULL,
	};

	if (!request_mem_region(desc.start, desc.size, "pmm_test_coherent"))
		return -EBUSY;
	type = pmm_coherent_add(&desc);
	if (IS_ERR(type)) {
		release_mem_region(desc.start, desc.size);
		return PTR_ERR(type);
	}
	return 0;
}

/* Does somebody still write to it? */
static void coherent_check(u64 start, u64 size)
{
	void *p = memremap(start, size, MEMREMAP_WB);

	if (!p) {
		pr_err("pmm_test_coherent: cannot look\n");
		return;
	}
	memset(p, POISON, size);
	msleep(100);
	pr_info("pmm_test_coherent: %s\n",
		memchr_inv(p, POISON, size) ? "touched" : "intact");
	memunmap(p);
}

static void __exit coherent_exit(void)
{
	u64 start = (u64)start_mb << 20, size = (u64)size_mb << 20;

	pmm_coherent_remove(type);
	coherent_check(start, size);
	release_mem_region(start, size);
}

module_init(coherent_init);
module_exit(coherent_exit);

MODULE_DESCRIPTION("Memory that pages are moved into, for the tests of PMM");
MODULE_LICENSE("GPL");
