// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mirrors: a device that works on a process's address space, without pinning pages.
 *
 * What can be learnt of a page table is out of date as soon as it is known.  So the
 * kernel has each change announced to whoever watches the addresses, before it
 * happens (mmu_interval_notifier), and it counts these announcements.  A fault reads
 * the page table (hmm_range_fault) and then, with the range's lock held, sees from
 * the count whether anything was announced since: if not, no change can get past that
 * lock, and the pages are the device's until it is dropped or, for a driver with an
 * invalidate callback, until that was called.
 *
 * Locks, in the order in which they nest:
 *
 *	pmm_mirror_range.faulting	one fault at a time; what it writes to
 *	mmap_lock			the kernel's, while page tables are read
 *	...				whatever the kernel holds while it changes
 *					page tables or reclaims memory
 *	pmm_mirror_range.lock		the addresses that the device has; taken by
 *					invalidation, and held while the device works
 *
 * So with the last one held nobody allocates memory, other than atomically, or
 * touches user memory.
 *
 * No reference to a page is kept, not even for a moment: a page stays where it is
 * because its page table entry does, which cannot go past the range's lock.
 */
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/hmm.h>
#include <linux/kref.h>
#include <linux/magic.h>
#include <linux/minmax.h>
#include <linux/mmu_notifier.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/pagemap.h>
#include <linux/pmm_mirror.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "pmm_core.h"

/* Pages that are looked up at a time. */
#define PMM_MIRROR_BATCH	512UL
/* How often a fault begins again for changes before it gives up. */
#define PMM_MIRROR_RETRIES	1000

/**
 * struct pmm_mirror - a device and an address space
 * @ref: one for the driver, and one for each range
 * @mm: the address space; it is kept in memory, but not alive
 * @dev: the device
 * @ops: what the driver does, or NULL
 */
struct pmm_mirror {
	struct kref ref;
	struct mm_struct *mm;
	struct device *dev;
	const struct pmm_mirror_ops *ops;
};

/**
 * struct pmm_mirror_range - addresses that the device works on
 * @mirror: where they belong
 * @data: for the driver's callback
 * @notifier: where the kernel announces changes of them
 * @first: its first byte
 * @length: in bytes
 * @nr: pages that it touches
 * @write: the device may write
 * @faulting: held during a fault; protects @pfns
 * @pfns: what the page table said of up to PMM_MIRROR_BATCH pages
 * @lock: held by invalidation, and while the device works; protects what follows
 * @missing: no page before this one has no address
 * @missing_end: nor has any from this one on
 * @dma: address of each page for the device, or DMA_MAPPING_ERROR
 */
struct pmm_mirror_range {
	struct pmm_mirror *mirror;
	void *data;
	struct mmu_interval_notifier notifier;
	unsigned long first;
	size_t length;
	unsigned long nr;
	bool write;
	struct mutex faulting;	/* one fault at a time; pfns */
	unsigned long *pfns;
	struct mutex lock;	/* what follows; held while the device works */
	unsigned long missing;
	unsigned long missing_end;
	dma_addr_t *dma;
};

static enum dma_data_direction
pmm_mirror_dir(const struct pmm_mirror_range *range)
{
	return range->write ? DMA_BIDIRECTIONAL : DMA_TO_DEVICE;
}

/* Address of a page of it, in the process. */
static unsigned long pmm_mirror_page_addr(const struct pmm_mirror_range *range,
					  unsigned long i)
{
	return (range->first & PAGE_MASK) + (i << PAGE_SHIFT);
}

/* ---- invalidation ---- */

/* Does the device have addresses of pages in [from, to)? */
static bool pmm_mirror_any(const struct pmm_mirror_range *range,
			   unsigned long from, unsigned long to)
{
	lockdep_assert_held(&range->lock);
	for (; from < to; from++)
		if (range->dma[from] != DMA_MAPPING_ERROR)
			return true;
	return false;
}

