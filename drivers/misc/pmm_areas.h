/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the allocators have in common: everything but the choice of an area.
 *
 * struct pmm_areas knows which areas there are, and merges them.  An allocator
 * adds an index of the free ones: see struct pmm_index_ops, and pmm_bestfit.c.
 */
#ifndef PMM_AREAS_H
#define PMM_AREAS_H

#include "pmm_alloc.h"

struct pmm_index_ops;

/**
 * struct pmm_area - a free area; the first thing in its node
 * @start: first page
 * @len: number of pages; 32 bits, since a whole allocator holds no more
 */
struct pmm_area {
	unsigned long start;
	u32 len;
};

/**
 * struct pmm_span - the managed pages [start, end), with cells in one piece
 * @node: place in pmm_areas.spans
 * @start: first page
 * @end: page after the last
 * @cell: of the first page
 * @cells: where that is
 */
struct pmm_span {
	struct rb_node node;
	unsigned long start;
	unsigned long end;
	unsigned long *cell;
	struct pmm_cells *cells;
};

/**
 * struct pmm_areas - all areas of an allocator; the first thing in it
 * @index: how it finds free areas
 * @spans: what it manages, by address
 * @nr_spans: number of them
 * @last: the span that was looked at last, or NULL
 * @nodes: for areas that become free
 * @stats: kept up to date, but for the largest
 */
struct pmm_areas {
	const struct pmm_index_ops *index;
	struct rb_root spans;
	unsigned long nr_spans;
	struct pmm_span *last;
	struct pmm_spares nodes;
	struct pmm_alloc_stats stats;
};

/**
 * struct pmm_index_ops - an index of free areas
 * @insert: enter an area
 * @erase: take an area out, before it changes
 * @find: an area with room for @len pages at 2^@order, or NULL
 * @largest: the longest length for which @find finds one; it does for every
 *	shorter one, and 0 means none at all
 *
 * They count in stats.visited what they look at.
 */
struct pmm_index_ops {
	void (*insert)(struct pmm_areas *areas, struct pmm_area *area);
	void (*erase)(struct pmm_areas *areas, struct pmm_area *area);
	struct pmm_area *(*find)(struct pmm_areas *areas, unsigned long len,
				 unsigned int order);
	unsigned long (*largest)(struct pmm_areas *areas, unsigned int order);
};

/* The node_size of an allocator whose nodes are of this type; spans use them. */
#define PMM_AREAS_NODE_SIZE(type)	\
	(sizeof(type) > sizeof(struct pmm_span) ? sizeof(type) \
						: sizeof(struct pmm_span))

/* Zeroed but for its areas.  May sleep; NULL without memory. */
struct pmm_areas *pmm_areas_create(size_t size,
				   const struct pmm_index_ops *index);

/* See struct pmm_alloc_ops. */
void pmm_areas_destroy(struct pmm_areas *areas);
int pmm_areas_add(struct pmm_areas *areas, unsigned long start,
		  unsigned long len, struct pmm_spares *spares);
int pmm_areas_alloc(struct pmm_areas *areas, unsigned long len,
		    unsigned long align, struct pmm_spares *spares,
		    unsigned long *start);
int pmm_areas_free(struct pmm_areas *areas, unsigned long start,
		   struct pmm_spares *spares);
int pmm_areas_split(struct pmm_areas *areas, unsigned long start,
		    unsigned long at, struct pmm_spares *spares);
int pmm_areas_remove(struct pmm_areas *areas, unsigned long start,
		     struct pmm_spares *spares);
unsigned long pmm_areas_largest(struct pmm_areas *areas, unsigned long align);
void pmm_areas_stats(struct pmm_areas *areas, struct pmm_alloc_stats *stats);

/* The operations of which every allocator has the same. */
#define PMM_AREAS_OPS					\
	.destroy = pmm_areas_destroy,			\
	.add = pmm_areas_add,				\
	.alloc = pmm_areas_alloc,			\
	.free = pmm_areas_free,				\
	.split = pmm_areas_split,			\
	.remove = pmm_areas_remove,			\
	.largest = pmm_areas_largest,			\
	.stats = pmm_areas_stats

/* Pages of the area from its first multiple of 2^order on. */
static inline u32 pmm_area_room(const struct pmm_area *area, unsigned int order)
{
	unsigned long skip = -area->start & ((1UL << order) - 1);

	return skip < area->len ? area->len - skip : 0;
}

static inline unsigned long pmm_area_end(const struct pmm_area *area)
{
	return area->start + area->len;
}

static inline void pmm_areas_visit(struct pmm_areas *areas, unsigned int nr)
{
	areas->stats.visited += nr;
}

/* For tests and for the end: what pmm_areas_destroy() does for each area. */
bool pmm_areas_walk(struct pmm_areas *areas, unsigned long *at, u32 *len,
		    struct pmm_area **free);

#endif /* PMM_AREAS_H */
