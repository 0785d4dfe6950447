// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocators: what each operation promises, one by one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../drivers/misc/pmm_areas.h"
#include "test_alloc.h"

unsigned long test_env(const char *name, unsigned long otherwise)
{
	const char *value = getenv(name);

	return value && *value ? strtoul(value, NULL, 0) : otherwise;
}

u64 test_seed(void)
{
	static u64 seed;

	if (!seed)
		seed = test_env("PMM_TEST_SEED", time(NULL) | 1);
	return seed;
}

/* splitmix64 */
u64 test_random(u64 *state, u64 below)
{
	u64 z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (z ^ (z >> 31)) % below;
}

unsigned int test_nr_allocators(void)
{
	unsigned int nr = 0;

	while (pmm_alloc_by_index(nr))
		nr++;
	return nr;
}

void box_init(struct box *box, const struct pmm_alloc_ops *ops)
{
	box->ops = ops;
	box->areas = box->ops->create();
	ck_assert_ptr_nonnull(box->areas);
}

/* Everything that was allocated must have come back. */
void box_exit(struct box *box)
{
	box->ops->destroy(box->areas);
	ck_assert_int_eq(alloc_shim_live, 0);
}

struct pmm_alloc_stats box_stats(struct box *box)
{
	struct pmm_alloc_stats stats;

	box->ops->stats(box->areas, &stats);
	return stats;
}

static int box_done(struct box *box, struct pmm_spares *spares, int err)
{
	pmm_spares_drop(spares);
	box->visited = box_stats(box).visited;
	return err;
}

int box_add(struct box *box, unsigned long start, unsigned long len)
{
	struct pmm_spares spares;

	assert_quick(!pmm_spares_fill_add(&spares, box->ops, len), "no memory");
	return box_done(box, &spares, box->ops->add(box->areas, start, len,
						    &spares));
}

int box_alloc(struct box *box, unsigned long len, unsigned long align,
	      unsigned long *start)
{
	struct pmm_spares spares;

	assert_quick(!pmm_spares_fill(&spares, box->ops), "no memory");
	return box_done(box, &spares, box->ops->alloc(box->areas, len, align,
						      &spares, start));
}

/* Freeing must do without spare nodes. */
int box_free(struct box *box, unsigned long start)
{
	struct pmm_spares spares = {};

	return box_done(box, &spares, box->ops->free(box->areas, start,
						     &spares));
}

int box_split(struct box *box, unsigned long start, unsigned long at)
{
	struct pmm_spares spares;

	assert_quick(!pmm_spares_fill(&spares, box->ops), "no memory");
	return box_done(box, &spares, box->ops->split(box->areas, start, at,
						      &spares));
}

int box_remove(struct box *box, unsigned long start)
{
	struct pmm_spares spares;

	assert_quick(!pmm_spares_fill(&spares, box->ops), "no memory");
	return box_done(box, &spares, box->ops->remove(box->areas, start,
						       &spares));
}

/* Allocate where it must go. */
static void box_expect(struct box *box, unsigned long len, unsigned long align,
		       unsigned long expected)
{
	unsigned long start;

	ck_assert_int_eq(box_alloc(box, len, align, &start), 0);
	ck_assert_uint_eq(start, expected);
	assert_verify(box);
}

static void box_refuse(struct box *box, unsigned long len, unsigned long align,
		       int expected)
{
	unsigned long start = 4711;

	ck_assert_int_eq(box_alloc(box, len, align, &start), expected);
	ck_assert_uint_eq(start, 4711);
	assert_verify(box);
}

static struct box box;

static void teardown(void)
{
	assert_verify(&box);
	ck_assert_int_eq(alloc_shim_live, areas_memory(box.areas));
	box_exit(&box);
}

/* A test that is run with each allocator. */
#define ALLOC_TEST(name)				\
static void name##_run(void);				\
START_TEST(name)					\
{							\
	box_init(&box, pmm_alloc_by_index(_i));		\
	name##_run();					\
	teardown();					\
}							\
END_TEST						\
static void name##_run(void)

