// SPDX-License-Identifier: GPL-2.0-only
/*
 * PMM_IOC_MIGRATE: a process's pages into device memory and back.
 *
 * The range is worked through in pieces of at most 2 MiB that begin and end where a
 * huge page would, each in turns:
 *
 *	look	what is at each address?  Whatever has been swapped out comes in
 *	take	as many free device pages as are going to be needed
 *	move	migrate_vma_setup() makes whoever touches a page wait, what can be
 *		moved is, and migrate_vma_finalize() lets them go on
 *
 * A page that somebody uses just then is tried again a few times.  The mmap_lock is
 * held for one turn only, for reading, so that threads of the process run and fault
 * in pages elsewhere, and is let go of before anything is waited for.
 *
 * The memory of another process is named by its /proc/PID/mem: the kernel has let
 * the caller open that if he may ptrace the process, and it stays the memory of the
 * program that ran then.
 */
#include <linux/delay.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/ksm.h>
#include <linux/magic.h>
#include <linux/memremap.h>
#include <linux/migrate.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/userfaultfd_k.h>

#include "pmm_coherent.h"
#include "pmm_compat.h"
#include "pmm_core.h"

/* Pages of a piece: a page table full, which is a huge page. */
#define PMM_MIGRATE_PAGES	512UL
#define PMM_MIGRATE_BYTES	(PMM_MIGRATE_PAGES << PAGE_SHIFT)
/* So often is a piece tried; after the second time with a pause, in ms, doubled. */
#define PMM_MIGRATE_TRIES	5

/**
 * enum pmm_migrate_state - what became of a page
 * @PMM_PAGE_WANTED: it is to be moved
 * @PMM_PAGE_LARGE: likewise; it was part of a large folio
 * @PMM_PAGE_CACHED: likewise; it has a copy in swap to get rid of first
 * @PMM_PAGE_MOVED: it was
 * @PMM_PAGE_THERE: it was there already
 * @PMM_PAGE_SHARED: it is another process's, too
 * @PMM_PAGE_HELD: it cannot be had
 */
enum pmm_migrate_state {
	PMM_PAGE_WANTED,
	PMM_PAGE_LARGE,
	PMM_PAGE_CACHED,
	PMM_PAGE_MOVED,
	PMM_PAGE_THERE,
	PMM_PAGE_SHARED,
	PMM_PAGE_HELD,
};

/**
 * struct pmm_migration - a call under way
 * @arg: its figures
 * @mm: whose memory
 * @to: the type, or NULL for system RAM
 * @address: how far it has got
 * @end: where the range ends
 * @stop: there is nowhere to move more to, PMM_MIGRATE_*
 * @vma: where @address is, while mmap_lock is held
 * @nr: pages of the piece
 * @spare: device pages in @pages that were taken and are not used yet
 * @state: of each page of the piece
 * @pages: those that were looked at; and then device pages
 * @src: for struct migrate_vma
 * @dst: likewise
 */
struct pmm_migration {
	struct pmm_migrate *arg;
	struct mm_struct *mm;
	struct pmm_type *to;
	unsigned long address;
	unsigned long end;
	unsigned int stop;
	struct vm_area_struct *vma;
	unsigned long nr;
	unsigned long spare;
	u8 state[PMM_MIGRATE_PAGES];
	struct page *pages[PMM_MIGRATE_PAGES];
	unsigned long src[PMM_MIGRATE_PAGES];
	unsigned long dst[PMM_MIGRATE_PAGES];
};

/* ---- figures ---- */

/* What happened to so many bytes; the first reason is the one that is told. */
static void pmm_migration_count(struct pmm_migration *m, u64 *figure,
				u64 bytes, unsigned int reason)
{
	*figure += bytes;
	if (bytes && m->arg->reason == PMM_MIGRATE_NONE)
		m->arg->reason = reason;
}

