// SPDX-License-Identifier: GPL-2.0-only
/*
 * Blocks as dma-bufs, for drivers that know those: cameras, displays, GPUs.
 *
 * A dma-buf is a user of its block.  The block does not move, so importers that
 * could cope with that are never asked to.  Each gets the whole block in one piece
 * (of at most 2 GiB, which is what a scatterlist entry holds), at the block's
 * own address or not at all: nothing is copied through bounce buffers.  mmap()
 * of a dma-buf is one of the home, as always.
 */
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/iosys-map.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pmm.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "pmm_core.h"

/**
 * struct pmm_dmabuf - a dma-buf of a block
 * @block: the block, of which this is a user
 * @lock: protects @attachments; the dma-buf's reservation lock may be held
 * @attachments: its struct pmm_attachment
 */
struct pmm_dmabuf {
	struct pmm_block *block;
	struct mutex lock;	/* see above */
	struct list_head attachments;
};

/**
 * struct pmm_attachment - a device that uses it
 * @node: in pmm_dmabuf.attachments
 * @dev: the device
 * @sgt: the block
 * @dir: which way it is mapped, or DMA_NONE; under pmm_dmabuf.lock
 */
struct pmm_attachment {
	struct list_head node;
	struct device *dev;
	struct sg_table sgt;
	enum dma_data_direction dir;
};

/* How dma-bufs of whoever made them are told from other files. */
static const struct file_operations *pmm_dmabuf_fops;

static int pmm_attachment_fill(struct sg_table *sgt,
			       const struct pmm_block *block)
{
	u64 left = pmm_block_size(block);
	unsigned long pfn = block->pfn;
	struct scatterlist *sg;
	unsigned int i;
	int err;

	err = sg_alloc_table(sgt, DIV_ROUND_UP_ULL(left, SZ_2G), GFP_KERNEL);
	if (err)
		return err;
	for_each_sgtable_sg(sgt, sg, i) {
		unsigned int len = min_t(u64, left, SZ_2G);

		sg_set_page(sg, pfn_to_page(pfn), len, 0);
		pfn += len >> PAGE_SHIFT;
		left -= len;
	}
	return 0;
}

static int pmm_dmabuf_attach(struct dma_buf *dmabuf,
			     struct dma_buf_attachment *attach)
{
	struct pmm_dmabuf *buf = dmabuf->priv;
	struct pmm_attachment *a;
	int err;

	/* Its device gets at the pages until it is detached. */
	if (!pmm_block_use(buf->block))
		return -ENODEV;
	err = pmm_dma_check_block(buf->block, attach->dev);
	if (err)
		goto err_unuse;
	err = -ENOMEM;
	a = kzalloc(sizeof(*a), GFP_KERNEL);
	if (!a)
		goto err_unuse;
	err = pmm_attachment_fill(&a->sgt, buf->block);
	if (err)
		goto err_free;
	a->dev = attach->dev;
	a->dir = DMA_NONE;
	attach->priv = a;

	mutex_lock(&buf->lock);
	list_add(&a->node, &buf->attachments);
	mutex_unlock(&buf->lock);
	return 0;

err_free:
	kfree(a);
err_unuse:
	pmm_block_unuse(buf->block);
	return err;
}

static void pmm_dmabuf_detach(struct dma_buf *dmabuf,
			      struct dma_buf_attachment *attach)
{
	struct pmm_dmabuf *buf = dmabuf->priv;
	struct pmm_attachment *a = attach->priv;

	mutex_lock(&buf->lock);
	list_del(&a->node);
	mutex_unlock(&buf->lock);
	sg_free_table(&a->sgt);
	pmm_block_unuse(buf->block);
	kfree(a);
}

static struct sg_table *pmm_dmabuf_map(struct dma_buf_attachment *attach,
				       enum dma_data_direction dir)
{
	struct pmm_dmabuf *buf = attach->dmabuf->priv;
	struct pmm_attachment *a = attach->priv;
	int err;

	/* Its mask may have become narrower since it was attached. */
	err = pmm_dma_check_block(buf->block, a->dev);
	if (err)
		return ERR_PTR(err);
	mutex_lock(&buf->lock);
	err = a->dir == DMA_NONE ? dma_map_sgtable(a->dev, &a->sgt, dir, 0) :
				   -EBUSY;
	if (!err)
		a->dir = dir;
	mutex_unlock(&buf->lock);
	return err ? ERR_PTR(err) : &a->sgt;
}

static void pmm_dmabuf_unmap(struct dma_buf_attachment *attach,
			     struct sg_table *sgt, enum dma_data_direction dir)
{
	struct pmm_dmabuf *buf = attach->dmabuf->priv;
	struct pmm_attachment *a = attach->priv;

	mutex_lock(&buf->lock);
	dma_unmap_sgtable(a->dev, sgt, dir, 0);
	a->dir = DMA_NONE;
	mutex_unlock(&buf->lock);
}

/* The CPU is to see what the devices wrote. */
static int pmm_dmabuf_begin_cpu_access(struct dma_buf *dmabuf,
				       enum dma_data_direction dir)
{
	struct pmm_dmabuf *buf = dmabuf->priv;
	struct pmm_attachment *a;