ALLOC_TEST(find_by_name)
{
	ck_assert_str_eq(pmm_alloc_find(NULL)->name, "bestfit");
	ck_assert_ptr_eq(pmm_alloc_find(box.ops->name), box.ops);
	ck_assert_ptr_null(pmm_alloc_find("worstfit"));
	ck_assert_ptr_null(pmm_alloc_find("bestfi"));
	ck_assert_ptr_null(pmm_alloc_find(""));
}

ALLOC_TEST(empty_has_nothing)
{
	struct pmm_alloc_stats stats = box_stats(&box);

	ck_assert_uint_eq(stats.total + stats.free + stats.largest, 0);
	ck_assert_uint_eq(stats.free_areas + stats.used_areas, 0);
	ck_assert_uint_eq(box.ops->largest(box.areas, 1), 0);
	box_refuse(&box, 1, 1, -ENOSPC);
	ck_assert_int_eq(box_free(&box, 0), -ENOENT);
	ck_assert_int_eq(box_split(&box, 0, 0), -ENOENT);
	ck_assert_int_eq(box_remove(&box, 0), -ENOENT);
	box.ops->destroy(NULL);
}

ALLOC_TEST(add_refuses_bad_ranges)
{
	static const struct {
		unsigned long start, len;
		int err;
	} adds[] = {
		{ 0, 0, -EINVAL },
		{ 5, 0, -EINVAL },
		{ 1, ULONG_MAX, -EINVAL },
		{ ULONG_MAX, 1, -EINVAL },
		{ ULONG_MAX, ULONG_MAX, -EINVAL },
		{ ULONG_MAX - 9, 10, -EINVAL },
		{ 0, ULONG_MAX, -EINVAL },
		{ 0, (unsigned long)U32_MAX + 1, -EINVAL },
		{ 100, 10, 0 },
		{ 100, 10, -EEXIST },
		{ 109, 1, -EEXIST },
		{ 100, 1, -EEXIST },
		{ 99, 2, -EEXIST },
		{ 109, 5, -EEXIST },
		{ 90, 30, -EEXIST },
		{ 104, 2, -EEXIST },
		{ 0, U32_MAX - 9, -EINVAL },
		{ 110, U32_MAX - 10, 0 },
		{ 0, 1, -EINVAL },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(adds); i++) {
		ck_assert_msg(box_add(&box, adds[i].start, adds[i].len) ==
			      adds[i].err, "add %zu", i);
		assert_verify(&box);
	}
	ck_assert_uint_eq(box_stats(&box).total, U32_MAX);
	ck_assert_uint_eq(box_stats(&box).free_areas, 1);
	box_expect(&box, 1UL << 31, 1, 100);
}

ALLOC_TEST(add_merges_what_is_free)
{
	unsigned long start;

	ck_assert_int_eq(box_add(&box, 100, 10), 0);
	ck_assert_int_eq(box_add(&box, 120, 10), 0);
	ck_assert_uint_eq(box_stats(&box).free_areas, 2);
	ck_assert_int_eq(box_add(&box, 110, 10), 0);
	ck_assert_uint_eq(box_stats(&box).free_areas, 1);
	ck_assert_uint_eq(box_stats(&box).largest, 30);
	ck_assert_int_eq(box_alloc(&box, 30, 1, &start), 0);
	ck_assert_int_eq(box_add(&box, 130, 10), 0);
	ck_assert_int_eq(box_add(&box, 90, 10), 0);
	ck_assert_uint_eq(box_stats(&box).free_areas, 2);
	ck_assert_uint_eq(box_stats(&box).used_areas, 1);
	ck_assert_int_eq(box_free(&box, 100), 0);
	ck_assert_uint_eq(box_stats(&box).free_areas, 1);
	ck_assert_uint_eq(box_stats(&box).total, 50);
}

