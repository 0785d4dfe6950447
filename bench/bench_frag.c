// SPDX-License-Identifier: GPL-2.0-only
/*
 * How pools break up in the long run, and which never do: each workload at
 * several fills on each allocator, and then the set-ups that are said to
 * guarantee that nothing fails, see Documentation/fragmentation.rst.
 *
 *	bench_frag [--requests N] [--pool-mb N] [--data FILE]
 *
 * Exit status 1 if anything failed that is said never to.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>

#include "args.h"
#include "frag.h"

#define PAGES_PER_MIB	256UL
#define SAMPLES		100UL
#define NUMBER_MAX	(1UL << 32)
#define SEED		0x9e3779b97f4a7c15ULL

static const struct frag_work *const works[] = {
	&frag_camera, &frag_decoder, &frag_adversary,
};

static const unsigned int fills[] = { 50, 75, 90 };

static unsigned long requests = 1000000;
static unsigned long pool_pages = 1024 * PAGES_PER_MIB;
static FILE *data;

/* ---- how far pools break up ---- */

/* Of the samples of one run. */
struct whole {
	double sum;
	double least;
	unsigned long nr;
};

static void sample(const struct frag_work *work, unsigned int fill,
		   const struct frag_pool *pool, struct whole *w)
{
	double part = frag_pool_whole(pool);

	w->sum += part;
	w->least = w->nr ? min(w->least, part) : part;
	w->nr++;
	if (data)
		fprintf(data, "%s %u %s %lu %.5f %.6f\n", work->name, fill,
			pool->ops->name, pool->requests, part,
			pool->requests ? (double)pool->failed / pool->requests : 0);
}

static void bench_fill(const struct frag_work *work, unsigned int fill,
		       const struct pmm_alloc_ops *ops)
{
	struct whole w = { 0 };
	struct frag_pool pool;
	struct frag_run run = {
		.pools = &pool,
		.limit = pool_pages / 100 * fill,
		.max_blocks = ULONG_MAX,
		.rng = SEED,
	};

	frag_pool_create(&pool, ops, pool_pages);
	work->begin(&run);
	while (pool.requests < requests) {
		work->step(&run);
		if (pool.requests * SAMPLES >= (w.nr + 1) * requests)
			sample(work, fill, &pool, &w);
	}
	printf("%-10s %4u %% %-10s %7.3f %7.3f %9lu %8lu %8.4f %% %9lu\n",
	       work->name, fill, ops->name, w.sum / w.nr, w.least,
	       pool.requests, pool.failed, 100.0 * pool.failed / pool.requests,
	       pool.refused * 4);
	fflush(stdout);
	work->end(&run);
	frag_pool_destroy(&pool);
}

static void bench_fills(void)
{
	const struct pmm_alloc_ops *ops;

	printf("A pool of %lu MiB\n%-10s %6s %-10s %15s %9s %8s %10s %9s\n",
	       pool_pages / PAGES_PER_MIB, "", "", "", "largest / free", "",
	       "", "", "shortest");
	printf("%-10s %6s %-10s %7s %7s %9s %8s %10s %9s\n", "workload",
	       "fill", "allocator", "mean", "least", "requests", "failed",
	       "rate", "in KiB");
	if (data)
		fprintf(data, "workload fill allocator requests whole failed\n");
	for (size_t w = 0; w < ARRAY_SIZE(works); w++)
		for (size_t f = 0; f < ARRAY_SIZE(fills); f++)
			for (unsigned int i = 0;
			     (ops = pmm_alloc_by_index(i)); i++)
				bench_fill(works[w], fills[f], ops);
}

/* ---- what never fails ---- */

/**
 * struct setup - a workload, and pools that are large enough for it by proof
 * @name: in the table
 * @work: the workload
 * @max_blocks: see struct frag_run
 * @classes: likewise
 * @pages: size of the pool of that kind, or of the only one
 */
struct setup {
	const char *name;
	const struct frag_work *work;
	unsigned long max_blocks;
	bool classes;
	unsigned long (*pages)(const struct setup *setup, unsigned int kind);
};

/* As many strides as blocks. */
static unsigned long pages_equal(const struct setup *setup, unsigned int kind)
{
	(void)kind;
	return setup->max_blocks * frag_stride(FRAG_CAMERA_LEN);
}

/* For each class, as if all streams were of that one. */
static unsigned long pages_classes(const struct setup *setup, unsigned int kind)
{
	return setup->max_blocks * frag_kind_nr[kind] *
	       frag_stride(frag_round(frag_kind_len[kind]));
}

/*
 * Streams of the largest frames, a hole that is one page too short for the most
 * demanding request beside every block, and one page.
 */
