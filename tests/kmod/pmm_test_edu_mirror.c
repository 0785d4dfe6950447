// SPDX-License-Identifier: GPL-2.0-only
/*
 * QEMU's educational PCI device at work on a program's own memory, whatever that is,
 * by its addresses: /dev/pmm_test_mirror.  The example of Documentation/mirror.rst.
 *
 * It works in either of the two ways that drivers have.  Held: the range is held
 * until the device has finished, and who takes the memory away waits for that.
 * Not held: the range is let go at once, and the callback waits for the device.
 */
#include <linux/dma-direct.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/pmm_mirror.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "edu.h"
#include "pmm_test_edu.h"

#define EDU_MIRROR_FLAGS (PMM_TEST_MIRROR_WRITE | PMM_TEST_MIRROR_UNHELD | \
			  PMM_TEST_MIRROR_WORKER)

/**
 * struct edu_mirror - an open file
 * @node: in edu_mirrors
 * @mirror: whose memory, or NULL
 * @range: which part, or NULL
 * @start: its first address
 * @length: of that, in bytes
 * @write: the device may write
 * @busy: the device works on it, and it is not held
 * @idle: for that to end
 * @running: the device works on it
 * @pieces: how often it has
 * @ending: the range is being destroyed
 * @invalidations: how often addresses were taken away otherwise
 * @work: a transfer in a kernel thread
 * @queued: it has not begun
 * @job: what is to be done in it
 * @result: what came of it
 */
struct edu_mirror {
	struct list_head node;
	struct pmm_mirror *mirror;
	struct pmm_mirror_range *range;
	unsigned long start;
	size_t length;
	bool write;
	bool busy;
	wait_queue_head_t idle;
	bool running;
	atomic_t pieces;
	bool ending;
	atomic_t invalidations;
	struct work_struct work;
	bool queued;
	struct pmm_test_mirror_dma job;
	int result;
};

/* Protected by edu_lock */
static LIST_HEAD(edu_mirrors);

/* ---- the callback ---- */

/* The device cannot be stopped, but it ends soon. */
static bool edu_mirror_invalidate(void *data, unsigned long start,
				  unsigned long end, bool may_sleep)
{
	struct edu_mirror *m = data;

	if (READ_ONCE(m->busy) && !may_sleep)
		return false;
	wait_event(m->idle, !READ_ONCE(m->busy));
	if (!READ_ONCE(m->ending))
		atomic_inc(&m->invalidations);
	return true;
}

static const struct pmm_mirror_ops edu_mirror_ops = {
	.invalidate = edu_mirror_invalidate,
};

/* ---- transfers ---- */

/* What lies in one piece for the device; it begins with the range held. */
static int edu_mirror_piece(struct edu *edu, struct edu_mirror *m,
			    dma_addr_t addr, u32 at, u32 length, u32 flags)
{
	bool unheld = flags & PMM_TEST_MIRROR_UNHELD;
	int err;

	WRITE_ONCE(m->running, true);
	if (unheld) {
		WRITE_ONCE(m->busy, true);
		pmm_mirror_done(m->range);
	}
	if (flags & PMM_TEST_MIRROR_WRITE)
		err = edu_run(edu, EDU_BUFFER + at, addr, length,
			      EDU_DMA_CMD_TO_RAM);
	else
		err = edu_run(edu, addr, EDU_BUFFER + at, length, 0);
	atomic_inc(&m->pieces);
	WRITE_ONCE(m->running, false);
	if (unheld) {
		WRITE_ONCE(m->busy, false);
		wake_up(&m->idle);
	} else {
		pmm_mirror_done(m->range);
	}
	return err;
}

