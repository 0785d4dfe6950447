// SPDX-License-Identifier: GPL-2.0-only
/*
 * bestfit: the smallest free area that can hold the request, in O(log n).
 *
 * Every area, free or used, is in a list and in a red-black tree by address.
 * Free ones are also in a red-black tree by (length, start), so that the first
 * one that can hold a request is the best.  Length alone does not tell: an area
 * of 600 pages may have no room for 512 of them that start at a multiple of
 * 512.  Walking on from area to area until one can is linear.  So each node of
 * that tree also knows its subtree's *room* at each alignment, the most pages
 * that one of its areas has from such a multiple on, and the search never
 * enters a subtree in vain.
 *
 * Room never grows with the alignment, and it is 0 at most alignments for the
 * many small areas of a fragmented pool; walks over it stop at the first 0.
 */
#include "pmm_alloc.h"

/* Alignments are 2^0 to 2^(BESTFIT_ORDERS - 1) pages. */
#define BESTFIT_ORDERS	(PMM_ALLOC_MAX_ORDER + 1)

struct bestfit_room {
	u32 pages[BESTFIT_ORDERS];
};

/**
 * struct bestfit_area - the range [start, start + len)
 * @by_addr: place among all areas
 * @by_size: place among the free areas; empty (RB_EMPTY_NODE) in a used one
 * @start: first page
 * @len: number of pages; 32 bits, since a whole allocator holds no more
 * @room: of the subtree of @by_size, at each order; in free areas only
 * @neighbours: in the list of all areas, by address
 * @owner: whose it is; the tree's callbacks are told nothing else
 *
 * Descents of either tree read the first 64 bytes only.
 */
struct bestfit_area {
	struct rb_node by_addr;
	struct rb_node by_size;
	unsigned long start;
	u32 len;
	struct bestfit_room room;
	struct list_head neighbours;
	struct pmm_bestfit *owner;
};

struct pmm_bestfit {
	struct rb_root by_addr;
	struct rb_root by_size;
	struct list_head areas;
	struct pmm_alloc_stats stats;
};

/* Callers only ever see the opaque type. */
static struct pmm_bestfit *to_bestfit(struct pmm_areas *alloc)
{
	return (struct pmm_bestfit *)alloc;
}

static struct bestfit_area *addr_entry(struct rb_node *node)
{
	return rb_entry_safe(node, struct bestfit_area, by_addr);
}

static struct bestfit_area *size_entry(struct rb_node *node)
{
	return rb_entry_safe(node, struct bestfit_area, by_size);
}

static bool area_is_free(const struct bestfit_area *area)
{
	return !RB_EMPTY_NODE(&area->by_size);
}

static unsigned long area_end(const struct bestfit_area *area)
{
	return area->start + area->len;
}

/* Pages of the area from its first multiple of 2^order on. */
static u32 area_room(const struct bestfit_area *area, unsigned int order)
{
	unsigned long skip = -area->start & ((1UL << order) - 1);

	return skip < area->len ? area->len - skip : 0;
}

static u32 subtree_room(struct rb_node *node, unsigned int order)
{
	return node ? size_entry(node)->room.pages[order] : 0;
}

/* An operation begins: count anew. */
static void bestfit_begin(struct pmm_bestfit *bf)
{
	bf->stats.visited_max = max(bf->stats.visited_max, bf->stats.visited);
	bf->stats.visited = 0;
}

static void bestfit_visit(struct pmm_bestfit *bf, unsigned int nodes)
{
	bf->stats.visited += nodes;
}

/*
 * Compute the room of the subtree at @area from the area and its children.
 * Return true if that changed nothing, so that nothing changes further up.
 */
static bool area_update_room(struct bestfit_area *area, bool exit)
{
	struct rb_node *left = area->by_size.rb_left;
	struct rb_node *right = area->by_size.rb_right;
	bool same = true;
	unsigned int k;

	bestfit_visit(area->owner, 1 + !!left + !!right);
	for (k = 0; k < BESTFIT_ORDERS; k++) {
		u32 old = area->room.pages[k];
		u32 room = max3(area_room(area, k), subtree_room(left, k),
				subtree_room(right, k));

		if (!room && !old)
			break;
		same = same && room == old;
		area->room.pages[k] = room;
	}
	return same && exit;
}

RB_DECLARE_CALLBACKS(static, bestfit_augment, struct bestfit_area, by_size,
		     room, area_update_room)

