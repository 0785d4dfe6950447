// SPDX-License-Identifier: GPL-2.0-only
/*
 * A block's pages are dirty, uptodate and swap-backed from the start.
 *
 * shmem zeroes a page that is not uptodate when it is first used, so a block that
 * gets another home would lose its contents; one that is not dirty or not
 * swap-backed may be dropped as if there were a copy of it somewhere.
 */
#define _GNU_SOURCE
#include <linux/kernel-page-flags.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"

/* Large folios, small ones. */
#define SIZE (2 * MIB + 64 * KIB)
#define EXPECTED (1ULL << KPF_DIRTY | 1ULL << KPF_UPTODATE | 1ULL << KPF_SWAPBACKED)

static void expect_flags(uint64_t pfn)
{
	uint64_t flags;
	size_t i;

	/* A large folio has its flags in its first page. */
	for (i = 0; i < SIZE / PAGE; i++) {
		flags = kpageflags(pfn + i);
		if (flags & 1ULL << KPF_COMPOUND_TAIL)
			continue;
		EXPECT_EQ(flags & EXPECTED, EXPECTED);
		EXPECT(!(flags & (1ULL << KPF_LRU | 1ULL << KPF_LOCKED)));
	}
}

/* Give the block a home that ends, with contents. */
static void first_home(int block)
{
	void *p;
	int fd;

	p = segment_tmpfile("/dev/shm", SIZE, &fd);
	EXPECT_OK(try_block_adopt(block, p, PMM_ADOPT_SEAL));
	/* Before anybody has touched a page. */
	expect_flags(block_pfn(block));
	EXPECT(zeroed(p, SIZE));
	fill(p, SIZE, 14);
	EXPECT_OK(munmap(p, SIZE));
	close(fd);
}

/* The next one shows them, to mappings and to read(). */
static void second_home(int block)
{
	char *copy = malloc(SIZE);
	void *p;
	int fd;

	p = segment_memfd(SIZE, 0, &fd);
	EXPECT_OK(try_block_adopt(block, p, PMM_ADOPT_SEAL));
	EXPECT_EQ(pread(fd, copy, SIZE, 0), SIZE);
	EXPECT(filled(copy, SIZE, 14));
	EXPECT(filled(p, SIZE, 14));
	EXPECT(maps_block(p, SIZE, block_pfn(block)));
	EXPECT_OK(munmap(p, SIZE));
	close(fd);
	free(copy);
}

int main(void)
{
	int block = block_alloc(SIZE);

	first_home(block);
	wait_homeless(block);
	second_home(block);
	close(block);
	wait_pool_whole(3);
	return 0;
}
