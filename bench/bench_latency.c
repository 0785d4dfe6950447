// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long it takes to get 1, 8 and 64 MiB of zeroed memory:
 *
 *	PMM, clean		ALLOC, when all that is free has been zeroed
 *	PMM, dirty		ALLOC, when nothing is free but what was freed
 *				the moment before
 *	alloc_contig		alloc_contig_range() at once, by way of the module
 *				pmm_bench_contig.ko, in the guest as it is
 *	... fragmented		the same when programs and the kernel have used
 *				memory for a while
 *	SHM_HUGETLB		a segment of huge pages that were set aside before,
 *				attached and touched
 *	dma-heap system		a buffer of it, whose pages lie anywhere
 *	SysV			an ordinary segment, attached and touched: likewise
 *
 *	bench_latency [--rounds N] [--data FILE] [SIZE_MB...]
 *
 * Best and worst of some rounds.  Only ratios within one run mean anything.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <time.h>
#include <unistd.h>

#include <linux/dma-heap.h>
#include <linux/pmm.h>

#include "args.h"

#define MIB		(1UL << 20)
#define PAGE		4096UL
#define HUGE_PAGE	(2 * MIB)
#define CONTIG_FILE	"/sys/kernel/debug/pmm_bench_contig"
#define TYPES_FILE	"/sys/kernel/debug/pmm/types"
#define HEAP_FILE	"/dev/dma_heap/system"
#define MAX_SIZES	8
#define NUMBER_MAX	(1UL << 20)
#define MAX_FILLERS	4096
/* Kernel memory among that of programs when memory is to be fragmented. */
#define PIPES		384
#define PIPE_PAGES	16UL

/* One way to get memory.  Functions that cannot do it return false with errno. */
struct way {
	const char *name;
	/* Before all rounds, for the largest size. */
	bool (*begin)(size_t max);
	/* The time of one allocation, in seconds. */
	bool (*measure)(size_t size, double *seconds);
	void (*end)(void);
};

static int pmm_fd;
static size_t sizes[MAX_SIZES] = { 1 * MIB, 8 * MIB, 64 * MIB };
static size_t nr_sizes = 3;
static unsigned long rounds = 5;
static FILE *data;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void touch(volatile char *p, size_t size, size_t step)
{
	for (size_t i = 0; i < size; i += step)
		p[i] = 1;
}

static bool always(size_t max)
{
	(void)max;
	return true;
}

static void nothing(void)
{
}

/* ---- PMM ---- */

static int block_alloc(size_t size)
{
	struct pmm_alloc a = { .size = sizeof(a), .length = size };

	return ioctl(pmm_fd, PMM_IOC_ALLOC, &a);
}

static bool is_waited_for(const char *column)
{
	return !strcmp(column, "dirty") || !strcmp(column, "blocks");
}

/* Is anything on its way back to a pool, or still to be zeroed there? */
static bool pool_dirty(void)
{
	char head[512] = "", line[512], copy[512], *name, *value, *names, *values;
	bool dirty = false;
	FILE *f = fopen(TYPES_FILE, "r");

	if (!f || !fgets(head, sizeof(head), f))
		err(1, "%s", TYPES_FILE);
	while (fgets(line, sizeof(line), f)) {
		names = memcpy(copy, head, sizeof(copy));
		values = line;
		while ((name = strtok_r(names, " \t\n", &names)) &&
		       (value = strtok_r(values, " \t\n", &values)))
			if (is_waited_for(name) && strcmp(value, "0"))
				dirty = true;
	}
	fclose(f);
	return dirty;
}

static void wait_clean(void)
{
	double end = now() + 30;

	while (pool_dirty()) {
		if (now() > end)
			errx(1, "memory is not zeroed after 30 seconds");
		usleep(5000);
	}
}

static bool time_alloc(size_t size, double *seconds)
{
	double start = now();
	int block = block_alloc(size);

	*seconds = now() - start;
	if (block < 0)
		return false;
	close(block);
	return true;
}

static bool clean_measure(size_t size, double *seconds)
{
	wait_clean();
	return time_alloc(size, seconds);
}

static int fillers[MAX_FILLERS];
static size_t nr_fillers;

