// SPDX-License-Identifier: GPL-2.0-only
/*
 * Contiguous memory without PMM: alloc_contig_range() at the moment it is needed.
 * Through /sys/kernel/debug/pmm_bench_contig:
 *
 *	write		"PAGES": go through memory from its end for a range that
 *			can be had, take it, zero it, and give it back
 *	read		"NS TRIED": how long all but giving back took, and how
 *			many ranges were tried
 *
 * Memory is looked through in steps of the range's own size, as other users of
 * alloc_contig_range() do.  What is obviously in the way is passed over.
 */
#include <linux/debugfs.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/ktime.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/module.h>
#include <linux/pageblock-flags.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#define CONTIG_MAX_PAGES	BIT(18)

static struct dentry *contig_file;

/* What the last write of an open file found. */
struct contig_answer {
	u64 ns;
	unsigned long tried;
};

/* Could all of [pfn, pfn + nr) be moved away, as far as one look tells? */
static bool contig_possible(struct zone *zone, unsigned long pfn,
			    unsigned long nr)
{
	unsigned long i;

	for (i = pfn; i < pfn + nr; i++) {
		struct page *page = pfn_to_online_page(i);

		if (!page || page_zone(page) != zone)
			return false;
		if (PageReserved(page) || PageHuge(page))
			return false;
		if (page_count(page) && !PageLRU(page) && !__PageMovable(page))
			return false;
	}
	return true;
}

/* Take a range of @nr pages; 0 if there is none, or an error if killed. */
static long contig_take(struct zone *zone, unsigned long nr,
			unsigned long *tried)
{
	unsigned long step = max(nr, pageblock_nr_pages);
	unsigned long pfn = ALIGN_DOWN(zone_end_pfn(zone), step);

	while (pfn >= zone->zone_start_pfn + step) {
		pfn -= step;
		cond_resched();
		if (fatal_signal_pending(current))
			return -EINTR;
		if (!contig_possible(zone, pfn, nr))
			continue;
		++*tried;
		if (!alloc_contig_range(pfn, pfn + nr, MIGRATE_MOVABLE,
					GFP_KERNEL | __GFP_NOWARN))
			return pfn;
	}
	return 0;
}

static int contig_measure(unsigned long nr, struct contig_answer *answer)
{
	pg_data_t *node = NODE_DATA(first_online_node);
	long pfn = 0;
	int z;
	u64 begin = ktime_get_ns();
	unsigned long i;

	answer->tried = 0;
	for (z = ZONE_NORMAL; z >= ZONE_DMA32 && !pfn; z--)
		if (populated_zone(&node->node_zones[z]))
			pfn = contig_take(&node->node_zones[z], nr,
					  &answer->tried);
	for (i = 0; pfn > 0 && i < nr; i++) {
		clear_highpage(pfn_to_page(pfn + i));
		cond_resched();
	}
	answer->ns = ktime_get_ns() - begin;
	if (pfn <= 0)
		return pfn ? pfn : -ENOMEM;
	free_contig_range(pfn, nr);
	return 0;
}

static int contig_open(struct inode *inode, struct file *file)
{
	struct contig_answer *answer = kzalloc(sizeof(*answer), GFP_KERNEL);

	file->private_data = answer;
	return answer ? 0 : -ENOMEM;
}

static int contig_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static ssize_t contig_read(struct file *file, char __user *buf, size_t size,
			   loff_t *pos)
{
	struct contig_answer *answer = file->private_data;
	char text[64];
	int len;

	len = scnprintf(text, sizeof(text), "%llu %lu\n", answer->ns,
			answer->tried);
	return simple_read_from_buffer(buf, size, pos, text, len);
}

static ssize_t contig_write(struct file *file, const char __user *buf,
			    size_t size, loff_t *pos)
{
	unsigned long nr;
	int err;

	err = kstrtoul_from_user(buf, size, 0, &nr);
	if (err)
		return err;
	if (!nr || nr > CONTIG_MAX_PAGES)
		return -EINVAL;
	err = contig_measure(nr, file->private_data);
	return err ? err : size;
}

static const struct file_operations contig_fops = {
	.owner = THIS_MODULE,
	.open = contig_open,
	.release = contig_release,
	.read = contig_read,
	.write = contig_write,
};

static int __init contig_init(void)
{
	contig_file = debugfs_create_file("pmm_bench_contig", 0600, NULL, NULL,
					  &contig_fops);
	return PTR_ERR_OR_ZERO(contig_file);
}

static void __exit contig_exit(void)
{
	debugfs_remove(contig_file);
}

module_init(contig_init);
module_exit(contig_exit);

MODULE_DESCRIPTION("PMM benchmarks: contiguous memory without PMM");
MODULE_LICENSE("GPL");
