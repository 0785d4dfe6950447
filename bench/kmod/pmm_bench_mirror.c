// SPDX-License-Identifier: GPL-2.0-only
/*
 * Giving a device a program's memory: by a mirror, or by pinning it.  Through
 * /sys/kernel/debug/pmm_bench_mirror:
 *
 *	write		"mirror ADDRESS LENGTH" or "pin ADDRESS LENGTH" of the
 *			writer's memory: get addresses of it for the device,
 *			look again, and give them back
 *	read		"NS NS NS": how long each of the three took
 *
 * The device is one in name only: nothing is transferred.
 */
#include <linux/debugfs.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/pmm_mirror.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define BENCH_MAX_LENGTH	SZ_1G

static struct platform_device *bench_device;
static struct dentry *bench_file;

/* What the last write of an open file found. */
struct bench_answer {
	u64 get;
	u64 again;
	u64 give;
};

/* ---- a mirror ---- */

static int bench_fault(struct pmm_mirror_range *range)
{
	int err = pmm_mirror_fault(range);

	if (!err)
		pmm_mirror_done(range);
	return err;
}

static int bench_range(struct pmm_mirror *mirror, unsigned long addr,
		       size_t length, struct bench_answer *answer)
{
	struct pmm_mirror_range *range;
	u64 begin = ktime_get_ns(), got;
	int err;

	range = pmm_mirror_range_create(mirror, addr, length, true, NULL);
	if (IS_ERR(range))
		return PTR_ERR(range);
	err = bench_fault(range);
	got = ktime_get_ns();
	if (!err)
		err = bench_fault(range);
	answer->get = got - begin;
	answer->again = ktime_get_ns() - got;
	begin = ktime_get_ns();
	pmm_mirror_range_destroy(range);
	answer->give = ktime_get_ns() - begin;
	return err;
}

static int bench_mirror(unsigned long addr, size_t length,
			struct bench_answer *answer)
{
	struct pmm_mirror *mirror;
	int err;

	mirror = pmm_mirror_register(NULL, &bench_device->dev, NULL);
	if (IS_ERR(mirror))
		return PTR_ERR(mirror);
	err = bench_range(mirror, addr, length, answer);
	pmm_mirror_unregister(mirror);
	return err;
}

/* ---- pinned pages ---- */

struct bench_pins {
	unsigned long nr;
	struct page **pages;
	dma_addr_t *dma;
};

static void bench_unmap(struct bench_pins *pins, unsigned long nr)
{
	while (nr--)
		dma_unmap_page(&bench_device->dev, pins->dma[nr], PAGE_SIZE,
			       DMA_BIDIRECTIONAL);
}

static int bench_map(struct bench_pins *pins)
{
	unsigned long i;

	for (i = 0; i < pins->nr; i++) {
		pins->dma[i] = dma_map_page(&bench_device->dev, pins->pages[i],
					    0, PAGE_SIZE, DMA_BIDIRECTIONAL);
		if (dma_mapping_error(&bench_device->dev, pins->dma[i])) {
			bench_unmap(pins, i);
			return -EIO;
		}
	}
	return 0;
}

static int bench_get(struct bench_pins *pins, unsigned long addr)
{
	long got;
	int err;

	pins->pages = kvmalloc_array(pins->nr, sizeof(*pins->pages), GFP_KERNEL);
	pins->dma = kvmalloc_array(pins->nr, sizeof(*pins->dma), GFP_KERNEL);
	if (!pins->pages || !pins->dma)
		return -ENOMEM;
	got = pin_user_pages_fast(addr, pins->nr, FOLL_WRITE | FOLL_LONGTERM,
				  pins->pages);
	if (got < 0)
		return got;
	err = got == pins->nr ? bench_map(pins) : -EFAULT;
	if (err)
		unpin_user_pages(pins->pages, got);
	return err;
}

static void bench_free(struct bench_pins *pins)
{
	kvfree(pins->pages);
	kvfree(pins->dma);
}

static int bench_pin(unsigned long addr, size_t length,
		     struct bench_answer *answer)
{
	struct bench_pins pins = { .nr = length >> PAGE_SHIFT };
	u64 begin = ktime_get_ns();
	int err;

	err = bench_get(&pins, addr);
	answer->get = ktime_get_ns() - begin;
	/* What is pinned need not be looked at again. */
	answer->again = 0;
	begin = ktime_get_ns();
	if (!err) {
		bench_unmap(&pins, pins.nr);
		unpin_user_pages_dirty_lock(pins.pages, pins.nr, true);
	}
	bench_free(&pins);
	answer->give = ktime_get_ns() - begin;
	return err;
}

/* ---- /sys/kernel/debug/pmm_bench_mirror ---- */

static int bench_open(struct inode *inode, struct file *file)
{
	struct bench_answer *answer = kzalloc(sizeof(*answer), GFP_KERNEL);

	file->private_data = answer;
	return answer ? 0 : -ENOMEM;
}

static int bench_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static ssize_t bench_read(struct file *file, char __user *buf, size_t size,
			  loff_t *pos)
{
	struct bench_answer *answer = file->private_data;
	char text[96];
	int len;

	len = scnprintf(text, sizeof(text), "%llu %llu %llu\n", answer->get,
			answer->again, answer->give);
	return simple_read_from_buffer(buf, size, pos, text, len);
}

static ssize_t bench_write(struct file *file, const char __user *buf,
			   size_t size, loff_t *pos)
{
	unsigned long addr, length;
	char text[64], way[8];
	ssize_t len;
	int err;

	len = simple_write_to_buffer(text, sizeof(text) - 1, pos, buf, size);
	if (len < 0)
		return len;
	text[len] = '\0';
	if (sscanf(text, "%7s %li %li", way, &addr, &length) != 3 ||
	    !length || length > BENCH_MAX_LENGTH ||
	    !PAGE_ALIGNED(addr) || !PAGE_ALIGNED(length))
		return -EINVAL;
	if (!strcmp(way, "mirror"))
		err = bench_mirror(addr, length, file->private_data);
	else if (!strcmp(way, "pin"))
		err = bench_pin(addr, length, file->private_data);
	else
		err = -EINVAL;
	*pos = 0;
	return err ? err : size;
}

static const struct file_operations bench_fops = {
	.owner = THIS_MODULE,
	.open = bench_open,
	.release = bench_release,
	.read = bench_read,
	.write = bench_write,
};

static int __init bench_init(void)
{
	int err;

	bench_device = platform_device_register_simple(KBUILD_MODNAME, -1,
						       NULL, 0);
	if (IS_ERR(bench_device))
		return PTR_ERR(bench_device);
	err = dma_coerce_mask_and_coherent(&bench_device->dev,
					   DMA_BIT_MASK(64));
	if (err) {
		platform_device_unregister(bench_device);
		return err;
	}
	bench_file = debugfs_create_file(KBUILD_MODNAME, 0600, NULL, NULL,
					 &bench_fops);
	return 0;
}

static void __exit bench_exit(void)
{
	debugfs_remove(bench_file);
	platform_device_unregister(bench_device);
}

module_init(bench_init);
module_exit(bench_exit);

MODULE_DESCRIPTION("PMM benchmarks: a program's memory for a device");
MODULE_LICENSE("GPL");
