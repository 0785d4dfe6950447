// SPDX-License-Identifier: GPL-2.0-only
/*
 * bestfit: the smallest free area that can hold the request, in O(log n).
 *
 * Free areas are in a red-black tree by (length, start), so that the first one
 * that can hold a request is the best.  Length alone does not tell: an area
 * of 600 pages may have no room for 512 of them that start at a multiple of
 * 512.  Walking on from area to area until one can is linear.  So each node of
 * that tree also knows its subtree's *room* at each alignment, the most pages
 * that one of its areas has from such a multiple on, and the search never
 * enters a subtree in vain.
 *
 * Room never grows with the alignment, and it is 0 at most alignments for the
 * many small areas of a fragmented pool; walks over it stop at the first 0.
 */
#include "pmm_areas.h"

/* Alignments are 2^0 to 2^(BESTFIT_ORDERS - 1) pages. */
#define BESTFIT_ORDERS	(PMM_ALLOC_MAX_ORDER + 1)

struct bestfit_room {
	u32 pages[BESTFIT_ORDERS];
};

/**
 * struct bestfit_area - node of a free area
 * @area: the area, to whoever knows no more
 * @by_size: place in the tree
 * @room: of the subtree, at each order
 * @owner: whose it is; the tree's callbacks are told nothing else
 */
struct bestfit_area {
	struct pmm_area area;
	struct rb_node by_size;
	struct bestfit_room room;
	struct pmm_bestfit *owner;
};

struct pmm_bestfit {
	struct pmm_areas areas;
	struct rb_root by_size;
};

static struct pmm_bestfit *to_bestfit(struct pmm_areas *areas)
{
	return container_of(areas, struct pmm_bestfit, areas);
}

static struct bestfit_area *to_node(struct pmm_area *area)
{
	return container_of(area, struct bestfit_area, area);
}

static struct bestfit_area *size_entry(struct rb_node *node)
{
	return rb_entry_safe(node, struct bestfit_area, by_size);
}

static u32 subtree_room(struct rb_node *node, unsigned int order)
{
	return node ? size_entry(node)->room.pages[order] : 0;
}

/*
 * Compute the room of the subtree at @node from its area and its children.
 * Return true if that changed nothing, so that nothing changes further up.
 */
static bool bestfit_update_room(struct bestfit_area *node, bool exit)
{
	struct rb_node *left = node->by_size.rb_left;
	struct rb_node *right = node->by_size.rb_right;
	bool same = true;
	unsigned int k;

	pmm_areas_visit(&node->owner->areas, 1 + !!left + !!right);
	for (k = 0; k < BESTFIT_ORDERS; k++) {
		u32 old = node->room.pages[k];
		u32 room = max3(pmm_area_room(&node->area, k),
				subtree_room(left, k), subtree_room(right, k));

		if (!room && !old)
			break;
		same = same && room == old;
		node->room.pages[k] = room;
	}
	return same && exit;
}

RB_DECLARE_CALLBACKS(static, bestfit_augment, struct bestfit_area, by_size,
		     room, bestfit_update_room)

/* The room of a node that has no children yet is its own. */
static void bestfit_init_room(struct bestfit_area *node)
{
	unsigned int k;

	for (k = 0; k < BESTFIT_ORDERS; k++)
		node->room.pages[k] = pmm_area_room(&node->area, k);
}

/*
 * A new node is somewhere below @node: raise the room there to its own.  Return
 * false if that was enough already, and so is everything further up.
 */
static bool bestfit_raise_room(struct bestfit_area *node,
			       const struct bestfit_area *below)
{
	bool raised = false;
	unsigned int k;

	pmm_areas_visit(&node->owner->areas, 1);
	for (k = 0; k < BESTFIT_ORDERS && below->room.pages[k]; k++) {
		if (node->room.pages[k] < below->room.pages[k]) {
			node->room.pages[k] = below->room.pages[k];
			raised = true;
		}
	}
	return raised;
}

/* Smaller areas come first, of equal ones the lower. */
static bool area_is_smaller(const struct pmm_area *a, const struct pmm_area *b)
{
	return a->len < b->len || (a->len == b->len && a->start < b->start);
}

static void bestfit_insert(struct pmm_areas *areas, struct pmm_area *area)
{
	struct pmm_bestfit *bf = to_bestfit(areas);
	struct bestfit_area *node = to_node(area);
	struct rb_node **link = &bf->by_size.rb_node;
	struct rb_node *parent = NULL;

	while (*link) {
		pmm_areas_visit(areas, 1);
		parent = *link;
		if (area_is_smaller(area, &size_entry(parent)->area))
			link = &parent->rb_left;
		else
			link = &parent->rb_right;
	}
	node->owner = bf;
	rb_link_node(&node->by_size, parent, link);
	bestfit_init_room(node);
	while (parent && bestfit_raise_room(size_entry(parent), node))
		parent = rb_parent(parent);
	rb_insert_augmented(&node->by_size, &bf->by_size, &bestfit_augment);
}

static void bestfit_erase(struct pmm_areas *areas, struct pmm_area *area)
{
	rb_erase_augmented(&to_node(area)->by_size, &to_bestfit(areas)->by_size,
			   &bestfit_augment);
}

/* Find the smallest free area with room for @len at @order, or NULL. */
static struct pmm_area *bestfit_find(struct pmm_areas *areas,
				     unsigned long len, unsigned int order)
{
	struct rb_node *node = to_bestfit(areas)->by_size.rb_node;

	if (subtree_room(node, order) < len)
		return NULL;
	/* Some area of the subtree at @node has room, all along. */
	for (;;) {
		struct pmm_area *area = &size_entry(node)->area;

		pmm_areas_visit(areas, 1 + !!node->rb_left);
		if (subtree_room(node->rb_left, order) >= len) {
			node = node->rb_left;
			continue;
		}
		if (pmm_area_room(area, order) >= len)
			return area;
		node = node->rb_right;
	}
}

static unsigned long bestfit_largest(struct pmm_areas *areas,
				     unsigned int order)
{
	pmm_areas_visit(areas, 1);
	return subtree_room(to_bestfit(areas)->by_size.rb_node, order);
}

static const struct pmm_index_ops bestfit_index = {
	.insert = bestfit_insert,
	.erase = bestfit_erase,
	.find = bestfit_find,
	.largest = bestfit_largest,
};

static struct pmm_areas *bestfit_create(void)
{
	return pmm_areas_create(sizeof(struct pmm_bestfit), &bestfit_index);
}

const struct pmm_alloc_ops pmm_bestfit_ops = {
	.name = "bestfit",
	.node_size = PMM_AREAS_NODE_SIZE(struct bestfit_area),
	.create = bestfit_create,
	PMM_AREAS_OPS,
};