/* The room of an area that has no children yet is its own. */
static void area_init_room(struct bestfit_area *area)
{
	unsigned int k;

	for (k = 0; k < BESTFIT_ORDERS; k++)
		area->room.pages[k] = area_room(area, k);
}

/*
 * A new area is somewhere below @area: raise the room there to its own.  Return
 * false if that was enough already, and so is everything further up.
 */
static bool area_raise_room(struct bestfit_area *area,
			    const struct bestfit_area *below)
{
	bool raised = false;
	unsigned int k;

	bestfit_visit(area->owner, 1);
	for (k = 0; k < BESTFIT_ORDERS && below->room.pages[k]; k++) {
		if (area->room.pages[k] < below->room.pages[k]) {
			area->room.pages[k] = below->room.pages[k];
			raised = true;
		}
	}
	return raised;
}

/* Smaller areas come first, of equal ones the lower. */
static bool area_is_smaller(const struct bestfit_area *a,
			    const struct bestfit_area *b)
{
	return a->len < b->len || (a->len == b->len && a->start < b->start);
}

static void bestfit_insert_size(struct pmm_bestfit *bf,
				struct bestfit_area *area)
{
	struct rb_node **link = &bf->by_size.rb_node;
	struct rb_node *parent = NULL;

	while (*link) {
		bestfit_visit(bf, 1);
		parent = *link;
		if (area_is_smaller(area, size_entry(parent)))
			link = &parent->rb_left;
		else
			link = &parent->rb_right;
	}
	rb_link_node(&area->by_size, parent, link);
	area_init_room(area);
	while (parent && area_raise_room(size_entry(parent), area))
		parent = rb_parent(parent);
	rb_insert_augmented(&area->by_size, &bf->by_size, &bestfit_augment);
	bf->stats.free += area->len;
	bf->stats.free_areas++;
}

static void bestfit_erase_size(struct pmm_bestfit *bf,
			       struct bestfit_area *area)
{
	bf->stats.free_areas--;
	bf->stats.free -= area->len;
	rb_erase_augmented(&area->by_size, &bf->by_size, &bestfit_augment);
	RB_CLEAR_NODE(&area->by_size);
}

/* The area that comes before @area by address, touching it or not. */
static struct bestfit_area *bestfit_before(struct pmm_bestfit *bf,
					   struct bestfit_area *area)
{
	if (list_is_first(&area->neighbours, &bf->areas))
		return NULL;
	bestfit_visit(bf, 1);
	return list_prev_entry(area, neighbours);
}

/* The area that comes after @area, the first one after NULL. */
static struct bestfit_area *bestfit_after(struct pmm_bestfit *bf,
					  struct bestfit_area *area)
{
	struct list_head *at = area ? &area->neighbours : &bf->areas;

	if (list_is_last(at, &bf->areas))
		return NULL;
	bestfit_visit(bf, 1);
	return list_entry(at->next, struct bestfit_area, neighbours);
}

/* Find the last area that starts at @start or before. */
static struct bestfit_area *bestfit_find(struct pmm_bestfit *bf,
					 unsigned long start)
{
	struct rb_node *node = bf->by_addr.rb_node;
	struct bestfit_area *found = NULL;

	while (node) {
		struct bestfit_area *area = addr_entry(node);

		bestfit_visit(bf, 1);
		if (area->start > start) {
			node = node->rb_left;
		} else {
			found = area;
			if (area->start == start)
				break;
			node = node->rb_right;
		}
	}
	return found;
}

/*
 * Put a new area after @prev, or first if that is NULL.  No search: of two
 * neighbours in a tree, the former has no right or the latter no left child.
 */
static void bestfit_insert_addr(struct pmm_bestfit *bf,
				struct bestfit_area *prev,
				struct bestfit_area *area)
{
	struct bestfit_area *next = bestfit_after(bf, prev);
	struct rb_node **link = &bf->by_addr.rb_node;
	struct rb_node *parent = NULL;

	if (prev && !prev->by_addr.rb_right) {
		parent = &prev->by_addr;
		link = &parent->rb_right;
	} else if (next) {
		parent = &next->by_addr;
		link = &parent->rb_left;
	}
	rb_link_node(&area->by_addr, parent, link);
	rb_insert_color(&area->by_addr, &bf->by_addr);
	list_add(&area->neighbours, prev ? &prev->neighbours : &bf->areas);
}

static void bestfit_release(struct pmm_bestfit *bf, struct bestfit_area *area,
			    struct pmm_spares *spares)
{
	rb_erase(&area->by_addr, &bf->by_addr);
	list_del(&area->neighbours);
	pmm_spares_give(spares, area);
}

