// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lockless lookups of any page, without end: a thread on each CPU takes and drops
 * references to the pages of a range, as get_user_pages() and the page cache do
 * when they find a page number or a pointer that is just becoming stale.
 *
 *	insmod pmm_test_lookup.ko pfn=FIRST nr=PAGES
 */
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/sched.h>

static unsigned long pfn;
module_param(pfn, ulong, 0444);
MODULE_PARM_DESC(pfn, "first page frame number");

static unsigned long nr;
module_param(nr, ulong, 0444);
MODULE_PARM_DESC(nr, "pages");

static unsigned long found;
module_param(found, ulong, 0444);
MODULE_PARM_DESC(found, "references taken so far");

static struct task_struct *threads[NR_CPUS];

/* As try_get_folio() in mm/gup.c. */
static struct folio *lookup_get(struct page *page)
{
	struct folio *folio;

	for (;;) {
		folio = page_folio(page);
		if (!folio_try_get(folio))
			return NULL;
		if (page_folio(page) == folio)
			return folio;
		folio_put(folio);
	}
}

static int lookup_thread(void *unused)
{
	unsigned int left = 0;

	while (!kthread_should_stop()) {
		struct folio *folio;

		folio = lookup_get(pfn_to_page(pfn + get_random_u32() % nr));
		if (folio) {
			WRITE_ONCE(found, found + 1);
			cpu_relax();
			folio_put(folio);
		}
		/* Leave the others some time, too. */
		if (++left % 1024 == 0)
			schedule_timeout_interruptible(1);
	}
	return 0;
}

static void lookup_stop(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		if (threads[cpu])
			kthread_stop(threads[cpu]);
}

static int __init lookup_init(void)
{
	struct task_struct *thread;
	int cpu;

	if (!nr || !pfn_valid(pfn) || !pfn_valid(pfn + nr - 1))
		return -EINVAL;
	for_each_online_cpu(cpu) {
		thread = kthread_create_on_cpu(lookup_thread, NULL, cpu,
					       "pmm_lookup/%u");
		if (IS_ERR(thread)) {
			lookup_stop();
			return PTR_ERR(thread);
		}
		threads[cpu] = thread;
		wake_up_process(thread);
	}
	return 0;
}

static void __exit lookup_exit(void)
{
	lookup_stop();
}

module_init(lookup_init);
module_exit(lookup_exit);

MODULE_DESCRIPTION("PMM tests: lockless lookups of pages");
MODULE_LICENSE("GPL");
