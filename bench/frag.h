/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the study of fragmentation is made of: pools that count what fails, and
 * workloads that allocate from them and free.  See bench_frag.c.
 */
#ifndef PMM_BENCH_FRAG_H
#define PMM_BENCH_FRAG_H

#include "../drivers/misc/pmm_alloc.h"

/* All numbers are in pages of 4 KiB; blocks from this on are aligned to it. */
#define FRAG_HUGE	512UL

/**
 * struct frag_pool - an allocator, and what became of the requests to it
 * @ops: the allocator
 * @areas: its state
 * @pages: size
 * @live: pages of live blocks, as they were asked for
 * @peak: the most that @live ever was
 * @requests: allocations so far
 * @failed: those among them that found no place
 * @refused: the shortest length among these
 */
struct frag_pool {
	const struct pmm_alloc_ops *ops;
	struct pmm_areas *areas;
	unsigned long pages;
	unsigned long live;
	unsigned long peak;
	unsigned long requests;
	unsigned long failed;
	unsigned long refused;
};

struct frag_block {
	struct frag_pool *pool;		/* NULL: no block */
	unsigned long start;
	unsigned long len;
};

/* Errors of the machine, such as no memory, end the program. */
void frag_pool_create(struct frag_pool *pool, const struct pmm_alloc_ops *ops,
		      unsigned long pages);
void frag_pool_destroy(struct frag_pool *pool);
bool frag_pool_alloc(struct frag_pool *pool, unsigned long len,
		     unsigned long align, struct frag_block *block);
void frag_block_free(struct frag_block *block);
/* The largest free range over all that is free; 1 if nothing is. */
double frag_pool_whole(const struct frag_pool *pool);

/* The alignment that PMM gives a block of that length by itself. */
static inline unsigned long frag_align(unsigned long len)
{
	return len >= FRAG_HUGE ? FRAG_HUGE : 1;
}

/* How far apart blocks of that length lie that follow one another. */
static inline unsigned long frag_stride(unsigned long len)
{
	unsigned long align = frag_align(len);

	return (len + align - 1) & ~(align - 1);
}

/*
 * The length that every allocator keeps exactly: it has seven significant bits at
 * most.  tlsf may pass over an area that holds less than this.
 */
static inline unsigned long frag_round(unsigned long len)
{
	unsigned long unit = len < 128 ? 1 : 1UL << (ilog2(len) - 6);

	return (len + unit - 1) & ~(unit - 1);
}

/* What decoders ask for: frames of some sizes, coded data, and odds and ends. */
enum frag_kind {
	FRAG_FRAME_576, FRAG_FRAME_720, FRAG_FRAME_1080, FRAG_FRAME_2160,
	FRAG_CODED, FRAG_SMALL, FRAG_KINDS
};

#define FRAG_FRAME_SIZES	4
#define FRAG_STREAM_FRAMES	10
#define FRAG_STREAM_CODED	2
#define FRAG_STREAM_SMALL	4
#define FRAG_STREAM_BLOCKS	(FRAG_STREAM_FRAMES + FRAG_STREAM_CODED + \
				 FRAG_STREAM_SMALL)

/* The longest block of each kind, and how many of them a stream has at most. */
extern const unsigned long frag_kind_len[FRAG_KINDS];
extern const unsigned long frag_kind_nr[FRAG_KINDS];

/* A frame of a camera: 1920 x 1080, two bytes a pixel. */
#define FRAG_CAMERA_LEN		1013UL

/**
 * struct frag_run - a workload under way
 * @pools: what it allocates from: the first one, or, if @classes, one for each
 *	enum frag_kind
 * @classes: round every length up to the longest of its kind, frag_round()ed
 * @limit: live pages that the workload never exceeds
 * @max_blocks: live blocks (camera), or streams (decoder), likewise
 * @rng: state of the random numbers
 * @state: the workload's own
 */
struct frag_run {
	struct frag_pool *pools;
	bool classes;
	unsigned long limit;
	unsigned long max_blocks;
	u64 rng;
	void *state;
};

/**
 * struct frag_work - a workload
 * @name: in tables and plots
 * @least: pages that may be live for @step to come to a request at all
 * @begin: allocate the state
 * @step: do something, with at least one request now and then
 * @end: free all blocks and the state
 */
struct frag_work {
	const char *name;
	unsigned long least;
	void (*begin)(struct frag_run *run);
	void (*step)(struct frag_run *run);
	void (*end)(struct frag_run *run);
};

extern const struct frag_work frag_camera;
extern const struct frag_work frag_decoder;
extern const struct frag_work frag_adversary;

/* A random number below @n, which is not 0. */
unsigned long frag_random(struct frag_run *run, unsigned long n);
/* Zeroed memory. */
void *frag_zalloc(size_t nr, size_t size);

#endif /* PMM_BENCH_FRAG_H */
