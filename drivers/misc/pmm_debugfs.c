// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/pmm: one file a subject, a header line and a line for each.
 *
 *	types	what each type has, and its failed allocations by reason
 *	locks	for how long each type's lock was held; writing forgets it
 *	quotas	what is charged to whom, and the limits that were set
 *	blocks	every block: who allocated it, its home, its holders, its state
 *
 * Sizes are in bytes.  See Documentation/ABI/testing/debugfs-pmm.
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "pmm_core.h"

static struct dentry *pmm_debugfs_dir;

static int types_show(struct seq_file *m, void *unused)
{
	pmm_types_show(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(types);

static int locks_show(struct seq_file *m, void *unused)
{
	struct pmm_type *type;
	unsigned int i;

	pmm_type_show_hold_header(m);
	for (i = 0; (type = pmm_type_by_index(i)); i++) {
		pmm_type_show_hold(m, type);
		pmm_type_put(type);
	}
	return 0;
}

static int locks_open(struct inode *inode, struct file *file)
{
	return single_open(file, locks_show, NULL);
}

/* Whatever is written: begin anew. */
static ssize_t locks_write(struct file *file, const char __user *buf,
			   size_t count, loff_t *pos)
{
	struct pmm_type *type;
	unsigned int i;

	for (i = 0; (type = pmm_type_by_index(i)); i++) {
		pmm_type_reset_hold(type);
		pmm_type_put(type);
	}
	return count;
}

static const struct file_operations locks_fops = {
	.owner = THIS_MODULE,
	.open = locks_open,
	.read = seq_read,
	.write = locks_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static int quotas_show(struct seq_file *m, void *unused)
{
	struct pmm_type *type;
	unsigned int i;

	seq_puts(m, "type uid used limit origin\n");
	for (i = 0; (type = pmm_type_by_index(i)); i++) {
		pmm_accounts_show(m, type);
		pmm_type_put(type);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(quotas);

static int blocks_show(struct seq_file *m, void *unused)
{
	pmm_blocks_show(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(blocks);

/* Make the files; debugfs may be absent. */
void pmm_debugfs_init(void)
{
	pmm_debugfs_dir = debugfs_create_dir("pmm", NULL);
	debugfs_create_file("types", 0400, pmm_debugfs_dir, NULL, &types_fops);
	debugfs_create_file("locks", 0600, pmm_debugfs_dir, NULL, &locks_fops);
	debugfs_create_file("quotas", 0400, pmm_debugfs_dir, NULL,
			    &quotas_fops);
	debugfs_create_file("blocks", 0400, pmm_debugfs_dir, NULL,
			    &blocks_fops);
}

/* Remove them, after the last reader has left. */
void pmm_debugfs_exit(void)
{
	debugfs_remove_recursive(pmm_debugfs_dir);
}
