// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device gets blocks that it can reach, and an error for others: the pool lies
 * above the 256 MiB that this device has address lines for, and nothing is ever
 * copied through a bounce buffer.  And what else a driver may and may not do
 * with a block that it gets from a program.
 *
 * guest: QEMU_ARGS='-device edu,dma_mask=0xffffffff' APPEND='memmap=32M$512M' NO_X=1
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "edu.h"

#define SIZE (256 * KIB)
#define SOON 10.0

static int edu;

static void reload(const char *args)
{
	close(edu);
	test_module_remove("pmm_test_edu");
	edu = edu_load(args);
}

/* How many allocations failed because of the device. */
static unsigned long failed_mask(void)
{
	char head[512], line[512];
	unsigned long value = 0;
	char *name, *word, *s1, *s2;
	FILE *f = fopen("/sys/kernel/debug/pmm/types", "r");

	EXPECT(f);
	EXPECT(fgets(head, sizeof(head), f));
	EXPECT(fgets(line, sizeof(line), f));
	fclose(f);
	name = strtok_r(head, "\n ", &s1);
	word = strtok_r(line, "\n ", &s2);
	while (name && word) {
		if (!strcmp(name, "failed_mask"))
			value = strtoul(word, NULL, 10);
		name = strtok_r(NULL, "\n ", &s1);
		word = strtok_r(NULL, "\n ", &s2);
	}
	return value;
}

/* Nothing that swiotlb does for others counts, so nothing else is going on. */
static unsigned long bounced(void)
{
	unsigned long used = 0;
	FILE *f = fopen("/sys/kernel/debug/swiotlb/io_tlb_used", "r");

	if (f) {
		EXPECT_EQ(fscanf(f, "%lu", &used), 1);
		fclose(f);
	}
	return used;
}

static void too_few_address_lines(void)
{
	unsigned long failed = failed_mask(), used = bounced();
	int block = block_alloc(SIZE), log = kmsg_open();

	reload("dma_bits=28");
	EXPECT(block_pfn(block) * PAGE >= 256 * MIB);
	EXPECT_ERRNO(edu_take(edu, block, true), ERANGE);
	EXPECT(kmsg_has(log, "a block of type general is beyond 0xfffffff,"));
	EXPECT_ERRNO(edu_alloc(edu, "general", SIZE, 0), ERANGE);
	EXPECT(kmsg_has(log, "type general ends at 0x"));
	EXPECT_EQ(failed_mask(), failed + 1);
	EXPECT_ERRNO(edu_alloc(edu, "", SIZE, 0), ERANGE);
	EXPECT_ERRNO(edu_dma(edu, 0, PAGE, false), ENODATA);
	EXPECT_EQ(block_holders(block_id(block)), 1);
	EXPECT_EQ(bounced(), used);
	close(log);
	close(block);
	wait_pool_whole(SOON);
}

static void pieces_too_short(void)
{
	int block;

	reload("dma_bits=32 seg_kb=128");
	EXPECT_ERRNO(edu_alloc(edu, "", SIZE, 0), E2BIG);
	EXPECT_OK(edu_alloc(edu, "", 128 * KIB, 0));
	EXPECT_OK(edu_put(edu));
	block = block_alloc(SIZE);
	EXPECT_ERRNO(edu_take(edu, block, true), E2BIG);
	close(block);
	wait_pool_whole(SOON);
}

