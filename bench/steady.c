// SPDX-License-Identifier: GPL-2.0-only
/*
 * The steady state of an allocator, see steady.h.
 *
 * Every peer starts from the same layout, at three quarters full: areas from low
 * addresses to high, a hole after every second one.  That is what random churn
 * comes to by itself (Knuth's fifty-percent rule), and it can be had in no time
 * for allocators that would need hours to get there.  Then the same sequence of
 * operations warms up and is measured: free a random area, allocate another one.
 *
 * Lengths are spread evenly over the powers of two, 1 to 63 pages with a mean of
 * 15.25.  One request in two has no alignment, one in four asks for the largest
 * power of two that is not more than its length, one in four for 16 pages.
 *
 * Time is what a caller sees: with the bookkeeping memory that the operation
 * needs and releases, without the clock.
 */
#include "steady.h"

#define STEADY_SEED	0x9e3779b97f4a7c15ULL
/* The mean of an area, and of what it has in free pages, times 12. */
#define STEADY_LEN12	183UL
#define STEADY_FREE12	61UL
/* How many steps go by between looks at the clock that may be slow. */
#define STEADY_LOOK	8

struct steady {
	const struct steady_peer *peer;
	const struct steady_plan *plan;
	void *pool;
	unsigned long *handles;		/* 0: none */
	u32 *ticks;			/* fastest so far of each operation */
	unsigned long done;		/* operations of this part of the pass */
	unsigned long warm;		/* operations to warm up with */
	unsigned long ops;		/* ... and to measure */
	unsigned long failed;
	u64 rng;
	u64 clock;			/* ticks that reading the clock takes */
	bool first;			/* pass */
	bool warming;
};

struct steady_request {
	unsigned long len;
	unsigned long align;
};

static u32 steady_random(struct steady *s)
{
	s->rng ^= s->rng >> 12;
	s->rng ^= s->rng << 25;
	s->rng ^= s->rng >> 27;
	return (s->rng * 0x2545f4914f6cdd1dULL) >> 32;
}

static struct steady_request steady_request(struct steady *s)
{
	unsigned long power = 1UL << steady_random(s) % 6;
	struct steady_request r = { .len = power, .align = 1 };

	r.len += steady_random(s) & (power - 1);
	switch (steady_random(s) % 4) {
	case 0:
		r.align = power;
		break;
	case 1:
		r.align = 16;
		break;
	}
	return r;
}

/*
 * What the areas and their share of holes need, with some more for the alignments
 * of few areas; and up to seven significant bits, so that every allocator gives
 * the whole of it to one request, see steady_pmm.c.
 */
static unsigned long steady_pages(const struct steady_plan *plan)
{
	unsigned long pages = plan->areas * (STEADY_LEN12 + STEADY_FREE12) / 12;

	pages += 64;
	return round_up(pages, 1UL << (ilog2(pages) - 6));
}

/* Place all areas.  Alignment is for requests, not for what is there already. */
static int steady_place(struct steady *s)
{
	unsigned long start = 0, i;
	int err;

	for (i = 0; i < s->plan->areas; i++) {
		struct steady_request r = steady_request(s);

		/* A hole of twice what one area has in free pages, on average. */
		if (i % 2)
			start += 1 + steady_random(s) % (STEADY_FREE12 / 3 - 1);
		if (start + r.len > steady_pages(s->plan))
			break;
		err = s->peer->place(s->pool, start, r.len, &s->handles[i]);
		if (err) {
			s->handles[i] = 0;
			return err;
		}
		start += r.len;
		if (steady_pause())
			return -EINTR;
	}
	return s->peer->placed(s->pool);
}

static void steady_record(struct steady *s, u64 ticks)
{
	u64 took = ticks > s->clock ? ticks - s->clock : 0;
	u32 *best = &s->ticks[s->done];

	if (!s->warming && s->done < s->ops) {
		took = min_t(u64, took, U32_MAX);
		if (s->first || took < *best)
			*best = took;
	}
	s->done++;
}

/* Free an area and allocate another one. */
static void steady_step(struct steady *s)
{
	unsigned long *handle = &s->handles[steady_random(s) % s->plan->areas];
	struct steady_request r = steady_request(s);
	u64 begin;
	int err;

	if (*handle) {
		begin = steady_ticks();
		s->peer->free(s->pool, *handle);
		steady_record(s, steady_ticks() - begin);
		*handle = 0;
	}
	begin = steady_ticks();
	err = s->peer->alloc(s->pool, r.len, r.align, handle);
	steady_record(s, steady_ticks() - begin);
	if (err) {
		*handle = 0;
		s->failed++;
	}
}

