// SPDX-License-Identifier: GPL-2.0-only
/*
 * Aliases: further names of a home.
 *
 *	fd = open("/dev/shm", O_TMPFILE | O_RDWR, 0600);
 *	ftruncate(fd, size);
 *	ioctl(block, PMM_IOC_BLOCK_ALIAS, &(struct pmm_block_alias){ ..., .fd = fd });
 *	linkat(AT_FDCWD, "/proc/self/fd/N", AT_FDCWD, "/dev/shm/name", AT_SYMLINK_FOLLOW);
 *
 * An alias is an empty tmpfs file whose operations are replaced by the ones below:
 * they pass everything on to the home, so that every mapping is a mapping of the
 * home.  What belongs to the name (its permissions, times and links) stays the
 * kernel's.  The file's size is sealed, since its own is the only one that
 * ftruncate() could change.
 *
 * Whoever opened the file before it became an alias keeps tmpfs' operations, and
 * sees a file of his own; so it should have no name until then.
 *
 * An alias is a user of its block until its inode ends.  Its home is always on
 * the kernel's own mount, for one on the same tmpfs would keep that for ever.
 */
#include <linux/fs.h>
#include <linux/falloc.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pagemap.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>
#include <linux/splice.h>
#include <linux/uio.h>

#include "pmm_compat.h"
#include "pmm_core.h"

/**
 * struct pmm_alias - an inode that stands for a home
 * @watch: on the inode
 * @block: the home's block; the alias is a user of it until the inode ends
 * @work: the end, where it may be done
 */
struct pmm_alias {
	struct pmm_watch watch;
	struct pmm_block *block;
	struct work_struct work;
};

static struct pmm_alias *to_alias(struct pmm_watch *watch)
{
	return container_of(watch, struct pmm_alias, watch);
}

/* No name any more, or none after all. */
static void pmm_alias_drop(struct pmm_alias *alias)
{
	struct pmm_block *block = alias->block;

	pmm_watch_stop(&alias->watch);
	pmm_watch_put(&alias->watch);
	atomic_dec(&block->aliases);
	pmm_block_put(block);
}

static void pmm_alias_end_work(struct work_struct *work)
{
	pmm_alias_drop(container_of(work, struct pmm_alias, work));
}

static void pmm_alias_end(struct pmm_watch *watch)
{
	queue_work(pmm_wq, &to_alias(watch)->work);
}

static void pmm_alias_release(struct pmm_watch *watch)
{
	kfree(to_alias(watch));
}

static const struct pmm_watch_ops pmm_alias_watch_ops = {
	.ended = pmm_alias_end,
	.release = pmm_alias_release,
};

/* ---- an open alias: its private_data is the home's file of the same mode ---- */

static struct file *pmm_alias_home(struct file *file)
{
	return file->private_data;
}

static int pmm_alias_open(struct inode *inode, struct file *file)
{
	struct pmm_watch *watch;
	struct file *home;
	int err;

	/* Its pages are shared with whoever has the block: no program to run. */
	if (file->f_flags & __FMODE_EXEC)
		return -EACCES;
	watch = pmm_watch_find(inode, &pmm_alias_watch_ops);
	if (WARN_ON_ONCE(!watch))
		return -EIO;
	home = pmm_block_home_file(to_alias(watch)->block,
				   file->f_mode & FMODE_WRITE);
	pmm_watch_put(watch);
	if (IS_ERR(home))
		return PTR_ERR(home);
	/* On some kernels shmem allows O_DIRECT there. */
	err = home->f_op->open ? home->f_op->open(inode, file) :
				 generic_file_open(inode, file);
	if (err)
		fput(home);
	else
		file->private_data = home;
	return err;
}

static int pmm_alias_release_file(struct inode *inode, struct file *file)
{
	fput(pmm_alias_home(file));
	return 0;
}

