// SPDX-License-Identifier: GPL-2.0-only
/*
 * A home that may change its size changes it like any file.
 *
 * shmem drops pages on shrinking only if it has counted one of its own in the
 * inode.  Without care for that, a file made smaller and larger again shows its
 * old bytes instead of zeroes.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest.h"

#define SIZE (64 * KIB)
#define HALF (SIZE / 2)

static int adopt(uint32_t flags, int *fd, void **p)
{
	int block = block_alloc(SIZE);

	*p = segment_memfd(SIZE, 0, fd);
	EXPECT_OK(try_block_adopt(block, *p, flags));
	EXPECT(maps_block(*p, SIZE, block_pfn(block)));
	fill(*p, SIZE, 24);
	return block;
}

static void end(int block, int fd, void *p, size_t size)
{
	EXPECT_OK(munmap(p, size));
	close(fd);
	close(block);
	wait_pool_whole(3);
}

static void test_down_and_up(void)
{
	int fd, block;
	void *p;

	block = adopt(0, &fd, &p);
	EXPECT(!(block_state(block) & (PMM_BLOCK_INCOMPLETE | PMM_BLOCK_SEALED)));
	EXPECT_OK(ftruncate(fd, HALF));
	EXPECT(block_state(block) & PMM_BLOCK_INCOMPLETE);
	EXPECT_OK(ftruncate(fd, SIZE));
	EXPECT(filled(p, HALF, 24));
	EXPECT(zeroed(p + HALF, HALF));
	EXPECT(maps_block(p, HALF, block_pfn(block)));
	EXPECT(pfn_of(p + HALF) != block_pfn(block) + HALF / PAGE);
	end(block, fd, p, SIZE);
}

/* Grown, it has ordinary pages behind the block's. */
static void test_up_and_down(void)
{
	int fd, block;
	void *p, *q;

	block = adopt(0, &fd, &p);
	EXPECT_OK(ftruncate(fd, 2 * SIZE));
	q = map_shared(fd, 2 * SIZE);
	EXPECT(filled(q, SIZE, 24));
	EXPECT(zeroed(q + SIZE, SIZE));
	EXPECT(!(block_state(block) & PMM_BLOCK_INCOMPLETE));
	fill(q, 2 * SIZE, 25);
	EXPECT_OK(ftruncate(fd, HALF));
	EXPECT_OK(ftruncate(fd, 2 * SIZE));
	EXPECT(filled(q, HALF, 25));
	EXPECT(zeroed(q + HALF, 2 * SIZE - HALF));
	EXPECT_OK(munmap(q, 2 * SIZE));
	end(block, fd, p, SIZE);
}

static void test_to_nothing(void)
{
	int fd, block;
	void *p, *q;

	block = adopt(0, &fd, &p);
	EXPECT_OK(ftruncate(fd, 0));
	EXPECT_OK(ftruncate(fd, SIZE));
	EXPECT(zeroed(p, SIZE));
	/* The block has its contents still, for whoever has no use for the file. */
	EXPECT_OK(munmap(p, SIZE));
	close(fd);
	close(block);
	wait_pool_whole(3);
	block = block_alloc(SIZE);
	q = block_map(block, SIZE);
	EXPECT(zeroed(q, SIZE));
	EXPECT_OK(munmap(q, SIZE));
	close(block);
}

static void test_sealed(void)
{
	int fd, block;
	void *p;

	block = adopt(PMM_ADOPT_SEAL, &fd, &p);
	EXPECT(block_state(block) & PMM_BLOCK_SEALED);
	EXPECT_ERRNO(ftruncate(fd, HALF), EPERM);
	EXPECT_ERRNO(ftruncate(fd, 0), EPERM);
	EXPECT_ERRNO(ftruncate(fd, 2 * SIZE), EPERM);
	EXPECT(filled(p, SIZE, 24));
	end(block, fd, p, SIZE);
}

int main(void)
{
	test_down_and_up();
	test_up_and_down();
	test_to_nothing();
	test_sealed();
	wait_pool_whole(3);
	return 0;
}
