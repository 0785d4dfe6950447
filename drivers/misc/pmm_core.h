/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of the module share: types, blocks, homes.
 *
 * Locks, in the order in which they nest:
 *
 *	pmm_nodes_mutex		which regions are NUMA nodes, while one comes or goes
 *	the kernel's		those of memory hotplug, taken by what it offers
 *	pmm_regions_mutex	the list of regions, see pmm_region.c
 *	pmm_ranges_mutex	which pages belong to which type; while a type
 *				comes, goes, grows or shrinks
 *	mmap_lock		the kernel's; ADOPT and FIND drop it at once; those of
 *				mirrors, on both sides of it, are in pmm_mirror.c
 *	pmm_block.lock		a block's home and whether it is dead
 *	inode lock		the kernel's; taken by ADOPT, never with the block's
 *	folio lock, i_pages	the kernel's, while pages go into a home
 *	pmm_watches_lock	the table of watches; inode->i_lock nests inside
 *	fsnotify's group lock	the kernel's; marks are attached with either held
 *	pmm_nodes_lock		the list of those nodes; nests with nothing
 *	pmm_quarantine_lock	the list of blocks that wait for their pages
 *	pmm_types_lock		the list of types
 *	pmm_type.lock		an allocator and the figures of its type
 *	pmm_accounts.lock	what is charged to whom; nests with nothing
 *	pmm_coherent.lock	the free pages of a type that pages are moved into;
 *				inside mmap_lock, outside the two before this one
 *
 * mmap() holds mmap_lock and needs pmm_block.lock; write() to a tmpfs file
 * holds the inode lock and needs mmap_lock.  So nobody waits for an inode lock
 * with pmm_block.lock held: pmm_block.adopting stands in for it.
 *
 * While a home is filled, those of its folios that are in already are all locked,
 * so that nobody uses one before the last is in: see pmm_shmem_insert().  They are
 * locked in the order of their indices, and each before it can be found there.
 * Whoever else finds one waits with no other folio locked, or only tries.  Filling
 * itself waits for nothing but memory, and reclaim does not see these folios: they
 * are on no LRU list.
 */
#ifndef PMM_CORE_H
#define PMM_CORE_H

#include <linux/bits.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/fsnotify_backend.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/uidgid.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <linux/pmm.h>

#include "pmm_alloc.h"
#include <uapi/linux/pmm.h>

struct pmm_coherent;
struct device;
struct seq_file;

/* Homes are made of folios of this order where address and size allow. */
#ifdef CONFIG_TRANSPARENT_HUGEPAGE
#define PMM_CHUNK_ORDER		HPAGE_PMD_ORDER
#else
#define PMM_CHUNK_ORDER		0
#endif
#define PMM_CHUNK_PAGES		BIT(PMM_CHUNK_ORDER)
#define PMM_CHUNK_SIZE		(PMM_CHUNK_PAGES << PAGE_SHIFT)

/* Largest alignment of a block, in bytes. */
#define PMM_MAX_ALIGN		BIT(30)

#define PMM_NR_REASONS		(PMM_REASON_RESERVE + 1)

/* Runs everything that may not be done where it is noticed. */
extern struct workqueue_struct *pmm_wq;

/* ---- types: drivers/misc/pmm_type.c, pmm_registry.c ---- */

/**
 * struct pmm_range - pages that belong to a type
 * @node: in pmm_type.ranges
 * @pfn: the first one
 * @nr: how many
 */
struct pmm_range {
	struct list_head node;
	unsigned long pfn;
	unsigned long nr;
};

/**
 * struct pmm_accounts - what is charged to the users of a type
 * @lock: protects everything else here
 * @tree: struct pmm_account, by uid
 * @used: pages charged; a block counts once, however many accounts pay for it
 */
struct pmm_accounts {
	spinlock_t lock;	/* everything here */
	struct rb_root tree;
	unsigned long used;
};

