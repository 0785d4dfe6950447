// SPDX-License-Identifier: GPL-2.0-only
/*
 * Areas: which pages are managed, which of them are free, and who are neighbours.
 *
 * There is a cell for every page.  That of the first page of a used area holds
 * its length, those of the first and last page of a free one point to its node;
 * all others are zero.  So an area is found by where it starts, and its free
 * neighbours by where they end or start, at a look each; used areas have no
 * nodes, and used neighbours are not looked at.
 *
 * Cells cost a five-hundredth of the memory that is managed.  They are made
 * before the lock is taken, a piece for what is added at a time; a span is a
 * range of pages whose cells are in one piece.  There are few spans: as many as
 * the ranges that were added, and one more for each hole inside of one.
 *
 * Nothing may be allocated when an area is freed and becomes a free area, which
 * has a node.  Of two neighbouring free areas, a used one or the end of a span
 * is between: so with a node for every used area and every span there is
 * always one.  The ones not in use are in pmm_areas.nodes.
 */
#include "pmm_areas.h"

#define CELL_USED	1UL
#define CELL_LEN_SHIFT	1

static struct pmm_span *span_entry(struct rb_node *node)
{
	return rb_entry_safe(node, struct pmm_span, node);
}

static bool span_holds(const struct pmm_span *span, unsigned long at)
{
	return at >= span->start && at < span->end;
}

/* An operation begins: count anew. */
static void areas_begin(struct pmm_areas *areas)
{
	areas->stats.visited_max = max(areas->stats.visited_max,
				       areas->stats.visited);
	areas->stats.visited = 0;
}

/* Find the span that holds the page, or NULL. */
static struct pmm_span *areas_span(struct pmm_areas *areas, unsigned long at)
{
	struct pmm_span *span = areas->last;
	struct rb_node *node;

	if (span && span_holds(span, at))
		return span;
	node = areas->spans.rb_node;
	while (node) {
		span = span_entry(node);
		pmm_areas_visit(areas, 1);
		if (at < span->start) {
			node = node->rb_left;
		} else if (at >= span->end) {
			node = node->rb_right;
		} else {
			areas->last = span;
			return span;
		}
	}
	return NULL;
}

/* Find the cell of the page, or NULL if that is not managed. */
static unsigned long *areas_cell(struct pmm_areas *areas, unsigned long at)
{
	struct pmm_span *span = areas_span(areas, at);

	pmm_areas_visit(areas, 1);
	return span ? span->cell + (at - span->start) : NULL;
}

/* For pages that are known to be managed. */
static void areas_set_cell(struct pmm_areas *areas, unsigned long at,
			   unsigned long value)
{
	*areas_cell(areas, at) = value;
}

static void areas_set_used(struct pmm_areas *areas, unsigned long at, u32 len)
{
	areas_set_cell(areas, at, (unsigned long)len << CELL_LEN_SHIFT |
				  CELL_USED);
}

/* The length of the used area that starts at the page, or 0 if none does. */
static u32 areas_used_len(struct pmm_areas *areas, unsigned long at)
{
	unsigned long *cell = areas_cell(areas, at);

	return cell && *cell & CELL_USED ? *cell >> CELL_LEN_SHIFT : 0;
}

/* The free area of which the page is the first or the last, or NULL. */
static struct pmm_area *areas_free_at(struct pmm_areas *areas,
				      unsigned long at)
{
	unsigned long *cell = areas_cell(areas, at);

	return cell && !(*cell & CELL_USED) ? (struct pmm_area *)*cell : NULL;
}

/* Make a free area of the node.  The cells inside are zero. */
static void areas_insert(struct pmm_areas *areas, struct pmm_area *area,
			 unsigned long start, u32 len)
{
	area->start = start;
	area->len = len;
	areas_set_cell(areas, start, (unsigned long)area);
	areas_set_cell(areas, start + len - 1, (unsigned long)area);
	areas->stats.free += len;
	areas->stats.free_areas++;
	areas->index->insert(areas, area);
}

/* The opposite.  The node goes on belonging to the caller. */
static void areas_erase(struct pmm_areas *areas, struct pmm_area *area)
{
	areas->index->erase(areas, area);
	areas->stats.free_areas--;
	areas->stats.free -= area->len;
	areas_set_cell(areas, area->start, 0);
	areas_set_cell(areas, pmm_area_end(area) - 1, 0);
}

/* Make [start, start + len), whose cells are zero, free: with its neighbours. */
static void areas_insert_merged(struct pmm_areas *areas, unsigned long start,
				u32 len)
{
	struct pmm_area *prev = areas_free_at(areas, start - 1);
	struct pmm_area *next = areas_free_at(areas, start + len);

	if (prev) {
		areas_erase(areas, prev);
		start = prev->start;
		len += prev->len;
	}
	if (next) {
		areas_erase(areas, next);
		len += next->len;
	}
	if (prev && next)
		pmm_spares_give(&areas->nodes, next);
	areas_insert(areas, prev ?: next ?: pmm_spares_take(&areas->nodes),
		     start, len);
}

