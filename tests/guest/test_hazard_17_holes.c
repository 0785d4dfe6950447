// SPDX-License-Identifier: GPL-2.0-only
/*
 * Holes punched into a home: what mappings see, and that INFO tells.
 *
 * A page that is punched out is not the block's any more: processes see another
 * one from then on, while a device still has the block's.  An INFO that does not
 * say "incomplete" hides that.  Part of a large folio is zeroed in place instead.
 *
 * Fails without INFO saying that a home is incomplete.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

#include "guest.h"

#define SIZE (6 * MIB)

static uint64_t huge_bytes(int block)
{
	struct pmm_block_info info;

	block_info(block, &info);
	return info.huge;
}

/* All but [from, from + len) is as it was, and that is zero. */
static void expect_zeroed_only(char *p, size_t size, size_t from, size_t len)
{
	uint64_t *w = (uint64_t *)p;
	size_t i;

	EXPECT(zeroed(p + from, len));
	for (i = from; i < from + len; i += sizeof(*w))
		w[i / sizeof(*w)] = pattern(17, i / sizeof(*w));
	EXPECT(filled(p, size, 17));
}

/* Part of a large folio: the pages stay, and the block is complete. */
static void test_part(int block, char *p)
{
	uint64_t pfn = block_pfn(block);

	fill(p, SIZE, 17);
	EXPECT_OK(madvise(p + 3 * PAGE, 2 * PAGE, MADV_REMOVE));
	EXPECT(!(block_state(block) & PMM_BLOCK_INCOMPLETE));
	EXPECT_EQ(huge_bytes(block), SIZE);
	expect_zeroed_only(p, SIZE, 3 * PAGE, 2 * PAGE);
	EXPECT(maps_block(p, SIZE, pfn));
}

/* A whole one: it leaves the home. */
static void test_whole(int block, char *p)
{
	uint64_t pfn = block_pfn(block);
	size_t i;

	fill(p, SIZE, 17);
	EXPECT_OK(madvise(p + 2 * MIB, 2 * MIB, MADV_REMOVE));
	EXPECT(block_state(block) & PMM_BLOCK_INCOMPLETE);
	EXPECT_EQ(huge_bytes(block), 4 * MIB);
	expect_zeroed_only(p, SIZE, 2 * MIB, 2 * MIB);
	EXPECT(maps_block(p, 2 * MIB, pfn));
	EXPECT(maps_block(p + 4 * MIB, 2 * MIB, pfn + 1024));
	for (i = 2 * MIB; i < 4 * MIB; i += 16 * PAGE) {
		uint64_t other = pfn_of(p + i);

		EXPECT(other && other - pfn >= SIZE / PAGE);
	}
	/* Nothing brings it back while there is this home. */
	EXPECT(block_state(block) & PMM_BLOCK_INCOMPLETE);
}

static void test_sysv(void)
{
	int shmid, block;
	void *p;

	block = block_sysv(SIZE, 0600, &shmid, &p);
	EXPECT_OK(shmctl(shmid, IPC_RMID, NULL));
	EXPECT_EQ(huge_bytes(block), SIZE);
	test_part(block, p);
	test_whole(block, p);
	EXPECT_OK(shmdt(p));
	close(block);
	wait_pool_whole(3);
}

/* By file and by page. */
static void test_small(void)
{
	size_t size = 16 * PAGE;
	int fd, block;
	char *p;

	block = block_memfd(size, &fd, (void **)&p);
	fill(p, size, 17);
	EXPECT(!(block_state(block) & PMM_BLOCK_INCOMPLETE));
	EXPECT_OK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			    5 * PAGE + 64, PAGE / 2));
	EXPECT(!(block_state(block) & PMM_BLOCK_INCOMPLETE));
	expect_zeroed_only(p, size, 5 * PAGE + 64, PAGE / 2);
	EXPECT_OK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			    5 * PAGE, PAGE));
	EXPECT(block_state(block) & PMM_BLOCK_INCOMPLETE);
	expect_zeroed_only(p, size, 5 * PAGE, PAGE);
	EXPECT(maps_block(p, 5 * PAGE, block_pfn(block)));
	EXPECT(maps_block(p + 6 * PAGE, 10 * PAGE, block_pfn(block) + 6));
	EXPECT_OK(munmap(p, size));
	close(fd);
	close(block);
	wait_pool_whole(3);
}

/* The block is whole, whatever its home lost: another home has all of it. */
static void test_next_home(void)
{
	size_t size = 16 * PAGE;
	int fd, block = block_alloc(size);
	void *p;

	p = segment_tmpfile("/dev/shm", size, &fd);
	EXPECT_OK(try_block_adopt(block, p, 0));
	fill(p, size, 17);
	EXPECT_OK(madvise(p, 8 * PAGE, MADV_REMOVE));
	EXPECT_OK(munmap(p, size));
	close(fd);
	wait_homeless(block);
	p = block_map(block, size);
	EXPECT(!(block_state(block) & PMM_BLOCK_INCOMPLETE));
	EXPECT(maps_block(p, size, block_pfn(block)));
	EXPECT(filled(p, size, 17));
	EXPECT_OK(munmap(p, size));
	close(block);
	wait_pool_whole(3);
}

int main(void)
{
	test_sysv();
	test_small();
	test_next_home();
	return 0;
}
