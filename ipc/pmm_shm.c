// SPDX-License-Identifier: GPL-2.0-only
/*
 * Homes: the one shmem inode whose page cache is a block.
 *
 * A home is either *private*, made here, or *adopted*: a System V segment, a
 * tmpfs file or a memfd that the caller made and mapped.  A home whose inode is
 * on the kernel's own tmpfs mount is kept open while its block has users, once
 * for reading and once for both, so that every mapping gets the file of its own
 * mode.  A file of a user's mount is never kept: it would keep the mount.
 *
 * How the end of a home is noticed is told in pmm_watch.c.
 */
#include <linux/cred.h>
#include <linux/falloc.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>

#include "pmm_compat.h"
#include "pmm_core.h"
#include "pmm_trace.h"

/* The super block of the kernel's own tmpfs mount, which is never unmounted. */
static struct super_block *pmm_internal_sb;

static struct pmm_home *to_home(struct pmm_watch *watch)
{
	return container_of(watch, struct pmm_home, watch);
}

static void pmm_home_release(struct pmm_watch *watch)
{
	struct pmm_home *home = to_home(watch);

	pmm_block_put_ref(home->block);
	put_cred(home->cred);
	kfree(home);
}

/* The inode has gone, and the pages have left it; any context. */
static void pmm_home_end(struct pmm_watch *watch)
{
	pmm_block_check(to_home(watch)->block);
}

static const struct pmm_watch_ops pmm_home_watch_ops = {
	.ended = pmm_home_end,
	.release = pmm_home_release,
};

static void pmm_home_close_files(struct pmm_home *home)
{
	if (home->file_ro)
		fput(home->file_ro);
	if (home->file_rw)
		fput(home->file_rw);
	home->file_ro = NULL;
	home->file_rw = NULL;
}

/**
 * pmm_home_drop() - the block has no use for an ended home any more
 * @home: the home; the block's reference is dropped
 */
void pmm_home_drop(struct pmm_home *home)
{
	trace_pmm_block_home_end(home->block, home->kind, home->ino, 0);
	pmm_home_close_files(home);
	pmm_watch_stop(&home->watch);
	pmm_watch_put(&home->watch);
}

/**
 * pmm_home_find() - the block whose home an inode is
 * @inode: an inode that the caller keeps
 *
 * Return: the block, with a reference to its structure, or NULL.
 */
struct pmm_block *pmm_home_find(struct inode *inode)
{
	struct pmm_watch *watch = pmm_watch_find(inode, &pmm_home_watch_ops);
	struct pmm_block *block;

	if (!watch)
		return NULL;
	block = pmm_block_get_ref(to_home(watch)->block);
	pmm_watch_put(watch);
	return block;
}

static struct pmm_home *pmm_home_new(struct pmm_block *block,
				     struct inode *inode,
				     enum pmm_home_kind kind)
{
	struct pmm_home *home = kzalloc(sizeof(*home), GFP_KERNEL);

	if (!home)
		return NULL;
	pmm_watch_init(&home->watch, inode, &pmm_home_watch_ops);
	home->block = pmm_block_get_ref(block);
	home->cred = get_current_cred();
	home->ino = inode->i_ino;
	home->kind = kind;
	home->internal = inode->i_sb == pmm_internal_sb;
	return home;
}

/**
 * pmm_home_open_files() - keep a home open while its block has users
 * @home: the home
 * @path: where its inode was found
 *
 * Nothing to do for a file of a user's mount, or if they are open.
 *
 * Context: May sleep.  The block's lock is held, or nobody else has the home.
 * Return: 0 or the errno of opening them.
 */
int pmm_home_open_files(struct pmm_home *home, const struct path *path)
{
	struct file *file;

	if (!home->internal || home->file_rw)
		return 0;
	file = dentry_open(path, O_RDWR | O_LARGEFILE, home->cred);
	if (IS_ERR(file))
		return PTR_ERR(file);
	home->file_rw = file;
	file = dentry_open(path, O_RDONLY | O_LARGEFILE, home->cred);
	if (IS_ERR(file)) {
		pmm_home_close_files(home);
		return PTR_ERR(file);
	}
	home->file_ro = file;
	return 0;
}

static unsigned int pmm_home_seals(struct pmm_home *home)
{
	return READ_ONCE(SHMEM_I(home->watch.inode)->seals);
}

/**
 * pmm_home_write_sealed() - may the home no longer be mapped for writing?
 * @home: the home; the caller keeps its inode
 *
 * mmap() looks at the seals of the file that it is called on only, so whoever
 * redirects a mapping to a home has to look at the home's.
 *
 * Return: true if it may not.
 */
