// SPDX-License-Identifier: GPL-2.0-only
/*
 * An allocation that fails says why, with the right figures; it costs the pool
 * nothing; and one that could succeed does, even if what it needs was freed just
 * now by another way than close(2).
 */
#define _GNU_SOURCE
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/uio.h>
#include <unistd.h>

#include "guest.h"

#define MAX_BLOCKS	4096

/* ---- a failure and its reason ---- */

static uint64_t failures(const char *reason)
{
	char head[512], line[512], want[64];
	char *h, *l, *save_h, *save_l;
	FILE *f = fopen("/sys/kernel/debug/pmm/types", "re");

	EXPECT(f && fgets(head, sizeof(head), f) && fgets(line, sizeof(line), f));
	fclose(f);
	snprintf(want, sizeof(want), "failed_%s", reason);
	h = strtok_r(head, "\n ", &save_h);
	l = strtok_r(line, "\n ", &save_l);
	while (h && l && strcmp(h, want)) {
		h = strtok_r(NULL, "\n ", &save_h);
		l = strtok_r(NULL, "\n ", &save_l);
	}
	EXPECT(h && l);
	return strtoull(l, NULL, 10);
}

/* It fails for that reason and no other, and nothing else happens. */
static void expect_failure(uint64_t length, uint64_t align, unsigned int reason,
			   const char *counter)
{
	struct pmm_alloc a = { .length = length, .align = align };
	uint64_t counted = failures(counter);
	struct pool before, after;

	pool_read(&before);
	EXPECT_ERRNO(try_block_alloc(&a), ENOMEM);
	pool_read(&after);
	EXPECT_EQ(a.reason, reason);
	EXPECT_EQ(a.total, before.total);
	EXPECT_EQ(a.free, before.free);
	EXPECT_EQ(a.largest_free, before.largest_free);
	EXPECT(!a.id && !a.actual);
	EXPECT_EQ(failures(counter), counted + 1);
	EXPECT(!memcmp(&before, &after, sizeof(before)));
}

/* ---- the pool, cut into blocks ---- */

static int blocks[MAX_BLOCKS];
static uint64_t pfns[MAX_BLOCKS];
static unsigned int nr_blocks;

/* Everything there is, in blocks of that size, as far as that goes. */
static void take_all(size_t size)
{
	struct pmm_alloc a = { .length = size, .align = size };
	int fd;

	while ((fd = try_block_alloc(&a)) >= 0) {
		EXPECT(nr_blocks < MAX_BLOCKS);
		blocks[nr_blocks] = fd;
		pfns[nr_blocks++] = block_pfn(fd);
	}
	EXPECT_EQ(errno, ENOMEM);
}

static void give(unsigned int i)
{
	close(blocks[i]);
	blocks[i] = -1;
}

static void give_all(void)
{
	unsigned int i;

	for (i = 0; i < nr_blocks; i++)
		if (blocks[i] >= 0)
			give(i);
	nr_blocks = 0;
	wait_pool_whole(10);
}