ALLOC_TEST(alloc_refuses_bad_requests)
{
	ck_assert_int_eq(box_add(&box, 0, 1UL << 20), 0);
	box_refuse(&box, 0, 1, -EINVAL);
	box_refuse(&box, 1, 0, -EINVAL);
	box_refuse(&box, 1, 3, -EINVAL);
	box_refuse(&box, 1, ULONG_MAX, -EINVAL);
	box_refuse(&box, 1, 2 * PMM_ALLOC_MAX_ALIGN, -EINVAL);
	box_refuse(&box, 1, 1UL << (BITS_PER_LONG - 1), -EINVAL);
	box_refuse(&box, (1UL << 20) + 1, 1, -ENOSPC);
	box_refuse(&box, ULONG_MAX, 1, -ENOSPC);
	box_refuse(&box, (unsigned long)U32_MAX + 2, 1, -ENOSPC);
	ck_assert_uint_eq(box.ops->largest(box.areas, 0), 0);
	ck_assert_uint_eq(box.ops->largest(box.areas, 3), 0);
	ck_assert_uint_eq(box.ops->largest(box.areas, 2 * PMM_ALLOC_MAX_ALIGN),
			  0);
	box_expect(&box, 1, PMM_ALLOC_MAX_ALIGN, 0);
	box_expect(&box, 1, PMM_ALLOC_MAX_ALIGN, PMM_ALLOC_MAX_ALIGN);
}

ALLOC_TEST(alloc_takes_the_smallest_that_fits)
{
	ck_assert_int_eq(box_add(&box, 1000, 40), 0);
	ck_assert_int_eq(box_add(&box, 2000, 20), 0);
	ck_assert_int_eq(box_add(&box, 3000, 30), 0);
	ck_assert_int_eq(box_add(&box, 4000, 20), 0);
	box_expect(&box, 25, 1, 3000);
	box_expect(&box, 20, 1, 2000);
	box_expect(&box, 20, 1, 4000);
	box_expect(&box, 5, 1, 3025);
	box_expect(&box, 1, 1, 1000);
	box_refuse(&box, 40, 1, -ENOSPC);
	box_expect(&box, 39, 1, 1001);
	box_refuse(&box, 1, 1, -ENOSPC);
}

ALLOC_TEST(alloc_takes_the_smallest_that_fits_aligned)
{
	/* Room at 64: 0, 63, 64, 100. */
	ck_assert_int_eq(box_add(&box, 64 + 1, 62), 0);
	ck_assert_int_eq(box_add(&box, 192 + 1, 63 + 63), 0);
	ck_assert_int_eq(box_add(&box, 640 + 1, 63 + 64), 0);
	ck_assert_int_eq(box_add(&box, 1280, 100), 0);
	box_expect(&box, 64, 64, 1280);
	box_expect(&box, 64, 64, 704);
	box_refuse(&box, 64, 64, -ENOSPC);
	ck_assert_uint_eq(box.ops->largest(box.areas, 64), 63);
	box_expect(&box, 63, 64, 256);
	ck_assert_uint_eq(box.ops->largest(box.areas, 1), 63);
	box_expect(&box, 36, 4, 1344);
}

ALLOC_TEST(alloc_takes_the_worst_aligned)
{
	/* 8 pages each: best aligned to 32, to 16 with 3 and with 5 behind, to 8. */
	ck_assert_int_eq(box_add(&box, 1024 + 32, 8), 0);
	ck_assert_int_eq(box_add(&box, 2048 + 16 - 5, 8), 0);
	ck_assert_int_eq(box_add(&box, 3072 + 16 - 3, 8), 0);
	ck_assert_int_eq(box_add(&box, 4096 + 8, 8), 0);
	/* As the last one but one, and younger. */
	ck_assert_int_eq(box_add(&box, 5120 + 16 - 3, 8), 0);
	box_expect(&box, 8, 1, 4096 + 8);
	box_expect(&box, 5, 16, 5120 + 16);
	box_expect(&box, 8, 1, 2048 + 16 - 5);
	box_expect(&box, 8, 1, 3072 + 16 - 3);
	box_expect(&box, 8, 1, 1024 + 32);
}