/* Ask the driver to have its device stop.  Only if it may sleep it has to. */
static bool pmm_mirror_stop(struct pmm_mirror_range *range, unsigned long from,
			    unsigned long to, bool may_sleep)
{
	const struct pmm_mirror_ops *ops = range->mirror->ops;
	unsigned long start, end;

	if (!ops || !ops->invalidate)
		return true;
	start = max(range->first, pmm_mirror_page_addr(range, from));
	end = min(range->first + range->length,
		  pmm_mirror_page_addr(range, to));
	return ops->invalidate(range->data, start, end, may_sleep) ||
	       WARN_ON_ONCE(may_sleep);
}

/* Take the pages in [from, to) away from the device; false if that has to wait. */
static bool pmm_mirror_drop(struct pmm_mirror_range *range, unsigned long from,
			    unsigned long to, bool may_sleep)
{
	unsigned long i;

	if (!pmm_mirror_any(range, from, to))
		return true;
	if (!pmm_mirror_stop(range, from, to, may_sleep))
		return false;
	for (i = from; i < to; i++) {
		if (range->dma[i] == DMA_MAPPING_ERROR)
			continue;
		dma_unmap_page(range->mirror->dev, range->dma[i], PAGE_SIZE,
			       pmm_mirror_dir(range));
		range->dma[i] = DMA_MAPPING_ERROR;
	}
	range->missing = min(range->missing, from);
	range->missing_end = max(range->missing_end, to);
	return true;
}

/*
 * The kernel is about to change page table entries.  When this returns true, it
 * does.  It is false only for the OOM killer's reaper, which cannot wait: that
 * leaves these addresses alone, and comes again or leaves them to the process's
 * own exit, which can.
 */
static bool pmm_mirror_invalidate(struct mmu_interval_notifier *notifier,
				  const struct mmu_notifier_range *change,
				  unsigned long seq)
{
	struct pmm_mirror_range *range =
		container_of(notifier, struct pmm_mirror_range, notifier);
	unsigned long first = pmm_mirror_page_addr(range, 0);
	bool may_sleep = mmu_notifier_range_blockable(change);
	unsigned long from = 0, to = range->nr;
	bool done;

	if (change->start > first)
		from = (change->start - first) >> PAGE_SHIFT;
	if (change->end - first < range->nr << PAGE_SHIFT)
		to = PFN_UP(change->end - first);

	/* Waits for a device that works. */
	if (may_sleep)
		mutex_lock(&range->lock);
	else if (!mutex_trylock(&range->lock))
		return false;
	done = pmm_mirror_drop(range, from, to, may_sleep);
	if (done)
		mmu_interval_set_seq(notifier, seq);
	mutex_unlock(&range->lock);
	return done;
}

static const struct mmu_interval_notifier_ops pmm_mirror_notifier_ops = {
	.invalidate = pmm_mirror_invalidate,
};

/* ---- faults ---- */

/* Memory that is kept from the kernel is kept from devices, too. */
static bool pmm_mirror_secret(struct page *page)
{
	struct address_space *mapping = folio_mapping(page_folio(page));

	/* It cannot be truncated to the end: its page table entry is in the way. */
	return mapping && mapping->host &&
	       mapping->host->i_sb->s_magic == SECRETMEM_MAGIC;
}

static int pmm_mirror_check_page(struct device *dev, struct page *page)
{
	phys_addr_t phys = page_to_phys(page);

	/* What looks like RAM but is another device's is not everyone's to reach. */
	if (is_zone_device_page(page))
		return -EOPNOTSUPP;
	if (pmm_mirror_secret(page))
		return -EFAULT;
	if (pmm_dma_reaches(dev, phys, phys + PAGE_SIZE - 1))
		return 0;
	dev_err_ratelimited(dev, "pmm: a program's page is beyond what this device reaches, and it does not work on copies\n");
	return -ERANGE;
}