/* How many buckets: below 64 ns, 128 ns, ... 1 ms, and the rest. */
#define PMM_HOLD_BUCKETS	16

/**
 * struct pmm_hold - for how long a type's lock was held, under that lock
 * @since: when it was taken, as local_clock() tells
 * @max: the longest time so far, in ns
 * @histogram: how often it was held for how long
 */
struct pmm_hold {
	u64 since;
	u64 max;
	u64 histogram[PMM_HOLD_BUCKETS];
};

/**
 * struct pmm_scrub - memory of a type that is free, but not zeroed
 * @dirty: struct pmm_dirty, in no particular order
 * @pages: how many, those included that are being zeroed
 * @done: how many became clean, or were retired, so far; wraps around
 * @callers: allocations that zero some themselves
 * @wait: for more in @dirty, and for @done
 * @task: the thread that zeroes them, while the type is in the registry
 */
struct pmm_scrub {
	struct list_head dirty;		/* these four under pmm_type.lock */
	unsigned long pages;
	unsigned long done;
	unsigned int callers;
	wait_queue_head_t wait;
	struct task_struct *task;
};

/**
 * struct pmm_type - a kind of memory with one pool behind it
 * @ref: keeps this structure: one of the registry, one of each block and of
 *	each lookup.  The memory is the type's until it leaves the registry.
 * @node: in the registry, under pmm_types_lock
 * @name: as users name it
 * @caps: PMM_TYPE_* bits
 * @ops: its allocation policy
 * @min_align: smallest alignment of a block, in pages
 * @limit: physical address that all its memory is below; U64_MAX if any may be
 * @pool: system RAM that was taken from the kernel, see pmm_ram.c
 * @owner: module that every block keeps, or NULL
 * @coherent: of a type with PMM_TYPE_MIGRATE, which has no blocks, its memory; NULL
 *	for others
 * @reaches: may a device use it, if it is not system RAM; only while a block of
 *	it is in use, see pmm_block_use()
 * @data: for @reaches
 * @ranges: its struct pmm_range, under pmm_ranges_mutex
 * @accounts: what its users have, see pmm_quota.c
 * @scrub: its free memory that is not zeroed, see pmm_scrub.c
 * @lock: protects everything below; see pmm_type_lock()
 * @hold: for how long it was held
 * @alloc: which pages are free and zeroed, by page frame number; NULL once the type has
 *	no memory any more
 * @closed: there are to be no new blocks
 * @total: pages in @ranges
 * @blocks: blocks that have pages of it, and those about to
 * @quarantined: pages of dead blocks that somebody still holds
 * @retired: pages taken out of use after a memory error
 * @allocs: blocks allocated so far
 * @failures: failed allocations, by PMM_REASON_*
 */
struct pmm_type {
	struct kref ref;
	struct list_head node;
	char name[PMM_NAME_LEN];
	u64 caps;
	const struct pmm_alloc_ops *ops;
	unsigned long min_align;
	u64 limit;
	bool pool;
	struct module *owner;
	struct pmm_coherent *coherent;
	int (*reaches)(void *data, struct device *dev);
	void *data;
	struct list_head ranges;
	struct pmm_accounts accounts;
	struct pmm_scrub scrub;

	spinlock_t lock;	/* what follows */
	struct pmm_hold hold;
	struct pmm_areas *alloc;
	bool closed;
	unsigned long total;
	unsigned long blocks;
	unsigned long quarantined;
	unsigned long retired;
	unsigned long allocs;
	unsigned long failures[PMM_NR_REASONS];
};

/**
 * struct pmm_why - why an allocation failed
 * @reason: PMM_REASON_*
 * @total: pages of the pool
 * @free: pages free at that time
 * @largest: pages of the longest free range at that time
 * @quota: pages that the user may have, ULONG_MAX without a limit; filled in
 *	also when the allocation succeeds
 * @quota_used: pages that the user has, likewise
 */
