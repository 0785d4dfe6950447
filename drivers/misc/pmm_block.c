// SPDX-License-Identifier: GPL-2.0-only
/*
 * Blocks: from the pool to their holders and back.
 *
 * A block is held by *users* (open block fds, drivers) and by its home.  When
 * the last user goes, the block lets go of the home's files; when the home's
 * inode ends as well, the block is dead and goes to the quarantine, which
 * returns its pages once nobody else holds any.  Both ends are noticed where
 * little may be done, so all of it happens in pmm_block_check(), on pmm_wq.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <linux/xarray.h>

#include "pmm_core.h"
#include "pmm_trace.h"

/* All blocks that have pages, by number, dead ones included. */
static DEFINE_XARRAY(pmm_blocks);
static atomic_long_t pmm_block_last_id;

/* Work items from the end of a block's last name to its pages' return. */
#define PMM_BLOCK_STEPS	6

static void pmm_block_release_ref(struct kref *ref)
{
	struct pmm_block *block = container_of(ref, struct pmm_block, ref);

	pmm_type_put(block->type);
	kfree(block);
}

/* Keep the structure, not the pages. */
struct pmm_block *pmm_block_get_ref(struct pmm_block *block)
{
	kref_get(&block->ref);
	return block;
}

/* The reverse of pmm_block_get_ref(). */
void pmm_block_put_ref(struct pmm_block *block)
{
	kref_put(&block->ref, pmm_block_release_ref);
}

/* One more user; the caller has one already. */
void pmm_block_get(struct pmm_block *block)
{
	refcount_inc(&block->users);
	trace_pmm_block_get(block, block->pfn, block->nr);
}

/* One user less; in any context. */
void pmm_block_put(struct pmm_block *block)
{
	bool last;

	/* Without a user, a look that is under way may end the block at once. */
	pmm_block_get_ref(block);
	last = refcount_dec_and_test(&block->users);
	trace_pmm_block_put(block, block->pfn, block->nr);
	if (last)
		pmm_block_check(block);
	pmm_block_put_ref(block);
}

/**
 * pmm_block_use() - touch a block's pages by other means than its home
 * @block: the block; the caller is a user of it
 *
 * A driver's memory is not given back to it before pmm_block_unuse().  Whoever
 * uses it already may just increment @uses.
 *
 * Context: May sleep.
 * Return: false if the memory is on its way back, or has gone.
 */
bool pmm_block_use(struct pmm_block *block)
{
	bool usable;

	mutex_lock(&block->lock);
	usable = !block->lost;
	if (usable)
		atomic_inc(&block->uses);
	mutex_unlock(&block->lock);
	return usable;
}

/* The reverse of pmm_block_use(); in any context. */
void pmm_block_unuse(struct pmm_block *block)
{
	/* Ordered after whatever was done to the pages. */
	WARN_ON_ONCE(atomic_dec_return(&block->uses) < 0);
}

/**
 * pmm_block_revive() - become a user of a block that was found by its home
 * @block: the block; the caller has a reference to the structure
 * @file: a file of its home, kept by the caller
 *
 * Context: May sleep.
 * Return: 0, -ENOENT if the block is dying, -ENODEV if its memory is going, or an
 * errno of opening the home.
 */
int pmm_block_revive(struct pmm_block *block, struct file *file)
{
	int err = 0;

	mutex_lock(&block->lock);
	/* An adoption that is still under way may yet fail. */
	if (!block->home || block->home->watch.inode != file->f_mapping->host ||
	    pmm_watch_ended(&block->home->watch)) {
		err = -ENOENT;
		goto out;
	}
	if (block->lost) {
		err = -ENODEV;
		goto out;
	}
	if (refcount_inc_not_zero(&block->users))
		goto out;
	err = pmm_home_open_files(block->home, &file->f_path);
	if (!err)
		refcount_set(&block->users, 1);
out:
	if (!err)
		trace_pmm_block_get(block, block->pfn, block->nr);
	mutex_unlock(&block->lock);
	return err;
}

/**
 * pmm_block_check() - look whether anyone holds a block, soon
 * @block: the block; the caller has a reference to the structure
 *
 * Whoever notices that something has gone comes here.
 *
 * Context: Any.
 */
void pmm_block_check(struct pmm_block *block)
{
	pmm_block_get_ref(block);
	if (!queue_work(pmm_wq, &block->work))
		pmm_block_put_ref(block);
}