/* At the low end; at the high end if only that leaves a single remainder. */
ALLOC_TEST(alloc_leaves_few_remainders)
{
	ck_assert_int_eq(box_add(&box, 5, 91), 0);
	box_expect(&box, 8, 8, 88);
	ck_assert_uint_eq(box_stats(&box).free_areas, 1);
	box_expect(&box, 7, 8, 8);
	ck_assert_uint_eq(box_stats(&box).free_areas, 2);
	box_expect(&box, 3, 1, 5);
	box_expect(&box, 8, 8, 80);
	box_expect(&box, 8, 1, 15);
	ck_assert_uint_eq(box_stats(&box).free_areas, 1);
	ck_assert_uint_eq(box_stats(&box).free, 57);
}

ALLOC_TEST(free_merges_with_both_sides)
{
	unsigned long start;
	int i;

	ck_assert_int_eq(box_add(&box, 0, 50), 0);
	for (i = 0; i < 5; i++)
		box_expect(&box, 10, 1, 10UL * i);
	ck_assert_int_eq(box_free(&box, 10), 0);
	ck_assert_int_eq(box_free(&box, 30), 0);
	ck_assert_uint_eq(box_stats(&box).free_areas, 2);
	ck_assert_int_eq(box_free(&box, 20), 0);
	ck_assert_uint_eq(box_stats(&box).free_areas, 1);
	ck_assert_uint_eq(box_stats(&box).largest, 30);
	assert_verify(&box);
	ck_assert_int_eq(box_free(&box, 0), 0);
	ck_assert_uint_eq(box_stats(&box).largest, 40);
	ck_assert_int_eq(box_free(&box, 40), 0);
	ck_assert_uint_eq(box_stats(&box).largest, 50);
	ck_assert_uint_eq(box_stats(&box).free_areas, 1);
	ck_assert_uint_eq(box_stats(&box).used_areas, 0);
	ck_assert_int_eq(box_alloc(&box, 50, 1, &start), 0);
}

ALLOC_TEST(free_refuses_what_is_no_block)
{
	ck_assert_int_eq(box_add(&box, 100, 10), 0);
	box_expect(&box, 4, 1, 100);
	ck_assert_int_eq(box_free(&box, 99), -ENOENT);
	ck_assert_int_eq(box_free(&box, 101), -ENOENT);
	ck_assert_int_eq(box_free(&box, 104), -ENOENT);
	ck_assert_int_eq(box_free(&box, ULONG_MAX), -ENOENT);
	assert_verify(&box);
	ck_assert_int_eq(box_free(&box, 100), 0);
	ck_assert_int_eq(box_free(&box, 100), -ENOENT);
}

ALLOC_TEST(split_makes_two)
{
	ck_assert_int_eq(box_add(&box, 100, 20), 0);
	box_expect(&box, 10, 1, 100);
	ck_assert_int_eq(box_split(&box, 100, 99), -ENOENT);
	ck_assert_int_eq(box_split(&box, 100, 110), -ENOENT);
	ck_assert_int_eq(box_split(&box, 101, 104), -ENOENT);
	ck_assert_int_eq(box_split(&box, 110, 115), -ENOENT);
	ck_assert_int_eq(box_split(&box, 120, 120), -ENOENT);
	ck_assert_int_eq(box_add(&box, 200, 2), 0);
	box_expect(&box, 2, 1, 200);
	ck_assert_int_eq(box_split(&box, 200, 202), -ENOENT);
	ck_assert_int_eq(box_free(&box, 200), 0);
	ck_assert_int_eq(box_split(&box, 100, 100), 0);
	ck_assert_uint_eq(box_stats(&box).used_areas, 1);
	ck_assert_int_eq(box_split(&box, 100, 104), 0);
	ck_assert_int_eq(box_split(&box, 100, 104), -ENOENT);
	ck_assert_int_eq(box_split(&box, 104, 104), 0);
	ck_assert_int_eq(box_split(&box, 104, 109), 0);
	ck_assert_uint_eq(box_stats(&box).used_areas, 3);
	assert_verify(&box);
	ck_assert_int_eq(box_free(&box, 104), 0);
	ck_assert_uint_eq(box_stats(&box).free_areas, 3);
	ck_assert_int_eq(box_free(&box, 109), 0);
	ck_assert_uint_eq(box_stats(&box).largest, 16);
	ck_assert_int_eq(box_free(&box, 100), 0);
	ck_assert_uint_eq(box_stats(&box).largest, 20);
}

