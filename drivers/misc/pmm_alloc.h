/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Allocators of ranges: which part of a pool is free, which is handed out.
 *
 * An allocator knows nothing of memory or devices.  It keeps *areas*, numbered
 * ranges [start, start + len) that are free or used, and never sleeps or
 * allocates: the memory that an operation may need is put into a struct
 * pmm_spares before the caller takes its lock, and what is left over or
 * released is freed after it is dropped.  All numbers are in pages.
 *
 * The same source is compiled into the module and into the user-space tests,
 * see pmm_alloc_shim.h.
 */
#ifndef PMM_ALLOC_H
#define PMM_ALLOC_H

#include "pmm_alloc_shim.h"

/* The largest alignment is 2^18 pages: 1 GiB of 4 KiB pages. */
#define PMM_ALLOC_MAX_ORDER	18
#define PMM_ALLOC_MAX_ALIGN	BIT(PMM_ALLOC_MAX_ORDER)

/* The most pages in one allocator: 16 TiB of 4 KiB pages. */
#define PMM_ALLOC_MAX_TOTAL	(ULONG_MAX >> 1 < U32_MAX ? ULONG_MAX >> 1 : U32_MAX)

struct pmm_areas;
struct pmm_alloc_ops;

/* A cell for each page that is added at a time; see pmm_areas.c. */
struct pmm_cells {
	struct pmm_cells *next;
	unsigned long nr;
	unsigned long spans;
	unsigned long cell[];
};

/* Memory of one allocator: nodes, linked through their first word, and cells. */
struct pmm_spares {
	const struct pmm_alloc_ops *ops;
	void *head;
	unsigned int nr;
	struct pmm_cells *cells;
};

/**
 * struct pmm_alloc_stats - what an allocator holds
 * @total: pages added
 * @free: pages in free areas
 * @largest: pages in the longest free area
 * @free_areas: number of free areas
 * @used_areas: number of used areas
 * @visited: nodes looked at by the last operation
 * @visited_max: the most nodes that any operation looked at
 */
struct pmm_alloc_stats {
	unsigned long total;
	unsigned long free;
	unsigned long largest;
	unsigned long free_areas;
	unsigned long used_areas;
	unsigned long visited;
	unsigned long visited_max;
};

/**
 * struct pmm_alloc_ops - one allocation policy
 * @name: as users name it
 * @node_size: size of one node in bytes, for pmm_spares_fill()
 * @create: make an empty allocator; may sleep; NULL without memory
 * @destroy: free it and all its nodes; may sleep; takes NULL
 * @add: put [start, start + len) under management, free.  -EINVAL if it is
 *	empty or wraps, or makes more than PMM_ALLOC_MAX_TOTAL; -EEXIST if it
 *	overlaps what is there.  Merges with a free area that it touches.
 * @alloc: use @len pages whose first number is a multiple of @align, a power
 *	of two up to PMM_ALLOC_MAX_ALIGN.  -EINVAL for a zero length or a bad
 *	alignment, -ENOSPC if no free area can hold them.
 * @free: free the used area that starts at @start, merging it with its free
 *	neighbours; released nodes go into the spares.  -ENOENT if no used area
 *	starts there.
 * @split: make two of the used area that starts at @start, the second starting
 *	at @at; nothing to do if they are the same.  -ENOENT if no used area
 *	starts at @start, or @at is not inside it.
 * @remove: take the used area that starts at @start out of management.  It
 *	becomes a hole, across which nothing merges and into which @add may put
 *	pages again; released nodes go into the spares.  -ENOENT if no used
 *	area starts there.
 * @largest: length of the longest range that @alloc could give at @align; 0
 *	for a bad alignment
 * @stats: what it holds now
 *
 * An operation that needs more than its spares hold returns -ENOMEM; one that
 * fails has changed nothing.  @add needs what pmm_spares_fill_add() prepares,
 * @free nothing, the others what pmm_spares_fill() does.
 *
 * Context: @add to @stats are called under one lock of the caller's, never
 * sleep, and visit O(log n) nodes for n areas, whatever the alignment.
 */
struct pmm_alloc_ops {
	const char *name;
	size_t node_size;
	struct pmm_areas *(*create)(void);
	void (*destroy)(struct pmm_areas *alloc);
	int (*add)(struct pmm_areas *alloc, unsigned long start,
		   unsigned long len, struct pmm_spares *spares);
	int (*alloc)(struct pmm_areas *alloc, unsigned long len,
		     unsigned long align, struct pmm_spares *spares,
		     unsigned long *start);
	int (*free)(struct pmm_areas *alloc, unsigned long start,
		    struct pmm_spares *spares);
	int (*split)(struct pmm_areas *alloc, unsigned long start,
		     unsigned long at, struct pmm_spares *spares);
	int (*remove)(struct pmm_areas *alloc, unsigned long start,
		      struct pmm_spares *spares);
	unsigned long (*largest)(struct pmm_areas *alloc, unsigned long align);
	void (*stats)(struct pmm_areas *alloc, struct pmm_alloc_stats *stats);
};

#define PMM_ALLOCATOR(name)	extern const struct pmm_alloc_ops pmm_##name##_ops;
#include "pmm_alloc_list.h"
#undef PMM_ALLOCATOR

/* NULL finds the default. */
const struct pmm_alloc_ops *pmm_alloc_find(const char *name);
/* NULL past the last one; the first one is the default. */
const struct pmm_alloc_ops *pmm_alloc_by_index(unsigned int index);

/*
 * May sleep.  Initialises @spares: what may still be in it is lost.  Returns 0
 * or -ENOMEM, then with nothing in @spares.
 */
int pmm_spares_fill(struct pmm_spares *spares, const struct pmm_alloc_ops *ops);
/* The same for adding @len pages, which needs more. */
int pmm_spares_fill_add(struct pmm_spares *spares,
			const struct pmm_alloc_ops *ops, unsigned long len);
/* May sleep.  Frees what is left in @spares. */
void pmm_spares_drop(struct pmm_spares *spares);
/* For allocators, under the caller's lock. */
void *pmm_spares_take(struct pmm_spares *spares);
void pmm_spares_give(struct pmm_spares *spares, void *node);
struct pmm_cells *pmm_spares_take_cells(struct pmm_spares *spares,
					unsigned long nr);
void pmm_spares_give_cells(struct pmm_spares *spares, struct pmm_cells *cells);

#endif /* PMM_ALLOC_H */
