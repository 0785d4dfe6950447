// SPDX-License-Identifier: GPL-2.0-only
/*
 * FIND gives what the fd or mapping gives, and only for what is the block's.
 *
 * An fd that is open for writing only must not lead to a block fd, which can be
 * mapped and read.  The end of a home that was grown is ordinary memory, not a
 * part of the block.  Anonymous shared memory is nobody's segment to adopt.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"

#define SIZE (64 * KIB)

static int open_again(int fd, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return EXPECT_OK(open(path, flags | O_CLOEXEC));
}

static void test_write_only(void)
{
	void *p;
	int fd, block = block_memfd(SIZE, &fd, &p), wronly, rdonly;

	wronly = open_again(fd, O_WRONLY);
	EXPECT_ERRNO(try_find_fd(wronly), EACCES);
	close(wronly);

	rdonly = open_again(fd, O_RDONLY);
	close(block);
	block = EXPECT_OK(try_find_fd(rdonly));
	EXPECT(block_state(block) & PMM_BLOCK_READONLY);
	close(rdonly);
	close(block);
	EXPECT_OK(munmap(p, SIZE));
	close(fd);
	wait_pool_whole(3);
}

static void test_grown(void)
{
	int fd, found, block = block_alloc(SIZE);
	void *home = segment_memfd(SIZE, 0, &fd);
	char *p;

	EXPECT_OK(try_block_adopt(block, home, 0));
	EXPECT_OK(ftruncate(fd, 2 * SIZE));
	p = EXPECT_OK(mmap(NULL, 2 * SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			   fd, 0));
	found = EXPECT_OK(try_find_address(p + SIZE - 1));
	EXPECT_EQ(block_id(found), block_id(block));
	close(found);
	EXPECT_ERRNO(try_find_address(p + SIZE), ENOENT);
	EXPECT_ERRNO(try_find_address(p + 2 * SIZE - 1), ENOENT);

	/* Both parts are shared memory all the same. */
	fill(p, 2 * SIZE, 5);
	EXPECT(filled(home, SIZE, 5));
	EXPECT_OK(munmap(p, 2 * SIZE));
	EXPECT_OK(munmap(home, SIZE));
	close(fd);
	close(block);
	wait_pool_whole(3);
}

static void test_anonymous(void)
{
	int block = block_alloc(SIZE);
	void *p = EXPECT_OK(mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0));

	EXPECT_ERRNO(try_block_adopt(block, p, 0), EOPNOTSUPP);
	EXPECT_ERRNO(try_find_address(p), ENOENT);
	EXPECT_OK(munmap(p, SIZE));
	close(block);
	wait_pool_whole(3);
}

int main(void)
{
	test_write_only();
	test_grown();
	test_anonymous();
	return 0;
}
