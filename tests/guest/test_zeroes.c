// SPDX-License-Identifier: GPL-2.0-only
/*
 * A new block is all zeroes, whoever filled these pages before, through whatever
 * kind of home, and however little of them was used.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

#include "guest.h"

static char tmpfs[64];

/* ---- blocks by kind of home: mapped, and the only reference is the mapping ---- */

static void *mapped_tmpfs(size_t size)
{
	int fd;
	void *p;

	close(block_tmpfile(tmpfs, size, &fd, &p));
	close(fd);
	return p;
}

static void *(*const kinds[])(size_t size) = {
	mapped_private, mapped_sysv, mapped_memfd, mapped_tmpfs,
};

struct job {
	void *p;
	size_t size;
};

/* Another user dirties it, through a mapping that was inherited. */
static void dirty(void *arg)
{
	struct job *job = arg;

	memset(job->p, 0xff, job->size);
}

/* One owner after the other, all in the same memory. */
static void test_size(size_t size)
{
	struct job job = { .size = size };
	uint64_t first = 0;
	unsigned int i;

	for (i = 0; i <= ARRAY_SIZE(kinds); i++) {
		job.p = kinds[i % ARRAY_SIZE(kinds)](size);
		EXPECT(zeroed(job.p, size));
		if (!first)
			first = pfn_of(job.p);
		/* Best fit: the same hole again, or this test is none. */
		EXPECT_EQ(pfn_of(job.p), first);
		run_as(i % 2 ? NOBODY : 0, dirty, &job);
		EXPECT_EQ(((char *)job.p)[size - 1], (char)0xff);
		EXPECT_OK(munmap(job.p, size));
		wait_pool_whole(5);
	}
}

/* The whole pool is dirty; blocks of many sizes cut it up differently. */
static void test_pool(void *unused)
{
	size_t size = PAGE, left;
	struct pool pool;
	void *p;

	(void)unused;
	pool_read(&pool);
	left = pool.largest_free;
	p = mapped_private(left);
	memset(p, 0xff, left);
	EXPECT_OK(munmap(p, left));
	wait_pool_whole(5);

	while (left >= size) {
		p = mapped_private(size);
		EXPECT(zeroed(p, size));
		/* Mapped until the end: the next one is other memory. */
		size = size * 3 / 2 / PAGE * PAGE + PAGE;
		pool_read(&pool);
		left = pool.largest_free;
	}
}

/* Not all of a page was ever mapped: written by file, or not at all. */
static void test_file(void)
{
	int block = block_alloc(3 * PAGE), home;
	char byte = 'x', buf[3 * PAGE];

	home = EXPECT_OK(try_block_home_fd(block, 0));
	EXPECT_EQ(pread(home, buf, sizeof(buf), 0), sizeof(buf));
	EXPECT(zeroed(buf, sizeof(buf)));
	EXPECT_EQ(pwrite(home, &byte, 1, 2 * PAGE + 7), 1);
	close(home);
	close(block);
	wait_pool_whole(5);

	block = block_alloc(3 * PAGE);
	home = EXPECT_OK(try_block_home_fd(block, PMM_HOME_RDONLY));
	EXPECT_EQ(pread(home, buf, sizeof(buf), 0), sizeof(buf));
	EXPECT(zeroed(buf, sizeof(buf)));
	close(home);
	close(block);
	wait_pool_whole(5);
}

int main(void)
{
	static const size_t sizes[] = {
		PAGE, 7 * PAGE, HUGE_PAGE - PAGE, HUGE_PAGE, 6 * MIB + 3 * PAGE,
	};
	unsigned int i;

	tmpfs_mount(tmpfs);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		test_size(sizes[i]);
	run_as(0, test_pool, NULL);
	wait_pool_whole(5);
	test_file();
	tmpfs_unmount(tmpfs);
	return 0;
}
