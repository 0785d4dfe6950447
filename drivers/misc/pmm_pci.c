// SPDX-License-Identifier: GPL-2.0-only
/*
 * RAM on a PCI device as a type of memory.
 *
 *	modprobe pmm_pci [bar=2] [name=vram] [migrate=1]
 *	echo pmm_pci >/sys/bus/pci/devices/0000:00:04.0/driver_override
 *	echo 0000:00:04.0 >/sys/bus/pci/drivers_probe
 *
 * or, for all devices of a kind, `echo 1af4 1110 >/sys/bus/pci/drivers/pmm_pci/new_id`.
 * No device is taken unless somebody says so.  Its BAR is then the type
 * pci-0000:00:04.0-bar2 (or @name), until the device or this driver goes.  It has
 * blocks, or with migrate=1 pages of processes are moved there.
 *
 * The kernel maps the pages of such memory as ordinary RAM, and so do the homes of
 * blocks, wherever they are attached.  Nothing in either place could be told to map
 * some of them write-combined; a page with two kinds of caching is undefined
 * behaviour of the processor, so caching=write-combined is refused.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/numa.h>
#include <linux/pci.h>
#include <linux/pci-p2pdma.h>
#include <linux/pmm.h>
#include <linux/string.h>

#include "pmm_region.h"

#define PMM_PCI_ANY_BAR	(-1)

/* For devices that are bound from now on: kernel_param_lock() protects them. */
static int bar = PMM_PCI_ANY_BAR;
module_param(bar, int, 0644);
MODULE_PARM_DESC(bar, "which BAR, 0 to 5 (default: the largest that is memory)");

static char name[PMM_NAME_LEN];
module_param_string(name, name, sizeof(name), 0644);
MODULE_PARM_DESC(name, "name of the type (default: such as pci-0000:00:04.0-bar2)");

static char caching[16] = "cached";
module_param_string(caching, caching, sizeof(caching), 0644);
MODULE_PARM_DESC(caching, "how it is mapped: cached (the default, and the only way)");

static bool migrate;
module_param(migrate, bool, 0644);
MODULE_PARM_DESC(migrate, "pages of processes are moved there, and there are no blocks (default: N)");

/**
 * struct pmm_pci_want - what the parameters ask for
 * @bar: which BAR
 * @migrate: pages are moved there
 * @name: name of the type
 */
struct pmm_pci_want {
	int bar;
	bool migrate;
	char name[PMM_NAME_LEN];
};

/* Does this BAR hold memory, as opposed to registers? */
static bool pmm_pci_bar_is_memory(struct pci_dev *pdev, int n)
{
	unsigned long flags = pci_resource_flags(pdev, n);

	return (flags & IORESOURCE_MEM) && (flags & IORESOURCE_PREFETCH) &&
	       !(flags & IORESOURCE_UNSET) && pci_resource_len(pdev, n);
}

static int pmm_pci_largest_bar(struct pci_dev *pdev)
{
	int n, largest = PMM_PCI_ANY_BAR;

	for (n = 0; n < PCI_STD_NUM_BARS; n++)
		if (pmm_pci_bar_is_memory(pdev, n) &&
		    (largest < 0 || pci_resource_len(pdev, n) >
				    pci_resource_len(pdev, largest)))
			largest = n;
	return largest;
}

/* Why can this BAR not be a type?  NULL if it can. */
static const char *pmm_pci_bar_fault(struct pci_dev *pdev, int n)
{
	unsigned long flags;

	if (n < 0 || n >= PCI_STD_NUM_BARS)
		return "the device has no BAR that is memory; bar= takes 0 to 5";
	flags = pci_resource_flags(pdev, n);
	if (!pci_resource_len(pdev, n))
		return "the device does not have it";
	if (flags & IORESOURCE_IO)
		return "it is I/O ports, not memory";
	if (flags & IORESOURCE_UNSET)
		return "it was given no address";
	if (!pmm_pci_bar_is_memory(pdev, n))
		return "it is not prefetchable: these are registers, not memory";
	if (pci_resource_len(pdev, n) < pmm_region_align())
		return "it is too small: 2 MiB is the least that the kernel makes pages for";
	return NULL;
}

