// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/pmm: the device, its ioctls, and block fds.
 *
 *	int pmm = open("/dev/pmm", O_RDWR | O_CLOEXEC);
 *	struct pmm_alloc a = { .size = sizeof(a), .length = 8 << 20 };
 *	int block = ioctl(pmm, PMM_IOC_ALLOC, &a);
 *	void *p = mmap(NULL, a.actual, PROT_READ | PROT_WRITE, MAP_SHARED,
 *		       block, 0);
 *
 * What can be done with a block fd is in pmm_fd.c, how one is got from a name in
 * pmm_find.c.  The ABI is described in include/uapi/linux/pmm.h.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "pmm_compat.h"
#include "pmm_core.h"
#include "pmm_node.h"
#include "pmm_region.h"

#define PMM_VERSION "0.1.0"

struct workqueue_struct *pmm_wq;

/* ---- structures and files in and out ---- */

/**
 * pmm_copy_in_version() - copy in a structure that begins with its size
 * @to: where to
 * @ksize: its size, in bytes, as the module knows it
 * @first: what its first version had, which is the least there must be
 * @from: where from
 *
 * Return: the caller's size of it, or -EFAULT, -EINVAL, -E2BIG.
 */
long pmm_copy_in_version(void *to, size_t ksize, size_t first,
			 void __user *from)
{
	u32 usize;
	int err;

	if (get_user(usize, (u32 __user *)from))
		return -EFAULT;
	if (usize < first)
		return -EINVAL;
	if (usize > PAGE_SIZE)
		return -E2BIG;
	err = copy_struct_from_user(to, ksize, from, usize);
	if (err)
		return err;
	/* It may have changed in between. */
	*(u32 *)to = usize;
	return usize;
}

/* The same for those that are still in their first version. */
long pmm_copy_in(void *to, size_t ksize, void __user *from)
{
	return pmm_copy_in_version(to, ksize, ksize, from);
}

/**
 * pmm_copy_out() - copy a structure out, as much as both sides know of it
 * @to: where to
 * @from: where from
 * @ksize: its size, in bytes, as the module knows it
 * @usize: as the caller does
 *
 * Return: 0 or -EFAULT.
 */
int pmm_copy_out(void __user *to, const void *from, size_t ksize, size_t usize)
{
	return copy_to_user(to, from, min(ksize, usize)) ? -EFAULT : 0;
}

/**
 * pmm_install() - hand out a file and the out fields of an ioctl
 * @file: the file, which is taken over, or an ERR_PTR
 * @uarg: the caller's structure
 * @arg: the module's
 * @ksize: its size, in bytes
 * @usize: as the caller knows it
 *
 * The fields go first: nothing may fail once the file has a number.
 *
 * Return: an fd, close-on-exec, or a negative errno.
 */
long pmm_install(struct file *file, void __user *uarg, const void *arg,
		 size_t ksize, size_t usize)
{
	int fd, err;

	if (IS_ERR(file))
		return PTR_ERR(file);
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0) {
		fput(file);
		return fd;
	}
	err = pmm_copy_out(uarg, arg, ksize, usize);
	if (err) {
		put_unused_fd(fd);
		fput(file);
		return err;
	}
	fd_install(fd, file);
	return fd;
}

/* ---- /dev/pmm ---- */

static long pmm_ioc_version(void __user *uarg)
{
	struct pmm_version version;
	long usize = pmm_copy_in(&version, sizeof(version), uarg);

	if (usize < 0)
		return usize;
	if (version.flags)
		return -EINVAL;
	version.abi = PMM_ABI;
	version.page_size = PAGE_SIZE;
	version.caps = PMM_CAP_ADOPT_SYSV | PMM_CAP_ADOPT_FILE | PMM_CAP_ALIAS;
	if (IS_ENABLED(CONFIG_DMA_SHARED_BUFFER))
		version.caps |= PMM_CAP_DMABUF;
	if (PMM_CHUNK_ORDER)
		version.caps |= PMM_CAP_HUGE;
	if (IS_ENABLED(CONFIG_DEVICE_MIGRATION))
		version.caps |= PMM_CAP_MIGRATE;
	memset(version.release, 0, sizeof(version.release));
	strscpy(version.release, PMM_VERSION, sizeof(version.release));
	return pmm_copy_out(uarg, &version, sizeof(version), usize);
}

static long pmm_ioc_type(void __user *uarg)
{
	struct pmm_type_info info;
	struct pmm_type *type;
	long usize = pmm_copy_in_version(&info, sizeof(info),
					 offsetof(struct pmm_type_info, limit),
					 uarg);
	u32 size, index;

	if (usize < 0)
		return usize;
	if (info.flags || info.reserved)
		return -EINVAL;
	type = pmm_type_by_index(info.index);
	if (!type)
		return -ENOENT;
	size = info.size;
	index = info.index;
	memset(&info, 0, sizeof(info));
	info.size = size;
	info.index = index;
	pmm_type_describe(type, &info);
	pmm_type_put(type);
	return pmm_copy_out(uarg, &info, sizeof(info), usize);
}

/* The out fields of a failed ALLOC; what helps most is why. */
static long pmm_alloc_failed(void __user *uarg, struct pmm_alloc *arg,
			     size_t usize, const struct pmm_why *why, long err)
{
	arg->reason = why->reason;
	arg->total = (u64)why->total << PAGE_SHIFT;
	arg->free = (u64)why->free << PAGE_SHIFT;
	arg->largest_free = (u64)why->largest << PAGE_SHIFT;
	if (pmm_copy_out(uarg, arg, sizeof(*arg), usize))
		return -EFAULT;
	return err;
}

