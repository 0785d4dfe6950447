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
 * A block fd is a user of its block.  It is open for writing, or, when it was
 * found through something that grants only reading, it is not.  The ABI is
 * described in include/uapi/linux/pmm.h.
 */
#include <linux/anon_inodes.h>
#include <linux/capability.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "pmm_compat.h"
#include "pmm_core.h"

#define PMM_VERSION "0.1.0"

struct workqueue_struct *pmm_wq;

static const struct file_operations pmm_block_fops;

/* ---- copying structures in and out ---- */

/*
 * Copy a structure in that begins with its size.  All are in their first version
 * still, so that is the least there must be.  Return: the caller's size of it,
 * or a negative errno.
 */
static long pmm_copy_in(void *to, size_t ksize, void __user *from)
{
	u32 usize;
	int err;

	if (get_user(usize, (u32 __user *)from))
		return -EFAULT;
	if (usize < ksize)
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

static int pmm_copy_out(void __user *to, const void *from, size_t ksize,
			size_t usize)
{
	return copy_to_user(to, from, min(ksize, usize)) ? -EFAULT : 0;
}

/* ---- block fds ---- */

/* Make a block fd.  It takes over the caller's use of the block, or drops it. */
static struct file *pmm_block_file(struct pmm_block *block, bool write)
{
	struct file *file;

	file = anon_inode_getfile("[pmm-block]", &pmm_block_fops, block,
				  write ? O_RDWR : O_RDONLY);
	if (IS_ERR(file))
		pmm_block_put(block);
	return file;
}

/* Hand out @file, after the out fields: nothing may fail once it has a number. */
static long pmm_install(struct file *file, void __user *uarg, const void *arg,
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

static int pmm_block_release(struct inode *inode, struct file *file)
{
	pmm_block_put(file->private_data);
	return 0;
}

/* All mappings are mappings of the home, through the file of the same mode. */
static int pmm_block_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct pmm_block *block = file->private_data;
	struct file *home;
	int err;

	if (vma->vm_pgoff > block->nr ||
	    vma_pages(vma) > block->nr - vma->vm_pgoff)
		return -EINVAL;
	home = pmm_block_home_file(block, file->f_mode & FMODE_WRITE);
	if (IS_ERR(home))
		return PTR_ERR(home);
	vma_set_file(vma, home);
	err = call_mmap(home, vma);
	fput(home);
	return err;
}

/* The home's choice of addresses: on a 2 MiB boundary where that pays. */
static unsigned long pmm_block_unmapped_area(struct file *file,
					     unsigned long addr,
					     unsigned long len,
					     unsigned long pgoff,
					     unsigned long flags)
{
	struct pmm_block *block = file->private_data;
	struct file *home;

	home = pmm_block_home_file(block, file->f_mode & FMODE_WRITE);
	if (IS_ERR(home))
		return PTR_ERR(home);
	addr = home->f_op->get_unmapped_area(home, addr, len, pgoff, flags);
	fput(home);
	return addr;
}

static void pmm_block_fdinfo(struct seq_file *m, struct file *file)
{
	struct pmm_block *block = file->private_data;

	seq_printf(m, "pmm-block:\t%llu\n", block->id);
	seq_printf(m, "pmm-size:\t%zu\n", pmm_block_size(block));
	seq_printf(m, "pmm-type:\t%s\n", block->type->name);
	seq_printf(m, "pmm-access:\t%s\n",
		   file->f_mode & FMODE_WRITE ? "read-write" : "read-only");
}

static long pmm_ioc_block_info(struct file *file, void __user *uarg)
{
	struct pmm_block_info info;
	u32 size;
	long usize = pmm_copy_in(&info, sizeof(info), uarg);

	if (usize < 0)
		return usize;
	if (info.flags || info.reserved)
		return -EINVAL;
	size = info.size;
	memset(&info, 0, sizeof(info));
	info.size = size;
	if (!(file->f_mode & FMODE_WRITE))
		info.state |= PMM_BLOCK_READONLY;
	pmm_block_describe(file->private_data, &info);
	return pmm_copy_out(uarg, &info, sizeof(info), usize);
}

static long pmm_ioc_block_adopt(struct file *file, void __user *uarg)
{
	struct pmm_block_adopt adopt;
	long usize = pmm_copy_in(&adopt, sizeof(adopt), uarg);

	if (usize < 0)
		return usize;
	if (adopt.flags & ~PMM_ADOPT_SEAL)
		return -EINVAL;
	if (!(file->f_mode & FMODE_WRITE))
		return -EACCES;
	if (adopt.address != (unsigned long)adopt.address)
		return -EINVAL;
	return pmm_home_adopt(file->private_data,
			      untagged_addr((unsigned long)adopt.address),
			      adopt.flags & PMM_ADOPT_SEAL);
}

/*
 * An open file can be opened again through /proc, with whatever mode its inode
 * allows the caller.  So whoever may not write to the block gets the home's
 * file only if opening it again would not help.
 */
static bool pmm_home_fd_allowed(struct file *file, struct file *home,
				bool write)
{
	if (file->f_mode & FMODE_WRITE)
		return true;
	return !write && file_permission(home, MAY_WRITE) != 0;
}

static long pmm_ioc_block_home_fd(struct file *file, void __user *uarg)
{
	struct pmm_block_home_fd arg;
	long usize = pmm_copy_in(&arg, sizeof(arg), uarg);
	struct file *home, *opened;
	bool write;

	if (usize < 0)
		return usize;
	if (arg.flags & ~PMM_HOME_RDONLY)
		return -EINVAL;
	write = !(arg.flags & PMM_HOME_RDONLY);
	if (write && !(file->f_mode & FMODE_WRITE))
		return -EACCES;

	home = pmm_block_home_file(file->private_data, write);
	if (IS_ERR(home))
		return PTR_ERR(home);
	if (!pmm_home_fd_allowed(file, home, write)) {
		fput(home);
		return -EACCES;
	}
	opened = dentry_open(&home->f_path,
			     (write ? O_RDWR : O_RDONLY) | O_LARGEFILE,
			     current_cred());
	fput(home);
	return pmm_install(opened, uarg, &arg, sizeof(arg), usize);
}

static long pmm_block_ioctl(struct file *file, unsigned int cmd,
			    unsigned long arg)
{
	void __user *uarg = (void __user *)arg;

	switch (cmd) {
	case PMM_IOC_BLOCK_INFO:
		return pmm_ioc_block_info(file, uarg);
	case PMM_IOC_BLOCK_ADOPT:
		return pmm_ioc_block_adopt(file, uarg);
	case PMM_IOC_BLOCK_HOME_FD:
		return pmm_ioc_block_home_fd(file, uarg);
	default:
		return -ENOTTY;
	}
}

static const struct file_operations pmm_block_fops = {
	.owner = THIS_MODULE,
	.release = pmm_block_release,
	.mmap = pmm_block_mmap,
	.get_unmapped_area = pmm_block_unmapped_area,
	.unlocked_ioctl = pmm_block_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.show_fdinfo = pmm_block_fdinfo,
};

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
	version.caps = PMM_CAP_ADOPT_SYSV | PMM_CAP_ADOPT_FILE;
	if (PMM_CHUNK_ORDER)
		version.caps |= PMM_CAP_HUGE;
	memset(version.release, 0, sizeof(version.release));
	strscpy(version.release, PMM_VERSION, sizeof(version.release));
	return pmm_copy_out(uarg, &version, sizeof(version), usize);
}

