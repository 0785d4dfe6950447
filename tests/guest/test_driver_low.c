// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device with 28 address lines, and a pool that it reaches: what is allocated
 * for it comes from there, by whoever, and nothing else is taken.  The device
 * drops the higher lines, so an address beyond would show as wrong contents.
 *
 * guest: QEMU_ARGS='-device edu' PMM_ARGS='pools=general:64M,low:16M:below=256M' NO_X=1
 */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "edu.h"

#define LINES (256 * MIB)
#define SIZE (2 * MIB)
#define SOON 10.0

/* From the first page of the block to the last, through the device. */
static void copy(int edu, int block)
{
	char *p = block_map(block, SIZE);

	EXPECT(block_pfn(block) * PAGE + SIZE <= LINES);
	EXPECT(zeroed(p, SIZE));
	edu_copy(edu, p, SIZE);
	EXPECT_OK(munmap(p, SIZE));
}

static void chosen_for_the_device(int edu)
{
	struct pmm_block_info info;
	int block;

	EXPECT_ERRNO(edu_alloc(edu, "general", SIZE, 0), ERANGE);
	EXPECT_OK(edu_alloc(edu, "", SIZE, 0));
	block = EXPECT_OK(edu_fd(edu));
	block_info(block, &info);
	EXPECT(!strcmp(info.type, "low"));
	copy(edu, block);
	close(block);
	EXPECT_OK(edu_put(edu));

	EXPECT_OK(edu_alloc(edu, "low", SIZE, 4 * MIB));
	block = EXPECT_OK(edu_fd(edu));
	EXPECT_EQ(block_pfn(block) * PAGE % (4 * MIB), 0);
	close(block);
	EXPECT_OK(edu_put(edu));
	/* There is a pool in reach: that it is too small is what counts. */
	EXPECT_ERRNO(edu_alloc(edu, "", 17 * MIB, 0), ENOMEM);
}

static void taken_from_a_program(int edu)
{
	struct pmm_alloc a = { .length = SIZE, .type = "low" };
	int low = EXPECT_OK(try_block_alloc(&a)), general = block_alloc(SIZE);

	EXPECT_OK(edu_take(edu, low, true));
	copy(edu, low);
	EXPECT_OK(edu_put(edu));
	EXPECT(block_pfn(general) * PAGE >= LINES);
	EXPECT_ERRNO(edu_take(edu, general, true), ERANGE);
	close(low);
	close(general);
	wait_pool_whole(SOON);
}

int main(void)
{
	int share = share_load();
	int edu = edu_load("dma_bits=28");

	chosen_for_the_device(edu);
	taken_from_a_program(edu);
	close(edu);
	test_module_remove("pmm_test_edu");
	close(share);
	test_module_remove("pmm_test_share");
	return 0;
}
