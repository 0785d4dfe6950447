// SPDX-License-Identifier: GPL-2.0-only
/*
 * Watches: how the end of an inode is noticed that PMM keeps no reference to.
 *
 * An fsnotify mark is destroyed when its inode ends, but also whenever *any* of
 * the inode's dentries dies while it has no links, with files and mappings still
 * there.  So the callback tries to grab the inode.  If it cannot, this is the end.
 * If it can, the inode has no link and will never have one again: it is *held*,
 * and looked at from a work item until that hold is the only reference left.
 *
 * A new mark would not do instead: fsnotify_destroy_marks() may still be walking
 * the inode's marks, and on newer kernels takes one that is added meanwhile off
 * the inode without a word.
 *
 * The table of watches is the authority on which inodes are homes and aliases,
 * and the pages themselves on when they can be used again; a mark is only a hint
 * to look.
 */
#include <linux/fs.h>
#include <linux/fsnotify_backend.h>
#include <linux/hashtable.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "pmm_compat.h"
#include "pmm_core.h"

/* The longest time between two looks at a held inode, in jiffies. */
#define PMM_WATCH_DELAY_MAX	HZ

/* All watches whose inode has not ended, by its address. */
static DEFINE_HASHTABLE(pmm_watches, 8);
/* Protects it, and pmm_watch.held. */
static DEFINE_SPINLOCK(pmm_watches_lock);

static struct fsnotify_group *pmm_group;

/**
 * struct pmm_mark - announces the end of an inode
 * @mark: in the inode's list of marks
 * @watch: whose; counted in its @ref
 */
struct pmm_mark {
	struct fsnotify_mark mark;
	struct pmm_watch *watch;
};

static void pmm_watch_release(struct kref *ref)
{
	struct pmm_watch *watch = container_of(ref, struct pmm_watch, ref);

	watch->ops->release(watch);
}

/* Keep the structure. */
void pmm_watch_get(struct pmm_watch *watch)
{
	kref_get(&watch->ref);
}

/* The reverse of pmm_watch_get(). */
void pmm_watch_put(struct pmm_watch *watch)
{
	kref_put(&watch->ref, pmm_watch_release);
}

/* Has the inode gone? */
bool pmm_watch_ended(struct pmm_watch *watch)
{
	return READ_ONCE(watch->ended);
}

/* ---- the table ---- */

/* The watch of an inode; the lock is held. */
static struct pmm_watch *pmm_watch_lookup(struct inode *inode)
{
	struct pmm_watch *watch;

	lockdep_assert_held(&pmm_watches_lock);
	hash_for_each_possible(pmm_watches, watch, node, (unsigned long)inode)
		if (watch->inode == inode)
			return watch;
	return NULL;
}

/* Enter a watch into the table; an inode can be there once. */
static int pmm_watch_hash(struct pmm_watch *watch)
{
	int err = 0;

	spin_lock(&pmm_watches_lock);
	if (pmm_watch_lookup(watch->inode))
		err = -EBUSY;
	else
		hash_add(pmm_watches, &watch->node,
			 (unsigned long)watch->inode);
	spin_unlock(&pmm_watches_lock);
	return err;
}

/* The inode is not to be found any more. */
static void pmm_watch_unhash(struct pmm_watch *watch)
{
	spin_lock(&pmm_watches_lock);
	hash_del(&watch->node);
	spin_unlock(&pmm_watches_lock);
}

/* This was the end, or is to be taken for it. */
static void pmm_watch_end(struct pmm_watch *watch)
{
	pmm_watch_unhash(watch);
	WRITE_ONCE(watch->ended, true);
}

/**
 * pmm_watch_find() - the watch on an inode
 * @inode: an inode that the caller keeps
 * @ops: of the kind wanted
 *
 * Context: Any but hard interrupts.
 * Return: the watch, with a reference, or NULL.
 */
struct pmm_watch *pmm_watch_find(struct inode *inode,
				 const struct pmm_watch_ops *ops)
{
	struct pmm_watch *watch;

	spin_lock(&pmm_watches_lock);
	watch = pmm_watch_lookup(inode);
	if (watch && watch->ops == ops)
		pmm_watch_get(watch);
	else
		watch = NULL;
	spin_unlock(&pmm_watches_lock);
	return watch;
}

/**
 * pmm_watch_grab() - keep a watched inode, and its super block
 * @watch: the watch; the caller has a reference
 *
 * Context: Any but hard interrupts.
 * Return: the inode, to be let go with pmm_watch_ungrab(), or NULL at its end.
 */
struct inode *pmm_watch_grab(struct pmm_watch *watch)
{
	struct inode *inode = NULL;

	spin_lock(&pmm_watches_lock);
	if (!hlist_unhashed(&watch->node))
		inode = igrab(watch->inode);
	spin_unlock(&pmm_watches_lock);

	if (inode && !atomic_inc_not_zero(&inode->i_sb->s_active)) {
		/* Being unmounted: whoever does that has the inode, too. */
		iput(inode);
		inode = NULL;
	}
	return inode;
}

/* The reverse of pmm_watch_grab(); may sleep. */
void pmm_watch_ungrab(struct inode *inode)
{
	struct super_block *sb = inode->i_sb;

	iput(inode);
	deactivate_super(sb);
}

