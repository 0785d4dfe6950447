// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's side of bench_alloc: the steady state of PMM's allocators and of
 * the kernel's own, in the kernel.  Through /sys/kernel/debug/pmm_bench_alloc:
 *
 *	read first	the names of the allocators
 *	write		"NAME AREAS OPS PASSES BUDGET_MS": measure, which takes
 *			its time; killing the writer ends it
 *	read then	"OPS FAILED MEAN P999 MAX", see struct steady_result
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/uaccess.h>

#include "bench_alloc_peers.h"

#define BENCH_MAX_PEERS	16
#define BENCH_NAME_LEN	32
#define BENCH_TEXT_LEN	256

static struct steady_peer peers[BENCH_MAX_PEERS];
static size_t nr_peers;
static struct dentry *bench_file;
/* One measurement at a time: two would disturb each other. */
static DEFINE_MUTEX(bench_lock);

/* What the next read of an open file says. */
struct bench_answer {
	char text[BENCH_TEXT_LEN];
};

static int bench_open(struct inode *inode, struct file *file)
{
	struct bench_answer *answer = kzalloc(sizeof(*answer), GFP_KERNEL);
	size_t i;

	if (!answer)
		return -ENOMEM;
	for (i = 0; i < nr_peers; i++) {
		strlcat(answer->text, peers[i].name, sizeof(answer->text));
		strlcat(answer->text, "\n", sizeof(answer->text));
	}
	file->private_data = answer;
	return 0;
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

	return simple_read_from_buffer(buf, size, pos, answer->text,
				       strlen(answer->text));
}

static const struct steady_peer *bench_find(const char *name)
{
	size_t i;

	for (i = 0; i < nr_peers; i++)
		if (!strcmp(peers[i].name, name))
			return &peers[i];
	return NULL;
}

static int bench_run(const char *order, struct bench_answer *answer)
{
	struct steady_result r = {};
	struct steady_plan plan;
	const struct steady_peer *peer;
	char name[BENCH_NAME_LEN];
	int err;

	if (sscanf(order, "%31s %lu %lu %lu %lu", name, &plan.areas, &plan.ops,
		   &plan.passes, &plan.budget_ms) != 5)
		return -EINVAL;
	peer = bench_find(name);
	if (!peer)
		return -ENOENT;
	err = mutex_lock_killable(&bench_lock);
	if (err)
		return err;
	err = steady_run(peer, &plan, &r);
	mutex_unlock(&bench_lock);
	if (!err)
		snprintf(answer->text, sizeof(answer->text),
			 "%lu %lu %llu %llu %llu\n", r.ops, r.failed, r.mean,
			 r.p999, r.max);
	return err;
}

static ssize_t bench_write(struct file *file, const char __user *buf,
			   size_t size, loff_t *pos)
{
	char *order;
	int err;

	if (size >= BENCH_TEXT_LEN)
		return -E2BIG;
	order = memdup_user_nul(buf, size);
	if (IS_ERR(order))
		return PTR_ERR(order);
	err = bench_run(order, file->private_data);
	kfree(order);
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
	while (nr_peers < BENCH_MAX_PEERS - 2 &&
	       steady_pmm_peer(nr_peers, &peers[nr_peers]))
		nr_peers++;
	peers[nr_peers++] = bench_drm_mm;
	peers[nr_peers++] = bench_gen_pool;
	bench_file = debugfs_create_file("pmm_bench_alloc", 0600, NULL, NULL,
					 &bench_fops);
	return PTR_ERR_OR_ZERO(bench_file);
}

static void __exit bench_exit(void)
{
	debugfs_remove(bench_file);
}

module_init(bench_init);
module_exit(bench_exit);

MODULE_DESCRIPTION("PMM benchmarks: allocators of ranges");
MODULE_LICENSE("GPL");
