// SPDX-License-Identifier: GPL-2.0-only
/*
 * Make fsnotify slow in freeing marks: whoever changes the mode of a given file is
 * held up for a while, during which fsnotify may not free any mark at all.
 *
 *	insmod pmm_test_slow_marks.ko path=FILE delay_ms=TIME
 */
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/fsnotify_backend.h>
#include <linux/module.h>
#include <linux/namei.h>
#include <linux/slab.h>

static char *path;
module_param(path, charp, 0444);
MODULE_PARM_DESC(path, "a file; changing its attributes is slow from now on");

static unsigned int delay_ms = 500;
module_param(delay_ms, uint, 0444);
MODULE_PARM_DESC(delay_ms, "how slow, in milliseconds");

static struct fsnotify_group *group;
static struct fsnotify_mark *mark;

/* Runs inside fsnotify's SRCU section, which freeing a mark waits for. */
static int slow_event(struct fsnotify_mark *m, u32 mask, struct inode *inode,
		      struct inode *dir, const struct qstr *name, u32 cookie)
{
	msleep(delay_ms);
	return 0;
}

static void slow_free_mark(struct fsnotify_mark *m)
{
	kfree(m);
}

static const struct fsnotify_ops slow_ops = {
	.handle_inode_event = slow_event,
	.free_mark = slow_free_mark,
};

static int slow_mark(struct inode *inode)
{
	int err;

	mark = kzalloc(sizeof(*mark), GFP_KERNEL);
	if (!mark)
		return -ENOMEM;
	fsnotify_init_mark(mark, group);
	mark->mask = FS_ATTRIB;
	err = fsnotify_add_inode_mark(mark, inode, 0);
	if (err)
		fsnotify_put_mark(mark);
	return err;
}

static int __init slow_init(void)
{
	struct path found;
	int err;

	if (!path)
		return -EINVAL;
	err = kern_path(path, LOOKUP_FOLLOW, &found);
	if (err)
		return err;
	group = fsnotify_alloc_group(&slow_ops, 0);
	err = PTR_ERR_OR_ZERO(group);
	if (!err) {
		err = slow_mark(d_inode(found.dentry));
		if (err)
			fsnotify_put_group(group);
	}
	path_put(&found);
	return err;
}

static void __exit slow_exit(void)
{
	fsnotify_destroy_mark(mark, group);
	fsnotify_put_mark(mark);
	fsnotify_wait_marks_destroyed();
	fsnotify_put_group(group);
}

module_init(slow_init);
module_exit(slow_exit);

MODULE_DESCRIPTION("PMM tests: slow freeing of fsnotify marks");
MODULE_LICENSE("GPL");