ALLOC_TEST(remove_makes_a_hole)
{
	int i;

	ck_assert_int_eq(box_add(&box, 100, 30), 0);
	for (i = 0; i < 3; i++)
		box_expect(&box, 10, 1, 100 + 10 * i);
	ck_assert_int_eq(box_remove(&box, 111), -ENOENT);
	ck_assert_int_eq(box_remove(&box, 130), -ENOENT);
	ck_assert_int_eq(box_remove(&box, 110), 0);
	assert_verify(&box);
	ck_assert_uint_eq(box_stats(&box).total, 20);
	ck_assert_uint_eq(box_stats(&box).used_areas, 2);
	ck_assert_int_eq(box_remove(&box, 110), -ENOENT);
	ck_assert_int_eq(box_free(&box, 110), -ENOENT);

	/* Nothing merges across the hole, nothing is given out of it. */
	ck_assert_int_eq(box_free(&box, 100), 0);
	ck_assert_int_eq(box_free(&box, 120), 0);
	ck_assert_int_eq(box_remove(&box, 100), -ENOENT);
	assert_verify(&box);
	ck_assert_uint_eq(box_stats(&box).free_areas, 2);
	ck_assert_uint_eq(box_stats(&box).largest, 10);
	box_refuse(&box, 11, 1, -ENOSPC);

	/* It can be filled again, by no more than was taken. */
	ck_assert_int_eq(box_add(&box, 109, 2), -EEXIST);
	ck_assert_int_eq(box_add(&box, 119, 2), -EEXIST);
	ck_assert_int_eq(box_add(&box, 112, 3), 0);
	ck_assert_uint_eq(box_stats(&box).free_areas, 3);
	ck_assert_int_eq(box_add(&box, 110, 2), 0);
	ck_assert_int_eq(box_add(&box, 115, 5), 0);
	ck_assert_uint_eq(box_stats(&box).free_areas, 1);
	box_expect(&box, 30, 1, 100);
}

ALLOC_TEST(remove_everything)
{
	static const unsigned long order[3][3] = {
		{ 100, 110, 120 }, { 120, 100, 110 }, { 110, 120, 100 },
	};
	int i, k;

	for (k = 0; k < 3; k++) {
		ck_assert_int_eq(box_add(&box, 100, 30), 0);
		for (i = 0; i < 3; i++)
			box_expect(&box, 10, 1, 100 + 10 * i);
		for (i = 0; i < 3; i++) {
			ck_assert_int_eq(box_remove(&box, order[k][i]), 0);
			assert_verify(&box);
		}
		ck_assert_uint_eq(box_stats(&box).total, 0);
		ck_assert_uint_eq(box_stats(&box).used_areas, 0);
		box_refuse(&box, 1, 1, -ENOSPC);
		ck_assert_int_eq(alloc_shim_live, 1);
	}
	/* What may be managed at all does not run out. */
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(box_add(&box, 0, 1UL << 31), 0);
		box_expect(&box, 1UL << 31, 1, 0);
		ck_assert_int_eq(box_remove(&box, 0), 0);
	}
}