static bool pmm_alloc_valid(const struct pmm_alloc *arg)
{
	return !arg->flags && !arg->reserved &&
	       strnlen(arg->type, sizeof(arg->type)) < sizeof(arg->type);
}

static void pmm_alloc_clear_out(struct pmm_alloc *arg)
{
	arg->reason = PMM_REASON_NONE;
	arg->id = 0;
	arg->actual = 0;
	arg->total = 0;
	arg->free = 0;
	arg->largest_free = 0;
	arg->quota = U64_MAX;
	arg->quota_used = 0;
	memset(arg->chosen, 0, sizeof(arg->chosen));
}

static long pmm_ioc_alloc(void __user *uarg)
{
	struct pmm_why why = { .quota = ULONG_MAX };
	struct pmm_block *block;
	struct pmm_alloc arg;
	struct pmm_want want = { .name = arg.type, .charged = true };
	long usize = pmm_copy_in_version(&arg, sizeof(arg),
					 offsetof(struct pmm_alloc, caps), uarg);

	if (usize < 0)
		return usize;
	if (!pmm_alloc_valid(&arg))
		return -EINVAL;
	pmm_alloc_clear_out(&arg);
	want.caps = arg.caps;
	want.length = arg.length;
	want.align = arg.align;
	block = pmm_types_alloc(&want, arg.chosen, &why);
	arg.quota = pmm_quota_bytes(why.quota);
	arg.quota_used = (u64)why.quota_used << PAGE_SHIFT;
	if (block == ERR_PTR(-ENOMEM) || block == ERR_PTR(-ENOENT) ||
	    block == ERR_PTR(-EDQUOT))
		return pmm_alloc_failed(uarg, &arg, usize, &why,
					PTR_ERR(block));
	if (IS_ERR(block))
		return PTR_ERR(block);
	arg.id = block->id;
	arg.actual = pmm_block_size(block);
	arg.total = (u64)READ_ONCE(block->type->total) << PAGE_SHIFT;
	return pmm_install(pmm_block_file(block, true), uarg, &arg,
			   sizeof(arg), usize);
}

static long pmm_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *uarg = (void __user *)arg;

	switch (cmd) {
	case PMM_IOC_VERSION:
		return pmm_ioc_version(uarg);
	case PMM_IOC_TYPE:
		return pmm_ioc_type(uarg);
	case PMM_IOC_ALLOC:
		return pmm_ioc_alloc(uarg);
	case PMM_IOC_FIND:
		return pmm_ioc_find(uarg);
	case PMM_IOC_QUOTA:
		return pmm_ioc_quota(uarg);
	case PMM_IOC_RESIZE:
		return pmm_ioc_resize(uarg);
	case PMM_IOC_MIGRATE:
		return pmm_ioc_migrate(uarg);
	case PMM_IOC_ONLINE:
		return pmm_ioc_online(uarg);
	case PMM_IOC_OFFLINE:
		return pmm_ioc_offline(uarg);
	case PMM_IOC_NODE:
		return pmm_ioc_node(uarg);
	default:
		return -ENOTTY;
	}
}

static const struct file_operations pmm_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = pmm_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice pmm_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "pmm",
	.fops = &pmm_fops,
	.mode = 0660,
};

/* ---- module ---- */

static int __init pmm_init(void)
{
	int err;

	pmm_wq = alloc_workqueue("pmm", WQ_UNBOUND, 0);
	if (!pmm_wq)
		return -ENOMEM;
	err = pmm_quarantine_init();
	if (err)
		goto err_destroy_wq;
	err = pmm_watches_init();
	if (err)
		goto err_exit_quarantine;
	err = pmm_homes_init();
	if (err)
		goto err_exit_watches;
	err = pmm_shmem_selftest();
	if (err)
		goto err_exit_watches;
	pmm_poison_init();
	err = pmm_types_init();
	if (err)
		goto err_exit_poison;
	err = pmm_nodes_init();
	if (err)
		goto err_exit_types;
	err = pmm_reserved_init();
	if (err)
		goto err_exit_nodes;
	pmm_debugfs_init();
	err = misc_register(&pmm_device);
	if (err)
		goto err_exit_debugfs;
	return 0;

err_exit_debugfs:
	pmm_debugfs_exit();
	pmm_reserved_exit();
err_exit_nodes:
	pmm_nodes_exit();
err_exit_types:
	pmm_types_exit();
err_exit_poison:
	pmm_poison_exit();
err_exit_watches:
	pmm_watches_exit();
err_exit_quarantine:
	pmm_quarantine_exit();
err_destroy_wq:
	destroy_workqueue(pmm_wq);
	return err;
}

/* Every block, home and mark keeps the module: there are none any more. */
static void __exit pmm_exit(void)
{
	misc_deregister(&pmm_device);
	pmm_debugfs_exit();
	flush_workqueue(pmm_wq);
	pmm_reserved_exit();
	pmm_nodes_exit();
	pmm_quarantine_exit();
	pmm_types_exit();
	pmm_poison_exit();
	pmm_watches_exit();
	destroy_workqueue(pmm_wq);
}

module_init(pmm_init);
module_exit(pmm_exit);

MODULE_DESCRIPTION("Physically contiguous, shareable blocks of memory");
MODULE_LICENSE("GPL");
MODULE_VERSION(PMM_VERSION);
