// SPDX-License-Identifier: GPL-2.0-only
/*
 * A plain linear best fit: all areas in a list by address, the free ones in a
 * second list in no order, which an allocation walks from end to end.
 */
#include "steady_linear.h"

struct linear_area {
	struct list_head neighbours;
	struct list_head holes;		/* empty in a used area */
	unsigned long start;
	unsigned long len;
};

struct linear {
	struct list_head areas;
	struct list_head holes;
};

static bool linear_is_hole(const struct linear_area *area)
{
	return !list_empty(&area->holes);
}

static struct linear_area *linear_new(struct list_head *after,
				      unsigned long start, unsigned long len)
{
	struct linear_area *area = malloc(sizeof(*area));

	if (!area)
		return NULL;
	area->start = start;
	area->len = len;
	INIT_LIST_HEAD(&area->holes);
	list_add(&area->neighbours, after);
	return area;
}

static void linear_release(struct linear_area *area)
{
	list_del(&area->neighbours);
	list_del(&area->holes);
	free(area);
}

static void linear_destroy(void *data)
{
	struct linear *pool = data;
	struct linear_area *area, *next;

	if (!pool)
		return;
	list_for_each_entry_safe(area, next, &pool->areas, neighbours)
		free(area);
	free(pool);
}

static void *linear_create(const struct steady_peer *peer, unsigned long pages)
{
	struct linear *pool = malloc(sizeof(*pool));
	struct linear_area *area;

	(void)peer;
	if (!pool)
		return NULL;
	INIT_LIST_HEAD(&pool->areas);
	INIT_LIST_HEAD(&pool->holes);
	area = linear_new(&pool->areas, 0, pages);
	if (!area) {
		linear_destroy(pool);
		return NULL;
	}
	list_add(&area->holes, &pool->holes);
	return pool;
}

/* Use [start, start + len) of a hole. */
static struct linear_area *linear_carve(struct linear *pool,
					struct linear_area *hole,
					unsigned long start, unsigned long len)
{
	unsigned long end = hole->start + hole->len;
	struct linear_area *area = linear_new(&hole->neighbours, start, len);
	struct linear_area *rest;

	if (!area)
		return NULL;
	if (start + len < end) {
		rest = linear_new(&area->neighbours, start + len,
				  end - start - len);
		if (!rest) {
			linear_release(area);
			return NULL;
		}
		list_add(&rest->holes, &pool->holes);
	}
	hole->len = start - hole->start;
	if (!hole->len)
		linear_release(hole);
	return area;
}

/* Areas are placed in what is left of the first hole, which is the last one. */
static int linear_place(void *data, unsigned long start, unsigned long len,
			unsigned long *handle)
{
	struct linear *pool = data;
	struct linear_area *last = list_entry(pool->areas.prev,
					      struct linear_area, neighbours);
	struct linear_area *area = linear_carve(pool, last, start, len);

	*handle = (unsigned long)area;
	return area ? 0 : -ENOMEM;
}

static int linear_placed(void *data)
{
	(void)data;
	return 0;
}

static unsigned long linear_skip(const struct linear_area *area,
				 unsigned long align)
{
	return -area->start & (align - 1);
}

static int linear_alloc(void *data, unsigned long len, unsigned long align,
			unsigned long *handle)
{
	struct linear_area *area, *best = NULL;
	struct linear *pool = data;

	list_for_each_entry(area, &pool->holes, holes) {
		if (area->len < len + linear_skip(area, align) ||
		    (best && best->len <= area->len))
			continue;
		best = area;
		if (area->len == len)
			break;
	}
	if (!best)
		return -ENOSPC;
	area = linear_carve(pool, best, best->start + linear_skip(best, align),
			    len);
	*handle = (unsigned long)area;
	return area ? 0 : -ENOMEM;
}

static void linear_free(void *data, unsigned long handle)
{
	struct linear_area *area = (struct linear_area *)handle;
	struct linear_area *prev, *next;
	struct linear *pool = data;

	next = list_next_entry(area, neighbours);
	if (&next->neighbours != &pool->areas && linear_is_hole(next)) {
		area->len += next->len;
		linear_release(next);
	}
	prev = list_prev_entry(area, neighbours);
	if (&prev->neighbours != &pool->areas && linear_is_hole(prev)) {
		prev->len += area->len;
		linear_release(area);
	} else {
		list_add(&area->holes, &pool->holes);
	}
}

const struct steady_peer steady_linear = {
	.name = "linear",
	.create = linear_create,
	.place = linear_place,
	.placed = linear_placed,
	.alloc = linear_alloc,
	.free = linear_free,
	.destroy = linear_destroy,
};
