// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a driver that takes dma-bufs does with one, step by step, for tests.
 */
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/dma-resv.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/iosys-map.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "pmm_test_import.h"

/**
 * struct import - an open file
 * @lock: protects the others
 * @device: for which it is mapped; each has its own, with a mask of its own
 * @dmabuf: what was imported, or NULL; then the rest is undefined
 * @attach: its attachment
 * @sgt: its mapping
 */
struct import {
	struct mutex lock;	/* see above */
	struct platform_device *device;
	struct dma_buf *dmabuf;
	struct dma_buf_attachment *attach;
	struct sg_table *sgt;
};

/* Newer kernels want the lock of the reservations to be held, older ones not. */
static int import_map(struct import *import)
{
	struct sg_table *sgt;

	dma_resv_lock(import->dmabuf->resv, NULL);
	sgt = dma_buf_map_attachment(import->attach, DMA_BIDIRECTIONAL);
	dma_resv_unlock(import->dmabuf->resv);
	if (IS_ERR(sgt))
		return PTR_ERR(sgt);
	import->sgt = sgt;
	return 0;
}

static void import_unmap(struct import *import)
{
	dma_resv_lock(import->dmabuf->resv, NULL);
	dma_buf_unmap_attachment(import->attach, import->sgt,
				 DMA_BIDIRECTIONAL);
	dma_resv_unlock(import->dmabuf->resv);
}

static void import_drop(struct import *import)
{
	import_unmap(import);
	dma_buf_detach(import->dmabuf, import->attach);
	dma_buf_put(import->dmabuf);
	import->dmabuf = NULL;
}

static u64 import_contiguous(const struct sg_table *sgt)
{
	dma_addr_t next = sg_dma_address(sgt->sgl);
	struct scatterlist *sg;
	u64 length = 0;
	unsigned int i;

	for_each_sgtable_dma_sg(sgt, sg, i) {
		if (sg_dma_address(sg) != next)
			break;
		next += sg_dma_len(sg);
		length += sg_dma_len(sg);
	}
	return length;
}

static int import_take(struct import *import, int fd)
{
	int err;

	import->dmabuf = dma_buf_get(fd);
	if (IS_ERR(import->dmabuf)) {
		err = PTR_ERR(import->dmabuf);
		goto err_none;
	}
	import->attach = dma_buf_attach(import->dmabuf, &import->device->dev);
	if (IS_ERR(import->attach)) {
		err = PTR_ERR(import->attach);
		goto err_put;
	}
	err = import_map(import);
	if (err)
		goto err_detach;
	return 0;

err_detach:
	dma_buf_detach(import->dmabuf, import->attach);
err_put:
	dma_buf_put(import->dmabuf);
err_none:
	import->dmabuf = NULL;
	return err;
}

static long import_attach(struct import *import, void __user *uarg)
{
	struct pmm_test_import_attach arg;
	int err;

	if (import->dmabuf)
		return -EBUSY;
	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	err = dma_coerce_mask_and_coherent(&import->device->dev,
					   DMA_BIT_MASK(arg.mask_bits));
	if (err)
		return err;
	err = import_take(import, arg.fd);
	if (err)
		return err;
	arg.entries = import->sgt->nents;
	arg.contiguous = import_contiguous(import->sgt);
	arg.address = sg_dma_address(import->sgt->sgl);
	return copy_to_user(uarg, &arg, sizeof(arg)) ? -EFAULT : 0;
}

static int import_vmap(struct import *import, struct iosys_map *map)
{
	int err;

	dma_resv_lock(import->dmabuf->resv, NULL);
	err = dma_buf_vmap(import->dmabuf, map);
	dma_resv_unlock(import->dmabuf->resv);
	return err;
}

static void import_vunmap(struct import *import, struct iosys_map *map)
{
	dma_resv_lock(import->dmabuf->resv, NULL);
	dma_buf_vunmap(import->dmabuf, map);
	dma_resv_unlock(import->dmabuf->resv);
}

static long import_fill(struct import *import, void __user *uarg)
{
	struct pmm_test_import_fill arg;
	struct iosys_map map;
	int err;

	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	if (arg.offset > import->dmabuf->size || !arg.length ||
	    arg.length > import->dmabuf->size - arg.offset)
		return -EINVAL;
	err = dma_buf_begin_cpu_access(import->dmabuf, DMA_BIDIRECTIONAL);
	if (err)
		return err;
	err = import_vmap(import, &map);
	if (!err) {
		arg.old = *((u8 *)map.vaddr + arg.offset);
		memset(map.vaddr + arg.offset, arg.byte, arg.length);
		import_vunmap(import, &map);
	}
	dma_buf_end_cpu_access(import->dmabuf, DMA_BIDIRECTIONAL);
	if (err)
		return err;
	return copy_to_user(uarg, &arg, sizeof(arg)) ? -EFAULT : 0;
}

/* It has to have one already. */
static long import_command(struct import *import, unsigned int cmd,
			   void __user *uarg)
{
	if (!import->dmabuf)
		return -ENODATA;
	switch (cmd) {
	case PMM_TEST_IMPORT_FILL:
		return import_fill(import, uarg);
	case PMM_TEST_IMPORT_REMAP:
		import_unmap(import);
		return import_map(import);
	case PMM_TEST_IMPORT_DETACH:
		import_drop(import);
		return 0;
	default:
		return -ENOTTY;
	}
}

static long import_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct import *import = file->private_data;
	void __user *uarg = (void __user *)arg;
	long ret;

	mutex_lock(&import->lock);
	if (cmd == PMM_TEST_IMPORT_ATTACH)
		ret = import_attach(import, uarg);
	else
		ret = import_command(import, cmd, uarg);
	mutex_unlock(&import->lock);
	return ret;
}

static int import_open(struct inode *inode, struct file *file)
{
	struct import *import = kzalloc(sizeof(*import), GFP_KERNEL);
	int err;

	if (!import)
		return -ENOMEM;
	mutex_init(&import->lock);
	import->device = platform_device_register_simple("pmm_test_import",
							 PLATFORM_DEVID_AUTO,
							 NULL, 0);
	if (IS_ERR(import->device)) {
		err = PTR_ERR(import->device);
		kfree(import);
		return err;
	}
	file->private_data = import;
	return 0;
}

static int import_release(struct inode *inode, struct file *file)
{
	struct import *import = file->private_data;

	if (import->dmabuf)
		import_drop(import);
	platform_device_unregister(import->device);
	kfree(import);
	return 0;
}

static const struct file_operations import_fops = {
	.owner = THIS_MODULE,
	.open = import_open,
	.release = import_release,
	.unlocked_ioctl = import_ioctl,
};

static struct miscdevice import_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "pmm_test_import",
	.fops = &import_fops,
	.mode = 0600,
};

module_misc_device(import_device);

MODULE_DESCRIPTION("PMM tests: a driver that imports dma-bufs");
MODULE_IMPORT_NS(DMA_BUF);
MODULE_LICENSE("GPL");
