// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory on devices, as the processor sees it, in MiB/s:
 *
 *	bench_device [--rounds N] [--data FILE] block TYPE...
 *		reading, writing and copying in a block of each type
 *	bench_device ... node NODE...
 *		the same in private memory that is bound to each of these NUMA
 *		nodes, and touching it for the first time
 *	bench_device ... move TYPE [NODE]
 *		moving private memory of this process to the type, and back: in
 *		pages of 4 KiB, huge ones, and never touched; beside it, what a
 *		program can do about it (copy) and what the kernel can
 *		(move_pages(), to the node)
 *
 * Each round measures all rows, one after the other, and of each piece of 2 MiB the best
 * of the rounds counts: the machine may be busy with other things, but never makes a
 * piece faster than it can be.  Only ratios between the rows of one run mean anything.
 */
#define _GNU_SOURCE
#include <err.h>
#include <getopt.h>
#include <linux/mempolicy.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <pmmshm.h>

#include "args.h"
#include "table.h"

#define MIB		(1UL << 20)
#define PAGE		4096UL
#define HUGE_PAGE	(2 * MIB)
#define SIZE		(32 * MIB)
#define PIECE		HUGE_PAGE
#define NR_PIECES	(SIZE / PIECE)
#define PIECE_PAGES	(PIECE / PAGE)
#define MAX_ROWS	8

static struct pmmshm *pmm;
static unsigned long rounds = 9;
static FILE *data;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* Seconds for each piece; 0 before the first round. */
struct best {
	double pieces[NR_PIECES];
};

static void keep_best(struct best *best, size_t piece, double since)
{
	double seconds = now() - since;

	if (best->pieces[piece] <= 0 || seconds < best->pieces[piece])
		best->pieces[piece] = seconds;
}

static double rate(const struct best *best)
{
	double seconds = 0;

	for (size_t i = 0; i < NR_PIECES; i++)
		seconds += best->pieces[i];
	return SIZE / (double)MIB / seconds;
}

static void print_row(const struct table *table, const char *name,
		      const struct best *best, const struct best *base)
{
	double rates[TABLE_COLUMNS] = {}, base_rates[TABLE_COLUMNS] = {};

	for (int i = 0; i < TABLE_COLUMNS && table->columns[i]; i++) {
		rates[i] = rate(&best[i]);
		base_rates[i] = rate(&base[i]);
	}
	table_row(table, name, rates, base_rates);
}

