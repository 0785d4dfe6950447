// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a name back to the block, with the rights of that name and no more.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/uaccess.h>

#include "pmm_compat.h"
#include "pmm_core.h"

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

/**
 * pmm_block_from_file() - the block that an open file stands for
 * @file: a block fd's, a dma-buf's, an alias' or one of the block's home
 *
 * Context: May sleep; no locks.
 * Return: the block, the caller being one more user of it, or an ERR_PTR:
 * -ENOENT, or -EACCES if the file is not open for reading.
 */
struct pmm_block *pmm_block_from_file(struct file *file)
{
	struct pmm_block *block = pmm_block_of_file(file);

	if (!block)
		block = pmm_dmabuf_block(file);
	if (block) {
		pmm_block_get(block);
		return block;
	}
	/* A block fd can be mapped and read, so that it could be more. */
	if (!(file->f_mode & FMODE_READ))
		return ERR_PTR(-EACCES);
	block = pmm_alias_find(file_inode(file));
	return block ?: pmm_find_home(file);
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

/**
 * pmm_ioc_find() - PMM_IOC_FIND
 * @uarg: its struct pmm_find
 *
 * Return: a block fd or a negative errno.
 */
long pmm_ioc_find(void __user *uarg)
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
	block = pmm_block_from_file(file);
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
