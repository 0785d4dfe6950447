// SPDX-License-Identifier: GPL-2.0-only
/*
 * bestfit: the smallest free area that can hold the request, in O(log n).
 *
 * Free areas are in a red-black tree by length, so that the first one that can
 * hold a request is the best.  Length alone does not tell: an area of 600 pages
 * may have no room for 512 of them that start at a multiple of 512.  Walking on
 * from area to area until one can is linear.  So each node of that tree also
 * knows its subtree's *room* at each alignment, the most pages that one of its
 * areas has from such a multiple on, and the search never enters a subtree in
 * vain.
 *
 * Areas of one length that have the same room at every alignment are of one
 * *shape*: what one of them can hold, all can.  Only one of each shape is in the
 * tree, the others are listed behind it.  A million areas are of some ten
 * thousand shapes, so the tree stays small, hot in the caches and at rest.
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
 * @by_size: place in the tree, of the oldest of its shape; else empty
 * @alike: the ring of its shape: behind the oldest come the others, last first
 * @shape: see bestfit_shape()
 * @room: of the subtree, at each order, if it is in the tree
 * @owner: whose it is; the tree's callbacks are told nothing else
 */
struct bestfit_area {
	struct pmm_area area;
	struct rb_node by_size;
	struct list_head alike;
	u32 shape;
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

/*
 * What tells the room of an area at every alignment, if its length is known: the
 * order of the best aligned page in it, and where before such a page it starts.
 * The higher it is, the more room there is at that order.
 */
static u32 bestfit_shape(const struct pmm_area *area)
{
	unsigned long before = area->start - 1;
	/* The highest bit that changes on the way to the last page. */
	unsigned int order = __fls(before ^ (pmm_area_end(area) - 1));

	order = min_t(unsigned int, order, PMM_ALLOC_MAX_ORDER);
	return order << PMM_ALLOC_MAX_ORDER | (before & (BIT(order) - 1));
}

/* Shorter areas come first, of equally long ones the worse aligned. */
static int bestfit_cmp(const struct bestfit_area *a,
		       const struct bestfit_area *b)
{
	if (a->area.len != b->area.len)
		return a->area.len < b->area.len ? -1 : 1;
	return a->shape < b->shape ? -1 : a->shape > b->shape;
}

/* Enter the first area of its shape at the link, below @parent. */
static void bestfit_insert_shape(struct pmm_bestfit *bf,
				 struct bestfit_area *node,
				 struct rb_node *parent, struct rb_node **link)
{
	INIT_LIST_HEAD(&node->alike);
	rb_link_node(&node->by_size, parent, link);
	bestfit_init_room(node);
	while (parent && bestfit_raise_room(size_entry(parent), node))
		parent = rb_parent(parent);
	rb_insert_augmented(&node->by_size, &bf->by_size, &bestfit_augment);
}

static void bestfit_insert(struct pmm_areas *areas, struct pmm_area *area)
{
	struct pmm_bestfit *bf = to_bestfit(areas);
	struct bestfit_area *node = to_node(area), *oldest;
	struct rb_node **link = &bf->by_size.rb_node;
	struct rb_node *parent = NULL;
	int cmp;

	node->owner = bf;
	node->shape = bestfit_shape(area);
	while (*link) {
		pmm_areas_visit(areas, 1);
		parent = *link;
		oldest = size_entry(parent);
		cmp = bestfit_cmp(node, oldest);
		if (!cmp) {
			pmm_areas_visit(areas, 1);
			RB_CLEAR_NODE(&node->by_size);
			list_add(&node->alike, &oldest->alike);
			return;
		}
		link = cmp < 0 ? &parent->rb_left : &parent->rb_right;
	}
	bestfit_insert_shape(bf, node, parent, link);
}

static void bestfit_erase(struct pmm_areas *areas, struct pmm_area *area)
{
	struct bestfit_area *node = to_node(area);
	struct rb_root *root = &to_bestfit(areas)->by_size;
	struct bestfit_area *next;

	if (list_empty(&node->alike)) {
		rb_erase_augmented(&node->by_size, root, &bestfit_augment);
		return;
	}
	pmm_areas_visit(areas, 2);
	if (!RB_EMPTY_NODE(&node->by_size)) {
		/* Its parent and children get another one. */
		pmm_areas_visit(areas, 3);
		next = list_prev_entry(node, alike);
		rb_replace_node(&node->by_size, &next->by_size, root);
		next->room = node->room;
	}
	list_del(&node->alike);
}

/*
 * Find the smallest free area with room for @len at @order, or NULL: of those the
 * worst aligned, and of one shape the youngest.
 */
static struct pmm_area *bestfit_find(struct pmm_areas *areas,
				     unsigned long len, unsigned int order)
{
	struct rb_node *node = to_bestfit(areas)->by_size.rb_node;

	if (subtree_room(node, order) < len)
		return NULL;
	/* Some area of the subtree at @node has room, all along. */
	for (;;) {
		struct bestfit_area *oldest = size_entry(node);

		pmm_areas_visit(areas, 1 + !!node->rb_left);
		if (subtree_room(node->rb_left, order) >= len) {
			node = node->rb_left;
			continue;
		}
		if (pmm_area_room(&oldest->area, order) >= len) {
			pmm_areas_visit(areas, 1);
			return &list_next_entry(oldest, alike)->area;
		}
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