struct pmm_why {
	unsigned int reason;
	unsigned long total;
	unsigned long free;
	unsigned long largest;
	unsigned long quota;
	unsigned long quota_used;
};

struct pmm_type *pmm_type_create(const char *name,
				 const struct pmm_alloc_ops *ops);
void pmm_type_get(struct pmm_type *type);
void pmm_type_put(struct pmm_type *type);
int pmm_type_add(struct pmm_type *type, unsigned long pfn, unsigned long nr);
int pmm_type_cut(struct pmm_type *type, unsigned long nr, unsigned long *pfn);
void pmm_type_describe(struct pmm_type *type, struct pmm_type_info *info);
void pmm_type_why(struct pmm_type *type, struct pmm_why *why,
		  unsigned int reason);
void pmm_type_count_failure(struct pmm_type *type, unsigned int reason);
int pmm_type_take(struct pmm_type *type, unsigned long nr, unsigned long align,
		  unsigned long *pfn, struct pmm_why *why);
int pmm_type_give(struct pmm_type *type, unsigned long pfn, unsigned long nr);
void pmm_type_block_gone(struct pmm_type *type);
void pmm_type_quarantine(struct pmm_type *type, long nr);
void pmm_type_show(struct seq_file *m, struct pmm_type *type);
void pmm_type_show_header(struct seq_file *m);

extern struct mutex pmm_ranges_mutex;

/**
 * struct pmm_want - an allocation of a type that is named or chosen
 * @name: name of the type, or the empty string
 * @caps: PMM_TYPE_* bits that the type must have.  With an empty @name and
 *	bits here, types are tried in the order of the registry; without bits
 *	there is only the default one, which is the first.
 * @length: bytes, as for pmm_block_alloc()
 * @align: in bytes, as for pmm_block_alloc()
 * @dev: a device that must be able to use it, see pmm_dma_check_type(), or NULL
 * @charged: the calling program pays
 */
struct pmm_want {
	const char *name;
	u64 caps;
	u64 length;
	u64 align;
	struct device *dev;
	bool charged;
};

struct pmm_type *pmm_type_find(const char *name);
struct pmm_type *pmm_type_by_index(unsigned int index);
struct pmm_block *pmm_types_alloc(const struct pmm_want *want, char *chosen,
				  struct pmm_why *why);
int pmm_type_list(struct pmm_type *type);
int pmm_type_close(struct pmm_type *type);
void pmm_type_unlist(struct pmm_type *type);
int pmm_type_extent(struct pmm_type *type, unsigned long *first,
		    unsigned long *last);
int pmm_type_offset(struct pmm_type *type, unsigned long pfn,
		    unsigned long *offset);
void pmm_type_forget_ranges(struct pmm_type *type);
void pmm_types_show(struct seq_file *m);

/* ---- system RAM: drivers/misc/pmm_ram.c, pmm_resize.c, pmm_pool.c ---- */

int pmm_types_init(void);
void pmm_types_exit(void);
unsigned long pmm_ram_available(void);
long pmm_ioc_resize(void __user *uarg);

/* Ranges of system RAM begin and end on what the kernel moves as a whole. */
#define PMM_POOL_STEP		max(PMM_CHUNK_PAGES, pageblock_nr_pages)

int pmm_pool_fill(struct list_head *ranges, unsigned long nr, u64 limit);
void pmm_pool_merge(struct list_head *ranges);
void pmm_pool_empty(struct list_head *ranges);

void pmm_type_lock(struct pmm_type *type);
void pmm_type_unlock(struct pmm_type *type);
void pmm_type_reset_hold(struct pmm_type *type);
void pmm_type_show_hold_header(struct seq_file *m);
void pmm_type_show_hold(struct seq_file *m, struct pmm_type *type);

/* ---- zeroing: drivers/misc/pmm_scrub.c, pmm_poison.c ---- */

int pmm_scrub_add(struct pmm_type *type, unsigned long pfn, unsigned long nr);
int pmm_scrub_add_new(struct pmm_type *type, unsigned long pfn,
		      unsigned long nr);