/* Take the parameters as they are at this moment. */
static int pmm_pci_want(struct pci_dev *pdev, struct pmm_pci_want *want)
{
	bool cached, combined;

	kernel_param_lock(THIS_MODULE);
	want->bar = bar;
	want->migrate = migrate;
	strscpy(want->name, name, sizeof(want->name));
	cached = sysfs_streq(caching, "cached");
	combined = sysfs_streq(caching, "write-combined");
	kernel_param_unlock(THIS_MODULE);

	if (combined) {
		pci_err(pdev, "caching=write-combined: the kernel's own mapping of these pages, and shmat(), are always cached, and one page must not be mapped both ways\n");
		return -EOPNOTSUPP;
	}
	if (!cached) {
		pci_err(pdev, "caching= is cached\n");
		return -EINVAL;
	}
	strim(want->name);
	if (want->bar == PMM_PCI_ANY_BAR)
		want->bar = pmm_pci_largest_bar(pdev);
	if (!want->name[0])
		snprintf(want->name, sizeof(want->name), "pci-%s-bar%d",
			 pci_name(pdev), want->bar);
	return 0;
}

/*
 * May another device's DMA go to this memory?  It looks like RAM to the DMA API, but
 * what lies between the two need not let them through.
 */
static int pmm_pci_reaches(void *data, struct device *dev)
{
	return pci_p2pdma_distance_many(data, &dev, 1, true) < 0 ? -EOPNOTSUPP :
								  0;
}

static struct pmm_region *pmm_pci_add(struct pci_dev *pdev,
				      const struct pmm_pci_want *want,
				      const char **why)
{
	const struct pmm_region_desc desc = {
		.name = want->name,
		.start = pci_resource_start(pdev, want->bar),
		.size = pci_resource_len(pdev, want->bar),
		.caps = PMM_TYPE_DEVICE | (want->migrate ? PMM_TYPE_MIGRATE :
							   PMM_TYPE_MAPPABLE),
		.nid = dev_to_node(&pdev->dev),
		.owner = THIS_MODULE,
		.reaches = IS_ENABLED(CONFIG_PCI_P2PDMA) ? pmm_pci_reaches :
							   NULL,
		.data = pdev,
	};

	return pmm_region_add(&desc, why);
}

static int pmm_pci_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct pmm_region *region;
	struct pmm_pci_want want;
	const char *why;
	int err;

	err = pmm_pci_want(pdev, &want);
	if (err)
		return err;
	why = pmm_pci_bar_fault(pdev, want.bar);
	if (why) {
		pci_err(pdev, "BAR %d: %s\n", want.bar, why);
		return -EINVAL;
	}
	err = pci_enable_device_mem(pdev);
	if (err)
		return err;
	region = pmm_pci_add(pdev, &want, &why);
	if (IS_ERR(region)) {
		pci_err(pdev, "BAR %d as type %s: %s (error %ld)\n", want.bar,
			want.name, why, -PTR_ERR(region));
		pci_disable_device(pdev);
		return PTR_ERR(region);
	}
	pci_set_drvdata(pdev, region);
	pci_info(pdev, "BAR %d is type %s, %llu MiB\n", want.bar, want.name,
		 region->desc.size >> 20);
	return 0;
}

/* The device goes, or the driver is told to let go of it: neither can be refused. */
static void pmm_pci_remove(struct pci_dev *pdev)
{
	pmm_region_remove(pci_get_drvdata(pdev));
	pci_disable_device(pdev);
}

/* Only what is named by new_id or driver_override. */
static struct pci_driver pmm_pci_driver = {
	.name = "pmm_pci",
	.probe = pmm_pci_probe,
	.remove = pmm_pci_remove,
};

module_pci_driver(pmm_pci_driver);

MODULE_DESCRIPTION("RAM on PCI devices as a type of memory for PMM");
MODULE_LICENSE("GPL");
