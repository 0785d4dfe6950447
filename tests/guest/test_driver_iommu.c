// SPDX-License-Identifier: GPL-2.0-only
/*
 * Behind an IOMMU a device with 28 address lines reaches every block: it is given
 * an address of its own, below them, and no copy.
 *
 * guest: QEMU_ARGS='-device intel-iommu -device edu' NO_X=1
 * guest: APPEND='intel_iommu=on iommu.passthrough=0'
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>

#include "edu.h"

#define LINES (256 * MIB)
#define SIZE (2 * MIB)
#define SOON 10.0

static void copy(int edu, int block)
{
	char *p = block_map(block, SIZE);

	EXPECT(block_pfn(block) * PAGE >= LINES);
	edu_copy(edu, p, SIZE);
	EXPECT_OK(munmap(p, SIZE));
}

int main(void)
{
	int share = share_load();
	int edu = edu_load("dma_bits=28"), block;

	EXPECT(edu_translated());
	block = block_alloc(SIZE);
	EXPECT_OK(edu_take(edu, block, true));
	copy(edu, block);
	EXPECT_OK(edu_put(edu));
	close(block);

	EXPECT_OK(edu_alloc(edu, "", SIZE, 0));
	block = EXPECT_OK(edu_fd(edu));
	copy(edu, block);
	close(block);
	EXPECT_OK(edu_put(edu));
	wait_pool_whole(SOON);

	close(edu);
	test_module_remove("pmm_test_edu");
	close(share);
	test_module_remove("pmm_test_share");
	return 0;
}