static int edu_mirror_transfer(struct edu_mirror *m,
			       const struct pmm_test_mirror_dma *arg)
{
	struct edu *edu = edu_found;
	dma_addr_t addr;
	size_t n;
	u32 at;
	int err;

	if (!edu)
		return -ENODEV;
	if (!m->range)
		return -ENODATA;
	if (!arg->length || arg->length > PMM_TEST_EDU_BUFFER ||
	    arg->offset > m->length || arg->length > m->length - arg->offset)
		return -EINVAL;
	if ((arg->flags & PMM_TEST_MIRROR_WRITE) && !m->write)
		return -EACCES;

	for (at = 0; at < arg->length; at += n) {
		err = pmm_mirror_fault(m->range);
		if (err)
			return err;
		addr = pmm_mirror_dma(m->range, arg->offset + at, &n);
		n = min_t(size_t, n, arg->length - at);
		err = edu_mirror_piece(edu, m, addr, at, n, arg->flags);
		if (err)
			return err;
	}
	return 0;
}

static void edu_mirror_work(struct work_struct *work)
{
	struct edu_mirror *m = container_of(work, struct edu_mirror, work);

	/* One transfer at a time: there is one device. */
	mutex_lock(&edu_lock);
	m->queued = false;
	m->result = edu_mirror_transfer(m, &m->job);
	mutex_unlock(&edu_lock);
}

static int edu_mirror_wait(struct edu_mirror *m)
{
	int ret;

	flush_work(&m->work);
	/* The result is another's if that was quick. */
	mutex_lock(&edu_lock);
	ret = m->result;
	mutex_unlock(&edu_lock);
	return ret;
}

/* ---- ioctls ---- */

/* Only the process itself may have its memory read and written. */
static int edu_mirror_own(struct edu_mirror *m, struct edu *edu)
{
	struct pmm_mirror *mirror;

	if (m->mirror)
		return pmm_mirror_is_current(m->mirror) ? 0 : -EPERM;
	mirror = pmm_mirror_register(NULL, &edu->pdev->dev, &edu_mirror_ops);
	if (IS_ERR(mirror))
		return PTR_ERR(mirror);
	m->mirror = mirror;
	return 0;
}

static void edu_mirror_unmap(struct edu_mirror *m)
{
	WRITE_ONCE(m->ending, true);
	pmm_mirror_range_destroy(m->range);
	WRITE_ONCE(m->ending, false);
	m->range = NULL;
}

static int edu_mirror_map(struct edu_mirror *m, void __user *uarg)
{
	struct pmm_test_mirror_map arg;
	struct pmm_mirror_range *range;
	int err;

	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	if (arg.reserved)
		return -EINVAL;
	if (!edu_found)
		return -ENODEV;
	err = edu_mirror_own(m, edu_found);
	if (err)
		return err;
	range = pmm_mirror_range_create(m->mirror, arg.addr, arg.length,
					arg.write, m);
	if (IS_ERR(range))
		return PTR_ERR(range);
	edu_mirror_unmap(m);
	m->range = range;
	m->start = arg.addr;
	m->length = arg.length;
	m->write = arg.write;
	return 0;
}

static int edu_mirror_dma(struct edu_mirror *m, void __user *uarg)
{
	struct pmm_test_mirror_dma arg;

	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	if (arg.flags & ~EDU_MIRROR_FLAGS)
		return -EINVAL;
	if (!m->mirror)
		return -ENODATA;
	if (!pmm_mirror_is_current(m->mirror))
		return -EPERM;
	if (!(arg.flags & PMM_TEST_MIRROR_WORKER))
		return edu_mirror_transfer(m, &arg);
	if (m->queued)
		return -EBUSY;
	m->job = arg;
	m->queued = true;
	queue_work(system_unbound_wq, &m->work);
	return 0;
}

/* What the process has there stays while the range is held; so it is there. */
static int edu_mirror_compare(struct edu_mirror *m, struct edu *edu)
{
	phys_addr_t phys;
	struct page *page;
	size_t n;

	/* One that faults would wait for the range. */
	if (!get_user_page_fast_only(m->start, 0, &page))
		return -ESTALE;
	phys = page_to_phys(page) + offset_in_page(m->start);
	put_page(page);
	if (pmm_mirror_dma(m->range, 0, &n) !=
	    phys_to_dma(&edu->pdev->dev, phys))
		return -ESTALE;
	return 0;
}