static void pmm_migration_count_page(struct pmm_migration *m, u8 state)
{
	struct pmm_migrate *arg = m->arg;

	switch (state) {
	case PMM_PAGE_MOVED:
		arg->moved += PAGE_SIZE;
		break;
	case PMM_PAGE_THERE:
		arg->there += PAGE_SIZE;
		break;
	case PMM_PAGE_SHARED:
		pmm_migration_count(m, &arg->shared, PAGE_SIZE,
				    PMM_MIGRATE_SHARED);
		break;
	case PMM_PAGE_HELD:
		pmm_migration_count(m, &arg->busy, PAGE_SIZE, PMM_MIGRATE_BUSY);
		break;
	default:
		if (m->stop)
			arg->left += PAGE_SIZE;
		else if (state == PMM_PAGE_LARGE)
			pmm_migration_count(m, &arg->large, PAGE_SIZE,
					    PMM_MIGRATE_LARGE);
		else
			pmm_migration_count(m, &arg->busy, PAGE_SIZE,
					    PMM_MIGRATE_BUSY);
	}
}

/* The piece is done with. */
static void pmm_migration_advance(struct pmm_migration *m)
{
	unsigned long i;

	for (i = 0; i < m->nr; i++)
		pmm_migration_count_page(m, m->state[i]);
	m->address += m->nr << PAGE_SHIFT;
}

/* Up to @end there is nothing to be moved. */
static void pmm_migration_skip(struct pmm_migration *m, unsigned long end,
			       u64 *figure, unsigned int reason)
{
	end = min(end, m->end);
	pmm_migration_count(m, figure, end - m->address, reason);
	m->address = end;
	m->nr = 0;
}

static bool pmm_migration_wants(u8 state)
{
	return state == PMM_PAGE_WANTED || state == PMM_PAGE_LARGE;
}

static unsigned long pmm_migration_wanted(const struct pmm_migration *m)
{
	unsigned long i, nr = 0;

	for (i = 0; i < m->nr; i++)
		nr += pmm_migration_wants(m->state[i]);
	return nr;
}

/* ---- look ---- */

/* What to do with a page of anonymous memory; a reference to it is held. */
static u8 pmm_migration_judge(const struct pmm_migration *m, struct page *page)
{
	if (pmm_coherent_page(page) && PageHWPoison(page))
		return PMM_PAGE_HELD;
	if (pmm_coherent_page(page))
		return m->to && pmm_coherent_has(m->to, page) ?
		       PMM_PAGE_THERE : PMM_PAGE_WANTED;
	if (!m->to)
		return PMM_PAGE_THERE;
	/* The page of zeroes stands for memory that was never written to. */
	if (!PageAnon(page))
		return PMM_PAGE_WANTED;
	if (PageKsm(page) || pmm_page_shared(page))
		return PMM_PAGE_SHARED;
	if (PageTransCompound(page))
		return PMM_PAGE_LARGE;
	return folio_test_swapcache(page_folio(page)) ? PMM_PAGE_CACHED :
							 PMM_PAGE_WANTED;
}

/*
 * Faults in the page, in a way that nobody else waits for: what a userfaultfd would
 * have to provide cannot be had.  For it to know that, the kernel has to be told not
 * to wait.  Pages without access rights are looked at, too.
 */
static long pmm_migration_get(struct pmm_migration *m, unsigned long i,
			      unsigned long nr, unsigned int flags)
{
	if (userfaultfd_armed(m->vma))
		flags |= FOLL_NOWAIT;
	return pmm_get_user_pages_remote(m->mm, m->address + (i << PAGE_SHIFT),
					 nr, flags | FOLL_FORCE, m->pages);
}

/* Not every kernel moves a page to a device that has a copy in swap. */
static u8 pmm_migration_uncache(struct pmm_migration *m, unsigned long i)
{
	/* A write is what makes the kernel give up the copy. */
	if (pmm_migration_get(m, i, 1, FOLL_WRITE) != 1)
		return PMM_PAGE_HELD;
	put_page(m->pages[0]);
	return PMM_PAGE_WANTED;
}

static void pmm_migration_set_state(struct pmm_migration *m, unsigned long i,
				    u8 state)
{
	/* Moved in an earlier turn. */
	if (m->state[i] == PMM_PAGE_MOVED && state == PMM_PAGE_THERE)
		return;
	m->state[i] = state;
}

