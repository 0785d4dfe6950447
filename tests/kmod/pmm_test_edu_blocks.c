// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver of QEMU's educational PCI device (-device edu) that works on blocks.
 *
 * It does what any driver does with them: it gets one, from a program's fd or
 * from PMM, maps it for its device, lets the device read and write, shows the
 * result to the program, and hands the block to another driver.  It is the example of
 * Documentation/driver-api.rst.
 */
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/interrupt.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/jiffies.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/pmm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "edu.h"
#include "pmm_test_edu.h"

/* Registers, in BAR 0 */
#define EDU_IRQ_STATUS		0x24
#define EDU_IRQ_ACK		0x64
#define EDU_DMA_SRC		0x80
#define EDU_DMA_DST		0x88
#define EDU_DMA_COUNT		0x90
#define EDU_DMA_CMD		0x98
#define EDU_DMA_CMD_START	BIT(0)
#define EDU_DMA_CMD_IRQ		BIT(2)

static unsigned int dma_bits = 28;
module_param(dma_bits, uint, 0444);
MODULE_PARM_DESC(dma_bits, "address lines that the device has (QEMU's dma_mask=)");

static unsigned int seg_kb;
module_param(seg_kb, uint, 0444);
MODULE_PARM_DESC(seg_kb, "longest piece that the device takes, in KiB (default: any)");

/* The device that was found, or NULL. */
struct edu *edu_found;
/* Protects it, its block and the mirrors; held while the device works. */
DEFINE_MUTEX(edu_lock);

/* ---- the block ---- */

/* Let the device have a block.  It takes over the caller's reference. */
static int edu_attach(struct edu *edu, struct pmm_block *block, bool write)
{
	enum dma_data_direction dir = write ? DMA_BIDIRECTIONAL : DMA_TO_DEVICE;
	int err;

	if (IS_ERR(block))
		return PTR_ERR(block);
	err = edu->block ? -EBUSY :
	      pmm_block_dma_map(block, &edu->pdev->dev, dir, &edu->addr);
	if (err) {
		pmm_put(block);
		return err;
	}
	edu->block = block;
	edu->dir = dir;
	return 0;
}

/* The device does not work any more: its block is not needed. */
static void edu_detach(struct edu *edu)
{
	if (!edu->block)
		return;
	pmm_block_dma_unmap(edu->block, &edu->pdev->dev, edu->addr, edu->dir);
	pmm_put(edu->block);
	edu->block = NULL;
}

static int edu_take(struct edu *edu, void __user *uarg)
{
	struct pmm_test_edu_take arg;

	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	return edu_attach(edu, pmm_block_from_fd(arg.fd, arg.write), arg.write);
}

static int edu_alloc(struct edu *edu, void __user *uarg)
{
	struct pmm_test_edu_alloc arg;

	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	if (strnlen(arg.type, sizeof(arg.type)) == sizeof(arg.type))
		return -EINVAL;
	return edu_attach(edu, pmm_alloc(arg.type[0] ? arg.type : NULL,
					 arg.size, arg.align, &edu->pdev->dev),
			  true);
}

/* ---- the device at work ---- */

static irqreturn_t edu_irq(int irq, void *arg)
{
	struct edu *edu = arg;
	u32 status = readl(edu->regs + EDU_IRQ_STATUS);

	if (!status)
		return IRQ_NONE;
	writel(status, edu->regs + EDU_IRQ_ACK);
	complete(&edu->done);
	return IRQ_HANDLED;
}

/* Have it copy, and wait until it has. */
int edu_run(struct edu *edu, u64 src, u64 dst, u32 length, u32 cmd)
{
	reinit_completion(&edu->done);
	writeq(src, edu->regs + EDU_DMA_SRC);
	writeq(dst, edu->regs + EDU_DMA_DST);
	writeq(length, edu->regs + EDU_DMA_COUNT);
	writeq(cmd | EDU_DMA_CMD_START | EDU_DMA_CMD_IRQ,
	       edu->regs + EDU_DMA_CMD);
	if (wait_for_completion_timeout(&edu->done, 60 * HZ))
		return 0;
	/* Whatever it is up to, it is not to reach memory any more. */
	pci_clear_master(edu->pdev);
	return -ETIMEDOUT;
}

static int edu_dma(struct edu *edu, void __user *uarg)
{
	struct device *dev = &edu->pdev->dev;
	struct pmm_test_edu_dma arg;
	size_t size;
	int err;

	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	size = pmm_block_size(edu->block);
	if (!arg.length || arg.length > PMM_TEST_EDU_BUFFER ||
	    arg.offset > size || arg.length > size - arg.offset)
		return -EINVAL;
	if (arg.write && edu->dir == DMA_TO_DEVICE)
		return -EACCES;

	pmm_block_dma_sync_for_device(edu->block, dev, edu->addr, arg.offset,
				      arg.length, edu->dir);
	if (arg.write)
		err = edu_run(edu, EDU_BUFFER, edu->addr + arg.offset,
			      arg.length, EDU_DMA_CMD_TO_RAM);
	else
		err = edu_run(edu, edu->addr + arg.offset, EDU_BUFFER,
			      arg.length, 0);
	pmm_block_dma_sync_for_cpu(edu->block, dev, edu->addr, arg.offset,
				   arg.length, edu->dir);
	return err;
}