void pmm_scrub_begin(struct pmm_type *type);
void pmm_scrub_end(struct pmm_type *type);
int pmm_scrub_help(struct pmm_type *type, unsigned long nr);
int pmm_scrub_flush(struct pmm_type *type);
int pmm_scrub_start(struct pmm_type *type);
void pmm_scrub_stop(struct pmm_type *type);
void pmm_scrub_init(struct pmm_scrub *scrub);
void pmm_scrub_destroy(struct pmm_scrub *scrub);

bool pmm_poison_seen(void);
void pmm_poison_mark(struct xarray *bad);
void pmm_poison_init(void);
void pmm_poison_exit(void);

/* ---- quotas: drivers/misc/pmm_quota.c ---- */

struct pmm_charge;

int pmm_quota_charge(struct pmm_type *type, unsigned long pages,
		     struct pmm_charge **chargep, struct pmm_why *why);
void pmm_quota_uncharge(struct pmm_charge *charge);
void pmm_quota_uncharge_some(struct pmm_charge *charge, unsigned long pages);
long pmm_ioc_quota(void __user *uarg);
void pmm_accounts_init(struct pmm_accounts *accounts);
void pmm_accounts_destroy(struct pmm_accounts *accounts);
void pmm_accounts_show(struct seq_file *m, struct pmm_type *type);

/* Limits in pages and, for users, in bytes: all bits set is no limit. */
static inline u64 pmm_quota_bytes(unsigned long pages)
{
	return pages > (U64_MAX >> PAGE_SHIFT) ? U64_MAX :
						 (u64)pages << PAGE_SHIFT;
}

static inline unsigned long pmm_quota_pages(u64 bytes)
{
	return bytes == U64_MAX ? ULONG_MAX : bytes >> PAGE_SHIFT;
}

/* ---- blocks: drivers/misc/pmm_block.c, pmm_quarantine.c ---- */

struct pmm_home;

/**
 * struct pmm_block - a contiguous range of one type
 * @ref: keeps this structure; the pages are kept by @users and @home
 * @users: holders other than the home: block fds and in-kernel users.  At zero
 *	@work lets go of the home's files; the block dies when the home ends.
 * @id: its number
 * @type: its type
 * @pfn: first page frame number
 * @nr: pages
 * @align: alignment asked for, in pages
 * @uid: user who allocated it
 * @aliases: further names of its home, see ipc/pmm_alias.c
 * @charge: who pays for it, NULL if nobody does
 * @uses: whoever touches the pages by other means than the home: drivers, and
 *	whoever zeroes or examines them; see pmm_block_use()
 * @lock: protects @home, @adopting, @dead, @lost, @gone
 * @home: the inode whose page cache the block is, or NULL
 * @adopting: an ADOPT is under way, and @home is about to change
 * @dead: the pages are on their way back to the pool
 * @lost: the pages are on their way back to the driver they came from: they do
 *	not go into a home any more, and there are no new @uses
 * @gone: that is where they are, and nobody may touch them
 * @work: looks whether the block is still held, see pmm_block_check()
 * @waiting: in the quarantine
 */
struct pmm_block {
	struct kref ref;
	refcount_t users;
	u64 id;
	struct pmm_type *type;
	unsigned long pfn;
	unsigned long nr;
	unsigned long align;
	kuid_t uid;
	atomic_t aliases;
	struct pmm_charge *charge;
	atomic_t uses;

	struct mutex lock;	/* the next five */
	struct pmm_home *home;
	bool adopting;
	bool dead;
	bool lost;
	bool gone;

	struct work_struct work;
	struct list_head waiting;
};

struct pmm_block *pmm_block_alloc(struct pmm_type *type, u64 length, u64 align,
				  struct pmm_why *why);
struct pmm_block *pmm_block_alloc_charged(struct pmm_type *type, u64 length,
					  u64 align, struct pmm_why *why);