/* Do @ops operations, in the first pass less if the time is over. */
static int steady_steps(struct steady *s, unsigned long *ops)
{
	u64 end = steady_ns() + s->plan->budget_ms * 1000000ULL;
	unsigned long n;

	s->done = 0;
	s->failed = 0;
	for (n = 0; s->done < *ops; n++) {
		if (s->first && n % STEADY_LOOK == STEADY_LOOK - 1 &&
		    steady_ns() >= end)
			break;
		if (steady_pause())
			return -EINTR;
		steady_step(s);
	}
	*ops = min(*ops, s->done);
	return 0;
}

static void steady_free_all(struct steady *s)
{
	unsigned long i;

	for (i = 0; i < s->plan->areas; i++) {
		if (s->handles[i])
			s->peer->free(s->pool, s->handles[i]);
		if (!(i % STEADY_LOOK))
			steady_pause();
	}
}

static int steady_pass(struct steady *s)
{
	int err;

	s->rng = STEADY_SEED;
	memset(s->handles, 0, s->plan->areas * sizeof(*s->handles));
	s->pool = s->peer->create(s->peer, steady_pages(s->plan));
	if (!s->pool)
		return -ENOMEM;
	err = steady_place(s);
	s->warming = true;
	if (!err)
		err = steady_steps(s, &s->warm);
	s->warming = false;
	if (!err)
		err = steady_steps(s, &s->ops);
	steady_free_all(s);
	s->peer->destroy(s->pool);
	s->first = false;
	return err;
}

static u64 steady_clock_cost(void)
{
	u64 best = U32_MAX, begin, took;
	unsigned int i;

	for (i = 0; i < 1000; i++) {
		begin = steady_ticks();
		took = steady_ticks() - begin;
		best = min(best, took);
	}
	return best;
}

static int steady_cmp(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

static u64 steady_ps(u64 ticks, u64 ticks_per_ms)
{
	return div64_u64(ticks * 1000000000ULL, ticks_per_ms);
}

static void steady_sum(struct steady *s, u64 ticks_per_ms,
		       struct steady_result *result)
{
	unsigned long i;
	u64 sum = 0;

	for (i = 0; i < s->ops; i++)
		sum += s->ticks[i];
	steady_sort(s->ticks, s->ops, steady_cmp);
	*result = (struct steady_result){
		.ops = s->ops,
		.failed = s->failed,
		/* In steps that overflow at no time that anybody would wait. */
		.mean = div64_u64(div64_u64(sum * 1000, s->ops) * 1000000,
				  ticks_per_ms),
		.max = steady_ps(s->ticks[s->ops - 1], ticks_per_ms),
	};
	if (s->ops >= 1000)
		result->p999 = steady_ps(s->ticks[s->ops - 1 - s->ops / 1000],
					 ticks_per_ms);
}

/**
 * steady_run() - measure one allocator at one number of live areas
 * @peer: the allocator
 * @plan: what to do
 * @result: out: what came of it
 *
 * Context: may sleep.
 * Return: 0, -EINVAL for a plan that makes no sense, -ENOMEM, -EINTR if the
 * caller was killed, or an error of the peer.
 */
int steady_run(const struct steady_peer *peer, const struct steady_plan *plan,
	       struct steady_result *result)
{
	struct steady s = { .peer = peer, .plan = plan, .first = true };
	u64 ticks, ns;
	unsigned long i;
	int err = 0;

	if (!plan->areas || plan->areas > 10000000 || !plan->passes ||
	    !plan->ops || plan->ops > 10000000)
		return -EINVAL;
	s.ops = plan->ops;
	s.warm = 2 * plan->areas;
	s.clock = steady_clock_cost();
	s.handles = steady_zalloc(plan->areas * sizeof(*s.handles));
	s.ticks = steady_zalloc(plan->ops * sizeof(*s.ticks));
	if (!s.handles || !s.ticks)
		err = -ENOMEM;
	ticks = steady_ticks();
	ns = steady_ns();
	for (i = 0; i < plan->passes && !err; i++)
		err = steady_pass(&s);
	ticks = steady_ticks() - ticks;
	ns = steady_ns() - ns;
	if (!err)
		steady_sum(&s, div64_u64(ticks * 1000, ns / 1000), result);
	steady_free(s.ticks);
	steady_free(s.handles);
	return err;
}