/* Make an area of a spare node, used until bestfit_insert_size(). */
static struct bestfit_area *bestfit_new(struct pmm_bestfit *bf,
					struct bestfit_area *prev,
					unsigned long start, u32 len,
					struct pmm_spares *spares)
{
	struct bestfit_area *area = pmm_spares_take(spares);

	area->owner = bf;
	area->start = start;
	area->len = len;
	RB_CLEAR_NODE(&area->by_size);
	bestfit_insert_addr(bf, prev, area);
	return area;
}

/* Enter a used area as free, as one with its free neighbours. */
static void bestfit_set_free(struct pmm_bestfit *bf, struct bestfit_area *area,
			     struct pmm_spares *spares)
{
	struct bestfit_area *prev = bestfit_before(bf, area);
	struct bestfit_area *next = bestfit_after(bf, area);

	if (next && area_is_free(next) && area_end(area) == next->start) {
		bestfit_erase_size(bf, next);
		area->len += next->len;
		bestfit_release(bf, next, spares);
	}
	if (prev && area_is_free(prev) && area_end(prev) == area->start) {
		bestfit_erase_size(bf, prev);
		prev->len += area->len;
		bestfit_release(bf, area, spares);
		area = prev;
	}
	bestfit_insert_size(bf, area);
}

static struct pmm_areas *bestfit_create(void)
{
	struct pmm_bestfit *bf = pmm_shim_alloc(sizeof(*bf));

	if (!bf)
		return NULL;
	memset(bf, 0, sizeof(*bf));
	INIT_LIST_HEAD(&bf->areas);
	return (struct pmm_areas *)bf;
}

static void bestfit_destroy(struct pmm_areas *alloc)
{
	struct pmm_bestfit *bf = to_bestfit(alloc);
	struct bestfit_area *area, *next;

	if (!bf)
		return;
	list_for_each_entry_safe(area, next, &bf->areas, neighbours)
		pmm_shim_free(area);
	pmm_shim_free(bf);
}

static int bestfit_add(struct pmm_areas *alloc, unsigned long start,
		       unsigned long len, struct pmm_spares *spares)
{
	struct pmm_bestfit *bf = to_bestfit(alloc);
	struct bestfit_area *prev, *next, *area;
	unsigned long end;

	bestfit_begin(bf);
	if (!len || check_add_overflow(start, len, &end))
		return -EINVAL;
	if (len > PMM_ALLOC_MAX_TOTAL - bf->stats.total)
		return -EINVAL;
	prev = bestfit_find(bf, start);
	next = bestfit_after(bf, prev);
	if ((prev && area_end(prev) > start) || (next && next->start < end))
		return -EEXIST;
	if (!spares->nr)
		return -ENOMEM;
	area = bestfit_new(bf, prev, start, len, spares);
	bestfit_set_free(bf, area, spares);
	bf->stats.total += len;
	return 0;
}

/* Find the smallest free area with room for @len at @order, or NULL. */
static struct bestfit_area *bestfit_best(struct pmm_bestfit *bf,
					 unsigned long len, unsigned int order)
{
	struct rb_node *node = bf->by_size.rb_node;

	if (subtree_room(node, order) < len)
		return NULL;
	/* Some area of the subtree at @node has room, all along. */
	for (;;) {
		struct bestfit_area *area = size_entry(node);

		bestfit_visit(bf, 1 + !!node->rb_left);
		if (subtree_room(node->rb_left, order) >= len) {
			node = node->rb_left;
			continue;
		}
		if (area_room(area, order) >= len)
			return area;
		node = node->rb_right;
	}
}

/*
 * Where in the area to put @len pages, given that there is room.  At its low
 * end, so that what remains starts at a multiple of the alignment again if
 * lengths are multiples; but at its high end if that leaves one remainder
 * where the low end would leave two.
 */
static unsigned long area_place(const struct bestfit_area *area,
				unsigned long len, unsigned int order)
{
	unsigned long mask = (1UL << order) - 1;
	unsigned long skip = -area->start & mask;
	unsigned long high = area_end(area) - len;

	if (skip && !(high & mask))
		return high;
	return area->start + skip;
}

/* Use [start, start + len) of a free area, which keeps a remainder if any. */
static int bestfit_carve(struct pmm_bestfit *bf, struct bestfit_area *area,
			 unsigned long start, u32 len,
			 struct pmm_spares *spares)
{
	u32 head = start - area->start;
	u32 tail = area->len - head - len;
	struct bestfit_area *rest;

