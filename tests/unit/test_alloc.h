/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the three parts of test_alloc share.  Each test is run with each allocator.
 *
 *	PMM_TEST_SEED	where the random sequences begin (printed)
 *	PMM_TEST_OPS	random operations of each profile
 */
#ifndef TEST_ALLOC_H
#define TEST_ALLOC_H

#include <check.h>

#include "../../drivers/misc/pmm_alloc.h"
#include "alloc_shim.h"
#include "alloc_verify.h"

/* An allocator, driven as the module does it. */
struct box {
	const struct pmm_alloc_ops *ops;
	struct pmm_areas *areas;
	unsigned long visited;		/* by the last operation */
};

void box_init(struct box *box, const struct pmm_alloc_ops *ops);
void box_exit(struct box *box);
int box_add(struct box *box, unsigned long start, unsigned long len);
int box_alloc(struct box *box, unsigned long len, unsigned long align,
	      unsigned long *start);
int box_free(struct box *box, unsigned long start);
int box_split(struct box *box, unsigned long start, unsigned long at);
int box_remove(struct box *box, unsigned long start);
struct pmm_alloc_stats box_stats(struct box *box);

/* For inner loops: ck_assert() writes to a file each time, to know the place. */
#define assert_quick(cond, ...) do {					\
	if (!(cond))							\
		ck_abort_msg(__VA_ARGS__);				\
} while (0)

static inline void assert_verify(const struct box *box)
{
	const char *error = alloc_verify(box->areas, box->ops);

	assert_quick(!error, "%s", error);
}

/* Most that an operation may look at, with so many areas in so many spans. */
unsigned long visited_bound(const struct pmm_alloc_ops *ops,
			    unsigned long areas, unsigned long spans);

unsigned int test_nr_allocators(void);

u64 test_seed(void);
unsigned long test_env(const char *name, unsigned long otherwise);

/* Uniform in [0, below). */
u64 test_random(u64 *state, u64 below);

TCase *alloc_random_case(void);
TCase *alloc_bound_case(void);

#endif /* TEST_ALLOC_H */
