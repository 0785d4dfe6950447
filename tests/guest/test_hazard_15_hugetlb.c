// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hugetlb segments and files are not homes.
 *
 * They look like shared memory, but their pages belong to hugetlbfs, which would
 * free a block's pages into its own pool: they are refused with EINVAL.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

#include "guest.h"

#define NR_HUGEPAGES "/proc/sys/vm/nr_hugepages"
#define SIZE HUGE_PAGE

static void expect_refused(int block, char *p)
{
	EXPECT_ERRNO(try_block_adopt(block, p, 0), EINVAL);
	EXPECT_ERRNO(try_block_adopt(block, p, PMM_ADOPT_SEAL), EINVAL);
	EXPECT_ERRNO(try_find_address(p), ENOENT);
	EXPECT(!(block_state(block) & PMM_BLOCK_HOME));
	fill(p, SIZE, 15);
	EXPECT(filled(p, SIZE, 15));
	EXPECT_ERRNO(try_block_adopt(block, p, 0), EINVAL);
}

static void test_sysv(int block)
{
	int shmid = EXPECT_OK(shmget(IPC_PRIVATE, SIZE,
				     IPC_CREAT | SHM_HUGETLB | 0600));
	void *p = shmat(shmid, NULL, 0);

	EXPECT_OK(shmctl(shmid, IPC_RMID, NULL));
	EXPECT(p != (void *)-1);
	expect_refused(block, p);
	EXPECT_OK(shmdt(p));
}

static void test_memfd(int block)
{
	void *p;
	int fd;

	p = segment_memfd(SIZE, MFD_HUGETLB, &fd);
	expect_refused(block, p);
	EXPECT_OK(munmap(p, SIZE));
	close(fd);
}

int main(void)
{
	char before[32], got[32];
	int block;

	read_line(NR_HUGEPAGES, before, sizeof(before));
	write_file(NR_HUGEPAGES, "4");
	read_line(NR_HUGEPAGES, got, sizeof(got));
	if (atoi(got) < 2)
		guest_skip("no two huge pages to be had");
	block = block_alloc(SIZE);
	test_sysv(block);
	test_memfd(block);
	close(block);
	wait_pool_whole(3);
	write_file(NR_HUGEPAGES, before);
	return 0;
}