bool pmm_home_write_sealed(struct pmm_home *home)
{
	return pmm_home_seals(home) & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE);
}

/**
 * pmm_home_mmap() - map a home in place of what mmap() was called on
 * @file: the home's file
 * @vma: the mapping
 *
 * Context: mmap_lock is held for writing.
 * Return: 0 or a negative errno.
 */
int pmm_home_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned int seals = READ_ONCE(SHMEM_I(file_inode(file))->seals);

	/* mmap() has looked at those of the other file only. */
	if (seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE) &&
	    vma->vm_flags & VM_SHARED && file->f_mode & FMODE_WRITE)
		return -EPERM;
	vma_set_file(vma, file);
	return call_mmap(file, vma);
}

/*
 * Turn an empty inode into the home: announce its end, fix what must not change
 * any more, put the pages in.  The inode's lock is held, or nobody else has it.
 * On failure everything is as it was.
 */
static int pmm_home_fill(struct pmm_home *home)
{
	struct pmm_block *block = home->block;
	struct inode *inode = home->watch.inode;
	unsigned int seals = pmm_home_seals(home);
	int err;

	/* First of all: when this fails there is nothing to undo. */
	err = pmm_watch_start(&home->watch);
	if (err)
		return err;
	/* Keeps F_SEAL_WRITE away for good. */
	err = mapping_map_writable(inode->i_mapping);
	if (err)
		goto err_stop;

	SHMEM_I(inode)->seals |= F_SEAL_SEAL;
	if (home->sealed)
		SHMEM_I(inode)->seals |= F_SEAL_SHRINK | F_SEAL_GROW;

	err = pmm_shmem_insert(inode, block->pfn, block->nr);
	if (!err)
		return 0;

	SHMEM_I(inode)->seals = seals;
	mapping_unmap_writable(inode->i_mapping);
err_stop:
	pmm_watch_stop(&home->watch);
	return err == -EEXIST ? -EBUSY : err;
}

/*
 * Only its owner, and whoever has it already, may open the inode of a home that
 * has no name.  shmem makes these 0777, and an open file can be opened again,
 * for writing, through /proc.  shmat() does not look at the inode's mode.
 */
static void pmm_home_protect(struct inode *inode, kuid_t owner)
{
	inode->i_uid = owner;
	inode->i_mode = (inode->i_mode & ~0777) | 0600;
}

/**
 * pmm_home_create() - make a private home
 * @block: the block; its lock is held
 *
 * Context: May sleep; mmap_lock may be held.
 * Return: the home or an ERR_PTR.
 */
struct pmm_home *pmm_home_create(struct pmm_block *block)
{
	struct pmm_home *home;
	struct file *file;
	int err;

	file = shmem_file_setup("pmm", pmm_block_size(block), VM_NORESERVE);
	if (IS_ERR(file))
		return ERR_CAST(file);
	pmm_home_protect(file_inode(file), block->uid);

	err = -ENOMEM;
	home = pmm_home_new(block, file_inode(file), PMM_HOME_PRIVATE);
	if (!home)
		goto err_put_file;
	home->sealed = true;
	err = pmm_home_open_files(home, &file->f_path);
	if (err)
		goto err_put_home;
	err = pmm_home_fill(home);
	if (err)
		goto err_close_files;
	fput(file);
	return home;

err_close_files:
	pmm_home_close_files(home);
err_put_home:
	pmm_watch_put(&home->watch);
err_put_file:
	fput(file);
	return ERR_PTR(err);
}

/*
 * The file behind a mapping that can be adopted: the whole of a shmem file,
 * shared and writable.  A reference to it, or an ERR_PTR.
 */
static struct file *pmm_adopt_file(unsigned long address, size_t size)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	struct file *file = ERR_PTR(-EINVAL);

	if (mmap_read_lock_killable(mm))
		return ERR_PTR(-EINTR);
	vma = vma_lookup(mm, address);
	if (!vma || vma->vm_start != address || vma->vm_pgoff ||
	    vma->vm_end - vma->vm_start != size || !vma->vm_file ||
	    !shmem_mapping(vma->vm_file->f_mapping))
		goto out;
	if (!(vma->vm_flags & VM_MAYSHARE))
		goto out;
	if (!(vma->vm_flags & VM_SHARED) || !(vma->vm_flags & VM_MAYWRITE) ||
	    !(vma->vm_file->f_mode & FMODE_WRITE))
		file = ERR_PTR(-EACCES);
	else
		file = get_file(vma->vm_file);
out:
	mmap_read_unlock(mm);
	return file;
}

