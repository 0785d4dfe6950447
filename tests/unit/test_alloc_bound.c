// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocators: how much an operation looks at, whatever is asked for.
 *
 * Any allocator looks at cells: at most 10 in an operation, see pmm_areas.c.  To
 * find one, a tree of spans is searched, of s spans at most 2 log2(s + 1) of them.
 *
 * bestfit has a red-black tree of at most h = 2 log2(n + 1) levels for n areas, as
 * no more than all of them are of different shapes.  Of each level that it passes,
 * it looks at
 *
 *	search		1 node and its left child
 *	removal		1 node and its 2 children, going up
 *	insertion	1 node going down, 1 going up
 *
 * and, where the tree is rotated, at 3 for each of at most 3 rotations in a
 * removal, 2 in an insertion; where it is not, because another area of the shape
 * is or stays there, at 5 in a removal, 1 in an insertion.  A search ends at 1 that
 * is listed.  The most that an operation does is
 *
 *	alloc	a search, a removal, 2 insertions:	9 h
 *	free	2 removals, an insertion:		8 h
 *
 * and less than 30 nodes besides.  That this is no slack to hide a linear
 * walk in is what the patterns are for: in each of them there are very many areas
 * long enough for a request and yet unable to hold it.
 *
 * tlsf looks at two classes, and at two links of three in each of three lists for
 * an area that is entered, three for one that leaves: at no more than 2 + 9 + 2 * 6
 * in an allocation, and 9 + 9 + 6 when an area is freed.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test_alloc.h"

#ifndef ALLOC_TEST_AREAS
#define ALLOC_TEST_AREAS	1000000
#endif

/* Pages from one hole to the next. */
#define BOUND_PITCH	32

#define BOUND_OPS	20000
#define BOUND_HELD	1000

static bool is_bestfit(const struct pmm_alloc_ops *ops)
{
	return strcmp(ops->name, "bestfit") == 0;
}

unsigned long visited_bound(const struct pmm_alloc_ops *ops,
			    unsigned long areas, unsigned long spans)
{
	unsigned long cells = 10 * (1 + 2 * log2(spans + 1)) + 1;

	if (is_bestfit(ops))
		return cells + 9 * 2 * log2(areas + 1) + 30;
	return cells + 24;
}

/*
 * On average it is less, as long as changes of room are not passed on further up
 * than they matter.  This is no theorem.
 */
static double visited_mean_bound(const struct pmm_alloc_ops *ops,
				 unsigned long areas)
{
	return is_bestfit(ops) ? 3.5 * log2(areas + 1) + 10 : 24;
}

struct pattern {
	const char *name;
	/* Where in [0, BOUND_PITCH) the i-th of nr holes is, not at its end. */
	void (*hole)(unsigned long i, unsigned long nr, u64 *random,
		     struct model_area *area);
	unsigned long len;		/* lengths to ask for, more or less */
	/* From one hole to the next if each is a span of its own, else 0. */
	unsigned long apart;
};

static void hole_equal(unsigned long i, unsigned long nr, u64 *random,
		       struct model_area *area)
{
	(void)i;
	(void)nr;
	(void)random;
	area->start = 1;
	area->len = 24;
}

/* Room at 2^4 is 15 in all of them, though they have 30 pages. */
static void hole_just_misses(unsigned long i, unsigned long nr, u64 *random,
			     struct model_area *area)
{
	(void)i;
	(void)nr;
	(void)random;
	area->start = 1;
	area->len = 30;
}

/* One page short of a power of two that they are aligned to. */
static void hole_short(unsigned long i, unsigned long nr, u64 *random,
		       struct model_area *area)
{
	unsigned int order = test_random(random, 5);

	(void)i;
	(void)nr;
	area->start = order < 4 ? 1UL << order : 0;
	area->len = (1UL << order) - 1 ?: 1;
}

/* Every other page. */
static void hole_alternating(unsigned long i, unsigned long nr, u64 *random,
			     struct model_area *area)
{
	(void)i;
	(void)nr;
	(void)random;
	area->start = 0;
	area->len = 1;
}