static void areas_move_node(struct pmm_spares *to, struct pmm_spares *from)
{
	pmm_spares_give(to, pmm_spares_take(from));
}

/* Of the nodes for areas that become free, release what is too many by now. */
static void areas_trim_nodes(struct pmm_areas *areas, struct pmm_spares *spares)
{
	while (areas->nodes.nr + areas->stats.free_areas >
	       areas->stats.used_areas + areas->nr_spans)
		areas_move_node(spares, &areas->nodes);
}

/* Begin to manage [start, end).  Takes a node for the span. */
static void areas_add_span(struct pmm_areas *areas, unsigned long start,
			   unsigned long end, struct pmm_cells *cells,
			   unsigned long *cell, struct pmm_spares *spares)
{
	struct pmm_span *span = pmm_spares_take(spares);
	struct rb_node **link = &areas->spans.rb_node;
	struct rb_node *parent = NULL;

	*span = (struct pmm_span){
		.start = start, .end = end, .cell = cell, .cells = cells,
	};
	cells->spans++;
	while (*link) {
		pmm_areas_visit(areas, 1);
		parent = *link;
		if (start < span_entry(parent)->start)
			link = &parent->rb_left;
		else
			link = &parent->rb_right;
	}
	rb_link_node(&span->node, parent, link);
	rb_insert_color(&span->node, &areas->spans);
	areas->nr_spans++;
}

static void areas_drop_span(struct pmm_areas *areas, struct pmm_span *span,
			    struct pmm_spares *spares)
{
	if (!--span->cells->spans)
		pmm_spares_give_cells(spares, span->cells);
	if (areas->last == span)
		areas->last = NULL;
	rb_erase(&span->node, &areas->spans);
	areas->nr_spans--;
	pmm_spares_give(spares, span);
}

/* No longer manage [start, end) of a span, whose cells are zero. */
static void areas_cut_span(struct pmm_areas *areas, struct pmm_span *span,
			   unsigned long start, unsigned long end,
			   struct pmm_spares *spares)
{
	if (start == span->start && end == span->end) {
		areas_drop_span(areas, span, spares);
	} else if (start == span->start) {
		span->cell += end - start;
		span->start = end;
	} else {
		if (end < span->end)
			areas_add_span(areas, end, span->end, span->cells,
				       span->cell + (end - span->start),
				       spares);
		span->end = start;
	}
}

static bool areas_overlap(struct pmm_areas *areas, unsigned long start,
			  unsigned long end)
{
	struct rb_node *node = areas->spans.rb_node;

	while (node) {
		struct pmm_span *span = span_entry(node);

		pmm_areas_visit(areas, 1);
		if (end <= span->start)
			node = node->rb_left;
		else if (start >= span->end)
			node = node->rb_right;
		else
			return true;
	}
	return false;
}

struct pmm_areas *pmm_areas_create(size_t size,
				   const struct pmm_index_ops *index)
{
	struct pmm_areas *areas = pmm_shim_zalloc(size);

	if (areas)
		areas->index = index;
	return areas;
}

bool pmm_areas_walk(struct pmm_areas *areas, unsigned long *at, u32 *len,
		    struct pmm_area **free)
{
	struct rb_node *node = areas->spans.rb_node;
	struct pmm_span *span = NULL;
	unsigned long cell;