	mutex_lock(&buf->lock);
	list_for_each_entry(a, &buf->attachments, node)
		if (a->dir != DMA_NONE)
			dma_sync_sgtable_for_cpu(a->dev, &a->sgt, a->dir);
	mutex_unlock(&buf->lock);
	return 0;
}

/* The devices are to see what the CPU wrote. */
static int pmm_dmabuf_end_cpu_access(struct dma_buf *dmabuf,
				     enum dma_data_direction dir)
{
	struct pmm_dmabuf *buf = dmabuf->priv;
	struct pmm_attachment *a;

	mutex_lock(&buf->lock);
	list_for_each_entry(a, &buf->attachments, node)
		if (a->dir != DMA_NONE)
			dma_sync_sgtable_for_device(a->dev, &a->sgt, a->dir);
	mutex_unlock(&buf->lock);
	return 0;
}

/*
 * A driver that is attached keeps the memory, and so can touch it to the end: it
 * does not expect a vmap() to fail, and the kernel warns of one that does.
 */
static bool pmm_dmabuf_use(struct pmm_dmabuf *buf)
{
	bool attached;

	/* Nobody detaches meanwhile. */
	mutex_lock(&buf->lock);
	attached = !list_empty(&buf->attachments);
	if (attached)
		atomic_inc(&buf->block->uses);
	mutex_unlock(&buf->lock);
	return attached || pmm_block_use(buf->block);
}

static int pmm_dmabuf_vmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	struct pmm_dmabuf *buf = dmabuf->priv;
	void *vaddr;

	if (!pmm_dmabuf_use(buf))
		return -ENODEV;
	vaddr = pmm_block_vmap(buf->block);
	if (IS_ERR(vaddr)) {
		pmm_block_unuse(buf->block);
		return PTR_ERR(vaddr);
	}
	iosys_map_set_vaddr(map, vaddr);
	return 0;
}

static void pmm_dmabuf_vunmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	struct pmm_dmabuf *buf = dmabuf->priv;

	pmm_block_vunmap(buf->block, map->vaddr);
	pmm_block_unuse(buf->block);
}

static int pmm_dmabuf_mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma)
{
	struct pmm_dmabuf *buf = dmabuf->priv;
	struct file *home;
	int err;

	home = pmm_block_home_file(buf->block,
				   vma->vm_file->f_mode & FMODE_WRITE);
	if (IS_ERR(home))
		return PTR_ERR(home);
	err = pmm_home_mmap(home, vma);
	fput(home);
	return err;
}

static void pmm_dmabuf_release(struct dma_buf *dmabuf)
{
	struct pmm_dmabuf *buf = dmabuf->priv;

	pmm_block_put(buf->block);
	kfree(buf);
}

static const struct dma_buf_ops pmm_dmabuf_ops = {
	.attach = pmm_dmabuf_attach,
	.detach = pmm_dmabuf_detach,
	.map_dma_buf = pmm_dmabuf_map,
	.unmap_dma_buf = pmm_dmabuf_unmap,
	.begin_cpu_access = pmm_dmabuf_begin_cpu_access,
	.end_cpu_access = pmm_dmabuf_end_cpu_access,
	.vmap = pmm_dmabuf_vmap,
	.vunmap = pmm_dmabuf_vunmap,
	.mmap = pmm_dmabuf_mmap,
	.release = pmm_dmabuf_release,
};

/**
 * pmm_dmabuf_create() - make a dma-buf of a block
 * @block: the block; the caller is a user of it
 *
 * Context: May sleep.
 * Return: its file, or an ERR_PTR.
 */
struct file *pmm_dmabuf_create(struct pmm_block *block)
{
	DEFINE_DMA_BUF_EXPORT_INFO(info);
	struct dma_buf *dmabuf;
	struct pmm_dmabuf *buf;

	buf = kzalloc(sizeof(*buf), GFP_KERNEL);
	if (!buf)
		return ERR_PTR(-ENOMEM);
	mutex_init(&buf->lock);
	INIT_LIST_HEAD(&buf->attachments);
	buf->block = block;
	pmm_block_get(block);

	info.ops = &pmm_dmabuf_ops;
	info.size = pmm_block_size(block);
	info.flags = O_RDWR;
	info.priv = buf;
	dmabuf = dma_buf_export(&info);
	if (IS_ERR(dmabuf)) {
		pmm_block_put(block);
		kfree(buf);
		return ERR_CAST(dmabuf);
	}
	WRITE_ONCE(pmm_dmabuf_fops, dmabuf->file->f_op);
	return dmabuf->file;
}

/**
 * pmm_dmabuf_block() - the block of a dma-buf
 * @file: any file
 *
 * Return: the block, which @file keeps, or NULL for other files.
 */
struct pmm_block *pmm_dmabuf_block(struct file *file)
{
	struct dma_buf *dmabuf = file->private_data;
	struct pmm_dmabuf *buf;

	if (file->f_op != READ_ONCE(pmm_dmabuf_fops))
		return NULL;
	if (dmabuf->ops != &pmm_dmabuf_ops)
		return NULL;
	buf = dmabuf->priv;
	return buf->block;
}

MODULE_IMPORT_NS(DMA_BUF);
