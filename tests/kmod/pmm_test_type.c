// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver that offers memory of its own as a type, and takes it back.
 *
 *	insmod pmm_test_type.ko [spans=N] [pin_module=0]
 *	cd /sys/module/pmm_test_type/parameters
 *	echo 'NAME CAPS ALIGN [ALLOCATOR]' >register
 *	echo 1 >unregister	# EBUSY while there are blocks
 *	echo 1 >remove		# waits, then poisons the memory
 *	cat check		# is the poison, and every page, as it was left?
 *	echo FD >hold		# have a block, as a driver does, for two seconds
 *
 * The memory is @spans times 4 MiB.  Whatever type there still is when the module
 * goes is removed, as a driver does whose device has gone.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pmm.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#define SPANS_MAX	16
#define SPAN_ORDER	10
#define SPAN_PAGES	BIT(SPAN_ORDER)
#define POISON		0x5c

static unsigned int spans = 2;
module_param(spans, uint, 0444);
MODULE_PARM_DESC(spans, "pieces of memory of 4 MiB");

static bool pin_module;
module_param(pin_module, bool, 0444);
MODULE_PARM_DESC(pin_module, "blocks keep this module");

static struct page *memory[SPANS_MAX];
static struct pmm_span span[SPANS_MAX];
static struct pmm_type *type;
/* Protects @type, for as long as removing it takes. */
static DEFINE_MUTEX(type_mutex);

/* A block that this driver has, and writes to for as long as it does. */
static struct pmm_block *held;

static void hold_end(struct work_struct *work)
{
	memset(page_address(pmm_block_page(held, 0)), 0x77, PAGE_SIZE);
	pmm_put(held);
}

static DECLARE_DELAYED_WORK(hold_work, hold_end);

static int hold_set(const char *val, const struct kernel_param *kp)
{
	struct pmm_block *block;
	int fd, err = kstrtoint(val, 0, &fd);

	if (err)
		return err;
	flush_delayed_work(&hold_work);
	block = pmm_block_from_fd(fd, true);
	if (IS_ERR(block))
		return PTR_ERR(block);
	held = block;
	schedule_delayed_work(&hold_work, 2 * HZ);
	return 0;
}

static void poison(void)
{
	unsigned int i;

	for (i = 0; i < spans; i++)
		memset(page_address(memory[i]), POISON, SPAN_PAGES << PAGE_SHIFT);
}

/* What is wrong with the memory since it was poisoned? */
static const char *memory_check(void)
{
	unsigned int i, n;

	for (i = 0; i < spans; i++) {
		if (memchr_inv(page_address(memory[i]), POISON,
			       SPAN_PAGES << PAGE_SHIFT))
			return "touched";
		for (n = 0; n < SPAN_PAGES; n++) {
			struct page *page = memory[i] + n;

			if (page_ref_count(page) != 1 || page->mapping ||
			    PageCompound(page) || page_mapped(page))
				return "held";
		}
	}
	return "intact";
}

static int register_set(const char *val, const struct kernel_param *kp)
{
	char name[64], allocator[32] = "";
	struct pmm_type_desc desc = {
		.name = name,
		.spans = span,
		.nr_spans = spans,
		.owner = pin_module ? THIS_MODULE : NULL,
	};
	struct pmm_type *new;
	int err = 0;

	if (sscanf(val, "%63s %lli %zu %31s", name, &desc.caps,
		   &desc.min_align, allocator) < 3)
		return -EINVAL;
	if (allocator[0])
		desc.allocator = allocator;
	mutex_lock(&type_mutex);
	new = pmm_type_register(&desc);
	if (IS_ERR(new))
		err = PTR_ERR(new);
	else if (WARN_ON(type))
		err = -EEXIST;
	else
		type = new;
	mutex_unlock(&type_mutex);
	return err;
}

static int unregister_set(const char *val, const struct kernel_param *kp)
{
	int err = -ENOENT;

	mutex_lock(&type_mutex);
	if (type)
		err = pmm_type_unregister(type);
	if (!err)
		type = NULL;
	mutex_unlock(&type_mutex);
	return err;
}

static int remove_set(const char *val, const struct kernel_param *kp)
{
	int err = -ENOENT;

	mutex_lock(&type_mutex);
	if (type) {
		pmm_type_remove(type);
		type = NULL;
		poison();
		err = 0;
	}
	mutex_unlock(&type_mutex);
	return err;
}

static int check_get(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%s\n", memory_check());
}

static const struct kernel_param_ops register_ops = { .set = register_set };
module_param_cb(register, &register_ops, NULL, 0200);
static const struct kernel_param_ops unregister_ops = { .set = unregister_set };
module_param_cb(unregister, &unregister_ops, NULL, 0200);
static const struct kernel_param_ops remove_ops = { .set = remove_set };
module_param_cb(remove, &remove_ops, NULL, 0200);
static const struct kernel_param_ops hold_ops = { .set = hold_set };
module_param_cb(hold, &hold_ops, NULL, 0200);
static const struct kernel_param_ops check_ops = { .get = check_get };
module_param_cb(check, &check_ops, NULL, 0400);

static void memory_free(void)
{
	unsigned int i, n;

	for (i = 0; i < spans && memory[i]; i++)
		for (n = 0; n < SPAN_PAGES; n++)
			__free_page(memory[i] + n);
}

static int __init type_init(void)
{
	unsigned int i;

	if (!spans || spans > SPANS_MAX)
		return -EINVAL;
	for (i = 0; i < spans; i++) {
		memory[i] = alloc_pages(GFP_KERNEL, SPAN_ORDER);
		if (!memory[i]) {
			memory_free();
			return -ENOMEM;
		}
		split_page(memory[i], SPAN_ORDER);
		span[i].pfn = page_to_pfn(memory[i]);
		span[i].nr = SPAN_PAGES;
	}
	return 0;
}

static void __exit type_exit(void)
{
	flush_delayed_work(&hold_work);
	if (type)
		pmm_type_remove(type);
	memory_free();
}

module_init(type_init);
module_exit(type_exit);

MODULE_DESCRIPTION("PMM tests: a driver with memory of its own");
MODULE_LICENSE("GPL");