	while (node) {
		if (*at < span_entry(node)->end) {
			span = span_entry(node);
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	if (!span)
		return false;
	*at = max(*at, span->start);
	cell = span->cell[*at - span->start];
	*free = cell & CELL_USED ? NULL : (struct pmm_area *)cell;
	*len = *free ? (*free)->len : cell >> CELL_LEN_SHIFT;
	return true;
}

void pmm_areas_destroy(struct pmm_areas *areas)
{
	struct pmm_spares all = {};
	struct pmm_area *free;
	unsigned long at = 0;
	u32 len;

	if (!areas)
		return;
	while (pmm_areas_walk(areas, &at, &len, &free)) {
		if (free)
			pmm_spares_give(&areas->nodes, free);
		at += len;
	}
	while (areas->spans.rb_node)
		areas_drop_span(areas, span_entry(areas->spans.rb_node), &all);
	pmm_spares_drop(&all);
	pmm_spares_drop(&areas->nodes);
	pmm_shim_free(areas);
}

int pmm_areas_add(struct pmm_areas *areas, unsigned long start,
		  unsigned long len, struct pmm_spares *spares)
{
	struct pmm_cells *cells;
	unsigned long end;

	areas_begin(areas);
	if (!len || check_add_overflow(start, len, &end))
		return -EINVAL;
	if (len > PMM_ALLOC_MAX_TOTAL - areas->stats.total)
		return -EINVAL;
	if (areas_overlap(areas, start, end))
		return -EEXIST;
	if (spares->nr < 2)
		return -ENOMEM;
	cells = pmm_spares_take_cells(spares, len);
	if (!cells)
		return -ENOMEM;
	areas_add_span(areas, start, end, cells, cells->cell, spares);
	areas_move_node(&areas->nodes, spares);
	areas_insert_merged(areas, start, len);
	areas->stats.total += len;
	return 0;
}

/*
 * Where in the area to put @len pages, given that there is room.  At its low
 * end, so that what remains starts at a multiple of the alignment again if
 * lengths are multiples; but at its high end if that leaves one remainder
 * where the low end would leave two.
 */
static unsigned long area_place(const struct pmm_area *area, unsigned long len,
				unsigned int order)
{
	unsigned long mask = (1UL << order) - 1;
	unsigned long skip = -area->start & mask;
	unsigned long high = pmm_area_end(area) - len;

	if (skip && !(high & mask))
		return high;
	return area->start + skip;
}

/* Use [start, start + len) of a free area; its node goes on with the rest. */
static void areas_carve(struct pmm_areas *areas, struct pmm_area *area,
			unsigned long start, u32 len)
{
	u32 head = start - area->start;
	u32 tail = area->len - head - len;

	areas_erase(areas, area);
	if (head) {
		areas_insert(areas, area, start - head, head);
		area = NULL;
	}
	if (tail)
		areas_insert(areas, area ?: pmm_spares_take(&areas->nodes),
			     start + len, tail);
	else if (area)
		pmm_spares_give(&areas->nodes, area);
	areas_set_used(areas, start, len);
	areas->stats.used_areas++;
}

static bool align_is_valid(unsigned long align)
{
	return is_power_of_2(align) && align <= PMM_ALLOC_MAX_ALIGN;
}

int pmm_areas_alloc(struct pmm_areas *areas, unsigned long len,
		    unsigned long align, struct pmm_spares *spares,
		    unsigned long *start)
{
	struct pmm_area *area;

	areas_begin(areas);
	if (!len || !align_is_valid(align))
		return -EINVAL;
	area = areas->index->find(areas, len, ilog2(align));
	if (!area)
		return -ENOSPC;
	if (!spares->nr)
		return -ENOMEM;
	areas_move_node(&areas->nodes, spares);
	*start = area_place(area, len, ilog2(align));
	areas_carve(areas, area, *start, len);
	return 0;
}

int pmm_areas_free(struct pmm_areas *areas, unsigned long start,
		   struct pmm_spares *spares)
{
	u32 len;

	areas_begin(areas);
	len = areas_used_len(areas, start);
	if (!len)
		return -ENOENT;
	areas_set_cell(areas, start, 0);
	areas_insert_merged(areas, start, len);
	areas->stats.used_areas--;
	areas_trim_nodes(areas, spares);
	return 0;
}

int pmm_areas_split(struct pmm_areas *areas, unsigned long start,
		    unsigned long at, struct pmm_spares *spares)
{
	u32 len;

	areas_begin(areas);
	len = areas_used_len(areas, start);
	if (!len || at < start || at - start >= len)
		return -ENOENT;
	if (at == start)
		return 0;
	if (!spares->nr)
		return -ENOMEM;
	areas_move_node(&areas->nodes, spares);
	areas_set_used(areas, start, at - start);
	areas_set_used(areas, at, start + len - at);
	areas->stats.used_areas++;
	return 0;
}

int pmm_areas_remove(struct pmm_areas *areas, unsigned long start,
		     struct pmm_spares *spares)
{
	unsigned long at, next, end;
	struct pmm_span *span;
	u32 len;

	areas_begin(areas);
	len = areas_used_len(areas, start);
	if (!len)
		return -ENOENT;
	if (!spares->nr)
		return -ENOMEM;
	areas_set_cell(areas, start, 0);
	areas->stats.used_areas--;
	areas->stats.total -= len;
	end = start + len;
	for (at = start; at < end; at = next) {
		span = areas_span(areas, at);
		next = min(end, span->end);
		areas_cut_span(areas, span, at, next, spares);
	}
	areas_trim_nodes(areas, spares);
	return 0;
}

unsigned long pmm_areas_largest(struct pmm_areas *areas, unsigned long align)
{
	areas_begin(areas);
	if (!align_is_valid(align))
		return 0;
	return areas->index->largest(areas, ilog2(align));
}

void pmm_areas_stats(struct pmm_areas *areas, struct pmm_alloc_stats *stats)
{
	*stats = areas->stats;
	stats->visited_max = max(stats->visited_max, stats->visited);
	stats->largest = areas->index->largest(areas, 0);
}