static enum pmm_home_kind pmm_adopt_kind(struct file *file)
{
	struct inode *inode = file_inode(file);

	/* A segment's mappings have operations of their own, see ipc/shm.c. */
	if (inode->i_sb == pmm_internal_sb && IS_PRIVATE(inode) &&
	    file->f_op != inode->i_fop)
		return PMM_HOME_SYSV;
	return PMM_HOME_FILE;
}

/* What does not need the inode's lock. */
static int pmm_adopt_check(struct file *file, size_t size)
{
	struct inode *inode = file_inode(file);

	/* A file of a stacked file system shows a path that is not its own. */
	if (inode->i_mapping != file->f_mapping ||
	    d_inode(file->f_path.dentry) != inode)
		return -EOPNOTSUPP;
	/* Anonymous shared memory, and files that drivers keep to themselves. */
	if (IS_PRIVATE(inode) && pmm_adopt_kind(file) != PMM_HOME_SYSV)
		return -EOPNOTSUPP;
	if (!pmm_inode_owner_or_capable(file, inode))
		return -EPERM;
	if (PAGE_ALIGN(i_size_read(inode)) != size)
		return -EINVAL;
	return 0;
}

/* Fill the inode; what is true of it now stays true while its lock is held. */
static int pmm_adopt_locked(struct pmm_home *home, unsigned long nr_checked)
{
	struct inode *inode = home->watch.inode;

	if (PAGE_ALIGN(i_size_read(inode)) != pmm_block_size(home->block))
		return -EINVAL;
	if (pmm_home_write_sealed(home))
		return -EPERM;
	if (!pmm_shmem_empty(inode, nr_checked) ||
	    READ_ONCE(SHMEM_I(inode)->swapped))
		return -EBUSY;
	return pmm_home_fill(home);
}

/*
 * A home that may shrink: shmem takes pages out of an inode only if it counted
 * one of its own there, so let it have one, past the end, until the pages are
 * in.  It goes again, but the count stays.
 */
static int pmm_adopt_unsealed(struct pmm_home *home, struct file *file)
{
	/* Not in the folio of the last page, which a huge mount would give it. */
	loff_t end = round_up(pmm_block_size(home->block), PMM_CHUNK_SIZE);
	struct inode *inode = home->watch.inode;
	bool empty;
	int err;

	inode_lock(inode);
	empty = pmm_shmem_empty(inode, ULONG_MAX);
	inode_unlock(inode);
	if (!empty)
		return -EBUSY;
	/* An error, and not the signal that fallocate() would send. */
	if (end + PAGE_SIZE > rlimit(RLIMIT_FSIZE))
		return -EFBIG;
	err = vfs_fallocate(file, FALLOC_FL_KEEP_SIZE, end, PAGE_SIZE);
	if (err)
		return err;

	inode_lock(inode);
	err = pmm_adopt_locked(home, home->block->nr);
	/* If it was grown meanwhile, only what is past its end. */
	end = max_t(loff_t, end, PAGE_ALIGN(i_size_read(inode)));
	shmem_truncate_range(inode, end, -1);
	inode_unlock(inode);
	return err;
}

static int pmm_adopt_sealed(struct pmm_home *home)
{
	struct inode *inode = home->watch.inode;
	int err;

	inode_lock(inode);
	err = pmm_adopt_locked(home, ULONG_MAX);
	if (!err && home->kind == PMM_HOME_SYSV)
		pmm_home_protect(inode, inode->i_uid);
	inode_unlock(inode);
	return err;
}

/* Claim the block for an adoption, or say that it has a home already. */
static int pmm_adopt_begin(struct pmm_block *block)
{
	int err = 0;

	mutex_lock(&block->lock);
	if (block->lost)
		err = -ENODEV;
	else if (block->adopting ||
		 (block->home && !pmm_watch_ended(&block->home->watch)))
		err = -EBUSY;
	else
		block->adopting = true;
	mutex_unlock(&block->lock);
	return err;
}

static void pmm_adopt_finish(struct pmm_block *block, struct pmm_home *home)
{
	struct pmm_home *old = NULL;

	mutex_lock(&block->lock);
	block->adopting = false;
	if (home) {
		old = block->home;
		block->home = home;
	}
	mutex_unlock(&block->lock);
	if (old)
		pmm_home_drop(old);
	/* The new home may have ended while it was not the block's yet. */
	if (home)
		pmm_block_check(block);
}

