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

#define PMM_ALLOCATOR(name)	&pmm_##name##_ops,
static const struct pmm_alloc_ops *const pmm_alloc_table[] = {
#include "pmm_alloc_list.h"
};
#undef PMM_ALLOCATOR

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

static int spares_add_node(struct pmm_spares *spares)
{
	void *node = pmm_shim_alloc(spares->ops->node_size);

	if (!node)
		return -ENOMEM;
	pmm_spares_give(spares, node);
	return 0;
}

static int spares_add_cells(struct pmm_spares *spares, unsigned long nr)
{
	struct pmm_cells *cells;

	/* Not worth the memory: add() will refuse that. */
	if (nr > PMM_ALLOC_MAX_TOTAL)
		return 0;
	cells = pmm_shim_zalloc(struct_size(cells, cell, nr));
	if (!cells)
		return -ENOMEM;
	cells->nr = nr;
	pmm_spares_give_cells(spares, cells);
	return 0;
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
	*spares = (struct pmm_spares){ .ops = ops };
	return spares_add_node(spares);
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
	int err;

	*spares = (struct pmm_spares){ .ops = ops };
	err = spares_add_node(spares);
	if (!err)
		err = spares_add_node(spares);
	if (!err)
		err = spares_add_cells(spares, len);
	if (err)
		pmm_spares_drop(spares);
	return err;
}

/**
 * pmm_spares_drop() - free the nodes that are left
 * @spares: filled, or given released nodes; may be empty, not uninitialised
 *
 * Context: may sleep.
 */
void pmm_spares_drop(struct pmm_spares *spares)
{
	struct pmm_cells *cells;
	void *node;

	while ((node = pmm_spares_take(spares)))
		pmm_shim_free(node);
	while ((cells = spares->cells)) {
		spares->cells = cells->next;
		pmm_shim_free(cells);
	}
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

/**
 * pmm_spares_take_cells() - take cells, for allocators
 * @spares: where from
 * @nr: for how many pages
 *
 * Return: zeroed cells that belong to no span, or NULL if there are not any for
 * just so many pages.
 */
struct pmm_cells *pmm_spares_take_cells(struct pmm_spares *spares,
					unsigned long nr)
{
	struct pmm_cells *cells = spares->cells;

	if (!cells || cells->nr != nr)
		return NULL;
	spares->cells = cells->next;
	return cells;
}

/**
 * pmm_spares_give_cells() - hand cells over, for allocators
 * @spares: where to
 * @cells: that no span uses any more
 */
void pmm_spares_give_cells(struct pmm_spares *spares, struct pmm_cells *cells)
{
	cells->next = spares->cells;
	spares->cells = cells;
}