/* Blocks are neighbours where the pool is one range. */
static int compare_pfns(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void expect_disjoint(size_t size)
{
	static uint64_t sorted[MAX_BLOCKS];
	unsigned int i;

	memcpy(sorted, pfns, nr_blocks * sizeof(*pfns));
	qsort(sorted, nr_blocks, sizeof(*sorted), compare_pfns);
	for (i = 1; i < nr_blocks; i++)
		EXPECT(sorted[i] - sorted[i - 1] >= size / PAGE);
}

/* ---- reasons ---- */

static void test_exhausted(void)
{
	struct pool whole, pool;

	pool_read(&whole);
	expect_failure(whole.free + PAGE, PAGE, PMM_REASON_EXHAUSTED, "exhausted");
	expect_failure(whole.total * 2, 0, PMM_REASON_EXHAUSTED, "exhausted");
	expect_failure(1ULL << 62, 0, PMM_REASON_EXHAUSTED, "exhausted");

	take_all(MIB);
	EXPECT_EQ(nr_blocks, whole.total / MIB);
	expect_disjoint(MIB);
	pool_read(&pool);
	EXPECT_EQ(pool.blocks, nr_blocks);
	EXPECT_EQ(pool.free, 0);
	EXPECT_EQ(pool.largest_free, 0);
	expect_failure(PAGE, 0, PMM_REASON_EXHAUSTED, "exhausted");
	expect_failure(PAGE, 1024 * MIB, PMM_REASON_EXHAUSTED, "exhausted");
	expect_failure(HUGE_PAGE, 0, PMM_REASON_EXHAUSTED, "exhausted");
	give_all();
}

/* Holes of 1 MiB, with 1 MiB in use between any two. */
static void test_fragmented(void)
{
	struct pool pool;
	unsigned int i;
	size_t holes = 0;

	take_all(MIB);
	for (i = 0; i < nr_blocks; i++) {
		if (pfns[i] / (MIB / PAGE) % 2)
			continue;
		give(i);
		holes++;
	}
	wait_pool_free(holes * MIB, 5);
	pool_read(&pool);
	EXPECT_EQ(pool.free, holes * MIB);
	EXPECT_EQ(pool.largest_free, MIB);
	expect_failure(MIB + PAGE, PAGE, PMM_REASON_FRAGMENTED, "fragmented");
	expect_failure(HUGE_PAGE, PAGE, PMM_REASON_FRAGMENTED, "fragmented");
	expect_failure(pool.free, PAGE, PMM_REASON_FRAGMENTED, "fragmented");
	expect_failure(pool.free + PAGE, PAGE, PMM_REASON_EXHAUSTED, "exhausted");
	give_all();
}

/* One hole of 2 MiB, which does not begin on a multiple of 2 MiB. */
static void test_alignment(void)
{
	unsigned int i, k;
	struct pool pool;

	take_all(MIB);
	for (i = 0; i < nr_blocks; i++) {
		for (k = 0; k < nr_blocks; k++)
			if (pfns[k] == pfns[i] + MIB / PAGE)
				break;
		if (k < nr_blocks && pfns[i] % (HUGE_PAGE / PAGE))
			break;
	}
	EXPECT(i < nr_blocks);
	give(i);
	give(k);
	wait_pool_free(HUGE_PAGE, 5);
	pool_read(&pool);
	EXPECT_EQ(pool.largest_free, HUGE_PAGE);
	/* The natural alignment is the same. */
	expect_failure(HUGE_PAGE, 0, PMM_REASON_ALIGNMENT, "alignment");
	expect_failure(HUGE_PAGE, HUGE_PAGE, PMM_REASON_ALIGNMENT, "alignment");
	expect_failure(MIB + PAGE, HUGE_PAGE, PMM_REASON_ALIGNMENT, "alignment");
	expect_failure(HUGE_PAGE + PAGE, PAGE, PMM_REASON_EXHAUSTED, "exhausted");
	close(block_alloc(HUGE_PAGE - PAGE));
	wait_pool_free(HUGE_PAGE, 5);
	give_all();
}

/* Freed, and pinned by a pipe. */
static void test_quarantine(void)
{
	struct pool whole, pool;
	struct iovec v;
	int pipes[2], block;
	double patience = 5;

	pool_read(&whole);
	EXPECT_OK(pipe(pipes));
	block = block_alloc(HUGE_PAGE);
	v.iov_base = block_map(block, HUGE_PAGE);
	v.iov_len = 1;
	EXPECT_EQ(vmsplice(pipes[1], &v, 1, 0), 1);
	EXPECT_OK(munmap(v.iov_base, HUGE_PAGE));
	close(block);
	do {
		pool_read(&pool);
	} while (pool.quarantined != HUGE_PAGE && wait_more(&patience));
	EXPECT_EQ(pool.quarantined, HUGE_PAGE);

	expect_failure(pool.free + PAGE, PAGE, PMM_REASON_QUARANTINE, "quarantine");
	expect_failure(whole.free, PAGE, PMM_REASON_QUARANTINE, "quarantine");
	expect_failure(whole.free + PAGE, PAGE, PMM_REASON_EXHAUSTED, "exhausted");
	close(pipes[0]);
	close(pipes[1]);
	wait_pool_whole(5);
}

static void test_type(void)
{
	struct pmm_alloc a = { .length = PAGE, .type = "nonesuch" };
	struct pool before, after;

	pool_read(&before);
	EXPECT_ERRNO(try_block_alloc(&a), ENOENT);
	EXPECT_EQ(a.reason, PMM_REASON_TYPE);
	pool_read(&after);
	EXPECT(!memcmp(&before, &after, sizeof(before)));
}

/* ---- what was freed just now ---- */

static void free_segment(size_t size)
{
	int shmid;
	void *p;

	close(block_sysv(size, 0600, &shmid, &p));
	EXPECT_OK(shmctl(shmid, IPC_RMID, NULL));
	*(char *)p = 1;
	EXPECT_OK(shmdt(p));
}

static void free_memfd(size_t size)
{
	void *p;
	int fd;

	close(block_memfd(size, &fd, &p));
	close(fd);
	EXPECT_OK(munmap(p, size));
}

static void free_file(size_t size)
{
	void *p;
	int fd;

	close(block_tmpfile("/dev/shm", size, &fd, &p));
	EXPECT_OK(munmap(p, size));
	close(fd);
}

static void free_private(size_t size)
{
	int block = block_alloc(size);
	void *p = block_map(block, size);

	*(char *)p = 1;
	EXPECT_OK(mlock(p, PAGE));
	close(block);
	EXPECT_OK(munmap(p, size));
}

static void free_plain(size_t size)
{
	close(block_alloc(size));
}

/*
 * More than half of the pool, again and again: each needs what the last one had.
 * It may still be on its way back, and is waited for.
 */
static void test_again(void)
{
	static void (*const ways[])(size_t size) = {
		free_segment, free_memfd, free_file, free_private, free_plain,
	};
	struct pool pool;
	unsigned int i;
	size_t size;

	pool_read(&pool);
	size = pool.largest_free / 2 / HUGE_PAGE * HUGE_PAGE + HUGE_PAGE;
	for (i = 0; i < 15; i++)
		ways[i % 5](size);
	wait_pool_whole(5);
}

/* In whatever order blocks go, the pool is in one piece again. */
static void test_merging(void)
{
	struct pool whole, pool;
	unsigned int i, k;

	pool_read(&whole);
	srandom(1);
	for (i = 0; i < 300; i++) {
		struct pmm_alloc a = {
			.length = PAGE << random() % 7,
			.align = PAGE << random() % 5,
		};

		blocks[i] = EXPECT_OK(try_block_alloc(&a));
	}
	nr_blocks = i;
	for (i = nr_blocks; i > 1; i--) {
		int fd = blocks[k = random() % i];

		blocks[k] = blocks[i - 1];
		blocks[i - 1] = fd;
	}
	give_all();
	pool_read(&pool);
	EXPECT(!memcmp(&pool, &whole, sizeof(pool)));
}

int main(void)
{
	struct pool pool;

	pool_read(&pool);
	if (pool.total > MAX_BLOCKS * MIB)
		guest_skip("the pool is larger than this test can use up");
	test_exhausted();
	test_fragmented();
	test_alignment();
	test_quarantine();
	test_type();
	test_again();
	test_merging();
	return 0;
}