/* Ever longer: a tree grows at one end only. */
static void hole_ascending(unsigned long i, unsigned long nr, u64 *random,
			   struct model_area *area)
{
	(void)random;
	area->start = 0;
	area->len = 1 + i * (BOUND_PITCH - 1) / nr;
}

/* Any length, starting at any multiple of any power of two. */
static void hole_random(unsigned long i, unsigned long nr, u64 *random,
			struct model_area *area)
{
	unsigned long mask = (1UL << test_random(random, 5)) - 1;

	(void)i;
	(void)nr;
	area->start = test_random(random, BOUND_PITCH / 2) & ~mask;
	area->len = 1 + test_random(random, BOUND_PITCH / 2);
}

/*
 * Hardly two alike: any length, with its best aligned page anywhere in it, and that
 * aligned to at least as much as it is long.
 */
static void hole_shapes(unsigned long i, unsigned long nr, u64 *random,
			struct model_area *area)
{
	unsigned long order = 8 + test_random(random, 11);

	(void)i;
	(void)nr;
	area->len = 1 + test_random(random, 256);
	area->start = (1UL << order) - test_random(random, area->len);
}

static const struct pattern patterns[] = {
	{ "equal sizes", hole_equal, 24, 0 },
	{ "alternating holes", hole_alternating, 1, 0 },
	{ "just missing an alignment", hole_just_misses, 30, 0 },
	{ "short of a power of two", hole_short, 16, 0 },
	{ "ascending sizes", hole_ascending, 30, 0 },
	{ "random", hole_random, 16, 0 },
	{ "random, added one by one", hole_random, 16, BOUND_PITCH },
	{ "shapes, added one by one", hole_shapes, 256,
	  2 * PMM_ALLOC_MAX_ALIGN },
};

/* What was found with one pattern at one number of areas. */
struct bound {
	const struct pattern *pattern;
	struct box box;
	u64 random;
	unsigned long areas;
	unsigned long spans;
	unsigned long len;		/* asked for: what there is, at most */
	unsigned long max;
	double sum;
	unsigned long ops;
	unsigned long held[BOUND_HELD];
	unsigned int nr_held;
};

static void bound_note(struct bound *b)
{
	unsigned long bound = visited_bound(b->box.ops, b->areas, b->spans);

	assert_quick(b->box.visited <= bound,
		     "%s, %s: visited %lu among %lu areas", b->box.ops->name,
		     b->pattern->name, b->box.visited, b->areas);
	b->max = max(b->max, b->box.visited);
	b->sum += b->box.visited;
	b->ops++;
}

static void bound_add(struct bound *b, unsigned long start, unsigned long len)
{
	assert_quick(!box_add(&b->box, start, len), "add %lu", start);
	b->spans++;
	b->areas++;
	bound_note(b);
}

/* Of the used area at @start, free what the hole is. */
static void bound_free_hole(struct bound *b, unsigned long start,
			    const struct model_area *hole)
{
	if (hole->start > start)
		assert_quick(!box_split(&b->box, start, hole->start), "split");
	assert_quick(!box_split(&b->box, hole->start, hole->start + hole->len),
		     "split");
	assert_quick(!box_free(&b->box, hole->start), "free");
	b->areas += 2;
	bound_note(b);
}

static void bound_build_apart(struct bound *b, unsigned long holes)
{
	struct model_area hole;
	unsigned long i;

	for (i = 0; i < holes; i++) {
		b->pattern->hole(i, holes, &b->random, &hole);
		bound_add(b, i * b->pattern->apart + hole.start, hole.len);
	}
}