	if (spares->nr < (head ? 1U : 0U) + (tail ? 1U : 0U))
		return -ENOMEM;
	bestfit_erase_size(bf, area);
	area->len = len;
	area->start = start;
	if (head) {
		rest = bestfit_new(bf, bestfit_before(bf, area), start - head,
				   head, spares);
		bestfit_insert_size(bf, rest);
	}
	if (tail) {
		rest = bestfit_new(bf, area, start + len, tail, spares);
		bestfit_insert_size(bf, rest);
	}
	bf->stats.used_areas++;
	return 0;
}

static bool bestfit_align_valid(unsigned long align)
{
	return is_power_of_2(align) && align <= PMM_ALLOC_MAX_ALIGN;
}

static int bestfit_alloc(struct pmm_areas *alloc, unsigned long len,
			 unsigned long align, struct pmm_spares *spares,
			 unsigned long *start)
{
	struct pmm_bestfit *bf = to_bestfit(alloc);
	struct bestfit_area *area;
	unsigned long at;
	int err;

	bestfit_begin(bf);
	if (!len || !bestfit_align_valid(align))
		return -EINVAL;
	area = bestfit_best(bf, len, ilog2(align));
	if (!area)
		return -ENOSPC;
	at = area_place(area, len, ilog2(align));
	err = bestfit_carve(bf, area, at, len, spares);
	if (!err)
		*start = at;
	return err;
}

/* Find the used area that starts at @start, or NULL. */
static struct bestfit_area *bestfit_find_used(struct pmm_bestfit *bf,
					      unsigned long start)
{
	struct bestfit_area *area = bestfit_find(bf, start);

	if (!area || area->start != start || area_is_free(area))
		return NULL;
	return area;
}

static int bestfit_free(struct pmm_areas *alloc, unsigned long start,
			struct pmm_spares *spares)
{
	struct pmm_bestfit *bf = to_bestfit(alloc);
	struct bestfit_area *area;

	bestfit_begin(bf);
	area = bestfit_find_used(bf, start);
	if (!area)
		return -ENOENT;
	bestfit_set_free(bf, area, spares);
	bf->stats.used_areas--;
	return 0;
}

static int bestfit_split(struct pmm_areas *alloc, unsigned long start,
			 unsigned long at, struct pmm_spares *spares)
{
	struct pmm_bestfit *bf = to_bestfit(alloc);
	struct bestfit_area *area;
	u32 len;

	bestfit_begin(bf);
	area = bestfit_find_used(bf, start);
	if (!area || at < start || at >= area_end(area))
		return -ENOENT;
	if (at == start)
		return 0;
	if (!spares->nr)
		return -ENOMEM;
	len = area_end(area) - at;
	area->len -= len;
	bestfit_new(bf, area, at, len, spares);
	bf->stats.used_areas++;
	return 0;
}

static int bestfit_remove(struct pmm_areas *alloc, unsigned long start,
			  struct pmm_spares *spares)
{
	struct pmm_bestfit *bf = to_bestfit(alloc);
	struct bestfit_area *area;

	bestfit_begin(bf);
	area = bestfit_find_used(bf, start);
	if (!area)
		return -ENOENT;
	bf->stats.total -= area->len;
	bf->stats.used_areas--;
	bestfit_release(bf, area, spares);
	return 0;
}

static unsigned long bestfit_largest(struct pmm_areas *alloc,
				     unsigned long align)
{
	struct pmm_bestfit *bf = to_bestfit(alloc);

	bestfit_begin(bf);
	if (!bestfit_align_valid(align))
		return 0;
	bestfit_visit(bf, 1);
	return subtree_room(bf->by_size.rb_node, ilog2(align));
}

static void bestfit_stats(struct pmm_areas *alloc,
			  struct pmm_alloc_stats *stats)
{
	struct pmm_bestfit *bf = to_bestfit(alloc);

	*stats = bf->stats;
	stats->largest = subtree_room(bf->by_size.rb_node, 0);
	stats->visited_max = max(stats->visited_max, stats->visited);
}

const struct pmm_alloc_ops pmm_bestfit_ops = {
	.name = "bestfit",
	.node_size = sizeof(struct bestfit_area),
	.spares = 2,
	.create = bestfit_create,
	.destroy = bestfit_destroy,
	.add = bestfit_add,
	.alloc = bestfit_alloc,
	.free = bestfit_free,
	.split = bestfit_split,
	.remove = bestfit_remove,
	.largest = bestfit_largest,
	.stats = bestfit_stats,
};