/*
 * Give the device the address of a page that is mapped in the process.
 *
 * A page table entry that permits writing need not say that something was written,
 * and a clean page is dropped and not swapped out.  The device's writes leave no
 * trace in the entry, so the page is made dirty here.  That lasts: whoever
 * cleans a page makes its entries read-only or removes them, and announces it.
 * Pages of files with a disk are dirty since the fault, which asked the file
 * system: there it changes nothing, and does not need the page's lock.
 */
static int pmm_mirror_map_page(struct pmm_mirror_range *range, unsigned long i,
			       struct page *page)
{
	struct device *dev = range->mirror->dev;
	dma_addr_t addr;
	int err;

	err = pmm_mirror_check_page(dev, page);
	if (err)
		return err;
	addr = dma_map_page(dev, page, 0, PAGE_SIZE, pmm_mirror_dir(range));
	if (dma_mapping_error(dev, addr))
		return -EIO;
	if (range->write)
		set_page_dirty(page);
	range->dma[i] = addr;
	return 0;
}

/* The pages of [from, to) that have no address get one. */
static int pmm_mirror_map(struct pmm_mirror_range *range, unsigned long from,
			  unsigned long to)
{
	unsigned long i;
	int err;

	lockdep_assert_held(&range->lock);
	for (i = from; i < to; i++) {
		if (range->dma[i] != DMA_MAPPING_ERROR)
			continue;
		err = pmm_mirror_map_page(range, i,
					  hmm_pfn_to_page(range->pfns[i - from]));
		if (err)
			return err;
	}
	range->missing = to;
	return 0;
}

/* Bring in [from, to), read the page table, note the sequence it is true for. */
static int pmm_mirror_read(struct pmm_mirror_range *range, unsigned long from,
			   unsigned long to, unsigned long *seq)
{
	struct mm_struct *mm = range->mirror->mm;
	struct hmm_range hmm = {
		.notifier = &range->notifier,
		.start = pmm_mirror_page_addr(range, from),
		.end = pmm_mirror_page_addr(range, to),
		.hmm_pfns = range->pfns,
		.default_flags = HMM_PFN_REQ_FAULT |
				 (range->write ? HMM_PFN_REQ_WRITE : 0),
	};
	int err;

	hmm.notifier_seq = mmu_interval_read_begin(&range->notifier);
	*seq = hmm.notifier_seq;
	/* Page tables stay while they are read. */
	if (mmap_read_lock_killable(mm))
		return -EINTR;
	err = hmm_range_fault(&hmm);
	mmap_read_unlock(mm);
	switch (err) {
	case -EBUSY:
		return -EAGAIN;
	case -EPERM:
		return -EACCES;
	default:
		return err;
	}
}

/* Some pages more, from the first that is missing on. */
static int pmm_mirror_fill_batch(struct pmm_mirror_range *range,
				 unsigned long from, unsigned long to)
{
	unsigned long seq;
	int err;

	err = pmm_mirror_read(range, from, to, &seq);
	if (err)
		return err;
	/* From here on nothing changes, if nothing has. */
	mutex_lock(&range->lock);
	if (mmu_interval_read_retry(&range->notifier, seq))
		err = -EAGAIN;
	else
		err = pmm_mirror_map(range, from, to);
	mutex_unlock(&range->lock);
	return err;
}