/* Use up the pool, with large blocks first. */
static void fill_pool(void)
{
	for (size_t size = 64 * MIB; size >= PAGE; size /= 2) {
		int block;

		while (nr_fillers < MAX_FILLERS &&
		       (block = block_alloc(size)) >= 0)
			fillers[nr_fillers++] = block;
	}
}

static void empty_pool(void)
{
	while (nr_fillers)
		close(fillers[--nr_fillers]);
}

static bool dirty_measure(size_t size, double *seconds)
{
	int block;
	bool had;

	wait_clean();
	block = block_alloc(size);
	if (block < 0)
		return false;
	fill_pool();
	close(block);
	had = time_alloc(size, seconds);
	empty_pool();
	return had;
}

/* ---- alloc_contig_range() ---- */

static int contig_fd = -1;

static bool contig_begin(size_t max)
{
	(void)max;
	contig_fd = open(CONTIG_FILE, O_RDWR | O_CLOEXEC);
	return contig_fd >= 0;
}

static bool contig_measure(size_t size, double *seconds)
{
	char text[64], *end;
	ssize_t len;

	snprintf(text, sizeof(text), "%zu", size / PAGE);
	if (pwrite(contig_fd, text, strlen(text), 0) < 0)
		return false;
	len = pread(contig_fd, text, sizeof(text) - 1, 0);
	if (len < 0)
		return false;
	text[len] = 0;
	/* The first of the numbers is enough. */
	*seconds = strtoull(text, &end, 10) / 1e9;
	errno = EPROTO;
	return end != text;
}

static void contig_end(void)
{
	close(contig_fd);
}

/* ---- the same in used memory ---- */

static char *frag_memory;
static size_t frag_size;
static int pipes[PIPES][2];