static void pmm_migration_look(struct pmm_migration *m)
{
	/* What is not there at all need not be moved back. */
	unsigned int flags = m->to ? 0 : FOLL_NOFAULT;
	unsigned long i = 0;
	long got, n;

	while (i < m->nr) {
		got = pmm_migration_get(m, i, m->nr - i, flags);
		if (got <= 0) {
			pmm_migration_set_state(m, i++, m->to ? PMM_PAGE_HELD :
								PMM_PAGE_THERE);
			continue;
		}
		for (n = 0; n < got; n++, i++) {
			u8 state = pmm_migration_judge(m, m->pages[n]);

			pmm_migration_set_state(m, i, state);
			put_page(m->pages[n]);
		}
	}
	for (i = 0; i < m->nr; i++)
		if (m->state[i] == PMM_PAGE_CACHED)
			m->state[i] = pmm_migration_uncache(m, i);
}

/* ---- take and move ---- */

/* A page to move another to, locked and with one reference, or NULL. */
static struct page *pmm_migration_target(struct pmm_migration *m)
{
	struct page *page;

	if (m->to) {
		page = m->pages[--m->spare];
		zone_device_page_init(page);
	} else {
		page = pmm_coherent_system_page();
		if (!page)
			m->stop = PMM_MIGRATE_NO_MEMORY;
	}
	return page;
}

/* Give each page that can be moved a place to go to. */
static void pmm_migration_fill(struct pmm_migration *m, unsigned long nr)
{
	struct page *from, *to;
	unsigned long i;

	for (i = 0; i < nr && (!m->to || m->spare); i++) {
		from = migrate_pfn_to_page(m->src[i]);
		if (!(m->src[i] & MIGRATE_PFN_MIGRATE) ||
		    !pmm_migration_wants(m->state[i]))
			continue;
		/* Merged with another process's since it was looked at. */
		if (from && PageKsm(from))
			continue;
		/* Going back, nothing is not made something. */
		if (!from && !m->to)
			continue;
		to = pmm_migration_target(m);
		if (!to)
			break;
		if (!from)
			clear_highpage(to);
		m->dst[i] = migrate_pfn(page_to_pfn(to));
	}
}

static void pmm_migration_move(struct pmm_migration *m)
{
	struct migrate_vma args = {
		.vma = m->vma,
		.src = m->src,
		.dst = m->dst,
		.start = m->address,
		.end = m->address + (m->nr << PAGE_SHIFT),
		.pgmap_owner = pmm_coherent_pgmap_owner(),
		.flags = MIGRATE_VMA_SELECT_DEVICE_COHERENT,
	};
	unsigned long i;

	if (m->to)
		args.flags |= MIGRATE_VMA_SELECT_SYSTEM;
	if (migrate_vma_setup(&args))
		return;
	pmm_migration_fill(m, args.npages);
	migrate_vma_pages(&args);
	pmm_coherent_copy(m->src, m->dst, args.npages);
	for (i = 0; i < args.npages; i++)
		if (m->dst[i] && m->src[i] & MIGRATE_PFN_MIGRATE)
			m->state[i] = PMM_PAGE_MOVED;
	migrate_vma_finalize(&args);
}

static void pmm_migration_take(struct pmm_migration *m)
{
	unsigned long wanted = pmm_migration_wanted(m);
	unsigned int reason = PMM_MIGRATE_NONE;

	m->spare = pmm_coherent_take(m->to, m->pages, wanted, &reason);
	if (m->spare < wanted)
		m->stop = reason;
}

static void pmm_migration_untake(struct pmm_migration *m)
{
	while (m->spare)
		pmm_coherent_untake(m->to, m->pages[--m->spare]);
}

/* ---- pieces ---- */

/* Ordinary memory of a program, and not what a file or a driver is behind. */
static bool pmm_vma_fit(const struct vm_area_struct *vma)
{
	return vma_is_anonymous((struct vm_area_struct *)vma) &&
	       !(vma->vm_flags & (VM_SPECIAL | VM_HUGETLB));
}