static long pmm_ioc_type(void __user *uarg)
{
	struct pmm_type_info info;
	struct pmm_type *type;
	long usize = pmm_copy_in(&info, sizeof(info), uarg);
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

static long pmm_ioc_alloc(void __user *uarg)
{
	struct pmm_why why = {};
	struct pmm_block *block;
	struct pmm_alloc arg;
	struct pmm_type *type;
	long usize = pmm_copy_in(&arg, sizeof(arg), uarg);

	if (usize < 0)
		return usize;
	if (arg.flags || arg.reserved ||
	    strnlen(arg.type, sizeof(arg.type)) == sizeof(arg.type))
		return -EINVAL;
	arg.reason = PMM_REASON_NONE;
	arg.id = 0;
	arg.actual = 0;
	arg.total = 0;
	arg.free = 0;
	arg.largest_free = 0;
	arg.quota = U64_MAX;
	arg.quota_used = 0;

	type = pmm_type_find(arg.type);
	if (!type) {
		why.reason = PMM_REASON_TYPE;
		return pmm_alloc_failed(uarg, &arg, usize, &why, -ENOENT);
	}
	block = pmm_block_alloc(type, arg.length, arg.align, &why);
	if (block == ERR_PTR(-ENOMEM))
		return pmm_alloc_failed(uarg, &arg, usize, &why, -ENOMEM);
	if (IS_ERR(block))
		return PTR_ERR(block);
	arg.id = block->id;
	arg.actual = pmm_block_size(block);
	arg.total = (u64)type->total << PAGE_SHIFT;
	return pmm_install(pmm_block_file(block, true), uarg, &arg,
			   sizeof(arg), usize);
}

/* The file behind an address, and what may be done through that mapping. */
static struct file *pmm_find_address(unsigned long address, u64 *offset,
				     bool *write)
{
	struct file *file = ERR_PTR(-ENOENT);
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;

	if (mmap_read_lock_killable(mm))
		return ERR_PTR(-EINTR);
	vma = vma_lookup(mm, address);
	if (vma && vma->vm_file) {
		file = get_file(vma->vm_file);
		*offset = ((u64)vma->vm_pgoff << PAGE_SHIFT) + address -
			  vma->vm_start;
		*write = (vma->vm_flags & VM_SHARED) &&
			 (vma->vm_flags & VM_MAYWRITE) &&
			 (file->f_mode & FMODE_WRITE);
	}
	mmap_read_unlock(mm);
	return file;
}

/* The block of a home's file.  The caller becomes a user of it. */
static struct pmm_block *pmm_find_home(struct file *file)
{
	struct pmm_block *block = pmm_home_find(file->f_mapping->host);
	int err;

	if (!block)
		return ERR_PTR(-ENOENT);
	err = pmm_block_revive(block, file);
	/* A user keeps the structure, too. */
	pmm_block_put_ref(block);
	return err ? ERR_PTR(err) : block;
}

static struct pmm_block *pmm_find_file(struct file *file)
{
	struct pmm_block *block;

	if (file->f_op == &pmm_block_fops) {
		block = file->private_data;
		pmm_block_get(block);
		return block;
	}
	/* A block fd can be mapped and read, so that it could be more. */
	if (!(file->f_mode & FMODE_READ))
		return ERR_PTR(-EACCES);
	return pmm_find_home(file);
}

static int pmm_find_check(const struct pmm_find *arg)
{
	if (arg->reserved)
		return -EINVAL;
	switch (arg->flags) {
	case PMM_FIND_ADDRESS:
		return arg->fd || arg->address != (unsigned long)arg->address ?
		       -EINVAL : 0;
	case PMM_FIND_FD:
		return arg->address ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

static long pmm_ioc_find(void __user *uarg)
{
	struct pmm_block *block;
	struct pmm_find arg;
	struct file *file;
	bool write;
	long usize = pmm_copy_in(&arg, sizeof(arg), uarg);
	int err;

	if (usize < 0)
		return usize;
	err = pmm_find_check(&arg);
	if (err)
		return err;
	arg.offset = 0;
	if (arg.flags == PMM_FIND_ADDRESS) {
		file = pmm_find_address(untagged_addr((unsigned long)arg.address),
					&arg.offset, &write);
		if (IS_ERR(file))
			return PTR_ERR(file);
	} else {
		file = fget(arg.fd);
		if (!file)
			return -EBADF;
		write = file->f_mode & FMODE_WRITE;
	}
	block = pmm_find_file(file);
	fput(file);
	if (IS_ERR(block))
		return PTR_ERR(block);
	/* The end of a home that has grown is ordinary memory. */
	if (arg.offset >= pmm_block_size(block)) {
		pmm_block_put(block);
		return -ENOENT;
	}
	arg.id = block->id;
	return pmm_install(pmm_block_file(block, write), uarg, &arg,
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
	err = pmm_types_init();
	if (err)
		goto err_exit_watches;
	pmm_debugfs_init();
	err = misc_register(&pmm_device);
	if (err)
		goto err_exit_debugfs;
	return 0;

err_exit_debugfs:
	pmm_debugfs_exit();
	pmm_types_exit();
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
	pmm_quarantine_exit();
	pmm_types_exit();
	pmm_watches_exit();
	destroy_workqueue(pmm_wq);
}

module_init(pmm_init);
module_exit(pmm_exit);

MODULE_DESCRIPTION("Physically contiguous, shareable blocks of memory");
MODULE_LICENSE("GPL");
MODULE_VERSION(PMM_VERSION);
