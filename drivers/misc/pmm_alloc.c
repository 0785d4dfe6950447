// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of allocators, and the nodes that their callers prepare for them.
 *
 *	struct pmm_spares spares;
 *
 *	err = pmm_spares_fill(&spares, ops);
 *	spin_lock(&lock);
 *	err = ops->alloc(alloc, len, align, &spares, &start);
 *	spin_unlock(&lock);
 *	pmm_spares_drop(&spares);
 */
#include "pmm_alloc.h"

/* The first one is the default. */
static const struct pmm_alloc_ops *const pmm_alloc_table[] = {
	&pmm_bestfit_ops,
};

/**
 * pmm_alloc_find() - look up an allocator
 * @name: its name, or NULL for the default
 *
 * Return: its operations, or NULL if there is none of that name.
 */
const struct pmm_alloc_ops *pmm_alloc_find(const char *name)
{
	size_t i;

	if (!name)
		return pmm_alloc_table[0];
	for (i = 0; i < ARRAY_SIZE(pmm_alloc_table); i++) {
		if (!strcmp(pmm_alloc_table[i]->name, name))
			return pmm_alloc_table[i];
	}
	return NULL;
}

/**
 * pmm_alloc_by_index() - go through the allocators
 * @index: from 0; the first one is the default
 *
 * Return: the operations of one, or NULL past the last one.
 */
const struct pmm_alloc_ops *pmm_alloc_by_index(unsigned int index)
{
	return index < ARRAY_SIZE(pmm_alloc_table) ? pmm_alloc_table[index]
						   : NULL;
}

/**
 * pmm_spares_fill() - prepare the nodes that one operation may need
 * @spares: uninitialised, or dropped
 * @ops: the allocator that will be called
 *
 * Context: may sleep.
 * Return: 0, or -ENOMEM and then nothing is in @spares.
 */
int pmm_spares_fill(struct pmm_spares *spares, const struct pmm_alloc_ops *ops)
{
	void *node;

	*spares = (struct pmm_spares){ .ops = ops };
	while (spares->nr < ops->spares) {
		node = pmm_shim_alloc(ops->node_size);
		if (!node) {
			pmm_spares_drop(spares);
			return -ENOMEM;
		}
		pmm_spares_give(spares, node);
	}
	return 0;
}

/**
 * pmm_spares_fill_add() - prepare what adding a range needs
 * @spares: uninitialised, or dropped
 * @ops: the allocator that will be called
 * @len: pages that will be added at once
 *
 * Context: may sleep.
 * Return: 0, or -ENOMEM and then nothing is in @spares.
 */
int pmm_spares_fill_add(struct pmm_spares *spares,
			const struct pmm_alloc_ops *ops, unsigned long len)
{
	(void)len;
	return pmm_spares_fill(spares, ops);
}

/**
 * pmm_spares_drop() - free the nodes that are left
 * @spares: filled, or given released nodes; may be empty, not uninitialised
 *
 * Context: may sleep.
 */
void pmm_spares_drop(struct pmm_spares *spares)
{
	void *node;

	while ((node = pmm_spares_take(spares)))
		pmm_shim_free(node);
}

/**
 * pmm_spares_take() - take one node, for allocators
 * @spares: where from
 *
 * Return: a node with undefined contents, or NULL if none is left.
 */
void *pmm_spares_take(struct pmm_spares *spares)
{
	void **node = spares->head;

	if (node) {
		spares->head = *node;
		spares->nr--;
	}
	return node;
}

/**
 * pmm_spares_give() - hand a released node over, for allocators
 * @spares: where to
 * @node: of the node_size of the allocator; its contents are lost
 */
void pmm_spares_give(struct pmm_spares *spares, void *node)
{
	*(void **)node = spares->head;
	spares->head = node;
	spares->nr++;
}