static size_t available(void)
{
	unsigned long kib = 0;
	char line[128];
	FILE *f = fopen("/proc/meminfo", "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "MemAvailable: %lu", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib << 10;
}

/* Pages of pipes, which cannot be moved. */
static bool fill_pipes(void)
{
	static const char page[PAGE];
	struct rlimit files = { 4UL * PIPES, 4UL * PIPES };

	setrlimit(RLIMIT_NOFILE, &files);
	for (size_t i = 0; i < PIPES; i++) {
		if (pipe2(pipes[i], O_CLOEXEC))
			return false;
		for (size_t k = 0; k < PIPE_PAGES; k++)
			if (write(pipes[i][1], page, PAGE) != (ssize_t)PAGE)
				return false;
	}
	return true;
}

/*
 * What age does to memory: two thirds of it taken by programs, a page at a time,
 * every other page of that given back, and kernel memory in between.
 */
static bool fragmented_begin(size_t max)
{
	frag_size = available() / 3 * 2 & ~(2 * PAGE - 1);
	frag_memory = mmap(NULL, frag_size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (frag_memory == MAP_FAILED)
		return false;
	madvise(frag_memory, frag_size, MADV_NOHUGEPAGE);
	touch(frag_memory, frag_size, PAGE);
	for (size_t i = 0; i < frag_size; i += 2 * PAGE)
		madvise(frag_memory + i, PAGE, MADV_DONTNEED);
	return fill_pipes() && contig_begin(max);
}

static void fragmented_end(void)
{
	for (size_t i = 0; i < PIPES; i++) {
		close(pipes[i][0]);
		close(pipes[i][1]);
	}
	munmap(frag_memory, frag_size);
	contig_end();
}

/* ---- segments ---- */

static bool segment_measure(size_t size, int flags, size_t step,
			    double *seconds)
{
	double start = now();
	int id = shmget(IPC_PRIVATE, size, IPC_CREAT | 0600 | flags);
	void *p;

	if (id < 0)
		return false;
	p = shmat(id, NULL, 0);
	if (p != (void *)-1)
		touch(p, size, step);
	*seconds = now() - start;
	shmctl(id, IPC_RMID, NULL);
	return p != (void *)-1 && !shmdt(p);
}

static void set_huge_pages(size_t nr)
{
	FILE *f = fopen("/proc/sys/vm/nr_hugepages", "w");

	if (!f)
		return;
	fprintf(f, "%zu\n", nr);
	fclose(f);
}

static bool hugetlb_begin(size_t max)
{
	set_huge_pages((max + HUGE_PAGE - 1) / HUGE_PAGE);
	return true;
}

static bool hugetlb_measure(size_t size, double *seconds)
{
	return segment_measure(size, SHM_HUGETLB, HUGE_PAGE, seconds);
}

static void hugetlb_end(void)
{
	set_huge_pages(0);
}

static bool sysv_measure(size_t size, double *seconds)
{
	return segment_measure(size, 0, PAGE, seconds);
}

/* ---- dma-heap ---- */

static int heap_fd = -1;

static bool heap_begin(size_t max)
{
	(void)max;
	heap_fd = open(HEAP_FILE, O_RDWR | O_CLOEXEC);
	return heap_fd >= 0;
}

static bool heap_measure(size_t size, double *seconds)
{
	struct dma_heap_allocation_data a = {
		.len = size, .fd_flags = O_RDWR | O_CLOEXEC,
	};
	double start = now();

	if (ioctl(heap_fd, DMA_HEAP_IOCTL_ALLOC, &a))
		return false;
	*seconds = now() - start;
	close(a.fd);
	return true;
}

static void heap_end(void)
{
	close(heap_fd);
}

/* ---- the table ---- */

static const struct way ways[] = {
	{ "PMM, clean", always, clean_measure, nothing },
	{ "PMM, dirty", always, dirty_measure, nothing },
	{ "SHM_HUGETLB", hugetlb_begin, hugetlb_measure, hugetlb_end },
	{ "SysV", always, sysv_measure, nothing },
	{ "dma-heap system", heap_begin, heap_measure, heap_end },
	{ "alloc_contig", contig_begin, contig_measure, contig_end },
	{ "... fragmented", fragmented_begin, contig_measure, fragmented_end },
};

static void bench_size(const struct way *way, size_t size)
{
	double best = 0, worst = 0, seconds;

	for (unsigned long r = 0; r < rounds; r++) {
		if (!way->measure(size, &seconds)) {
			printf("%-16s %5zu MiB  not to be had: %s\n", way->name,
			       size / MIB, strerror(errno));
			fflush(stdout);
			return;
		}
		if (!r || seconds < best)
			best = seconds;
		if (seconds > worst)
			worst = seconds;
	}
	printf("%-16s %5zu MiB %10.3f %10.3f\n", way->name, size / MIB,
	       best * 1e3, worst * 1e3);
	fflush(stdout);
	if (data)
		fprintf(data, "%zu %.6f %.6f\n", size / MIB, best * 1e3,
			worst * 1e3);
}

static void bench_way(const struct way *way)
{
	size_t max = 0;

	for (size_t i = 0; i < nr_sizes; i++)
		if (sizes[i] > max)
			max = sizes[i];
	if (!way->begin(max)) {
		printf("%-16s not to be had here: %s\n", way->name,
		       strerror(errno));
		fflush(stdout);
		return;
	}
	/* Two empty lines are between the blocks of a plot's data. */
	if (data)
		fprintf(data, "\"%s\"\n", way->name);
	for (size_t i = 0; i < nr_sizes; i++)
		bench_size(way, sizes[i]);
	if (data)
		fprintf(data, "\n\n");
	way->end();
}

static void parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "rounds", required_argument, NULL, 'r' },
		{ "data", required_argument, NULL, 'd' },
		{ }
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'r':
			rounds = arg_number(optarg, NUMBER_MAX);
			break;
		case 'd':
			data = arg_data(optarg);
			break;
		default:
			errx(2, "usage: %s [--rounds N] [--data FILE] [SIZE_MB...]",
			     program_invocation_short_name);
		}
	}
	if (argc - optind > MAX_SIZES)
		errx(2, "more than %d sizes", MAX_SIZES);
	if (optind < argc)
		nr_sizes = 0;
	while (optind < argc)
		sizes[nr_sizes++] = arg_number(argv[optind++], NUMBER_MAX) * MIB;
}

int main(int argc, char **argv)
{
	parse(argc, argv);
	pmm_fd = open("/dev/pmm", O_RDWR | O_CLOEXEC);
	if (pmm_fd < 0)
		err(1, "/dev/pmm");
	printf("%-16s %9s %10s %10s\n", "ms, of rounds", "", "best", "worst");
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		bench_way(&ways[i]);
	if (data && fclose(data))
		err(1, "writing the data");
	return 0;
}