struct pmm_block *pmm_block_get_ref(struct pmm_block *block);
void pmm_block_put_ref(struct pmm_block *block);
void pmm_block_get(struct pmm_block *block);
void pmm_block_put(struct pmm_block *block);
int pmm_block_revive(struct pmm_block *block, struct file *file);
void pmm_block_check(struct pmm_block *block);
bool pmm_block_use(struct pmm_block *block);
void pmm_block_unuse(struct pmm_block *block);
struct pmm_block *pmm_block_after(unsigned long *id);
struct file *pmm_block_home_file(struct pmm_block *block, bool write);
void pmm_block_describe(struct pmm_block *block, struct pmm_block_info *info);
void pmm_blocks_show(struct seq_file *m);
void pmm_blocks_flush(void);
void pmm_block_destroy(struct pmm_block *block);

int pmm_quarantine_init(void);
void pmm_quarantine_exit(void);
void pmm_quarantine_add(struct pmm_block *block);
void pmm_quarantine_flush(void);
void pmm_drain_all(void);

/* ---- for drivers: drivers/misc/pmm_kapi.c, pmm_dma.c, include/linux/pmm.h ---- */

int pmm_dma_check_type(struct pmm_type *type, struct device *dev, u64 size,
		       u64 *align);
int pmm_dma_check_block(struct pmm_block *block, struct device *dev);
bool pmm_dma_reaches(struct device *dev, phys_addr_t first, phys_addr_t last);

/* ---- pages: drivers/misc/pmm_folio.c ---- */

bool pmm_folio_compose(struct page *head);
bool pmm_pages_poisoned(unsigned long pfn, unsigned long nr);
bool pmm_pages_returned(unsigned long pfn, unsigned long nr);
bool pmm_pages_reset(unsigned long pfn, unsigned long nr);

/* ---- watches: ipc/pmm_watch.c ---- */

struct pmm_watch;

/**
 * struct pmm_watch_ops - whose a watch is
 * @ended: the inode has gone, and its pages have left it; once, in any context
 *	but hard interrupts
 * @release: the last reference has gone
 */
struct pmm_watch_ops {
	void (*ended)(struct pmm_watch *watch);
	void (*release)(struct pmm_watch *watch);
};

/**
 * struct pmm_watch - an inode whose end is waited for
 * @ref: one of whoever made it, one of the mark
 * @ops: whose it is
 * @inode: not a reference: valid while the watch is in the table, which it
 *	leaves when the inode ends and not later
 * @node: in the table of watches, under pmm_watches_lock
 * @ended: the inode is gone, and its pages have left it
 * @held: the inode and its super block are held for @check, under
 *	pmm_watches_lock
 * @mark: announces the end
 * @check: looks at a held inode
 * @check_delay: until the next look, in jiffies
 */
struct pmm_watch {
	struct kref ref;
	const struct pmm_watch_ops *ops;
	struct inode *inode;
	struct hlist_node node;
	bool ended;
	bool held;
	struct fsnotify_mark *mark;
	struct delayed_work check;
	unsigned long check_delay;
};

int pmm_watches_init(void);
void pmm_watches_exit(void);
void pmm_watches_flush(void);
void pmm_watch_init(struct pmm_watch *watch, struct inode *inode,
		    const struct pmm_watch_ops *ops);
int pmm_watch_start(struct pmm_watch *watch);
void pmm_watch_stop(struct pmm_watch *watch);
void pmm_watch_get(struct pmm_watch *watch);
void pmm_watch_put(struct pmm_watch *watch);
bool pmm_watch_ended(struct pmm_watch *watch);
struct pmm_watch *pmm_watch_find(struct inode *inode,
				 const struct pmm_watch_ops *ops);
struct inode *pmm_watch_grab(struct pmm_watch *watch);
void pmm_watch_ungrab(struct inode *inode);

/* ---- homes: ipc/pmm_shm.c, pmm_alias.c, pmm_shmem.c ---- */

