// SPDX-License-Identifier: GPL-2.0-only
/*
 * Block fds: what user space holds a block by.
 *
 * A block fd is a user of its block.  It is open for writing, or, when it was
 * found through something that grants only reading, it is not.
 */
#include <linux/anon_inodes.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/sched/mm.h>
#include <linux/uaccess.h>

#include "pmm_compat.h"
#include "pmm_core.h"

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
	err = pmm_home_mmap(home, vma);
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
	long usize = pmm_copy_in_version(&info, sizeof(info),
					 offsetof(struct pmm_block_info, aliases),
					 uarg);

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

static long pmm_ioc_block_alias(struct file *file, void __user *uarg)
{
	struct pmm_block_alias arg;
	long usize = pmm_copy_in(&arg, sizeof(arg), uarg);
	struct file *name;
	int err;

	if (usize < 0)
		return usize;
	if (arg.flags || arg.reserved)
		return -EINVAL;
	if (!(file->f_mode & FMODE_WRITE))
		return -EACCES;
	name = fget(arg.fd);
	if (!name)
		return -EBADF;
	err = pmm_alias_create(file->private_data, name);
	fput(name);
	return err;
}

static long pmm_ioc_block_dmabuf(struct file *file, void __user *uarg)
{
	struct pmm_block_dmabuf arg;
	long usize = pmm_copy_in(&arg, sizeof(arg), uarg);

	if (usize < 0)
		return usize;
	if (arg.flags)
		return -EINVAL;
	if (!(file->f_mode & FMODE_WRITE))
		return -EACCES;
	return pmm_install(pmm_dmabuf_create(file->private_data), uarg, &arg,
			   sizeof(arg), usize);
}

static int pmm_sync_check(const struct pmm_block_sync *arg)
{
	u32 side = arg->flags & (PMM_SYNC_BEGIN | PMM_SYNC_END);
	u32 access = arg->flags & (PMM_SYNC_READ | PMM_SYNC_WRITE);

	if (arg->flags != (side | access) || !access)
		return -EINVAL;
	return side == PMM_SYNC_BEGIN || side == PMM_SYNC_END ? 0 : -EINVAL;
}

/* Memory and caches agree by themselves on the machines that there are. */
static long pmm_ioc_block_sync(struct file *file, void __user *uarg)
{
	struct pmm_block *block = file->private_data;
	struct pmm_block_sync arg;
	long usize = pmm_copy_in(&arg, sizeof(arg), uarg);
	int err;

	if (usize < 0)
		return usize;
	err = pmm_sync_check(&arg);
	if (err)
		return err;
	if (arg.offset > pmm_block_size(block) ||
	    arg.length > pmm_block_size(block) - arg.offset)
		return -EINVAL;
	if (arg.flags & PMM_SYNC_WRITE && !(file->f_mode & FMODE_WRITE))
		return -EACCES;
	return block->type->caps & PMM_TYPE_SYNC ? -EOPNOTSUPP : 0;
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
	case PMM_IOC_BLOCK_ALIAS:
		return pmm_ioc_block_alias(file, uarg);
	case PMM_IOC_BLOCK_DMABUF:
		return pmm_ioc_block_dmabuf(file, uarg);
	case PMM_IOC_BLOCK_SYNC:
		return pmm_ioc_block_sync(file, uarg);
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

/**
 * pmm_block_file() - make a block fd's file
 * @block: the block; the caller's use of it is taken over, or dropped
 * @write: for writing, too
 *
 * Return: the file or an ERR_PTR.
 */
struct file *pmm_block_file(struct pmm_block *block, bool write)
{
	struct file *file;

	file = anon_inode_getfile("[pmm-block]", &pmm_block_fops, block,
				  write ? O_RDWR : O_RDONLY);
	if (IS_ERR(file))
		pmm_block_put(block);
	return file;
}

/**
 * pmm_block_of_file() - the block of a block fd
 * @file: any file
 *
 * Return: the block, which @file keeps, or NULL for other files.
 */
struct pmm_block *pmm_block_of_file(struct file *file)
{
	return file->f_op == &pmm_block_fops ? file->private_data : NULL;
}