ALLOC_TEST(top_of_the_numbers)
{
	unsigned long top = ULONG_MAX - PMM_ALLOC_MAX_ALIGN + 1;

	ck_assert_int_eq(box_add(&box, ULONG_MAX - 100, 100), 0);
	box_refuse(&box, 1, PMM_ALLOC_MAX_ALIGN, -ENOSPC);
	box_expect(&box, 32, 32, ULONG_MAX - 95);
	ck_assert_int_eq(box_split(&box, ULONG_MAX - 95, ULONG_MAX - 80),
			 0);
	ck_assert_int_eq(box_free(&box, ULONG_MAX - 80), 0);
	ck_assert_int_eq(box_free(&box, ULONG_MAX - 95), 0);
	box_expect(&box, 100, 1, ULONG_MAX - 100);
	ck_assert_int_eq(box_add(&box, top, PMM_ALLOC_MAX_ALIGN - 101), 0);
	box_expect(&box, 1, PMM_ALLOC_MAX_ALIGN, top);
	box_refuse(&box, 1, PMM_ALLOC_MAX_ALIGN, -ENOSPC);
}

/* Whatever piece is refused, the others come back. */
static void refuse_memory(unsigned long added, unsigned int pieces)
{
	const long before = alloc_shim_live;
	struct pmm_spares spares;
	unsigned int i;
	int err;

	for (i = 0; i <= pieces; i++) {
		alloc_shim_left = i;
		err = added ? pmm_spares_fill_add(&spares, box.ops, added)
			    : pmm_spares_fill(&spares, box.ops);
		ck_assert_int_eq(err, i < pieces ? -ENOMEM : 0);
		ck_assert_int_eq(alloc_shim_live, err ? before : before + i);
		pmm_spares_drop(&spares);
		ck_assert_uint_eq(spares.nr, 0);
		ck_assert_ptr_null(spares.cells);
		ck_assert_ptr_null(pmm_spares_take(&spares));
		ck_assert_int_eq(alloc_shim_live, before);
		pmm_spares_drop(&spares);
	}
	alloc_shim_left = -1;
}

ALLOC_TEST(memory_refused)
{
	alloc_shim_left = 0;
	ck_assert_ptr_null(box.ops->create());
	refuse_memory(0, 1);
	refuse_memory(100, 3);
	/* Nothing is spent on what add will refuse. */
	refuse_memory(ULONG_MAX, 2);
}

/* What an operation that fails must not have changed. */
static void assert_unchanged(const struct pmm_alloc_stats *before)
{
	struct pmm_alloc_stats now = box_stats(&box);

	ck_assert_uint_eq(now.total, before->total);
	ck_assert_uint_eq(now.free, before->free);
	ck_assert_uint_eq(now.free_areas, before->free_areas);
	ck_assert_uint_eq(now.used_areas, before->used_areas);
	assert_verify(&box);
}

ALLOC_TEST(add_without_memory)
{
	struct pmm_alloc_stats before = box_stats(&box);
	struct pmm_spares spares = {};
	unsigned int i;

	/* None; one node; two; and two with the wrong cells. */
	for (i = 0; i < 4; i++) {
		if (i)
			ck_assert_int_eq(pmm_spares_fill_add(&spares, box.ops,
							     i < 3 ? 40 : 39), 0);
		if (i == 1)
			pmm_shim_free(pmm_spares_take(&spares));
		if (i == 2) {
			pmm_shim_free(spares.cells);
			spares.cells = NULL;
		}
		ck_assert_int_eq(box.ops->add(box.areas, 1, 40, &spares),
				 -ENOMEM);
		ck_assert_uint_eq(spares.nr, i < 2 ? i : 2);
		assert_unchanged(&before);
		pmm_spares_drop(&spares);
	}
	ck_assert_int_eq(pmm_spares_fill_add(&spares, box.ops, 40), 0);
	ck_assert_int_eq(box.ops->add(box.areas, 1, 40, &spares), 0);
	ck_assert_uint_eq(spares.nr, 0);
	ck_assert_ptr_null(spares.cells);
}