/* Private memory of whole huge pages.  What is over at its ends stays. */
static char *memory(void)
{
	char *p = mmap(NULL, SIZE + HUGE_PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		err(1, "%lu MiB", SIZE / MIB);
	return p + (-(uintptr_t)p & (HUGE_PAGE - 1));
}

/* ---- reading, writing, copying ---- */

struct place {
	char name[32];
	char *p;
	int node;
	/* first touch, read, write, copy out; of blocks without the first */
	struct best best[4];
};

/* Every word, so that nothing can be left out. */
static void read_piece(const char *p)
{
	const uint64_t *words = (const uint64_t *)p;
	uint64_t sum = 0;

	for (size_t i = 0; i < PIECE / sizeof(*words); i += 4)
		sum += words[i] ^ words[i + 1] ^ words[i + 2] ^ words[i + 3];
	__asm__ volatile("" : : "r"(sum));
}

static void read_all(const char *p, struct best *best)
{
	for (size_t i = 0; i < NR_PIECES; i++) {
		double t = now();

		read_piece(p + i * PIECE);
		keep_best(best, i, t);
	}
}

static void write_all(char *p, int c, struct best *best)
{
	for (size_t i = 0; i < NR_PIECES; i++) {
		double t = now();

		memset(p + i * PIECE, c, PIECE);
		__asm__ volatile("" : : "r"(p) : "memory");
		keep_best(best, i, t);
	}
}

static void copy_all(char *to, const char *from, struct best *best)
{
	for (size_t i = 0; i < NR_PIECES; i++) {
		double t = now();

		memcpy(to + i * PIECE, from + i * PIECE, PIECE);
		__asm__ volatile("" : : "r"(to) : "memory");
		keep_best(best, i, t);
	}
}

static void measure_access(char *p, char *ram, int c, struct best *best)
{
	read_all(p, &best[0]);
	write_all(p, c, &best[1]);
	copy_all(ram, p, &best[2]);
	if (ram[SIZE - 1] != (char)c)
		errx(1, "the contents are wrong");
}

static void print_places(const struct table *table, const struct place *places,
			 int nr)
{
	table_head(table);
	for (int i = 0; i < nr; i++)
		print_row(table, places[i].name, places[i].best, places[0].best);
}

static char *block_memory(const char *type)
{
	struct pmmshm_alloc_opts opts = { .size = sizeof(opts), .type = type };
	struct pmmshm_block *block = pmmshm_block_alloc(pmm, SIZE, &opts);

	if (!block)
		errx(1, "%s", pmmshm_error());
	return pmmshm_block_data(block);
}

static void bench_block(char **types, int nr)
{
	const struct table table = {
		.unit = "MiB/s", .columns = { "read", "write", "copy out" },
		.data = data,
	};
	struct place places[MAX_ROWS] = { { .name = "malloc" } };
	char *ram = memory();

	places[0].p = memory();
	for (int i = 1; i <= nr; i++) {
		snprintf(places[i].name, sizeof(places[i].name), "%s",
			 types[i - 1]);
		places[i].p = block_memory(types[i - 1]);
	}
	memset(ram, 1, SIZE);
	for (int i = 0; i <= nr; i++)
		memset(places[i].p, 1, SIZE);
	for (unsigned long r = 0; r < rounds; r++)
		for (int i = 0; i <= nr; i++)
			measure_access(places[i].p, ram, (int)r, places[i].best);
	print_places(&table, places, nr + 1);
}

/* As numactl --membind has the kernel do it for malloc(). */
static void bind_memory(char *p, int node)
{
	unsigned long mask = 1UL << node;

	if (syscall(SYS_mbind, p, SIZE, MPOL_BIND, &mask, 8 * sizeof(mask), 0))
		err(1, "node %d", node);
}

static int node_of(char *p)
{
	int node = -1;

	if (syscall(SYS_get_mempolicy, &node, NULL, 0, p,
		    MPOL_F_NODE | MPOL_F_ADDR))
		err(1, "get_mempolicy");
	return node;
}

static void measure_node(struct place *place, char *ram, int c)
{
	char *p = memory();

	bind_memory(p, place->node);
	write_all(p, c, &place->best[0]);
	if (node_of(p) != place->node)
		errx(1, "it is on node %d, not %d", node_of(p), place->node);
	measure_access(p, ram, c, &place->best[1]);
	munmap(p, SIZE);
}

static void bench_node(char **nodes, int nr)
{
	const struct table table = {
		.unit = "MiB/s",
		.columns = { "1st touch", "read", "write", "copy out" },
		.data = data,
	};
	struct place places[MAX_ROWS] = {};
	char *ram = memory();

	memset(ram, 1, SIZE);
	for (int i = 0; i < nr; i++) {
		places[i].node = atoi(nodes[i]);
		snprintf(places[i].name, sizeof(places[i].name),
			 "malloc, node %d", places[i].node);
	}
	for (unsigned long r = 0; r < rounds; r++)
		for (int i = 0; i < nr; i++)
			measure_node(&places[i], ram, (int)r);
	print_places(&table, places, nr);
}

/* ---- moving ---- */

/* One way for memory to go somewhere and come back. */
struct way {
	const char *name;
	int advice;
	bool touch;
	/* The piece at @p; one that is not moved has another address then. */
	void (*move)(char **p, bool there);
	/* there, back */
	struct best best[2];
};

static const char *move_type;
static int move_node;

static void move_by_migrate(char **p, bool there)
{
	if (pmmshm_migrate(pmm, *p, PIECE, there ? move_type : NULL, NULL))
		errx(1, "%s", pmmshm_error());
}

/* What a program does that wants its data elsewhere: other addresses. */
static void move_by_copy(char **p, bool there)
{
	char *old = *p;

	(void)there;
	*p = mmap(NULL, PIECE, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (*p == MAP_FAILED || madvise(*p, PIECE, MADV_NOHUGEPAGE))
		err(1, "%lu MiB", PIECE / MIB);
	memcpy(*p, old, PIECE);
	munmap(old, PIECE);
}

static void move_by_node(char **p, bool there)
{
	static void *pages[PIECE_PAGES];
	static int nodes[PIECE_PAGES], status[PIECE_PAGES];

	for (size_t i = 0; i < PIECE_PAGES; i++) {
		pages[i] = *p + i * PAGE;
		nodes[i] = there ? move_node : 0;
	}
	if (syscall(SYS_move_pages, 0, PIECE_PAGES, pages, nodes, status,
		    MPOL_MF_MOVE))
		err(1, "move_pages to node %d", nodes[0]);
	if (status[PIECE_PAGES - 1] != nodes[0])
		errx(1, "move_pages: %s", strerror(-status[PIECE_PAGES - 1]));
}

static void move_all(struct way *way, char **pieces, bool there)
{
	for (size_t i = 0; i < NR_PIECES; i++) {
		double t = now();

		way->move(&pieces[i], there);
		keep_best(&way->best[there ? 0 : 1], i, t);
	}
}

static void measure_way(struct way *way, int c)
{
	char *p = memory(), *pieces[NR_PIECES];

	if (madvise(p, SIZE, way->advice))
		err(1, "madvise");
	if (way->touch)
		memset(p, c, SIZE);
	for (size_t i = 0; i < NR_PIECES; i++)
		pieces[i] = p + i * PIECE;
	move_all(way, pieces, true);
	move_all(way, pieces, false);
	for (size_t i = 0; i < NR_PIECES; i++) {
		if (pieces[i][PIECE - 1] != (char)(way->touch ? c : 0))
			errx(1, "%s: the contents are wrong", way->name);
		munmap(pieces[i], PIECE);
	}
}

static void bench_move(const char *type, const char *node)
{
	struct way ways[] = {
		{ "pages of 4 KiB", MADV_NOHUGEPAGE, true, move_by_migrate, {} },
		{ "huge pages", MADV_HUGEPAGE, true, move_by_migrate, {} },
		{ "never touched", MADV_NOHUGEPAGE, false, move_by_migrate, {} },
		{ "memcpy to new memory", MADV_NOHUGEPAGE, true, move_by_copy, {} },
		{ "move_pages to the node", MADV_NOHUGEPAGE, true, move_by_node, {} },
	};
	const struct table table = {
		.unit = "MiB/s", .columns = { "there", "back" }, .data = data,
	};
	size_t nr = sizeof(ways) / sizeof(ways[0]) - !node;

	move_type = type;
	move_node = node ? atoi(node) : -1;
	for (unsigned long r = 0; r < rounds; r++)
		for (size_t i = 0; i < nr; i++)
			measure_way(&ways[i], (int)r + 1);
	table_head(&table);
	for (size_t i = 0; i < nr; i++)
		print_row(&table, ways[i].name, ways[i].best, ways[0].best);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "rounds", required_argument, NULL, 'r' },
		{ "data", required_argument, NULL, 'd' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (c == 'r')
			rounds = arg_number(optarg, 100);
		else if (c == 'd')
			data = arg_data(optarg);
		else
			return 2;
	}
	argc -= optind + 1;
	argv += optind;
	if (argc < 1 || argc >= MAX_ROWS)
		errx(2, "usage: bench_device block TYPE... | node NODE... | move TYPE [NODE]");
	pmm = pmmshm_open(NULL);
	if (!pmm)
		errx(1, "%s", pmmshm_error());
	if (!strcmp(argv[0], "block"))
		bench_block(argv + 1, argc);
	else if (!strcmp(argv[0], "node"))
		bench_node(argv + 1, argc);
	else if (!strcmp(argv[0], "move"))
		bench_move(argv[1], argc > 1 ? argv[2] : NULL);
	else
		errx(2, "bench_device measures 'block', 'node' or 'move'");
	pmmshm_close(pmm);
	return 0;
}