static int edu_mirror_check(struct edu_mirror *m)
{
	int err;

	if (!edu_found)
		return -ENODEV;
	if (!m->range)
		return -ENODATA;
	if (!pmm_mirror_is_current(m->mirror))
		return -EPERM;
	err = pmm_mirror_fault(m->range);
	if (err)
		return err;
	err = edu_mirror_compare(m, edu_found);
	pmm_mirror_done(m->range);
	return err;
}

/* Without the lock, so that it can be asked while the device works. */
static int edu_mirror_state(struct edu_mirror *m, void __user *uarg)
{
	struct pmm_test_mirror_state state = {
		.running = READ_ONCE(m->running),
		.pieces = atomic_read(&m->pieces),
		.invalidations = atomic_read(&m->invalidations),
	};

	return copy_to_user(uarg, &state, sizeof(state)) ? -EFAULT : 0;
}

static long edu_mirror_ioctl_locked(struct edu_mirror *m, unsigned int cmd,
				    void __user *uarg)
{
	switch (cmd) {
	case PMM_TEST_MIRROR_MAP:
		return edu_mirror_map(m, uarg);
	case PMM_TEST_MIRROR_UNMAP:
		edu_mirror_unmap(m);
		return 0;
	case PMM_TEST_MIRROR_DMA:
		return edu_mirror_dma(m, uarg);
	case PMM_TEST_MIRROR_CHECK:
		return edu_mirror_check(m);
	default:
		return -ENOTTY;
	}
}

static long edu_mirror_ioctl(struct file *file, unsigned int cmd,
			     unsigned long arg)
{
	struct edu_mirror *m = file->private_data;
	void __user *uarg = (void __user *)arg;
	long ret;

	if (cmd == PMM_TEST_MIRROR_STATE)
		return edu_mirror_state(m, uarg);
	if (cmd == PMM_TEST_MIRROR_WAIT)
		return edu_mirror_wait(m);
	/* The device and all its mirrors. */
	mutex_lock(&edu_lock);
	ret = edu_mirror_ioctl_locked(m, cmd, uarg);
	mutex_unlock(&edu_lock);
	return ret;
}

/* ---- /dev/pmm_test_mirror ---- */

static int edu_mirror_open(struct inode *inode, struct file *file)
{
	struct edu_mirror *m = kzalloc(sizeof(*m), GFP_KERNEL);

	if (!m)
		return -ENOMEM;
	init_waitqueue_head(&m->idle);
	INIT_WORK(&m->work, edu_mirror_work);
	/* The list. */
	mutex_lock(&edu_lock);
	list_add(&m->node, &edu_mirrors);
	mutex_unlock(&edu_lock);
	file->private_data = m;
	return 0;
}

static void edu_mirror_detach(struct edu_mirror *m)
{
	edu_mirror_unmap(m);
	pmm_mirror_unregister(m->mirror);
	m->mirror = NULL;
}

/* The process may have ended before, in the middle of a transfer. */
static int edu_mirror_release(struct inode *inode, struct file *file)
{
	struct edu_mirror *m = file->private_data;

	cancel_work_sync(&m->work);
	/* The list, and a device that goes at the same time. */
	mutex_lock(&edu_lock);
	list_del(&m->node);
	edu_mirror_detach(m);
	mutex_unlock(&edu_lock);
	kfree(m);
	return 0;
}

/* The device goes.  The files stay open, but there is nothing behind them. */
void edu_mirrors_detach(void)
{
	struct edu_mirror *m;

	lockdep_assert_held(&edu_lock);
	list_for_each_entry(m, &edu_mirrors, node)
		edu_mirror_detach(m);
}

static const struct file_operations edu_mirror_fops = {
	.owner = THIS_MODULE,
	.open = edu_mirror_open,
	.release = edu_mirror_release,
	.unlocked_ioctl = edu_mirror_ioctl,
};

static struct miscdevice edu_mirror_miscdev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "pmm_test_mirror",
	.fops = &edu_mirror_fops,
	.mode = 0600,
};

int edu_mirror_init(void)
{
	return misc_register(&edu_mirror_miscdev);
}

void edu_mirror_exit(void)
{
	misc_deregister(&edu_mirror_miscdev);
}
