// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lock of a type, and for how long it is held.
 *
 * Everybody who allocates or frees spins on it, so what counts is not how long an
 * operation takes but how long it holds the lock.  Each time is recorded: two
 * readings of the CPU's clock, some tens of nanoseconds, are little beside the
 * system call that an allocation is.  What is recorded includes the interrupts
 * that the CPU took meanwhile and, in a guest, the time that the host took the
 * CPU away.
 */
#include <linux/log2.h>
#include <linux/sched/clock.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "pmm_core.h"

/* The first bucket is for what is shorter than this, in ns. */
#define PMM_HOLD_FIRST	6

/* Spin until nobody else has the type's lock. */
void pmm_type_lock(struct pmm_type *type)
	__acquires(&type->lock)
{
	spin_lock(&type->lock);
	type->hold.since = local_clock();
}

static unsigned int pmm_hold_bucket(u64 ns)
{
	unsigned int order = ns ? ilog2(ns) + 1 : 0;

	if (order <= PMM_HOLD_FIRST)
		return 0;
	return min_t(unsigned int, order - PMM_HOLD_FIRST,
		     PMM_HOLD_BUCKETS - 1);
}

/* Let go of it. */
void pmm_type_unlock(struct pmm_type *type)
	__releases(&type->lock)
{
	struct pmm_hold *hold = &type->hold;
	u64 ns = local_clock() - hold->since;

	hold->max = max(hold->max, ns);
	hold->histogram[pmm_hold_bucket(ns)]++;
	spin_unlock(&type->lock);
}

/* Forget what was recorded. */
void pmm_type_reset_hold(struct pmm_type *type)
{
	spin_lock(&type->lock);
	memset(&type->hold, 0, sizeof(type->hold));
	spin_unlock(&type->lock);
}

/* The header of the debugfs file "locks". */
void pmm_type_show_hold_header(struct seq_file *m)
{
	unsigned int i;

	seq_puts(m, "type taken max_ns");
	for (i = 0; i < PMM_HOLD_BUCKETS - 1; i++)
		seq_printf(m, " below_%lu", BIT(PMM_HOLD_FIRST + i));
	seq_puts(m, " longer\n");
}

/* The line of a type in it. */
void pmm_type_show_hold(struct seq_file *m, struct pmm_type *type)
{
	struct pmm_hold hold;
	u64 taken = 0;
	unsigned int i;

	spin_lock(&type->lock);
	hold = type->hold;
	spin_unlock(&type->lock);
	for (i = 0; i < PMM_HOLD_BUCKETS; i++)
		taken += hold.histogram[i];
	seq_printf(m, "%s %llu %llu", type->name, taken, hold.max);
	for (i = 0; i < PMM_HOLD_BUCKETS; i++)
		seq_printf(m, " %llu", hold.histogram[i]);
	seq_putc(m, '\n');
}