/* Leave what is before the alias' own end, which may be inside a page. */
static size_t pmm_alias_truncate(struct kiocb *iocb, struct iov_iter *iter)
{
	loff_t size = i_size_read(file_inode(iocb->ki_filp));
	size_t count = iov_iter_count(iter);

	iov_iter_truncate(iter, max_t(loff_t, size - iocb->ki_pos, 0));
	return count - iov_iter_count(iter);
}

static ssize_t pmm_alias_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct file *file = iocb->ki_filp, *home = pmm_alias_home(file);
	size_t beyond = pmm_alias_truncate(iocb, to);
	struct kiocb kiocb;
	ssize_t n = 0;

	if (iov_iter_count(to)) {
		kiocb_clone(&kiocb, iocb, home);
		n = home->f_op->read_iter(&kiocb, to);
		iocb->ki_pos = kiocb.ki_pos;
		file_accessed(file);
	}
	iov_iter_reexpand(to, iov_iter_count(to) + beyond);
	return n;
}

/* What a write does to the name: look where it goes, drop setuid, set times. */
static ssize_t pmm_alias_write_begin(struct kiocb *iocb, struct iov_iter *from)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	ssize_t n;

	inode_lock(inode);
	n = generic_write_checks(iocb, from);
	if (n > 0 && iocb->ki_pos >= i_size_read(inode))
		n = -EPERM;
	if (n > 0)
		n = file_modified(iocb->ki_filp) ?: n;
	inode_unlock(inode);
	return n;
}

static ssize_t pmm_alias_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct file *home = pmm_alias_home(iocb->ki_filp);
	struct kiocb kiocb;
	size_t beyond;
	ssize_t n;

	n = pmm_alias_write_begin(iocb, from);
	if (n <= 0)
		return n;
	beyond = pmm_alias_truncate(iocb, from);
	kiocb_clone(&kiocb, iocb, home);
	n = home->f_op->write_iter(&kiocb, from);
	iocb->ki_pos = kiocb.ki_pos;
	iov_iter_reexpand(from, iov_iter_count(from) + beyond);
	return n;
}

static ssize_t pmm_alias_splice_read(struct file *in, loff_t *pos,
				     struct pipe_inode_info *pipe, size_t len,
				     unsigned int flags)
{
	struct file *home = pmm_alias_home(in);
	loff_t size = i_size_read(file_inode(in));

	if (*pos >= size)
		return 0;
	len = min_t(loff_t, len, size - *pos);
	file_accessed(in);
	return home->f_op->splice_read(home, pos, pipe, len, flags);
}

static long pmm_alias_fallocate(struct file *file, int mode, loff_t offset,
				loff_t len)
{
	struct inode *inode = file_inode(file);
	struct file *home = pmm_alias_home(file);
	long err;

	if (!(mode & FALLOC_FL_PUNCH_HOLE) &&
	    offset + len > i_size_read(inode))
		return -EPERM;
	err = home->f_op->fallocate(home, mode, offset, len);
	if (err)
		return err;
	inode_lock(inode);
	err = file_modified(file);
	inode_unlock(inode);
	return err;
}

static int pmm_alias_mmap(struct file *file, struct vm_area_struct *vma)
{
	return pmm_home_mmap(pmm_alias_home(file), vma);
}

static unsigned long pmm_alias_unmapped_area(struct file *file,
					     unsigned long addr,
					     unsigned long len,
					     unsigned long pgoff,
					     unsigned long flags)
{
	struct file *home = pmm_alias_home(file);

	return home->f_op->get_unmapped_area(home, addr, len, pgoff, flags);
}

static const struct file_operations pmm_alias_fops = {
	.owner = THIS_MODULE,
	.open = pmm_alias_open,
	.release = pmm_alias_release_file,
	.llseek = generic_file_llseek,
	.read_iter = pmm_alias_read_iter,
	.write_iter = pmm_alias_write_iter,
	.splice_read = pmm_alias_splice_read,
	.splice_write = iter_file_splice_write,
	.fallocate = pmm_alias_fallocate,
	.fsync = noop_fsync,
	.mmap = pmm_alias_mmap,
	.get_unmapped_area = pmm_alias_unmapped_area,
};