enum pmm_home_kind {
	PMM_HOME_PRIVATE,	/* made by the module */
	PMM_HOME_SYSV,		/* adopted: a System V segment */
	PMM_HOME_FILE,		/* adopted: a tmpfs file or memfd */
};

/**
 * struct pmm_home - the one inode whose page cache is a block
 * @watch: on the inode; its references are the home's, too
 * @block: whose home it is; counted in its @ref
 * @cred: of whoever made it the home; its files are opened with them
 * @ino: number of the inode
 * @kind: where it came from
 * @sealed: its size can no longer change
 * @internal: the inode is on the kernel's own tmpfs mount
 * @file_ro: for read-only mappings; NULL without users, or if not @internal
 * @file_rw: for the others
 */
struct pmm_home {
	struct pmm_watch watch;
	struct pmm_block *block;
	const struct cred *cred;
	unsigned long ino;
	enum pmm_home_kind kind;
	bool sealed;
	bool internal;
	struct file *file_ro;
	struct file *file_rw;
};

int pmm_homes_init(void);
struct pmm_home *pmm_home_create(struct pmm_block *block);
int pmm_home_adopt(struct pmm_block *block, unsigned long address, bool seal);
int pmm_home_open_files(struct pmm_home *home, const struct path *path);
void pmm_home_drop(struct pmm_home *home);
struct pmm_block *pmm_home_find(struct inode *inode);
bool pmm_home_write_sealed(struct pmm_home *home);
int pmm_home_mmap(struct file *file, struct vm_area_struct *vma);
bool pmm_home_empty(struct pmm_home *home);
void pmm_home_describe(struct pmm_home *home, struct pmm_block_info *info);

int pmm_alias_create(struct pmm_block *block, struct file *file);
struct pmm_block *pmm_alias_find(struct inode *inode);

int pmm_shmem_selftest(void);
int pmm_shmem_insert(struct inode *inode, unsigned long pfn, unsigned long nr);
bool pmm_shmem_empty(struct inode *inode, unsigned long nr);
u64 pmm_shmem_huge(struct inode *inode, unsigned long pfn, unsigned long nr,
		   bool *complete);

/* ---- /dev/pmm: drivers/misc/pmm.c, pmm_fd.c, pmm_find.c; and debugfs ---- */

long pmm_copy_in_version(void *to, size_t ksize, size_t first,
			 void __user *from);
long pmm_copy_in(void *to, size_t ksize, void __user *from);
int pmm_copy_out(void __user *to, const void *from, size_t ksize, size_t usize);
long pmm_install(struct file *file, void __user *uarg, const void *arg,
		 size_t ksize, size_t usize);

struct file *pmm_block_file(struct pmm_block *block, bool write);
struct pmm_block *pmm_block_of_file(struct file *file);
struct pmm_block *pmm_block_from_file(struct file *file);
long pmm_ioc_find(void __user *uarg);

#ifdef CONFIG_DEVICE_MIGRATION
long pmm_ioc_migrate(void __user *uarg);
#else
static inline long pmm_ioc_migrate(void __user *uarg)
{
	return -EOPNOTSUPP;
}
#endif

#ifdef CONFIG_DMA_SHARED_BUFFER
struct file *pmm_dmabuf_create(struct pmm_block *block);
struct pmm_block *pmm_dmabuf_block(struct file *file);
#else
static inline struct file *pmm_dmabuf_create(struct pmm_block *block)
{
	return ERR_PTR(-EOPNOTSUPP);
}

static inline struct pmm_block *pmm_dmabuf_block(struct file *file)
{
	return NULL;
}
#endif

#ifdef CONFIG_DEBUG_FS
void pmm_debugfs_init(void);
void pmm_debugfs_exit(void);
#else
static inline void pmm_debugfs_init(void) {}
static inline void pmm_debugfs_exit(void) {}
#endif

#endif /* PMM_CORE_H */
