// SPDX-License-Identifier: GPL-2.0-only
/*
 * Types of system RAM: the pools that the module parameters ask for.
 *
 *	insmod pmm.ko pool_mb=192
 *	insmod pmm.ko pools=general:192M,video:64M:align=2M:allocator=tlsf
 *
 * pmm_pools.c reads the latter, pmm_pool.c gets the memory.
 */
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "pmm_core.h"
#include "pmm_pools.h"

static unsigned long pool_mb;
module_param(pool_mb, ulong, 0444);
MODULE_PARM_DESC(pool_mb, "size of the pool 'general' in MiB (default: an eighth of memory, at most 256)");

static char *allocator;
module_param(allocator, charp, 0444);
MODULE_PARM_DESC(allocator, "allocator of the pool 'general' (default: bestfit)");

static char *pools;
module_param(pools, charp, 0444);
MODULE_PARM_DESC(pools, "several pools, instead: NAME:SIZE[:align=SIZE][:below=SIZE][:allocator=NAME],...");

/* The types made here, in the order of the registry. */
static struct pmm_type *pmm_ram_types[PMM_POOLS_MAX];
static unsigned int pmm_ram_nr;

static unsigned long long pmm_ram_total(void)
{
	return (unsigned long long)totalram_pages() << PAGE_SHIFT;
}

/**
 * pmm_ram_available() - how much more a pool can have
 *
 * What is in a pool's place is moved elsewhere, which takes free memory, and
 * the kernel complains loudly when that runs out: keep an eighth of it.
 *
 * Return: pages.
 */
unsigned long pmm_ram_available(void)
{
	unsigned long available = max(si_mem_available(), 0L);

	return available - available / 8;
}

/* "pool_mb=64", or "pools=" and which one: how the user knows it. */
static const char *pmm_ram_label(const struct pmm_pool_spec *spec, char *buf,
				 size_t size)
{
	if (pools)
		snprintf(buf, size, "pools=: '%s'", spec->name);
	else
		snprintf(buf, size, "pool_mb=%lu", pool_mb);
	return buf;
}

/* The short form: one pool. */
static int pmm_ram_read_short(struct pmm_pools *spec)
{
	struct pmm_pool_spec *pool = &spec->pool[0];

	if (allocator && !pmm_alloc_find(allocator)) {
		pr_err("pmm: no allocator '%s'\n", allocator);
		return -EINVAL;
	}
	if (!pool_mb)
		pool_mb = clamp(totalram_pages() >> (20 - PAGE_SHIFT) >> 3,
				4UL, 256UL);
	memset(pool, 0, sizeof(*pool));
	strscpy(pool->name, "general", sizeof(pool->name));
	if (allocator)
		strscpy(pool->allocator, allocator, sizeof(pool->allocator));
	/* More than there is stays more than there is. */
	pool->size = min_t(u64, pool_mb, U64_MAX >> 20) << 20;
	spec->nr = 1;
	return 0;
}

static int pmm_ram_read(struct pmm_pools *spec)
{
	if (!pools)
		return pmm_ram_read_short(spec);
	if (pool_mb || allocator) {
		pr_err("pmm: pools= and %s= exclude each other\n",
		       pool_mb ? "pool_mb" : "allocator");
		return -EINVAL;
	}
	if (!pmm_pools_parse(pools, spec))
		return 0;
	pr_err("pmm: pools=%s: character %u: %s\n", pools, spec->position,
	       spec->error);
	return -EINVAL;
}

/* Can there be so much? */
static int pmm_ram_check(const struct pmm_pools *spec)
{
	unsigned long long left = pmm_ram_total();
	unsigned int i;
	char buf[64];

	for (i = 0; i < spec->nr; i++) {
		if (spec->pool[i].size > left) {
			pr_err("pmm: %s is more memory than there is\n",
			       pmm_ram_label(&spec->pool[i], buf, sizeof(buf)));
			return -EINVAL;
		}
		left -= spec->pool[i].size;
	}
	return 0;
}

static int pmm_ram_fill(struct pmm_type *type, unsigned long nr)
{
	struct pmm_range *range;
	int err;

	err = pmm_pool_fill(&type->ranges, nr, type->limit);
	if (err)
		return err;
	list_for_each_entry(range, &type->ranges, node) {
		err = pmm_type_add(type, range->pfn, range->nr);
		if (err)
			return err;
	}
	return 0;
}

static struct pmm_type *pmm_ram_create(const struct pmm_pool_spec *spec)
{
	const char *name = spec->allocator[0] ? spec->allocator : NULL;
	struct pmm_type *type;
	int err;

	type = pmm_type_create(spec->name, pmm_alloc_find(name));
	if (!type)
		return ERR_PTR(-ENOMEM);
	type->pool = true;
	type->min_align = max_t(u64, spec->align >> PAGE_SHIFT, 1);
	if (spec->below)
		type->limit = spec->below;
	err = pmm_ram_fill(type, DIV_ROUND_UP_ULL(spec->size, PAGE_SIZE));
	if (!err)
		err = pmm_type_list(type);
	if (err) {
		pmm_pool_empty(&type->ranges);
		pmm_type_put(type);
		return ERR_PTR(err);
	}
	return type;
}

static int pmm_ram_make(const struct pmm_pool_spec *spec)
{
	unsigned long available_mb = pmm_ram_available() >> (20 - PAGE_SHIFT);
	unsigned long mb = DIV_ROUND_UP_ULL(spec->size, SZ_1M);
	struct pmm_type *type;
	char buf[64];

	pmm_ram_label(spec, buf, sizeof(buf));
	if (mb > available_mb) {
		pr_err("pmm: %s leaves the machine too little, %lu can be had; free some memory, or load with a smaller pool_mb\n",
		       buf, available_mb);
		return -ENOMEM;
	}
	type = pmm_ram_create(spec);
	if (IS_ERR(type)) {
		if (PTR_ERR(type) == -ENOMEM)
			pr_err("pmm: %s: cannot free %lu MiB of memory%s; load the module earlier after boot, or with a smaller pool_mb\n",
			       buf, mb, spec->below ? " below its limit" : "");
		return PTR_ERR(type);
	}
	pmm_ram_types[pmm_ram_nr++] = type;
	return 0;
}

/* Make the types that the parameters ask for. */
int pmm_types_init(void)
{
	struct pmm_pools *spec = kzalloc(sizeof(*spec), GFP_KERNEL);
	unsigned int i;
	int err;

	if (!spec)
		return -ENOMEM;
	mutex_lock(&pmm_ranges_mutex);
	err = pmm_ram_read(spec);
	if (!err)
		err = pmm_ram_check(spec);
	for (i = 0; !err && i < spec->nr; i++)
		err = pmm_ram_make(&spec->pool[i]);
	mutex_unlock(&pmm_ranges_mutex);
	if (err)
		pmm_types_exit();
	kfree(spec);
	return err;
}

/* Give all memory back; there are no blocks any more. */
void pmm_types_exit(void)
{
	mutex_lock(&pmm_ranges_mutex);
	while (pmm_ram_nr) {
		struct pmm_type *type = pmm_ram_types[--pmm_ram_nr];

		WARN_ON_ONCE(pmm_type_close(type));
		pmm_type_unlist(type);
		pmm_pool_empty(&type->ranges);
		pmm_type_put(type);
	}
	mutex_unlock(&pmm_ranges_mutex);
}