/* ---- /dev/pmm_test_edu ---- */

static long edu_ioctl_block(struct edu *edu, unsigned int cmd,
			    void __user *uarg)
{
	switch (cmd) {
	case PMM_TEST_EDU_DMA:
		return edu_dma(edu, uarg);
	case PMM_TEST_EDU_FD:
		return pmm_block_fd(edu->block, edu->dir == DMA_BIDIRECTIONAL);
	case PMM_TEST_EDU_SHARE:
		return pmm_test_share_hand(edu->block);
	case PMM_TEST_EDU_PUT:
		edu_detach(edu);
		return 0;
	default:
		return -ENOTTY;
	}
}

static long edu_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *uarg = (void __user *)arg;
	struct edu *edu;
	long ret;

	mutex_lock(&edu_lock);
	edu = edu_found;
	if (!edu)
		ret = -ENODEV;
	else if (cmd == PMM_TEST_EDU_TAKE)
		ret = edu_take(edu, uarg);
	else if (cmd == PMM_TEST_EDU_ALLOC)
		ret = edu_alloc(edu, uarg);
	else if (!edu->block)
		ret = -ENODATA;
	else
		ret = edu_ioctl_block(edu, cmd, uarg);
	mutex_unlock(&edu_lock);
	return ret;
}

static const struct file_operations edu_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = edu_ioctl,
};

static struct miscdevice edu_miscdev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "pmm_test_edu",
	.fops = &edu_fops,
	.mode = 0600,
};

/* ---- the PCI device ---- */

/* All that PMM looks at is set before the first block comes. */
static int edu_set_limits(struct pci_dev *pdev)
{
	dma_set_max_seg_size(&pdev->dev, seg_kb ? seg_kb << 10 : UINT_MAX);
	return dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(dma_bits));
}

static int edu_start(struct edu *edu)
{
	struct pci_dev *pdev = edu->pdev;
	int err;

	err = pcim_enable_device(pdev);
	if (err)
		return err;
	err = pcim_iomap_regions(pdev, BIT(0), KBUILD_MODNAME);
	if (err)
		return err;
	edu->regs = pcim_iomap_table(pdev)[0];
	err = edu_set_limits(pdev);
	if (err)
		return err;
	/* Undone with the rest of what pcim_ and devm_ functions give. */
	err = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_ALL_TYPES);
	if (err < 0)
		return err;
	pci_set_master(pdev);
	return devm_request_irq(&pdev->dev, pci_irq_vector(pdev, 0), edu_irq,
				IRQF_SHARED, KBUILD_MODNAME, edu);
}

static int edu_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct edu *edu;
	int err;

	edu = devm_kzalloc(&pdev->dev, sizeof(*edu), GFP_KERNEL);
	if (!edu)
		return -ENOMEM;
	edu->pdev = pdev;
	init_completion(&edu->done);
	err = edu_start(edu);
	if (err)
		return err;

	mutex_lock(&edu_lock);
	if (edu_found)
		err = -EBUSY;
	else
		edu_found = edu;
	mutex_unlock(&edu_lock);
	if (err)
		return err;
	pci_set_drvdata(pdev, edu);
	return 0;
}

/* Nobody waits for programs here: what they hold stays theirs. */
static void edu_remove(struct pci_dev *pdev)
{
	struct edu *edu = pci_get_drvdata(pdev);

	mutex_lock(&edu_lock);
	edu_found = NULL;
	edu_detach(edu);
	edu_mirrors_detach();
	mutex_unlock(&edu_lock);
	pci_clear_master(pdev);
}

static const struct pci_device_id edu_ids[] = {
	{ PCI_DEVICE(0x1234, 0x11e8) },
	{ }
};
MODULE_DEVICE_TABLE(pci, edu_ids);

static struct pci_driver edu_driver = {
	.name = KBUILD_MODNAME,
	.id_table = edu_ids,
	.probe = edu_probe,
	.remove = edu_remove,
};

static int __init edu_init(void)
{
	int err = misc_register(&edu_miscdev);

	if (err)
		return err;
	err = edu_mirror_init();
	if (err)
		goto err_deregister;
	err = pci_register_driver(&edu_driver);
	if (err)
		goto err_exit_mirror;
	return 0;

err_exit_mirror:
	edu_mirror_exit();
err_deregister:
	misc_deregister(&edu_miscdev);
	return err;
}

static void __exit edu_exit(void)
{
	edu_mirror_exit();
	misc_deregister(&edu_miscdev);
	pci_unregister_driver(&edu_driver);
}

module_init(edu_init);
module_exit(edu_exit);

MODULE_DESCRIPTION("PMM tests: DMA to and from blocks with QEMU's edu device");
MODULE_LICENSE("GPL");