ALLOC_TEST(others_without_memory)
{
	struct pmm_alloc_stats before;
	struct pmm_spares none = {};
	unsigned long start = 4711;

	ck_assert_int_eq(box_add(&box, 1, 40), 0);
	before = box_stats(&box);
	ck_assert_int_eq(box.ops->alloc(box.areas, 8, 8, &none, &start),
			 -ENOMEM);
	ck_assert_uint_eq(start, 4711);
	assert_unchanged(&before);
	ck_assert_int_eq(box_alloc(&box, 8, 8, &start), 0);
	before = box_stats(&box);
	ck_assert_int_eq(box.ops->split(box.areas, start, start + 2, &none),
			 -ENOMEM);
	ck_assert_int_eq(box.ops->remove(box.areas, start, &none), -ENOMEM);
	ck_assert_int_eq(box.ops->split(box.areas, start, start, &none), 0);
	assert_unchanged(&before);

	/* Freeing needs none, and gives the node back. */
	ck_assert_int_eq(box.ops->free(box.areas, start, &none), 0);
	ck_assert_uint_eq(none.nr, 1);
	ck_assert_uint_eq(box_stats(&box).free_areas, 1);
	pmm_spares_drop(&none);
}

/* Areas that cover several spans, as a whole and in part. */
ALLOC_TEST(remove_from_several_spans)
{
	unsigned long at;

	for (at = 0; at < 50; at += 10)
		ck_assert_int_eq(box_add(&box, at, 10), 0);
	ck_assert_int_eq(alloc_shim_live, 1 + 5 * 3);
	box_expect(&box, 5, 1, 0);
	box_expect(&box, 40, 1, 5);
	ck_assert_int_eq(box_remove(&box, 5), 0);
	assert_verify(&box);
	ck_assert_uint_eq(box.areas->nr_spans, 2);
	ck_assert_uint_eq(box_stats(&box).total, 10);
	ck_assert_int_eq(alloc_shim_live, 1 + 2 * 3 + 1);
	ck_assert_int_eq(box_free(&box, 0), 0);
	ck_assert_uint_eq(box_stats(&box).largest, 5);
	ck_assert_uint_eq(box_stats(&box).free_areas, 2);
}

/* Cells stay while any span needs them. */
ALLOC_TEST(remove_from_inside)
{
	unsigned long at, start[3];

	ck_assert_int_eq(box_add(&box, 0, 50), 0);
	for (at = 0; at < 50; at += 10)
		box_expect(&box, 10, 1, at);
	ck_assert_int_eq(box_remove(&box, 20), 0);
	ck_assert_int_eq(box_remove(&box, 30), 0);
	ck_assert_uint_eq(box.areas->nr_spans, 2);
	ck_assert_int_eq(box_remove(&box, 0), 0);
	ck_assert_int_eq(box_add(&box, 25, 10), 0);
	assert_verify(&box);
	ck_assert_int_eq(box_free(&box, 10), 0);
	ck_assert_int_eq(box_free(&box, 40), 0);
	ck_assert_uint_eq(box_stats(&box).free_areas, 3);
	for (at = 0; at < 3; at++)
		ck_assert_int_eq(box_alloc(&box, 10, 1, &start[at]), 0);
	for (at = 0; at < 3; at++) {
		ck_assert_int_eq(box_remove(&box, start[at]), 0);
		assert_verify(&box);
		ck_assert_int_eq(alloc_shim_live, areas_memory(box.areas));
	}
	ck_assert_int_eq(alloc_shim_live, 1);
}

/* What largest says is what alloc does, at any alignment. */
static void assert_largest(unsigned int order)
{
	unsigned long most = box.ops->largest(box.areas, 1UL << order), start;

	assert_quick(box_alloc(&box, most + 1, 1UL << order, &start) == -ENOSPC,
		     "more than the largest at order %u", order);
	if (!most)
		return;
	assert_quick(!box_alloc(&box, most, 1UL << order, &start),
		     "not the largest at order %u", order);
	assert_quick(start % (1UL << order) == 0, "not aligned");
	assert_quick(!box_free(&box, start), "free");
}

