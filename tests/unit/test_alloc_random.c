// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocators: random operations, side by side with the model.
 */
#include <stdio.h>

#include "../../drivers/misc/pmm_areas.h"
#include "test_alloc.h"

#ifndef ALLOC_TEST_OPS
#define ALLOC_TEST_OPS	400000
#endif

/* A neighbourhood in which to let chance rule. */
struct profile {
	const char *name;
	unsigned long base;		/* ranges are added in [base, ...) */
	unsigned long span;		/* so many pages of it */
	unsigned long add;		/* longest range added */
	unsigned long len;		/* longest allocation */
	unsigned int orders;		/* of its alignment */
	unsigned int areas;		/* as many at most */
};

static const struct profile profiles[] = {
	{ "crowded", 1000, 1500, 400, 12, 5, 300 },
	{ "blocks", 0, 1UL << 18, 1UL << 16, 1UL << 11, 11, 200 },
	{ "huge", 12345, 1UL << 31, 1UL << 30, 1UL << 26, 19, 120 },
	{ "total", 1UL << 20, 1UL << 33, U32_MAX, U32_MAX, 19, 60 },
	{ "top", ULONG_MAX - (1UL << 20), 1UL << 20, 1UL << 18, 600, 19, 250 },
};

struct run {
	const struct profile *profile;
	struct box box;
	struct model model;
	struct pmm_spares spares;
	u64 random;
	bool growing;
};

static u64 run_random(struct run *run, u64 below)
{
	return test_random(&run->random, below);
}

/* Small numbers as often as large ones, each at least 1. */
static unsigned long run_length(struct run *run, unsigned long max)
{
	unsigned long below = max >> run_random(run, ilog2(max) + 1);

	return 1 + run_random(run, below ?: 1);
}

/* Mostly an alignment that can be had; now and then any number. */
static unsigned long run_align(struct run *run)
{
	if (!run_random(run, 64))
		return run_random(run, 1UL << (PMM_ALLOC_MAX_ORDER + 2));
	return 1UL << run_random(run, run->profile->orders);
}

/* A page anywhere, or the first or another one of some area. */
static unsigned long run_page(struct run *run, bool first)
{
	const struct model *m = &run->model;
	const struct model_area *area;

	if (!m->nr || !run_random(run, 16))
		return run->profile->base + run_random(run, run->profile->span);
	area = m->areas + run_random(run, m->nr);
	return area->start + (first ? 0 : run_random(run, area->len));
}

/* Fill the spares; leave too few now and then.  True if they are enough. */
static bool run_prepare(struct run *run)
{
	assert_quick(!pmm_spares_fill(&run->spares, run->box.ops), "no memory");
	if (run_random(run, 16))
		return true;
	pmm_spares_drop(&run->spares);
	return false;
}

static bool run_prepare_add(struct run *run, unsigned long len)
{
	unsigned int missing = run_random(run, 32);

	/* Cells for other pages than those are of no use. */
	if (!missing)
		len = len == 1 ? 2 : 1;
	assert_quick(!pmm_spares_fill_add(&run->spares, run->box.ops, len),
		     "no memory");
	if (missing < 3 && missing > 0)
		pmm_shim_free(pmm_spares_take(&run->spares));
	if (missing == 2)
		pmm_shim_free(pmm_spares_take(&run->spares));
	return missing > 2;
}

static void run_check(const char *what, unsigned long arg, int err,
		      int expected)
{
	assert_quick(err == expected, "%s %lu: %d, not %d", what, arg, err,
		     expected);
}

static void run_add(struct run *run)
{
	unsigned long len = run_length(run, run->profile->add);
	unsigned long start = run_page(run, false);
	int err;

	if (!run_random(run, 64))
		len = -start - 1 + run_random(run, 3);
	/* Just behind an area more often than chance would have it. */
	if (run->model.nr && run_random(run, 2)) {
		start = run_random(run, run->model.nr);
		start = run->model.areas[start].start +
			run->model.areas[start].len;
	}
	err = model_add(&run->model, start, len, run_prepare_add(run, len));
	run_check("add", start, run->box.ops->add(run->box.areas, start, len,
						  &run->spares), err);
}

static void run_alloc(struct run *run)
{
	unsigned long len = run_length(run, run->profile->len);
	unsigned long align = run_align(run);
	unsigned long start = 0, expected = 0;
	int err;

	err = model_alloc(&run->model, len, align, run_prepare(run), &expected);
	run_check("alloc", len, run->box.ops->alloc(run->box.areas, len, align,
						    &run->spares, &start), err);
	assert_quick(start == expected, "%lu pages at %lu: %lu, not %lu",
		     len, align, start, expected);
}