/* The piece that begins at m->address, if something can be moved there. */
static bool pmm_migration_find(struct pmm_migration *m)
{
	struct vm_area_struct *vma = find_vma(m->mm, m->address);
	struct pmm_migrate *arg = m->arg;
	unsigned long length;

	if (!vma || vma->vm_start > m->address) {
		pmm_migration_skip(m, vma ? vma->vm_start : m->end,
				   &arg->unmapped, PMM_MIGRATE_UNMAPPED);
		return false;
	}
	if (!pmm_vma_fit(vma)) {
		pmm_migration_skip(m, vma->vm_end, &arg->unfit,
				   PMM_MIGRATE_UNFIT);
		return false;
	}
	length = min(m->end, vma->vm_end) - m->address;
	length = min(length,
		     PMM_MIGRATE_BYTES - m->address % PMM_MIGRATE_BYTES);
	m->nr = length >> PAGE_SHIFT;
	m->vma = vma;
	return true;
}

/* Return: 1 if the piece is to be tried again, 0 if it is not, or -EINTR. */
static int pmm_migration_turn(struct pmm_migration *m)
{
	if (mmap_read_lock_killable(m->mm))
		return -EINTR;
	if (pmm_migration_find(m)) {
		pmm_migration_look(m);
		if (m->to)
			pmm_migration_take(m);
		if (pmm_migration_wanted(m))
			pmm_migration_move(m);
		pmm_migration_untake(m);
	}
	mmap_read_unlock(m->mm);
	cond_resched();
	return !m->stop && pmm_migration_wanted(m);
}

static int pmm_migration_piece(struct pmm_migration *m)
{
	unsigned int try = 1;
	int ret;

	memset(m->state, PMM_PAGE_HELD, sizeof(m->state));
	m->nr = 0;
	while ((ret = pmm_migration_turn(m)) > 0 && try < PMM_MIGRATE_TRIES) {
		if (try > 1)
			msleep_interruptible(BIT(try - 2));
		if (signal_pending(current))
			break;
		try++;
	}
	pmm_migration_advance(m);
	return min(ret, 0);
}

/* From one end to the other.  Return: 0, or -EINTR with some of it left. */
static int pmm_migration_run(struct pmm_migration *m)
{
	int err = 0;

	while (!err && !m->stop && m->address < m->end) {
		err = pmm_migration_piece(m);
		if (!err && signal_pending(current) && m->address < m->end)
			err = -EINTR;
	}
	m->arg->left += m->end - m->address;
	if (m->stop)
		m->arg->reason = m->stop;
	return err;
}

/* ---- whose memory ---- */

/* The caller's own, which he can always open, to compare others with. */
static struct file *pmm_mem_open_own(struct file *other)
{
	struct super_block *sb = file_inode(other)->i_sb;
	struct path root = {
		.mnt = other->f_path.mnt,
		.dentry = sb->s_root,
	};

	if (sb->s_magic != PROC_SUPER_MAGIC)
		return ERR_PTR(-EBADF);
	return file_open_root(&root, "self/mem", O_RDONLY, 0);
}

/*
 * The memory that an open /proc/PID/mem is.  The kernel has checked that whoever
 * opened it may ptrace the process.  Modules can neither do that check nor tell such
 * a file from others, except by comparison with one that is known.
 */
static struct mm_struct *pmm_mem_of_file(struct file *file)
{
	struct file *own = pmm_mem_open_own(file);
	struct mm_struct *mm = ERR_PTR(-EBADF);

	if (IS_ERR(own))
		return ERR_CAST(own);
	if (file->f_op == own->f_op && own->private_data == current->mm) {
		mm = file->private_data;
		if (!mm || !mmget_not_zero(mm))
			mm = ERR_PTR(-ESRCH);
	}
	fput(own);
	return mm;
}

/* Return: to be put with mmput(), or an ERR_PTR. */
static struct mm_struct *pmm_migrate_mm(const struct pmm_migrate *arg)
{
	struct mm_struct *mm;
	struct file *file;