/* ---- making one ---- */

/**
 * pmm_alias_find() - the block of an alias
 * @inode: an inode that the caller keeps
 *
 * Return: the block, which the caller becomes a user of, or NULL.
 */
struct pmm_block *pmm_alias_find(struct inode *inode)
{
	struct pmm_watch *watch = pmm_watch_find(inode, &pmm_alias_watch_ops);
	struct pmm_block *block;

	if (!watch)
		return NULL;
	/* The inode has not ended, so the alias is a user itself. */
	block = to_alias(watch)->block;
	pmm_block_get(block);
	pmm_watch_put(watch);
	return block;
}

/* What does not need the inode's lock. */
static int pmm_alias_check(struct file *file)
{
	struct inode *inode = file_inode(file);

	if (!shmem_mapping(file->f_mapping) || !S_ISREG(inode->i_mode))
		return -EINVAL;
	/* A stacked file system's, a System V segment, a driver's own. */
	if (inode->i_mapping != file->f_mapping ||
	    d_inode(file->f_path.dentry) != inode || IS_PRIVATE(inode))
		return -EOPNOTSUPP;
	if (!(file->f_mode & FMODE_WRITE))
		return -EACCES;
	if (!pmm_inode_owner_or_capable(file, inode))
		return -EPERM;
	return 0;
}

/* Replace the file's operations.  The inode's lock is held. */
static int pmm_alias_start(struct pmm_alias *alias, size_t size)
{
	struct inode *inode = alias->watch.inode;
	struct shmem_inode_info *info = SHMEM_I(inode);
	int err;

	lockdep_assert_held_write(&inode->i_rwsem);
	if (PAGE_ALIGN(i_size_read(inode)) != size)
		return -EINVAL;
	if (!pmm_shmem_empty(inode, ULONG_MAX) || READ_ONCE(info->swapped) ||
	    mapping_mapped(inode->i_mapping) ||
	    inode->i_fop == &pmm_alias_fops)
		return -EBUSY;
	/* A memfd's seals are its creator's to choose; other files have none. */
	if (READ_ONCE(info->seals) != F_SEAL_SEAL)
		return -EOPNOTSUPP;
	err = pmm_watch_start(&alias->watch);
	if (err)
		return err;
	info->seals |= F_SEAL_SHRINK | F_SEAL_GROW;
	/* From here on it can be opened as an alias, and be found. */
	smp_store_release(&inode->i_fop, &pmm_alias_fops);
	return 0;
}

/**
 * pmm_alias_create() - turn a file into a further name of a block
 * @block: the block; the caller is a user of it
 * @file: the file
 *
 * Context: May sleep; no locks.
 * Return: 0 or what PMM_IOC_BLOCK_ALIAS says.
 */
int pmm_alias_create(struct pmm_block *block, struct file *file)
{
	struct inode *inode = file_inode(file);
	struct pmm_alias *alias;
	struct file *home;
	int err;

	err = pmm_alias_check(file);
	if (err)
		return err;
	/* There is a home from now on, and it can be kept. */
	home = pmm_block_home_file(block, true);
	if (IS_ERR(home))
		return PTR_ERR(home);
	fput(home);

	alias = kzalloc(sizeof(*alias), GFP_KERNEL);
	if (!alias)
		return -ENOMEM;
	pmm_watch_init(&alias->watch, inode, &pmm_alias_watch_ops);
	INIT_WORK(&alias->work, pmm_alias_end_work);
	alias->block = block;
	pmm_block_get(block);
	atomic_inc(&block->aliases);

	inode_lock(inode);
	err = pmm_alias_start(alias, pmm_block_size(block));
	inode_unlock(inode);
	if (err)
		pmm_alias_drop(alias);
	return err;
}