ALLOC_TEST(largest_is_what_alloc_gives)
{
	unsigned long base = 3, len, start;
	u64 random = test_seed();
	unsigned int i, order;

	for (i = 0; i < 300; i++) {
		len = 1 + test_random(&random, 1UL << test_random(&random, 21));
		ck_assert_int_eq(box_add(&box, base, len), 0);
		base += len + 1;
		for (order = 0; order <= PMM_ALLOC_MAX_ORDER; order++)
			assert_largest(order);
		ck_assert_uint_eq(box_stats(&box).largest,
				  box.ops->largest(box.areas, 1));
		if (i % 3 == 0)
			box_alloc(&box, box_stats(&box).largest, 1, &start);
	}
}

/* Whatever its length, a pool can be had as a whole, aligned to its page. */
ALLOC_TEST(whole_pools_can_be_had)
{
	static const unsigned long mib[] = { 2, 64, 100, 192, 256, 1000 };
	unsigned long pages, start;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mib); i++) {
		pages = mib[i] * 256 + 1;
		ck_assert_int_eq(box_add(&box, 512, pages), 0);
		ck_assert_int_eq(box_alloc(&box, pages, 512, &start), 0);
		ck_assert_int_eq(box_remove(&box, start), 0);
	}
}

static TCase *alloc_promises_case(void)
{
	const int nr = test_nr_allocators();
	int bestfit = 0;
	TCase *tc = tcase_create("promises");

	while (strcmp(pmm_alloc_by_index(bestfit)->name, "bestfit") != 0)
		bestfit++;
	tcase_add_loop_test(tc, find_by_name, 0, nr);
	tcase_add_loop_test(tc, empty_has_nothing, 0, nr);
	tcase_add_loop_test(tc, add_refuses_bad_ranges, 0, nr);
	tcase_add_loop_test(tc, add_merges_what_is_free, 0, nr);
	tcase_add_loop_test(tc, alloc_refuses_bad_requests, 0, nr);
	tcase_add_loop_test(tc, alloc_takes_the_smallest_that_fits, bestfit, bestfit + 1);
	tcase_add_loop_test(tc, alloc_takes_the_smallest_that_fits_aligned, bestfit, bestfit + 1);
	tcase_add_loop_test(tc, alloc_takes_the_worst_aligned, bestfit, bestfit + 1);
	tcase_add_loop_test(tc, alloc_leaves_few_remainders, 0, nr);
	tcase_add_loop_test(tc, free_merges_with_both_sides, 0, nr);
	tcase_add_loop_test(tc, free_refuses_what_is_no_block, 0, nr);
	tcase_add_loop_test(tc, split_makes_two, 0, nr);
	tcase_add_loop_test(tc, remove_makes_a_hole, 0, nr);
	tcase_add_loop_test(tc, remove_everything, 0, nr);
	tcase_add_loop_test(tc, top_of_the_numbers, 0, nr);
	tcase_add_loop_test(tc, memory_refused, 0, nr);
	tcase_add_loop_test(tc, add_without_memory, 0, nr);
	tcase_add_loop_test(tc, others_without_memory, 0, nr);
	tcase_add_loop_test(tc, remove_from_several_spans, 0, nr);
	tcase_add_loop_test(tc, remove_from_inside, 0, nr);
	tcase_add_loop_test(tc, largest_is_what_alloc_gives, 0, nr);
	tcase_add_loop_test(tc, whole_pools_can_be_had, 0, nr);
	return tc;
}

int main(void)
{
	Suite *suite = suite_create("alloc");
	SRunner *runner = srunner_create(suite);
	int failed;

	printf("PMM_TEST_SEED=%llu\n", (unsigned long long)test_seed());
	suite_add_tcase(suite, alloc_promises_case());
	suite_add_tcase(suite, alloc_random_case());
	suite_add_tcase(suite, alloc_bound_case());
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