static void run_free(struct run *run)
{
	unsigned long start = run_page(run, true);
	int err = model_free(&run->model, start);

	run_check("free", start, run->box.ops->free(run->box.areas, start,
						    &run->spares), err);
}

static void run_split(struct run *run)
{
	unsigned long start = run_page(run, true);
	unsigned long at = start + run_length(run, run->profile->len) - 1;
	int err;

	if (!run_random(run, 16))
		at = run_page(run, false);
	err = model_split(&run->model, start, at, run_prepare(run));
	run_check("split", at, run->box.ops->split(run->box.areas, start, at,
						   &run->spares), err);
}

static void run_remove(struct run *run)
{
	unsigned long start = run_page(run, true);
	int err = model_remove(&run->model, start, run_prepare(run));

	run_check("remove", start, run->box.ops->remove(run->box.areas, start,
							&run->spares), err);
}

static void run_largest(struct run *run)
{
	unsigned long align = run_align(run);
	unsigned long pages = run->box.ops->largest(run->box.areas, align);

	assert_quick(pages == model_largest(&run->model, align),
		     "largest at %lu: %lu", align, pages);
}

/* More allocations while growing, more frees while not. */
static void run_choose(struct run *run)
{
	unsigned int dice = run_random(run, 100);
	bool scattered = model_count(&run->model, false) >
			 run->profile->areas / 2;

	if (dice < 3)
		run_largest(run);
	else if (dice < 6 && !scattered)
		run_add(run);
	else if (dice < 7)
		run_remove(run);
	else if (dice < 12 && run->growing)
		run_split(run);
	else if (dice < (run->growing ? 75 : 25))
		run_alloc(run);
	else
		run_free(run);
}

static void run_step(struct run *run)
{
	size_t before = run->model.nr;
	unsigned long spans = run->box.areas->nr_spans;
	unsigned long visited, bound;

	run->spares = (struct pmm_spares){};
	run_choose(run);
	visited = box_stats(&run->box).visited;
	bound = visited_bound(run->box.ops, before, spans);
	assert_quick(visited <= bound, "%lu visited", visited);
	pmm_spares_drop(&run->spares);

	if (run->model.nr >= run->profile->areas)
		run->growing = false;
	else if (!model_count(&run->model, true))
		run->growing = true;
}

static void run_compare(struct run *run)
{
	struct pmm_alloc_stats stats = box_stats(&run->box);
	const struct model *m = &run->model;
	const char *error = areas_compare(run->box.areas, m);

	assert_quick(!error, "%s", error);
	assert_verify(&run->box);
	ck_assert_uint_eq(stats.free, model_pages(m, false));
	ck_assert_uint_eq(stats.total, stats.free + model_pages(m, true));
	ck_assert_uint_eq(stats.free_areas, model_count(m, false));
	ck_assert_uint_eq(stats.used_areas, model_count(m, true));
	ck_assert_uint_eq(stats.largest, model_largest(m, 1));
	ck_assert_int_eq(alloc_shim_live, areas_memory(run->box.areas));
}

/* What was removed seldom comes back: begin anew every so often. */
static void run_round(struct run *run, unsigned long ops)
{
	unsigned long i;

	box_init(&run->box, run->box.ops);
	model_init(&run->model, run->box.ops->name);
	run->growing = true;
	for (i = 0; i < ops; i++) {
		run_step(run);
		if (i < 300 || i % 64 == 0)
			run_compare(run);
	}
	run_compare(run);
	model_exit(&run->model);
	box_exit(&run->box);
}

START_TEST(like_the_model)
{
	const unsigned long ops = test_env("PMM_TEST_OPS", ALLOC_TEST_OPS);
	const unsigned long round = 10000;
	struct run run = { .profile = &profiles[_i % ARRAY_SIZE(profiles)] };
	unsigned long done;

	run.box.ops = pmm_alloc_by_index(_i / ARRAY_SIZE(profiles));
	run.random = test_seed() + _i;
	for (done = 0; done < ops; done += round)
		run_round(&run, min(round, ops - done));
	printf("%s, %s: %lu random operations like the model\n",
	       run.box.ops->name, run.profile->name, ops);
}
END_TEST

TCase *alloc_random_case(void)
{
	TCase *tc = tcase_create("random");

	tcase_set_timeout(tc, 300);
	tcase_add_loop_test(tc, like_the_model, 0,
			    test_nr_allocators() * ARRAY_SIZE(profiles));
	return tc;
}
