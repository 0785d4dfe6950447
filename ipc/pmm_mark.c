// SPDX-License-Identifier: GPL-2.0-only
/*
 * How the end of a home is noticed: an fsnotify mark on its inode.
 *
 * The mark is destroyed when the inode ends, but also whenever *any* of its
 * dentries dies while it has no links, with files and mappings still there.  So
 * the callback tries to grab the inode.  If it cannot, this is the end.  If it
 * can, the inode has no link and will never have one again: it is *held*, and
 * looked at from a work item until that hold is the only reference left.
 *
 * A new mark would not do instead: fsnotify_destroy_marks() may still be walking
 * the inode's marks, and on newer kernels takes one that is added meanwhile off
 * the inode without a word.
 *
 * The table of homes is the authority on which inodes are homes, and the pages
 * themselves on when they can be used again; a mark is only a hint to look.
 */
#include <linux/fs.h>
#include <linux/fsnotify_backend.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "pmm_compat.h"
#include "pmm_core.h"

/* The longest time between two looks at a held inode, in jiffies. */
#define PMM_MARK_DELAY_MAX	HZ

static struct fsnotify_group *pmm_group;

/**
 * struct pmm_mark - announces the end of a home
 * @mark: in the inode's list of marks
 * @home: the home; counted in its @ref
 */
struct pmm_mark {
	struct fsnotify_mark mark;
	struct pmm_home *home;
};

/* Runs without spinlocks, but maybe in reclaim or under an inode's lock. */
static void pmm_mark_freeing(struct fsnotify_mark *mark,
			     struct fsnotify_group *group)
{
	struct pmm_home *home = container_of(mark, struct pmm_mark, mark)->home;

	if (pmm_home_ended(home))
		return;
	if (!pmm_home_grab(home)) {
		pmm_home_end(home);
		pmm_block_check(home->block);
		return;
	}
	pmm_home_get(home);
	spin_lock(&pmm_homes_lock);
	home->held = true;
	home->check_delay = 1;
	queue_delayed_work(pmm_wq, &home->check, 1);
	spin_unlock(&pmm_homes_lock);
}

/* Each mark keeps the module, because this runs whenever fsnotify likes. */
static void pmm_mark_free(struct fsnotify_mark *mark)
{
	struct pmm_mark *m = container_of(mark, struct pmm_mark, mark);

	pmm_home_put(m->home);
	kfree(m);
	module_put(THIS_MODULE);
}

static const struct fsnotify_ops pmm_mark_ops = {
	.freeing_mark = pmm_mark_freeing,
	.free_mark = pmm_mark_free,
};

/**
 * pmm_mark_attach() - put a mark on a home's inode
 * @home: the home; the caller keeps its inode
 *
 * Context: May sleep.
 * Return: 0 or a negative errno.
 */
int pmm_mark_attach(struct pmm_home *home)
{
	struct pmm_mark *m = kzalloc(sizeof(*m), GFP_KERNEL);
	int err;

	if (!m)
		return -ENOMEM;
	__module_get(THIS_MODULE);
	pmm_home_get(home);
	m->home = home;
	fsnotify_init_mark(&m->mark, pmm_group);
	m->mark.flags |= FSNOTIFY_MARK_FLAG_NO_IREF;
	err = fsnotify_add_inode_mark(&m->mark, home->inode, 0);
	if (err)
		fsnotify_put_mark(&m->mark);
	else
		home->mark = &m->mark;
	return err;
}

/* Take the mark off again, if there is one; may sleep. */
void pmm_mark_detach(struct pmm_home *home)
{
	struct fsnotify_mark *mark = home->mark;

	if (!mark)
		return;
	home->mark = NULL;
	fsnotify_destroy_mark(mark, pmm_group);
	fsnotify_put_mark(mark);
}

/* Let a held inode go.  Nobody looks at it any more after this. */
static void pmm_mark_unhold(struct pmm_home *home)
{
	struct inode *inode = home->inode;

	spin_lock(&pmm_homes_lock);
	home->held = false;
	/* pmm_homes_flush() may have queued it again. */
	cancel_delayed_work(&home->check);
	spin_unlock(&pmm_homes_lock);
	pmm_home_ungrab(inode);
}

/**
 * pmm_mark_check() - look at a held inode
 * @work: pmm_home.check; owns the hold and a reference to the home
 */
void pmm_mark_check(struct work_struct *work)
{
	struct pmm_home *home = container_of(to_delayed_work(work),
					     struct pmm_home, check);

	/* Ended already: what was to become a home did not. */
	if (!pmm_home_ended(home) &&
	    atomic_read(&home->inode->i_count) > 1) {
		home->check_delay = min_t(unsigned long, home->check_delay * 2,
					  PMM_MARK_DELAY_MAX);
		queue_delayed_work(pmm_wq, &home->check, home->check_delay);
		return;
	}
	pmm_home_unhash(home);
	pmm_mark_unhold(home);
	pmm_home_end(home);
	pmm_block_check(home->block);
	pmm_home_put(home);
}

/* Before the first home. */
int pmm_marks_init(void)
{
	pmm_group = fsnotify_alloc_group(&pmm_mark_ops, FSNOTIFY_GROUP_NOFS);
	return PTR_ERR_OR_ZERO(pmm_group);
}

/* After the last home; pmm_wq has nothing to do any more. */
void pmm_marks_exit(void)
{
	fsnotify_wait_marks_destroyed();
	fsnotify_put_group(pmm_group);
}
