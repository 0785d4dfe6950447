// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocators: O(log n), in nodes looked at, whatever is asked for.
 *
 * A red-black tree of n nodes has at most h = 2 log2(n + 1) levels.  Of each
 * level that it passes, a bestfit operation looks at
 *
 *	search by size		1 node and its left child
 *	search by address	1 node
 *	removal by size		1 node and its 2 children, going up
 *	insertion by size	1 node going down, 1 going up
 *
 * and, where the tree is rotated, at 3 for each of at most 3 rotations in a
 * removal, 2 in an insertion.  The most that an operation does is
 *
 *	alloc	a search, a removal, 2 insertions:		9 h
 *	free	a search by address, 2 removals, an insertion:	9 h
 *
 * and less than 30 nodes in rotations and of neighbours.  9 h + 30 is what is
 * asserted; it grows from 209 to 388 from 10^3 to 10^6 areas.  That this is no
 * slack to hide a linear walk in is what the patterns are for: in each of them
 * there are very many areas long enough for a request and yet unable to hold it.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "test_alloc.h"

#ifndef ALLOC_TEST_AREAS
#define ALLOC_TEST_AREAS	1000000
#endif

/*
 * On average it is far less, as long as changes of room are not passed on
 * further up than they matter.  This is no theorem: 31 to 63 were measured
 * where 40 to 75 are allowed.
 */
static double visited_mean_bound(unsigned long areas)
{
	return 3.5 * log2(areas + 1) + 5;
}

#define BOUND_OPS	20000
#define BOUND_HELD	1000

unsigned long visited_bound(unsigned long areas)
{
	return 9 * 2 * log2(areas + 1) + 30;
}

struct pattern {
	const char *name;
	/* The i-th of many free areas, none touching another; or NULL. */
	void (*hole)(unsigned long i, u64 *random, struct model_area *area);
	unsigned long len;		/* lengths to ask for, more or less */
};

static void hole_equal(unsigned long i, u64 *random, struct model_area *area)
{
	(void)random;
	area->start = 1024 * i + 1;
	area->len = 1000;
}

/* Room at 2^9 is 511 in all of them, though they have 1022 pages. */
static void hole_just_misses(unsigned long i, u64 *random,
			     struct model_area *area)
{
	(void)random;
	area->start = 2048 * i + 1;
	area->len = 1022;
}

/* One page short of a power of two that they are aligned to. */
static void hole_short(unsigned long i, u64 *random, struct model_area *area)
{
	unsigned int order = test_random(random, 12);

	area->start = 4096 * i + (1UL << order);
	area->len = (1UL << order) - 1 ?: 1;
}

/* Ever longer: the tree grows at one end only. */
static void hole_ascending(unsigned long i, u64 *random,
			   struct model_area *area)
{
	(void)random;
	area->start = 8192 * i + 5;
	area->len = 1 + i / 250;
}

/* Any length, starting at any multiple of any power of two. */
static void hole_random(unsigned long i, u64 *random, struct model_area *area)
{
	unsigned long mask = (1UL << test_random(random, 12)) - 1;

	area->start = 8192 * i + (test_random(random, 4096) & ~mask);
	area->len = 1 + test_random(random, 4000);
}

static const struct pattern patterns[] = {
	{ "equal sizes", hole_equal, 1000 },
	{ "alternating holes", NULL, 1 },
	{ "just missing 2 MiB", hole_just_misses, 1022 },
	{ "short of a power of two", hole_short, 1024 },
	{ "ascending sizes", hole_ascending, 2000 },
	{ "random", hole_random, 2000 },
};

/* What was found with one pattern at one number of areas. */
struct bound {
	const struct pattern *pattern;
	struct box box;
	u64 random;
	unsigned long areas;
	unsigned long len;		/* asked for: what there is, at most */
	unsigned long max;
	double sum;
	unsigned long ops;
	unsigned long held[BOUND_HELD];
	unsigned int nr_held;
};

static void bound_note(struct bound *b)
{
	assert_quick(b->box.visited <= visited_bound(b->areas),
		     "%s: %lu nodes visited among %lu areas",
		     b->pattern->name, b->box.visited, b->areas);
	b->max = max(b->max, b->box.visited);
	b->sum += b->box.visited;
	b->ops++;
}

static void bound_add(struct bound *b, unsigned long start, unsigned long len)
{
	assert_quick(!box_add(&b->box, start, len), "add %lu", start);
	b->areas++;
	bound_note(b);
}

static void bound_build_holes(struct bound *b, unsigned long areas)
{
	struct model_area hole;

	while (b->areas < areas) {
		b->pattern->hole(b->areas, &b->random, &hole);
		bound_add(b, hole.start, hole.len);
	}
}

/* One free page, one used, one free: whatever is freed has free neighbours. */
static void bound_build_alternating(struct bound *b, unsigned long areas)
{
	unsigned long i, start;

	bound_add(b, 0, areas);
	for (; b->areas <= areas; b->areas++) {
		assert_quick(!box_alloc(&b->box, 1, 1, &start), "alloc");
		bound_note(b);
	}
	for (i = 0; i < areas; i += 2) {
		assert_quick(!box_free(&b->box, i), "free %lu", i);
		bound_note(b);
		if (b->nr_held < BOUND_HELD / 2)
			b->held[b->nr_held++] = i + 1;
	}
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

static void bound_measure(const struct pattern *pattern, unsigned long areas)
{
	struct bound *b = calloc(1, sizeof(*b));
	double mean;

	ck_assert_ptr_nonnull(b);
	b->pattern = pattern;
	b->random = test_seed();
	box_init(&b->box);
	if (pattern->hole)
		bound_build_holes(b, areas);
	else
		bound_build_alternating(b, areas);
	bound_operate(b);
	assert_verify(&b->box);
	mean = b->sum / b->ops;
	printf("%-24s %8lu areas: visited %5.1f on average, %3lu at most (bound %lu)\n",
	       pattern->name, areas, mean, b->max, visited_bound(areas));
	ck_assert_double_le(mean, visited_mean_bound(areas));
	box_exit(&b->box);
	free(b);
}

START_TEST(visits_grow_with_the_logarithm)
{
	unsigned long areas;

	for (areas = 1000; areas <= ALLOC_TEST_AREAS; areas *= 10)
		bound_measure(&patterns[_i], areas);
}
END_TEST

TCase *alloc_bound_case(void)
{
	TCase *tc = tcase_create("bound");

	tcase_set_timeout(tc, 300);
	tcase_add_loop_test(tc, visits_grow_with_the_logarithm, 0,
			    ARRAY_SIZE(patterns));
	return tc;
}