static struct pmm_home *pmm_adopt(struct pmm_block *block, struct file *file,
				  bool seal)
{
	enum pmm_home_kind kind = pmm_adopt_kind(file);
	struct pmm_home *home;
	int err;

	home = pmm_home_new(block, file_inode(file), kind);
	if (!home)
		return ERR_PTR(-ENOMEM);
	home->sealed = seal || kind == PMM_HOME_SYSV;
	err = pmm_home_open_files(home, &file->f_path);
	if (err)
		goto err_put_home;
	if (home->sealed || pmm_home_seals(home) & F_SEAL_SHRINK)
		err = pmm_adopt_sealed(home);
	else
		err = pmm_adopt_unsealed(home, file);
	if (err)
		goto err_close_files;
	return home;

err_close_files:
	pmm_home_close_files(home);
err_put_home:
	pmm_watch_put(&home->watch);
	return ERR_PTR(err);
}

/**
 * pmm_home_adopt() - make a caller's segment or file the home of a block
 * @block: the block; the caller is a user of it
 * @address: where the caller has mapped it
 * @seal: fix its size; always done for System V segments
 *
 * Context: May sleep; no locks.
 * Return: 0 or what PMM_IOC_BLOCK_ADOPT says.
 */
int pmm_home_adopt(struct pmm_block *block, unsigned long address, bool seal)
{
	struct pmm_home *home;
	struct file *file;
	int err;

	if (!(block->type->caps & PMM_TYPE_MAPPABLE))
		return -EOPNOTSUPP;
	file = pmm_adopt_file(address, pmm_block_size(block));
	if (IS_ERR(file))
		return PTR_ERR(file);
	err = pmm_adopt_check(file, pmm_block_size(block));
	if (err)
		goto out_put_file;
	err = pmm_adopt_begin(block);
	if (err)
		goto out_put_file;
	home = pmm_adopt(block, file, seal);
	err = PTR_ERR_OR_ZERO(home);
	pmm_adopt_finish(block, err ? NULL : home);
out_put_file:
	trace_pmm_block_adopt(block, pmm_adopt_kind(file),
			      file_inode(file)->i_ino, err);
	fput(file);
	return err;
}

/**
 * pmm_home_empty() - take a home's memory away from whoever has it
 * @home: the home; the caller has a reference
 *
 * The inode is cut to nothing and stays so.  All mappings, private ones too, are
 * past its end then: they are unmapped, and touching them is SIGBUS.  Reading the
 * file finds its end, writing fails with EPERM.  A page that somebody holds has
 * left the inode, but is still held.
 *
 * Context: May sleep.  Does not wait for the inode's lock: whoever writes to the
 * file may hold it for as long as the source of the data likes.
 * Return: false if somebody had the lock, to be tried again.
 */
bool pmm_home_empty(struct pmm_home *home)
{
	struct inode *inode = pmm_watch_grab(&home->watch);
	bool locked;

	/* The end of an inode does the same. */
	if (!inode)
		return true;
	locked = inode_trylock(inode);
	if (locked) {
		SHMEM_I(inode)->seals |= F_SEAL_SEAL | F_SEAL_SHRINK |
					 F_SEAL_GROW;
		i_size_write(inode, 0);
		unmap_mapping_range(inode->i_mapping, 0, 0, 1);
		shmem_truncate_range(inode, 0, -1);
		inode_unlock(inode);
	}
	pmm_watch_ungrab(inode);
	return locked;
}

/**
 * pmm_home_describe() - the part of PMM_IOC_BLOCK_INFO that is the home's
 * @home: the home; the caller has a reference
 * @info: filled in
 */
void pmm_home_describe(struct pmm_home *home, struct pmm_block_info *info)
{
	static const u64 kinds[] = {
		[PMM_HOME_PRIVATE] = PMM_BLOCK_HOME_PRIVATE,
		[PMM_HOME_SYSV] = PMM_BLOCK_HOME_SYSV,
		[PMM_HOME_FILE] = PMM_BLOCK_HOME_FILE,
	};
	struct inode *inode = pmm_watch_grab(&home->watch);
	bool complete;

	if (!inode)
		return;
	info->state |= PMM_BLOCK_HOME | kinds[home->kind];
	if (home->sealed)
		info->state |= PMM_BLOCK_SEALED;
	info->home_ino = home->ino;
	info->huge = pmm_shmem_huge(inode, home->block->pfn, home->block->nr,
				    &complete);
	if (!complete)
		info->state |= PMM_BLOCK_INCOMPLETE;
	pmm_watch_ungrab(inode);
}

/* Find out which mount is the kernel's own. */
int pmm_homes_init(void)
{
	struct file *file = shmem_file_setup("pmm-init", 0, VM_NORESERVE);

	if (IS_ERR(file))
		return PTR_ERR(file);
	pmm_internal_sb = file_inode(file)->i_sb;
	fput(file);
	return 0;
}