	if (!(arg->flags & PMM_MIGRATE_MEM)) {
		mmget(current->mm);
		return current->mm;
	}
	file = fget(arg->mem_fd);
	if (!file)
		return ERR_PTR(-EBADF);
	mm = pmm_mem_of_file(file);
	fput(file);
	return mm;
}

/* ---- the call ---- */

static int pmm_migrate_check(const struct pmm_migrate *arg)
{
	u64 end;

	if (arg->flags & ~PMM_MIGRATE_MEM || arg->reserved || !arg->length ||
	    (!(arg->flags & PMM_MIGRATE_MEM) && arg->mem_fd) ||
	    strnlen(arg->type, sizeof(arg->type)) == sizeof(arg->type))
		return -EINVAL;
	if (check_add_overflow(arg->address, arg->length, &end) ||
	    end > (u64)TASK_SIZE_MAX)
		return -EOVERFLOW;
	return 0;
}

static void pmm_migrate_clear_out(struct pmm_migrate *arg)
{
	arg->reason = PMM_MIGRATE_NONE;
	arg->moved = 0;
	arg->there = 0;
	arg->unmapped = 0;
	arg->unfit = 0;
	arg->shared = 0;
	arg->large = 0;
	arg->busy = 0;
	arg->left = 0;
}

static int pmm_migrate_error(const struct pmm_migrate *arg)
{
	switch (arg->reason) {
	case PMM_MIGRATE_NONE:
		return 0;
	case PMM_MIGRATE_UNMAPPED:
		return -EFAULT;
	case PMM_MIGRATE_UNFIT:
		return -EOPNOTSUPP;
	case PMM_MIGRATE_NO_ROOM:
	case PMM_MIGRATE_RESERVE:
	case PMM_MIGRATE_NO_MEMORY:
		return -ENOMEM;
	case PMM_MIGRATE_QUOTA:
		return -EDQUOT;
	default:
		return -EBUSY;
	}
}

/* NULL for system RAM; to be put. */
static struct pmm_type *pmm_migrate_type(const struct pmm_migrate *arg)
{
	struct pmm_type *type;

	if (!arg->type[0])
		return NULL;
	type = pmm_type_find(arg->type);
	if (!type)
		return ERR_PTR(-ENOENT);
	if (!(type->caps & PMM_TYPE_MIGRATE)) {
		pmm_type_put(type);
		return ERR_PTR(-ENODEV);
	}
	return type;
}

/* Whole pages, all of which the range touches. */
static int pmm_migrate_pages(struct pmm_migrate *arg, struct mm_struct *mm,
			     struct pmm_type *to)
{
	struct pmm_migration *m = kvzalloc(sizeof(*m), GFP_KERNEL);
	int err;

	if (!m)
		return -ENOMEM;
	m->arg = arg;
	m->mm = mm;
	m->to = to;
	m->address = arg->address & PAGE_MASK;
	m->end = PAGE_ALIGN(arg->address + arg->length);
	err = pmm_migration_run(m);
	kvfree(m);
	return err ?: pmm_migrate_error(arg);
}

static int pmm_migrate(struct pmm_migrate *arg)
{
	struct pmm_type *to = pmm_migrate_type(arg);
	struct mm_struct *mm;
	int err;

	if (IS_ERR(to))
		return PTR_ERR(to);
	mm = pmm_migrate_mm(arg);
	err = PTR_ERR_OR_ZERO(mm);
	if (!err) {
		err = pmm_migrate_pages(arg, mm, to);
		mmput(mm);
	}
	if (to)
		pmm_type_put(to);
	return err;
}

long pmm_ioc_migrate(void __user *uarg)
{
	struct pmm_migrate arg;
	long usize = pmm_copy_in(&arg, sizeof(arg), uarg);
	long err;

	if (usize < 0)
		return usize;
	err = pmm_migrate_check(&arg);
	if (err)
		return err;
	pmm_migrate_clear_out(&arg);
	err = pmm_migrate(&arg);
	if (pmm_copy_out(uarg, &arg, sizeof(arg), usize))
		return -EFAULT;
	return err;
}