/* Look at all inodes that are between life and end, now. */
void pmm_watches_flush(void)
{
	struct pmm_watch *watch;
	int bucket;

	spin_lock(&pmm_watches_lock);
	hash_for_each(pmm_watches, bucket, watch, node)
		if (watch->held)
			mod_delayed_work(pmm_wq, &watch->check, 0);
	spin_unlock(&pmm_watches_lock);
}

/* ---- the end ---- */

/* Runs without spinlocks, but maybe in reclaim or under an inode's lock. */
static void pmm_mark_freeing(struct fsnotify_mark *mark,
			     struct fsnotify_group *group)
{
	struct pmm_watch *watch = container_of(mark, struct pmm_mark,
					       mark)->watch;

	if (pmm_watch_ended(watch))
		return;
	if (!pmm_watch_grab(watch)) {
		pmm_watch_end(watch);
		watch->ops->ended(watch);
		return;
	}
	pmm_watch_get(watch);
	spin_lock(&pmm_watches_lock);
	watch->held = true;
	watch->check_delay = 1;
	queue_delayed_work(pmm_wq, &watch->check, 1);
	spin_unlock(&pmm_watches_lock);
}

/* Each mark keeps the module, because this runs whenever fsnotify likes. */
static void pmm_mark_free(struct fsnotify_mark *mark)
{
	struct pmm_mark *m = container_of(mark, struct pmm_mark, mark);

	pmm_watch_put(m->watch);
	kfree(m);
	module_put(THIS_MODULE);
}

static const struct fsnotify_ops pmm_mark_ops = {
	.freeing_mark = pmm_mark_freeing,
	.free_mark = pmm_mark_free,
};

static int pmm_watch_mark(struct pmm_watch *watch)
{
	struct pmm_mark *m = kzalloc(sizeof(*m), GFP_KERNEL);
	int err;

	if (!m)
		return -ENOMEM;
	__module_get(THIS_MODULE);
	pmm_watch_get(watch);
	m->watch = watch;
	fsnotify_init_mark(&m->mark, pmm_group);
	m->mark.flags |= FSNOTIFY_MARK_FLAG_NO_IREF;
	err = fsnotify_add_inode_mark(&m->mark, watch->inode, 0);
	if (err)
		fsnotify_put_mark(&m->mark);
	else
		watch->mark = &m->mark;
	return err;
}

/* Let a held inode go.  Nobody looks at it any more after this. */
static void pmm_watch_unhold(struct pmm_watch *watch)
{
	struct inode *inode = watch->inode;

	spin_lock(&pmm_watches_lock);
	watch->held = false;
	/* pmm_watches_flush() may have queued it again. */
	cancel_delayed_work(&watch->check);
	spin_unlock(&pmm_watches_lock);
	pmm_watch_ungrab(inode);
}

/* Look at a held inode.  The work owns the hold and a reference to the watch. */
static void pmm_watch_check(struct work_struct *work)
{
	struct pmm_watch *watch = container_of(to_delayed_work(work),
					       struct pmm_watch, check);

	/* Ended already: it was started, and cancelled. */
	if (!pmm_watch_ended(watch) &&
	    atomic_read(&watch->inode->i_count) > 1) {
		watch->check_delay = min_t(unsigned long,
					   watch->check_delay * 2,
					   PMM_WATCH_DELAY_MAX);
		queue_delayed_work(pmm_wq, &watch->check, watch->check_delay);
		return;
	}
	pmm_watch_unhash(watch);
	pmm_watch_unhold(watch);
	WRITE_ONCE(watch->ended, true);
	watch->ops->ended(watch);
	pmm_watch_put(watch);
}

/**
 * pmm_watch_init() - prepare a watch that has not begun
 * @watch: in whatever is about the inode; has one reference afterwards
 * @inode: to be watched
 * @ops: whose it is
 */
void pmm_watch_init(struct pmm_watch *watch, struct inode *inode,
		    const struct pmm_watch_ops *ops)
{
	kref_init(&watch->ref);
	watch->ops = ops;
	watch->inode = inode;
	INIT_HLIST_NODE(&watch->node);
	INIT_DELAYED_WORK(&watch->check, pmm_watch_check);
}

/**
 * pmm_watch_start() - watch from now on
 * @watch: prepared; the caller keeps its inode
 *
 * Context: May sleep.
 * Return: 0; -EBUSY if the inode is watched already; -ENOMEM.
 */
int pmm_watch_start(struct pmm_watch *watch)
{
	int err = pmm_watch_hash(watch);

	if (err)
		return err;
	err = pmm_watch_mark(watch);
	if (err)
		pmm_watch_end(watch);
	return err;
}

/**
 * pmm_watch_stop() - no more watching
 * @watch: one whose inode has ended, or is of no interest after all
 *
 * Context: May sleep.
 */
void pmm_watch_stop(struct pmm_watch *watch)
{
	struct fsnotify_mark *mark = watch->mark;

	/* For the callback: this is no end of the inode. */
	pmm_watch_end(watch);
	if (!mark)
		return;
	watch->mark = NULL;
	fsnotify_destroy_mark(mark, pmm_group);
	fsnotify_put_mark(mark);
}

/* Before the first watch. */
int pmm_watches_init(void)
{
	pmm_group = fsnotify_alloc_group(&pmm_mark_ops, FSNOTIFY_GROUP_NOFS);
	return PTR_ERR_OR_ZERO(pmm_group);
}

/* After the last watch; pmm_wq has nothing to do any more. */
void pmm_watches_exit(void)
{
	fsnotify_wait_marks_destroyed();
	fsnotify_put_group(pmm_group);
}