static unsigned long pages_holes(const struct setup *setup, unsigned int kind)
{
	unsigned long blocks = setup->max_blocks * FRAG_STREAM_BLOCKS;
	unsigned long len = frag_kind_len[FRAG_FRAME_2160];
	unsigned long live = setup->max_blocks *
		(FRAG_STREAM_FRAMES * len +
		 FRAG_STREAM_CODED * frag_kind_len[FRAG_CODED] +
		 FRAG_STREAM_SMALL * frag_kind_len[FRAG_SMALL]);

	(void)kind;
	return live - len +
	       blocks * (frag_round(len) + frag_align(len) - 2) + 1;
}

static const struct setup setups[] = {
	{ "equal", &frag_camera, 64, false, pages_equal },
	{ "classes", &frag_decoder, 8, true, pages_classes },
	{ "holes", &frag_decoder, 8, false, pages_holes },
};

static unsigned long requests_of(const struct frag_pool *pools, size_t nr)
{
	unsigned long sum = 0;

	while (nr--)
		sum += pools[nr].requests;
	return sum;
}

static bool print_setup(const struct setup *setup, const char *allocator,
			const struct frag_pool *pools, size_t nr)
{
	unsigned long pages = 0, peak = 0, failed = 0;

	for (size_t k = 0; k < nr; k++) {
		pages += pools[k].pages;
		peak += pools[k].peak;
		failed += pools[k].failed;
	}
	printf("%-10s %-10s %-10s %9lu %9lu %9lu %9lu\n", setup->name,
	       setup->work->name, allocator, pages / PAGES_PER_MIB,
	       peak / PAGES_PER_MIB, requests_of(pools, nr), failed);
	fflush(stdout);
	return !failed;
}

static bool bench_setup(const struct setup *setup,
			const struct pmm_alloc_ops *ops)
{
	struct frag_pool pools[FRAG_KINDS] = { };
	size_t nr = setup->classes ? FRAG_KINDS : 1;
	struct frag_run run = {
		.pools = pools,
		.classes = setup->classes,
		.limit = ULONG_MAX,
		.max_blocks = setup->max_blocks,
		.rng = SEED,
	};
	bool good;

	for (size_t k = 0; k < nr; k++)
		frag_pool_create(&pools[k], ops, setup->pages(setup, k));
	setup->work->begin(&run);
	while (requests_of(pools, nr) < requests)
		setup->work->step(&run);
	setup->work->end(&run);
	good = print_setup(setup, ops->name, pools, nr);
	for (size_t k = 0; k < nr; k++)
		frag_pool_destroy(&pools[k]);
	return good;
}

static bool bench_setups(void)
{
	const struct pmm_alloc_ops *ops;
	bool good = true;

	printf("\nWhat never fails\n%-10s %-10s %-10s %9s %9s %9s %9s\n",
	       "set-up", "workload", "allocator", "pools MiB", "peak MiB",
	       "requests", "failed");
	for (size_t s = 0; s < ARRAY_SIZE(setups); s++)
		for (unsigned int i = 0; (ops = pmm_alloc_by_index(i)); i++)
			good = bench_setup(&setups[s], ops) && good;
	return good;
}

/* The least that no workload waits in for ever, at the lowest fill. */
static unsigned long least_pool_mb(void)
{
	unsigned long least = 0, pages;

	for (size_t w = 0; w < ARRAY_SIZE(works); w++)
		least = max(least, works[w]->least);
	pages = (least + fills[0] - 1) / fills[0] * 100;
	return (pages + PAGES_PER_MIB - 1) / PAGES_PER_MIB;
}

static void parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "requests", required_argument, NULL, 'r' },
		{ "pool-mb", required_argument, NULL, 'p' },
		{ "data", required_argument, NULL, 'd' },
		{ }
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'r':
			requests = arg_number(optarg, NUMBER_MAX);
			break;
		case 'p':
			pool_pages = arg_number(optarg, NUMBER_MAX) * PAGES_PER_MIB;
			break;
		case 'd':
			data = arg_data(optarg);
			break;
		default:
			errx(2, "usage: %s [--requests N] [--pool-mb N] [--data FILE]",
			     program_invocation_short_name);
		}
	}
	if (pool_pages < least_pool_mb() * PAGES_PER_MIB)
		errx(2, "a pool of %lu MiB is too small for the workloads; give it %lu at least",
		     pool_pages / PAGES_PER_MIB, least_pool_mb());
}

int main(int argc, char **argv)
{
	bool good;

	parse(argc, argv);
	bench_fills();
	good = bench_setups();
	if (data && fclose(data))
		err(1, "writing the data");
	return !good;
}