static void pmm_block_check_work(struct work_struct *work)
{
	struct pmm_block *block = container_of(work, struct pmm_block, work);
	struct file *file_ro = NULL, *file_rw = NULL;
	struct pmm_home *ended = NULL;
	bool dies = false;

	mutex_lock(&block->lock);
	if (block->home && pmm_watch_ended(&block->home->watch)) {
		ended = block->home;
		block->home = NULL;
	}
	if (!refcount_read(&block->users)) {
		if (block->home) {
			swap(file_ro, block->home->file_ro);
			swap(file_rw, block->home->file_rw);
		} else if (!block->dead) {
			block->dead = true;
			dies = true;
		}
	}
	mutex_unlock(&block->lock);

	/* Files of the kernel's own mount, and a kernel thread: no detours. */
	if (file_ro)
		__fput_sync(file_ro);
	if (file_rw)
		__fput_sync(file_rw);
	if (ended)
		pmm_home_drop(ended);
	if (dies)
		pmm_quarantine_add(block);
	pmm_block_put_ref(block);
}

/**
 * pmm_block_destroy() - forget a dead block whose pages are back in the pool
 * @block: the block; the reference it was born with is dropped
 */
void pmm_block_destroy(struct pmm_block *block)
{
	pmm_quota_uncharge(block->charge);
	xa_erase(&pmm_blocks, block->id);
	if (!block->gone)
		pmm_type_block_gone(block->type);
	pmm_block_put_ref(block);
	module_put(THIS_MODULE);
}

/**
 * pmm_blocks_flush() - wait for what is on its way back to the pools
 *
 * The way has up to six steps, each a work item: an alias' end is looked at, the
 * alias lets go of its block, which lets go of its home's files, the home's end is
 * looked at, then the block is, then its pages are.  Whoever really holds a block
 * is not waited for.
 *
 * Context: May sleep; no locks.
 */
void pmm_blocks_flush(void)
{
	unsigned int step;

	for (step = 1; step < PMM_BLOCK_STEPS; step++) {
		pmm_watches_flush();
		flush_workqueue(pmm_wq);
	}
	pmm_quarantine_flush();
}

static struct pmm_block *pmm_block_create(struct pmm_type *type,
					  unsigned long nr, unsigned long align)
{
	struct pmm_block *block = kzalloc(sizeof(*block), GFP_KERNEL);

	if (!block)
		return NULL;
	/* Reserved here, so that storing it later cannot fail. */
	block->id = atomic_long_inc_return(&pmm_block_last_id);
	if (xa_reserve(&pmm_blocks, block->id, GFP_KERNEL)) {
		kfree(block);
		return NULL;
	}
	kref_init(&block->ref);
	refcount_set(&block->users, 1);
	pmm_type_get(type);
	block->type = type;
	block->nr = nr;
	block->align = align;
	block->uid = current_uid();
	mutex_init(&block->lock);
	INIT_WORK(&block->work, pmm_block_check_work);
	INIT_LIST_HEAD(&block->waiting);
	return block;
}

/* From here on the block is like any other, and so is its end. */
static void pmm_block_register(struct pmm_block *block)
{
	/* A block keeps the module; the caller has it open, so this is safe. */
	__module_get(THIS_MODULE);
	xa_store(&pmm_blocks, block->id, block, GFP_KERNEL);
	trace_pmm_block_alloc(block, block->pfn, block->nr);
}

/* The user's quota, if @charge, and then pages. */
static int pmm_block_try(struct pmm_block *block, bool charge,
			 struct pmm_why *why)
{
	int err = 0;

	if (charge)
		err = pmm_quota_charge(block->type, block->nr, &block->charge,
				       why);
	if (err) {
		pmm_type_why(block->type, why, why->reason);
		return err;
	}
	err = pmm_type_take(block->type, block->nr, block->align, &block->pfn,
			    why);
	if (err) {
		pmm_quota_uncharge(block->charge);
		block->charge = NULL;
	}
	return err;
}

static int pmm_block_take(struct pmm_block *block, bool charge,
			  struct pmm_why *why)
{
	int err = pmm_block_try(block, charge, why);

	if ((err == -ENOMEM || err == -EDQUOT) &&
	    why->reason != PMM_REASON_KERNEL) {
		/* What was freed just now may still be on its way. */
		pmm_blocks_flush();
		err = pmm_block_try(block, charge, why);
	}
	return err;
}