/* What is allocated for the device is zeroed, in reach, and the user's by an fd. */
static void allocated_by_the_driver(void)
{
	int fd;
	char *p;

	reload("dma_bits=32");
	EXPECT_OK(edu_alloc(edu, "general", SIZE, MIB));
	EXPECT_ERRNO(edu_alloc(edu, "general", SIZE, MIB), EBUSY);
	fd = EXPECT_OK(edu_fd(edu));
	EXPECT(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	EXPECT_EQ(block_pfn(fd) * PAGE % MIB, 0);
	p = block_map(fd, SIZE);
	EXPECT(zeroed(p, SIZE));
	fill(p, PAGE, 5);
	EXPECT_OK(edu_dma(edu, 0, PMM_TEST_EDU_BUFFER, false));
	EXPECT_OK(edu_dma(edu, SIZE - PMM_TEST_EDU_BUFFER, PMM_TEST_EDU_BUFFER,
			  true));
	EXPECT(filled(p + SIZE - PMM_TEST_EDU_BUFFER, PMM_TEST_EDU_BUFFER, 5));
	EXPECT(zeroed(p + PAGE, SIZE - PAGE - PMM_TEST_EDU_BUFFER));
	EXPECT_OK(munmap(p, SIZE));
	close(fd);
	EXPECT_OK(edu_put(edu));
	wait_pool_whole(SOON);

	EXPECT_ERRNO(edu_alloc(edu, "nothing", SIZE, 0), ENOENT);
	EXPECT_ERRNO(edu_alloc(edu, "general", 0, 0), EINVAL);
	EXPECT_ERRNO(edu_alloc(edu, "general", SIZE, 3), EINVAL);
	EXPECT_ERRNO(edu_alloc(edu, "general", SIZE, 2UL << 30), EINVAL);
	EXPECT_ERRNO(edu_alloc(edu, "general", 8UL << 30, 0), E2BIG);
	EXPECT_ERRNO(edu_alloc(edu, "general", 2UL << 30, 0), ENOMEM);
}

/* A driver gets by an fd what the fd grants. */
static void rights_of_the_fd(void)
{
	int block, memfd, readonly, path, fd, other;
	void *p;

	block = block_memfd(SIZE, &memfd, &p);
	fill(p, SIZE, 9);
	readonly = EXPECT_OK(try_block_home_fd(block, PMM_HOME_RDONLY));
	path = EXPECT_OK(open("/dev/null", O_PATH | O_CLOEXEC));
	other = EXPECT_OK(open("/dev/null", O_RDWR | O_CLOEXEC));

	EXPECT_ERRNO(edu_take(edu, -1, true), EBADF);
	EXPECT_ERRNO(edu_take(edu, path, true), EBADF);
	EXPECT_ERRNO(edu_take(edu, other, true), ENOENT);
	EXPECT_ERRNO(edu_take(edu, pmm_fd(), true), ENOENT);
	EXPECT_ERRNO(edu_take(edu, readonly, true), EACCES);
	fd = EXPECT_OK(try_find_fd(readonly));
	EXPECT_ERRNO(edu_take(edu, fd, true), EACCES);

	EXPECT_OK(edu_take(edu, fd, false));
	close(fd);
	EXPECT_OK(edu_dma(edu, 0, PMM_TEST_EDU_BUFFER, false));
	EXPECT_ERRNO(edu_dma(edu, 0, PMM_TEST_EDU_BUFFER, true), EACCES);
	/* Nor does it become more on its way through the driver. */
	fd = EXPECT_OK(edu_fd(edu));
	EXPECT(block_state(fd) & PMM_BLOCK_READONLY);
	EXPECT_OK(edu_put(edu));

	/* The home's file stands for the block as well. */
	EXPECT_OK(edu_take(edu, memfd, true));
	EXPECT_EQ(block_holders(block_id(block)), 3);
	EXPECT_OK(edu_dma(edu, PAGE, PMM_TEST_EDU_BUFFER, true));
	EXPECT(!memcmp(p, (char *)p + PAGE, PMM_TEST_EDU_BUFFER));
	EXPECT_OK(edu_put(edu));

	close(fd);
	close(path);
	close(other);
	close(readonly);
	close(memfd);
	close(block);
	EXPECT_OK(munmap(p, SIZE));
	wait_pool_whole(SOON);
}

int main(void)
{
	int share = share_load();

	edu = edu_load("dma_bits=32");
	too_few_address_lines();
	pieces_too_short();
	allocated_by_the_driver();
	rights_of_the_fd();

	close(edu);
	test_module_remove("pmm_test_edu");
	close(share);
	test_module_remove("pmm_test_share");
	return 0;
}
