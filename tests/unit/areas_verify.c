// SPDX-License-Identifier: GPL-2.0-only
/*
 * Areas with a view inside: checks all that their code relies on, from scratch.
 */
#include "../../drivers/misc/pmm_areas.c" /* NOLINT(bugprone-suspicious-include): as said */
#include "alloc_verify.h"

/* All cells of an area are looked at if there are no more than so many. */
#define VERIFY_CELLS	1024

/* What one pass over all areas carries along. */
struct verify {
	const char *error;
	struct pmm_areas *areas;
	struct pmm_alloc_stats sum;
	unsigned long spans;
	unsigned long cells;
	bool last_seen;
	unsigned long end;		/* of the span or area before */
	bool free;			/* which was free */
};

static void verify_that(struct verify *v, bool holds, const char *error)
{
	if (!holds && !v->error)
		v->error = error;
}

int verify_rb(struct rb_node *node)
{
	struct rb_node *child[2];
	int height[2], i;

	if (!node)
		return 0;
	child[0] = node->rb_left;
	child[1] = node->rb_right;
	for (i = 0; i < 2; i++) {
		height[i] = verify_rb(child[i]);
		if (child[i] && rb_parent(child[i]) != node)
			return -1;
		if (child[i] && !rb_is_black(child[i]) && !rb_is_black(node))
			return -1;
	}
	if (height[0] < 0 || height[0] != height[1])
		return -1;
	return height[0] + rb_is_black(node);
}

/* Count the spans of all cells where these, in use, have nothing. */
static void count_spans(struct pmm_areas *areas)
{
	struct pmm_cells *cells;
	struct rb_node *node;

	for (node = rb_first(&areas->spans); node; node = rb_next(node))
		span_entry(node)->cells->next = NULL;
	for (node = rb_first(&areas->spans); node; node = rb_next(node)) {
		cells = span_entry(node)->cells;
		cells->next = (void *)((unsigned long)cells->next + 1);
	}
}

/* After that: is the number right?  True for the first span of each. */
static bool verify_counted(struct verify *v, struct pmm_cells *cells)
{
	unsigned long nr = (unsigned long)cells->next;

	if (!nr)
		return false;
	verify_that(v, nr == cells->spans, "cells of other spans");
	cells->next = NULL;
	return true;
}

static void verify_span(struct verify *v, struct pmm_span *span)
{
	unsigned long first = span->cell - span->cells->cell;

	verify_that(v, span->start < span->end, "empty span");
	verify_that(v, span->start >= v->end, "spans overlap");
	verify_that(v, first + (span->end - span->start) <= span->cells->nr,
		    "a span has no cells");
	v->last_seen |= v->areas->last == span;
	v->end = span->end;
	v->spans++;
	v->cells += verify_counted(v, span->cells);
}

static void verify_spans(struct verify *v)
{
	struct rb_node *root = v->areas->spans.rb_node;
	struct rb_node *node;

	verify_that(v, !root || rb_is_black(root), "red root of spans");
	verify_that(v, verify_rb(root) >= 0, "unbalanced spans");
	count_spans(v->areas);
	for (node = rb_first(&v->areas->spans); node; node = rb_next(node))
		verify_span(v, span_entry(node));
	verify_that(v, v->spans == v->areas->nr_spans,
		    "wrong number of spans");
	verify_that(v, !v->areas->last || v->last_seen,
		    "the last span is none");
}

/* The cells after the first one. */
static void verify_cells(struct verify *v, unsigned long start, u32 len,
			 struct pmm_area *free)
{
	unsigned long i, *cell;

	for (i = 1; i < len; i++) {
		/* In long ones only at both ends. */
		if (i == VERIFY_CELLS / 2 && len > VERIFY_CELLS)
			i = len - VERIFY_CELLS / 2;
		cell = areas_cell(v->areas, start + i);
		if (!cell || *cell != (i == len - 1 ? (unsigned long)free : 0)) {
			verify_that(v, false, "wrong cell");
			return;
		}
	}
}

static void verify_area(struct verify *v, unsigned long start, u32 len,
			struct pmm_area *free)
{
	verify_that(v, len, "empty area");
	verify_that(v, start + len > start, "an area wraps");
	verify_that(v, v->end <= start, "areas overlap");
	verify_that(v, !free || !v->free || v->end < start,
		    "free neighbours not merged");
	verify_that(v, !free || free->start == start,
		    "a free area is elsewhere");
	verify_cells(v, start, len, free);
	v->end = start + len;
	v->free = free;
	v->sum.total += len;
	v->sum.free += free ? len : 0;
	v->sum.free_areas += !!free;
	v->sum.used_areas += !free;
}

static void verify_areas(struct verify *v)
{
	struct pmm_alloc_stats *stats = &v->areas->stats;
	unsigned long at = 0;
	struct pmm_area *free;
	u32 len;

	v->end = 0;
	while (!v->error && pmm_areas_walk(v->areas, &at, &len, &free)) {
		verify_area(v, at, len, free);
		at += len;
	}
	verify_that(v, v->sum.total == stats->total, "wrong total");
	verify_that(v, v->sum.free == stats->free, "wrong free");
	verify_that(v, v->sum.free_areas == stats->free_areas,
		    "wrong number of free areas");
	verify_that(v, v->sum.used_areas == stats->used_areas,
		    "wrong number of used areas");
}

/* Looking must leave no trace. */
static struct verify verify_all(struct pmm_areas *areas)
{
	struct pmm_alloc_stats stats = areas->stats;
	struct pmm_span *last = areas->last;
	struct verify v = { .areas = areas };

	verify_spans(&v);
	if (!v.error)
		verify_areas(&v);
	areas->stats = stats;
	areas->last = last;
	return v;
}

const char *areas_verify(struct pmm_areas *areas)
{
	struct verify v = verify_all(areas);

	verify_that(&v, areas->nodes.nr + v.sum.free_areas ==
		    v.sum.used_areas + v.spans, "wrong number of nodes");
	return v.error;
}

long areas_memory(struct pmm_areas *areas)
{
	struct verify v = verify_all(areas);

	/* Itself, nodes for areas, those of the spans, and cells. */
	return 1 + v.sum.used_areas + v.spans + v.spans + v.cells;
}

const char *areas_compare(struct pmm_areas *areas, const struct model *m)
{
	struct pmm_area *free;
	unsigned long at = 0;
	size_t i = 0;
	u32 len;

	while (pmm_areas_walk(areas, &at, &len, &free)) {
		if (i == m->nr)
			return "too many areas";
		if (at != m->areas[i].start || len != m->areas[i].len)
			return "an area has other limits";
		if (!free != m->areas[i].used)
			return "an area is not as used or free";
		at += len;
		i++;
	}
	return i == m->nr ? NULL : "areas are missing";
}