static struct pmm_block *pmm_block_new(struct pmm_type *type, u64 length,
				       u64 align, bool charge,
				       struct pmm_why *why)
{
	struct pmm_block *block;
	int err;

	if (!length)
		return ERR_PTR(-EINVAL);
	if (length > MAX_LFS_FILESIZE - PAGE_SIZE)
		return ERR_PTR(-EOVERFLOW);
	length = PAGE_ALIGN(length);
	if (!align)
		align = length >= PMM_CHUNK_SIZE ? PMM_CHUNK_SIZE : PAGE_SIZE;
	if (!is_power_of_2(align) || align > PMM_MAX_ALIGN)
		return ERR_PTR(-EINVAL);
	align = max_t(u64, align, (u64)type->min_align << PAGE_SHIFT);

	block = pmm_block_create(type, length >> PAGE_SHIFT,
				 align >> PAGE_SHIFT);
	if (!block) {
		why->reason = PMM_REASON_KERNEL;
		return ERR_PTR(-ENOMEM);
	}
	err = pmm_block_take(block, charge, why);
	if (err) {
		xa_release(&pmm_blocks, block->id);
		pmm_block_put_ref(block);
		return ERR_PTR(err);
	}
	pmm_block_register(block);
	return block;
}

/**
 * pmm_block_alloc() - allocate a block that nobody pays for
 * @type: its type
 * @length: bytes, rounded up to whole pages
 * @align: alignment of its physical address in bytes, a power of two up to
 *	PMM_MAX_ALIGN, or 0: PMM_CHUNK_SIZE for blocks that large, else a page;
 *	rounded up to the type's smallest
 * @why: filled in when there is no memory, for pmm_type_count_failure()
 *
 * For drivers: quotas are no concern of theirs.
 *
 * Context: May sleep.  The caller keeps the module.
 * Return: a zeroed block with one user, or -EINVAL, -EOVERFLOW, -ENOMEM,
 * -ENOENT (the type is leaving), -EINTR.
 */
struct pmm_block *pmm_block_alloc(struct pmm_type *type, u64 length, u64 align,
				  struct pmm_why *why)
{
	return pmm_block_new(type, length, align, false, why);
}

/**
 * pmm_block_alloc_charged() - allocate a block for the calling program
 * @type: as for pmm_block_alloc()
 * @length: likewise
 * @align: likewise
 * @why: likewise; the figures of the quota are filled in also on success
 *
 * Context: May sleep.  The caller keeps the module.
 * Return: as pmm_block_alloc(), and -EDQUOT over the quota.
 */
struct pmm_block *pmm_block_alloc_charged(struct pmm_type *type, u64 length,
					  u64 align, struct pmm_why *why)
{
	return pmm_block_new(type, length, align, true, why);
}

/* The block's home, made if there is none.  The block's lock is held. */
static struct pmm_home *pmm_block_home(struct pmm_block *block)
{
	struct pmm_home *home;

	lockdep_assert_held(&block->lock);
	if (block->lost)
		return ERR_PTR(-ENODEV);
	if (block->adopting)
		return ERR_PTR(-EBUSY);
	if (block->home && pmm_watch_ended(&block->home->watch)) {
		pmm_home_drop(block->home);
		block->home = NULL;
	}
	if (block->home)
		return block->home;
	home = pmm_home_create(block);
	if (!IS_ERR(home))
		block->home = home;
	trace_pmm_block_home(block, PMM_HOME_PRIVATE,
			     IS_ERR(home) ? 0 : home->ino,
			     PTR_ERR_OR_ZERO(home));
	return home;
}

/**
 * pmm_block_home_file() - the file through which a block is mapped
 * @block: the block; the caller is a user of it
 * @write: for writing, too
 *
 * Makes a private home if the block has none.
 *
 * Context: May sleep; mmap_lock may be held.
 * Return: a reference to the home's file, or an ERR_PTR: -EBUSY (being adopted
 * right now, or pages are still in a home that has ended), -EOPNOTSUPP (the home
 * is a file of a mounted file system, or the type cannot be mapped), -ENODEV (the
 * memory has gone), -EPERM (sealed against writing), -ENOMEM
 * and what making a file gives.
 */
struct file *pmm_block_home_file(struct pmm_block *block, bool write)
{
	struct pmm_home *home;
	struct file *file;