static void bound_build(struct bound *b, unsigned long holes)
{
	/* A power of two, which tlsf gives as a whole. */
	unsigned long total = 1UL << (ilog2(holes * BOUND_PITCH) + 1);
	unsigned long pitch = BOUND_PITCH, i, start;
	struct model_area hole;

	if (b->pattern->hole == hole_alternating)
		pitch = 2;
	bound_add(b, 0, total);
	assert_quick(!box_alloc(&b->box, total, 1, &start), "alloc");
	for (i = 0; i < holes; i++) {
		b->pattern->hole(i, holes, &b->random, &hole);
		hole.start += i * pitch;
		bound_free_hole(b, start, &hole);
		start = hole.start + hole.len;
		/* In between: free with free neighbours. */
		if (b->nr_held < BOUND_HELD / 4 && pitch == 2)
			b->held[b->nr_held++] = start;
	}
	if (b->nr_held)
		b->nr_held--;
}

static void bound_alloc(struct bound *b)
{
	unsigned int order = test_random(&b->random, PMM_ALLOC_MAX_ORDER + 1);
	unsigned long len = b->len;

	switch (test_random(&b->random, 4)) {
	case 0:
		len = 1 + test_random(&b->random, 2 * len);
		break;
	case 1:
		len = 1UL << order;
		break;
	case 2:
		len = len / 2 + 1;
		break;
	}
	if (!box_alloc(&b->box, len, 1UL << order, &b->held[b->nr_held]))
		b->nr_held++;
	bound_note(b);
}

static void bound_free(struct bound *b)
{
	unsigned int i = test_random(&b->random, b->nr_held);

	assert_quick(!box_free(&b->box, b->held[i]), "free %lu", b->held[i]);
	bound_note(b);
	b->held[i] = b->held[--b->nr_held];
}

static void bound_split(struct bound *b)
{
	unsigned long start = b->held[test_random(&b->random, b->nr_held)];

	if (!box_split(&b->box, start, start + 1))
		b->held[b->nr_held++] = start + 1;
	bound_note(b);
}

static void bound_operate(struct bound *b)
{
	unsigned long i;

	b->len = min(b->pattern->len, box_stats(&b->box).largest);
	b->max = 0;
	b->sum = 0;
	b->ops = 0;
	for (i = 0; i < BOUND_OPS; i++) {
		unsigned int dice = test_random(&b->random, 10);

		b->areas = box_stats(&b->box).free_areas +
			   box_stats(&b->box).used_areas;
		if (!b->nr_held || (b->nr_held < BOUND_HELD && dice < 5))
			bound_alloc(b);
		else if (b->nr_held < BOUND_HELD && dice == 5)
			bound_split(b);
		else
			bound_free(b);
	}
}

static void bound_measure(const struct pmm_alloc_ops *ops,
			  const struct pattern *pattern, unsigned long areas)
{
	struct bound *b = calloc(1, sizeof(*b));
	double mean;

	ck_assert_ptr_nonnull(b);
	b->pattern = pattern;
	b->random = test_seed();
	box_init(&b->box, ops);
	if (pattern->apart)
		bound_build_apart(b, areas);
	else
		bound_build(b, areas / 2);
	bound_operate(b);
	assert_verify(&b->box);
	mean = b->sum / b->ops;
	printf("%s %-26s %8lu areas: visited %5.1f on average, %3lu at most (bound %lu)\n",
	       ops->name, pattern->name, areas, mean, b->max,
	       visited_bound(ops, areas, b->spans));
	if (!pattern->apart)
		ck_assert_double_le(mean, visited_mean_bound(ops, areas));
	box_exit(&b->box);
	free(b);
}

START_TEST(visits_are_bounded)
{
	const struct pmm_alloc_ops *ops;
	unsigned long areas;

	ops = pmm_alloc_by_index(_i / ARRAY_SIZE(patterns));
	for (areas = 1000; areas <= ALLOC_TEST_AREAS; areas *= 10)
		bound_measure(ops, &patterns[_i % ARRAY_SIZE(patterns)], areas);
}
END_TEST

TCase *alloc_bound_case(void)
{
	TCase *tc = tcase_create("bound");

	tcase_set_timeout(tc, 300);
	tcase_add_loop_test(tc, visits_are_bounded, 0,
			    test_nr_allocators() * ARRAY_SIZE(patterns));
	return tc;
}