/* All pages that are missing; with 0, the range's lock is held. */
static int pmm_mirror_fill(struct pmm_mirror_range *range)
{
	unsigned long rounds = PMM_MIRROR_RETRIES +
			       2 * (range->nr / PMM_MIRROR_BATCH);
	unsigned long from, to;
	int err;

	lockdep_assert_held(&range->faulting);
	while (rounds--) {
		/* Dropped by pmm_mirror_done(). */
		mutex_lock(&range->lock);
		from = range->missing;
		to = min(range->missing_end, from + PMM_MIRROR_BATCH);
		if (from >= to) {
			range->missing = range->nr;
			range->missing_end = 0;
			return 0;
		}
		mutex_unlock(&range->lock);

		err = pmm_mirror_fill_batch(range, from, to);
		if (err && err != -EAGAIN)
			return err;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return -EBUSY;
}

/**
 * pmm_mirror_fault() - have all of a range ready for the device, and hold it
 * @range: the range
 *
 * Pages that the device had and that nobody took away since are not looked at again,
 * so this is quick if nothing has changed.  The others are brought in as by an access
 * of the process: from swap or a file, as new zeroed pages, copied if they are
 * shared with a parent or child and the device may write.
 *
 * Between this and pmm_mirror_done(), pmm_mirror_dma() gives addresses, and the
 * process's memory under them does not change hands: whoever would unmap, move or
 * protect it waits.  So that should not be longer than the device's work takes, and
 * the limits of &struct pmm_mirror_ops' callback hold for the caller as well.  A
 * driver with such a callback may go on using the addresses afterwards.
 *
 * It does not matter in which process's context this is called: a kernel thread or
 * work item will do.
 *
 * Context: May sleep.  The caller holds no range, not mmap_lock, nor any lock that
 * the invalidate callback takes.  With 0 a lock is held, which the same task drops by
 * pmm_mirror_done().
 * Return: 0 or
 *
 * * -ESRCH if the process has ended, or executes another program, so that the address
 *   space is gone,
 * * -EFAULT if there is an address without memory or that cannot be read, memory
 *   without pages (I/O memory), beyond the end of a file, secret (memfd_secret), or
 *   such that only a userfaultfd handler could supply it,
 * * -EACCES if the device may write but the process may not,
 * * -ERANGE if the device does not reach a page, or only by way of bounce buffers,
 * * -EOPNOTSUPP if a page lies in another device's memory,
 * * -EIO if a page could not be mapped for the device,
 * * -EBUSY if the program changed the memory faster than it could be faulted in,
 * * -EINTR if the caller is being killed.
 */
int pmm_mirror_fault(struct pmm_mirror_range *range)
{
	struct mm_struct *mm = range->mirror->mm;
	int err;

	might_sleep();
	if (!mmget_not_zero(mm))
		return -ESRCH;
	/* One at a time: they would do the same. */
	err = mutex_lock_killable(&range->faulting);
	if (!err) {
		err = pmm_mirror_fill(range);
		mutex_unlock(&range->faulting);
	}
	/* If we are the last, the end of it all waits for the range, which we hold. */
	mmput_async(mm);
	return err;
}
EXPORT_SYMBOL_GPL(pmm_mirror_fault);

/**
 * pmm_mirror_dma() - where the device finds part of a range
 * @range: the range, held since pmm_mirror_fault()
 * @offset: of the first byte in the range
 * @length: set to how many bytes follow at that address, in one piece for the
 *	device, up to the end of the range
 *
 * Context: Any; the range is held.
 * Return: the address as the device sees it, or DMA_MAPPING_ERROR if @offset is
 * not in the range.
 */
dma_addr_t pmm_mirror_dma(const struct pmm_mirror_range *range, size_t offset,
			  size_t *length)
{
	unsigned long in_page = offset_in_page(range->first + offset);
	unsigned long i;
	dma_addr_t addr;
	size_t n;

	lockdep_assert_held(&range->lock);
	if (WARN_ON_ONCE(offset >= range->length))
		return DMA_MAPPING_ERROR;
	i = (range->first + offset - pmm_mirror_page_addr(range, 0)) >> PAGE_SHIFT;
	addr = range->dma[i] + in_page;
	for (n = PAGE_SIZE - in_page; n < range->length - offset; n += PAGE_SIZE)
		if (range->dma[++i] != addr + n)
			break;
	*length = min(n, range->length - offset);
	return addr;
}
EXPORT_SYMBOL_GPL(pmm_mirror_dma);

/**
 * pmm_mirror_done() - let go of a range
 * @range: the range, held since pmm_mirror_fault()
 *
 * Unless the driver has an invalidate callback, the device must have finished.
 *
 * Context: The task that called pmm_mirror_fault().
 */
void pmm_mirror_done(struct pmm_mirror_range *range)
{
	mutex_unlock(&range->lock);
}
EXPORT_SYMBOL_GPL(pmm_mirror_done);

/* ---- mirrors ---- */

/**
 * pmm_mirror_register() - let a device work on an address space
 * @mm: the address space, of which the caller has a reference of either kind; NULL
 *	for that of the calling process
 * @dev: the device, its DMA mask set; it stays bound until all is undone
 * @ops: the driver's callback; NULL if it needs none
 *
 * The process is not kept alive, nor is its memory kept when it exits or
 * executes another program: faults fail with -ESRCH from then on.
 *
 * A file descriptor is inherited by children and can be sent to others.  A driver
 * that keeps a mirror in an open file asks pmm_mirror_is_current() before it does
 * something on behalf of a caller, or lets strangers read and write the memory.
 *
 * Context: May sleep.
 * Return: the mirror, or an ERR_PTR: -EINVAL if there is no @mm (kernel threads have
 * none) or the device does no DMA, -EOPNOTSUPP if it does not see what is in
 * the processors' caches, -ENOMEM.
 */
struct pmm_mirror *pmm_mirror_register(struct mm_struct *mm, struct device *dev,
				       const struct pmm_mirror_ops *ops)
{
	struct pmm_mirror *mirror;

	if (!mm)
		mm = current->mm;
	if (!mm || !dev->dma_mask || !*dev->dma_mask)
		return ERR_PTR(-EINVAL);
	/* Programs would have to say when they look at what it wrote. */
	if (!dev_is_dma_coherent(dev))
		return ERR_PTR(-EOPNOTSUPP);
	mirror = kzalloc(sizeof(*mirror), GFP_KERNEL_ACCOUNT);
	if (!mirror)
		return ERR_PTR(-ENOMEM);
	kref_init(&mirror->ref);
	mmgrab(mm);
	mirror->mm = mm;
	mirror->dev = dev;
	mirror->ops = ops;
	return mirror;
}
EXPORT_SYMBOL_GPL(pmm_mirror_register);

static void pmm_mirror_free(struct kref *ref)
{
	struct pmm_mirror *mirror = container_of(ref, struct pmm_mirror, ref);

	mmdrop(mirror->mm);
	kfree(mirror);
}

/**
 * pmm_mirror_unregister() - the reverse of pmm_mirror_register()
 * @mirror: the mirror; NULL is fine
 *
 * It lives on until its last range is destroyed, but no new ones are made.
 *
 * Context: May sleep.
 */
void pmm_mirror_unregister(struct pmm_mirror *mirror)
{
	if (mirror)
		kref_put(&mirror->ref, pmm_mirror_free);
}
EXPORT_SYMBOL_GPL(pmm_mirror_unregister);

/**
 * pmm_mirror_is_current() - is it the calling process's address space?
 * @mirror: the mirror
 *
 * Return: true if so, which a thread of it is told as well, and a child by fork() is
 * not.
 */
bool pmm_mirror_is_current(const struct pmm_mirror *mirror)
{
	return mirror->mm == current->mm;
}
EXPORT_SYMBOL_GPL(pmm_mirror_is_current);

/* ---- ranges ---- */

static void pmm_mirror_range_free(struct pmm_mirror_range *range)
{
	pmm_mirror_unregister(range->mirror);
	mutex_destroy(&range->lock);
	mutex_destroy(&range->faulting);
	kvfree(range->dma);
	kfree(range->pfns);
	kfree(range);
}

static struct pmm_mirror_range *
pmm_mirror_range_alloc(struct pmm_mirror *mirror, unsigned long start,
		       size_t length)
{
	struct pmm_mirror_range *range;
	unsigned long i;

	range = kzalloc(sizeof(*range), GFP_KERNEL_ACCOUNT);
	if (!range)
		return NULL;
	kref_get(&mirror->ref);
	range->mirror = mirror;
	range->first = start;
	range->length = length;
	range->nr = PFN_UP(offset_in_page(start) + length);
	range->missing_end = range->nr;
	mutex_init(&range->faulting);
	mutex_init(&range->lock);
	range->pfns = kcalloc(min(range->nr, PMM_MIRROR_BATCH),
			      sizeof(*range->pfns), GFP_KERNEL_ACCOUNT);
	range->dma = kvmalloc_array(range->nr, sizeof(*range->dma),
				    GFP_KERNEL_ACCOUNT);
	if (!range->pfns || !range->dma) {
		pmm_mirror_range_free(range);
		return NULL;
	}
	for (i = 0; i < range->nr; i++)
		range->dma[i] = DMA_MAPPING_ERROR;
	return range;
}

/* Some addresses that no process has, and those that wrap around. */
static int pmm_mirror_check_range(struct mm_struct *mm, unsigned long start,
				  size_t length)
{
	unsigned long end;

	if (!length)
		return -EINVAL;
	if (check_add_overflow(start, (unsigned long)length, &end))
		return -EOVERFLOW;
	if (end > mm->task_size)
		return -EFAULT;
	if (length > PMM_MIRROR_MAX_LENGTH)
		return -E2BIG;
	return 0;
}

/**
 * pmm_mirror_range_create() - choose addresses for the device to work on
 * @mirror: the mirror
 * @start: the first, of any alignment
 * @length: how many, in bytes, up to PMM_MIRROR_MAX_LENGTH
 * @write: the device may write there
 * @data: for the driver's callback
 *
 * Nothing need be there yet, and nothing is faulted in.  What the addresses mean is
 * looked up anew whenever it has changed: a range that the process unmaps and maps
 * something else to is a range of that.  Ranges may overlap.
 *
 * Context: May sleep.  The caller does not hold mmap_lock.
 * Return: the range, or an ERR_PTR: -EINVAL for no length, -EOVERFLOW if it wraps
 * around, -E2BIG if it is too long, -EFAULT if it is not in user space, -ESRCH if the
 * address space is gone, -ENOMEM, -EINTR if a signal is pending.
 */
struct pmm_mirror_range *pmm_mirror_range_create(struct pmm_mirror *mirror,
						 unsigned long start,
						 size_t length, bool write,
						 void *data)
{
	struct mm_struct *mm = mirror->mm;
	struct pmm_mirror_range *range;
	int err;

	err = pmm_mirror_check_range(mm, start, length);
	if (err)
		return ERR_PTR(err);
	range = pmm_mirror_range_alloc(mirror, start, length);
	if (!range)
		return ERR_PTR(-ENOMEM);
	range->write = write;
	range->data = data;
	err = -ESRCH;
	if (mmget_not_zero(mm)) {
		err = mmu_interval_notifier_insert(&range->notifier, mm,
						   pmm_mirror_page_addr(range, 0),
						   range->nr << PAGE_SHIFT,
						   &pmm_mirror_notifier_ops);
		mmput_async(mm);
	}
	if (err) {
		pmm_mirror_range_free(range);
		return ERR_PTR(err);
	}
	return range;
}
EXPORT_SYMBOL_GPL(pmm_mirror_range_create);

/**
 * pmm_mirror_range_destroy() - the device does not work there any more
 * @range: the range, not held, not being faulted, nor to be again; NULL is fine
 *
 * The driver's callback is called for what the device still has.  When this
 * returns, it is not running, and will not be called again.
 *
 * Context: May sleep.  The caller holds no range, not mmap_lock, nor any lock that
 * the invalidate callback takes.
 */
void pmm_mirror_range_destroy(struct pmm_mirror_range *range)
{
	if (!range)
		return;
	/* As long as the device has addresses, changes have to be announced. */
	mutex_lock(&range->lock);
	pmm_mirror_drop(range, 0, range->nr, true);
	mutex_unlock(&range->lock);
	mmu_interval_notifier_remove(&range->notifier);
	pmm_mirror_range_free(range);
}
EXPORT_SYMBOL_GPL(pmm_mirror_range_destroy);