	if (!(block->type->caps & PMM_TYPE_MAPPABLE))
		return ERR_PTR(-EOPNOTSUPP);
	mutex_lock(&block->lock);
	home = pmm_block_home(block);
	if (IS_ERR(home)) {
		file = ERR_CAST(home);
	} else {
		file = write ? home->file_rw : home->file_ro;
		if (!file)
			file = ERR_PTR(-EOPNOTSUPP);
		else if (write && pmm_home_write_sealed(home))
			file = ERR_PTR(-EPERM);
		else
			get_file(file);
	}
	mutex_unlock(&block->lock);
	return file;
}

static void pmm_block_describe_home(struct pmm_block *block,
				    struct pmm_block_info *info)
{
	struct pmm_home *home;

	mutex_lock(&block->lock);
	home = block->home;
	if (home)
		pmm_watch_get(&home->watch);
	mutex_unlock(&block->lock);
	if (home) {
		pmm_home_describe(home, info);
		pmm_watch_put(&home->watch);
	}
}

/**
 * pmm_block_describe() - fill in the out fields of PMM_IOC_BLOCK_INFO
 * @block: the block; the caller is a user of it
 * @info: zeroed by the caller
 */
void pmm_block_describe(struct pmm_block *block, struct pmm_block_info *info)
{
	info->id = block->id;
	info->length = pmm_block_size(block);
	info->align = (u64)block->align << PAGE_SHIFT;
	info->holders = refcount_read(&block->users);
	info->aliases = atomic_read(&block->aliases);
	info->uid = from_kuid_munged(current_user_ns(), block->uid);
	strscpy(info->type, block->type->name, sizeof(info->type));
	if (!pmm_block_use(block)) {
		info->state |= PMM_BLOCK_GONE;
		return;
	}
	if (capable(CAP_SYS_RAWIO))
		info->phys = (u64)block->pfn << PAGE_SHIFT;
	if (pmm_pages_poisoned(block->pfn, block->nr))
		info->state |= PMM_BLOCK_POISONED;
	pmm_block_describe_home(block, info);
	pmm_block_unuse(block);
}

static const char *pmm_block_names(struct pmm_block *block, char *buf,
				   size_t size)
{
	static const char * const kinds[] = {
		[PMM_HOME_PRIVATE] = "private",
		[PMM_HOME_SYSV] = "sysv",
		[PMM_HOME_FILE] = "file",
	};
	unsigned int aliases = atomic_read(&block->aliases);
	struct pmm_home *home = block->home;
	int n;

	if (!home || pmm_watch_ended(&home->watch))
		return "-";
	n = scnprintf(buf, size, "%s:%lu", kinds[home->kind], home->ino);
	if (aliases)
		scnprintf(buf + n, size - n, ",aliases:%u", aliases);
	return buf;
}

/* The first block whose number is above *@id, with a reference to it. */
struct pmm_block *pmm_block_after(unsigned long *id)
{
	struct pmm_block *block;

	xa_lock(&pmm_blocks);
	block = xa_find_after(&pmm_blocks, id, ULONG_MAX, XA_PRESENT);
	if (block)
		pmm_block_get_ref(block);
	xa_unlock(&pmm_blocks);
	return block;
}

/* The line of a block in the debugfs file "blocks". */
static void pmm_block_show(struct seq_file *m, struct pmm_block *block)
{
	unsigned long offset;
	char buf[64];

	mutex_lock(&block->lock);
	seq_printf(m, "%llu %zu %s %u %s %u %s %d ", block->id,
		   pmm_block_size(block), block->type->name,
		   from_kuid_munged(seq_user_ns(m), block->uid),
		   pmm_block_names(block, buf, sizeof(buf)),
		   refcount_read(&block->users),
		   block->gone ? "gone" :
		   block->dead ? "quarantine" :
		   block->home ? "home" : "plain",
		   atomic_read(&block->uses));
	if (pmm_type_offset(block->type, block->pfn, &offset))
		seq_puts(m, "-\n");
	else
		seq_printf(m, "%llu\n", (u64)offset << PAGE_SHIFT);
	mutex_unlock(&block->lock);
}

/* The debugfs file "blocks". */
void pmm_blocks_show(struct seq_file *m)
{
	struct pmm_block *block;
	unsigned long id = 0;

	seq_puts(m, "id size type uid names holders state uses offset\n");
	/* Pools stay as they are, so that the offsets go together. */
	mutex_lock(&pmm_ranges_mutex);
	while ((block = pmm_block_after(&id))) {
		pmm_block_show(m, block);
		pmm_block_put_ref(block);
	}
	mutex_unlock(&pmm_ranges_mutex);
}
