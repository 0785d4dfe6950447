// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading the module parameter pools=; pmm_pools.h says what it looks like.
 */
#include "pmm_alloc.h"
#include "pmm_parse.h"
#include "pmm_pools.h"

static int pmm_parse_align(struct pmm_parser *p, struct pmm_pool_spec *pool)
{
	const char *value = p->at;
	int err = pmm_parse_size(p, &pool->align);

	if (err)
		return err;
	if (pool->align & (pool->align - 1))
		return pmm_parse_refuse(p, value, "an alignment is a power of two");
	if (pool->align > PMM_POOL_MAX_ALIGN)
		return pmm_parse_refuse(p, value, "an alignment is at most 1G");
	return 0;
}

static int pmm_parse_allocator(struct pmm_parser *p,
			       struct pmm_pool_spec *pool)
{
	const char *value = p->at;
	int err = pmm_parse_name(p, pool->allocator,
				 sizeof(pool->allocator));

	if (!err && !pmm_alloc_find(pool->allocator))
		err = pmm_parse_refuse(p, value, "there is no such allocator");
	return err;
}

static int pmm_parse_option(struct pmm_parser *p, struct pmm_pool_spec *pool)
{
	const char *start = p->at;

	if (pmm_parse_skip(p, "align=")) {
		if (pool->align)
			return pmm_parse_refuse(p, start, "align= is given twice");
		return pmm_parse_align(p, pool);
	}
	if (pmm_parse_skip(p, "below=")) {
		if (pool->below)
			return pmm_parse_refuse(p, start, "below= is given twice");
		return pmm_parse_size(p, &pool->below);
	}
	if (pmm_parse_skip(p, "allocator=")) {
		if (pool->allocator[0])
			return pmm_parse_refuse(p, start,
					  "allocator= is given twice");
		return pmm_parse_allocator(p, pool);
	}
	return pmm_parse_refuse(p, start, "an option is align=, below= or allocator=");
}

static bool pmm_pools_have(const struct pmm_pools *pools, const char *name)
{
	unsigned int i;

	for (i = 0; i < pools->nr; i++)
		if (!strcmp(pools->pool[i].name, name))
			return true;
	return false;
}

static int pmm_parse_pool(struct pmm_parser *p, struct pmm_pools *pools)
{
	struct pmm_pool_spec *pool = &pools->pool[pools->nr];
	const char *start = p->at;
	int err;

	if (pools->nr == PMM_POOLS_MAX)
		return pmm_parse_refuse(p, start, "there are too many pools");
	memset(pool, 0, sizeof(*pool));
	err = pmm_parse_name(p, pool->name, sizeof(pool->name));
	if (err)
		return err;
	if (pmm_pools_have(pools, pool->name))
		return pmm_parse_refuse(p, start, "there is a pool of that name");
	if (!pmm_parse_skip(p, ":"))
		return pmm_parse_refuse(p, p->at,
				  "a name is followed by ':' and a size");
	err = pmm_parse_size(p, &pool->size);
	while (!err && pmm_parse_skip(p, ":"))
		err = pmm_parse_option(p, pool);
	if (!err)
		pools->nr++;
	return err;
}

/**
 * pmm_pools_parse() - read a pools= parameter
 * @text: the parameter; a newline at its end is passed over
 * @pools: filled in; on failure @error and @position say what is wrong
 *
 * Return: 0 or -EINVAL.
 */
int pmm_pools_parse(const char *text, struct pmm_pools *pools)
{
	struct pmm_parser p;
	int err;

	pmm_parse_begin(&p, text);
	pools->nr = 0;
	do {
		err = pmm_parse_pool(&p, pools);
	} while (!err && pmm_parse_skip(&p, ","));
	if (!err)
		err = pmm_parse_end(&p, "after a value comes ':', ',' or the end");
	pools->error = p.error;
	pools->position = p.position;
	return err;
}
