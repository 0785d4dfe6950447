// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver that is handed a block by another driver and keeps it for as long as it
 * likes: pmm_get() and pmm_put() are all that the two have between them.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pmm.h>
#include <linux/uaccess.h>

#include "pmm_test_edu.h"

static struct pmm_block *share_block;
/* Protects it. */
static DEFINE_MUTEX(share_lock);

/**
 * pmm_test_share_hand() - get a block from another driver
 * @block: the block; the caller keeps its own reference
 *
 * Return: 0, or -EBUSY if there is one already.
 */
int pmm_test_share_hand(struct pmm_block *block)
{
	int err = 0;

	mutex_lock(&share_lock);
	if (share_block)
		err = -EBUSY;
	else
		share_block = pmm_get(block);
	mutex_unlock(&share_lock);
	return err;
}
EXPORT_SYMBOL_GPL(pmm_test_share_hand);

static int share_read(void __user *uarg)
{
	size_t size = pmm_block_size(share_block);
	struct pmm_test_share_read arg;
	void *from;
	int err = 0;

	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	if (arg.offset > size || arg.length > size - arg.offset)
		return -EINVAL;
	from = pmm_block_vmap(share_block);
	if (IS_ERR(from))
		return PTR_ERR(from);
	if (copy_to_user(u64_to_user_ptr(arg.to), from + arg.offset,
			 arg.length))
		err = -EFAULT;
	pmm_block_vunmap(share_block, from);
	return err;
}

static int share_put(void)
{
	pmm_put(share_block);
	share_block = NULL;
	return 0;
}

static long share_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	long ret = -ENOTTY;

	mutex_lock(&share_lock);
	if (!share_block)
		ret = -ENODATA;
	else if (cmd == PMM_TEST_SHARE_READ)
		ret = share_read((void __user *)arg);
	else if (cmd == PMM_TEST_SHARE_PUT)
		ret = share_put();
	mutex_unlock(&share_lock);
	return ret;
}

static const struct file_operations share_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = share_ioctl,
};

static struct miscdevice share_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "pmm_test_share",
	.fops = &share_fops,
	.mode = 0600,
};

static int __init share_init(void)
{
	return misc_register(&share_device);
}

static void __exit share_exit(void)
{
	misc_deregister(&share_device);
	pmm_put(share_block);
}

module_init(share_init);
module_exit(share_exit);

MODULE_DESCRIPTION("PMM tests: a driver that gets a block from another one");
MODULE_LICENSE("GPL");
