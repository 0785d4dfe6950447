// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver that has some physical memory, as /proc/iomem shows, and does nothing
 * with it.
 *
 *	insmod pmm_test_claim.ko start=0x30000000 size=0x1000
 */
#include <linux/ioport.h>
#include <linux/module.h>

static unsigned long start;
module_param(start, ulong, 0444);
MODULE_PARM_DESC(start, "physical address");

static unsigned long size;
module_param(size, ulong, 0444);
MODULE_PARM_DESC(size, "in bytes");

static int __init claim_init(void)
{
	return request_mem_region(start, size, "pmm_test_claim") ? 0 : -EBUSY;
}

static void __exit claim_exit(void)
{
	release_mem_region(start, size);
}

module_init(claim_init);
module_exit(claim_exit);

MODULE_DESCRIPTION("PMM tests: a driver that has physical memory");
MODULE_LICENSE("GPL");
