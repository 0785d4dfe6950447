// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory on devices, as the processor sees it, in MiB/s:
 *
 *	bench_device block TYPE...
 *		reading, writing and copying in a block of each type
 *	bench_device move TYPE
 *		moving private memory of this process to the type, and back: in
 *		pages of 4 KiB, huge ones, and never touched
 *
 * Best of some rounds: the machine may be busy with other things, but never makes a
 * round faster than it can be.  Only ratios between the rows of one run mean anything.
 */
#define _GNU_SOURCE
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <pmmshm.h>

#define ROUNDS		7
#define MIB		(1UL << 20)
#define HUGE_PAGE	(2 * MIB)
#define SIZE		(32 * MIB)

static struct pmmshm *pmm;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* The rate of something that has taken since then, if it is the best so far. */
static void keep_best(double *best, double since)
{
	double rate = SIZE / (double)MIB / (now() - since);

	if (rate > *best)
		*best = rate;
}

/* Private memory of whole huge pages. */
static char *memory(void)
{
	char *p = mmap(NULL, SIZE + HUGE_PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		err(1, "%lu MiB", SIZE / MIB);
	return p + (-(uintptr_t)p & (HUGE_PAGE - 1));
}

/* ---- blocks ---- */

/* Every word, so that nothing can be left out. */
static void read_all(const char *p)
{
	const uint64_t *words = (const uint64_t *)p;
	uint64_t sum = 0;

	for (size_t i = 0; i < SIZE / sizeof(*words); i += 4)
		sum += words[i] ^ words[i + 1] ^ words[i + 2] ^ words[i + 3];
	__asm__ volatile("" : : "r"(sum));
}

static void measure_access(const char *name, char *p, char *ram)
{
	double reads = 0, writes = 0, copies = 0, t;

	memset(p, 1, SIZE);
	for (int i = 0; i < ROUNDS; i++) {
		t = now();
		read_all(p);
		keep_best(&reads, t);
		t = now();
		memset(p, i, SIZE);
		__asm__ volatile("" : : "r"(p) : "memory");
		keep_best(&writes, t);
		t = now();
		memcpy(ram, p, SIZE);
		__asm__ volatile("" : : "r"(ram) : "memory");
		keep_best(&copies, t);
	}
	printf("%-28s %10.0f %10.0f %10.0f\n", name, reads, writes, copies);
	fflush(stdout);
}

static void measure_block(const char *type, char *ram)
{
	struct pmmshm_alloc_opts opts = { .size = sizeof(opts), .type = type };
	struct pmmshm_block *block = pmmshm_block_alloc(pmm, SIZE, &opts);

	if (!block)
		errx(1, "%s", pmmshm_error());
	measure_access(type, pmmshm_block_data(block), ram);
	pmmshm_block_free(block);
}

static void bench_block(char **types)
{
	char *ram = memory();

	memset(ram, 1, SIZE);
	printf("%-28s %10s %10s %10s\n", "MiB/s", "read", "write",
	       "copy out");
	measure_access("malloc", memory(), ram);
	for (; *types; types++)
		measure_block(*types, ram);
}

/* ---- moving ---- */

static void move(char *p, const char *type, double *best)
{
	double t = now();

	if (pmmshm_migrate(pmm, p, SIZE, type, NULL))
		errx(1, "%s", pmmshm_error());
	keep_best(best, t);
}

static void measure_move(const char *type, const char *name, int advice,
			 int touch)
{
	double there = 0, back = 0;

	for (int i = 0; i < ROUNDS; i++) {
		char *p = memory();

		if (madvise(p, SIZE, advice))
			err(1, "madvise");
		if (touch)
			memset(p, i + 1, SIZE);
		move(p, type, &there);
		move(p, NULL, &back);
		if (p[SIZE - 1] != (touch ? i + 1 : 0))
			errx(1, "%s: the contents are wrong", name);
		munmap(p, SIZE);
	}
	printf("%-28s %10.0f %10.0f\n", name, there, back);
	fflush(stdout);
}

static void bench_move(const char *type)
{
	printf("%-28s %10s %10s\n", "MiB/s", "there", "back");
	measure_move(type, "pages of 4 KiB", MADV_NOHUGEPAGE, 1);
	measure_move(type, "huge pages", MADV_HUGEPAGE, 1);
	measure_move(type, "never touched", MADV_NOHUGEPAGE, 0);
}

int main(int argc, char **argv)
{
	if (argc < 3)
		errx(2, "usage: bench_device block TYPE... | move TYPE");
	pmm = pmmshm_open(NULL);
	if (!pmm)
		errx(1, "%s", pmmshm_error());
	if (!strcmp(argv[1], "block"))
		bench_block(argv + 2);
	else if (!strcmp(argv[1], "move"))
		bench_move(argv[2]);
	else
		errx(2, "bench_device measures 'block' or 'move'");
	pmmshm_close(pmm);
	return 0;
}
