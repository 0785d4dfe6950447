// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two drivers and a program hold one block, and it lives until the last lets go:
 * whoever goes first, and however, by its own will, killed, unbound or unloaded.
 *
 * guest: QEMU_ARGS='-device edu,dma_mask=0xffffffff' APPEND='memmap=32M$512M' NO_X=1
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "edu.h"

/* Long enough for everything that happens in the background. */
#define SOON 10.0
#define SIZE (4 * MIB)

static void expect_holders(uint64_t id, unsigned int holders)
{
	EXPECT_EQ(block_holders(id), holders);
}

/* Both drivers have the block that was in @fd. */
static void both_take(int edu, int fd)
{
	EXPECT_OK(edu_take(edu, fd, true));
	EXPECT_OK(edu_share(edu));
}

struct owner {
	int edu;
	int ready;
};

/* A program that will be killed in the middle of it all. */
static void owner_run(void *arg)
{
	struct owner *owner = arg;
	int block = block_alloc(SIZE);
	uint64_t id = block_id(block);
	char *p = block_map(block, SIZE);

	fill(p, SIZE, 7);
	both_take(owner->edu, block);
	EXPECT_EQ(write(owner->ready, &id, sizeof(id)), sizeof(id));
	for (;;)
		pause();
}

/* Kill the program that allocated the block; the number of the block. */
static uint64_t block_of_the_dead(int edu)
{
	struct owner owner = { .edu = edu };
	int pipe_fds[2], pid;
	uint64_t id;

	EXPECT_OK(pipe(pipe_fds));
	owner.ready = pipe_fds[1];
	pid = child_start(0, owner_run, &owner);
	EXPECT_EQ(read(pipe_fds[0], &id, sizeof(id)), sizeof(id));
	/* The fd and both drivers. */
	expect_holders(id, 3);
	child_kill(pid);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	wait_holders(id, 2, SOON);
	return id;
}

/*
 * The program is killed, one driver puts, the other still DMAs; the block is freed
 * when that puts, too.
 */
static void last_is_the_device(int edu, int share)
{
	uint64_t id = block_of_the_dead(edu);
	struct pool pool;
	char line[256];
	int fd, again;
	char *p;

	EXPECT_OK(share_put(share));
	expect_holders(id, 1);
	/* From page 1 into the device and out of it into page 5. */
	EXPECT_OK(edu_dma(edu, PAGE, PMM_TEST_EDU_BUFFER, false));
	EXPECT_OK(edu_dma(edu, 5 * PAGE, PMM_TEST_EDU_BUFFER, true));

	fd = EXPECT_OK(edu_fd(edu));
	EXPECT_EQ(block_id(fd), id);
	p = block_map(fd, SIZE);
	EXPECT(!memcmp(p + PAGE, p + 5 * PAGE, PMM_TEST_EDU_BUFFER));
	memcpy(p + 5 * PAGE, p + 6 * PAGE, PMM_TEST_EDU_BUFFER);
	EXPECT(p[5 * PAGE + 1] == p[6 * PAGE + 1]);
	EXPECT_OK(munmap(p, SIZE));
	close(fd);

	/* Its home ends; it stays, for nobody else's use. */
	wait_holders(id, 1, SOON);
	pool_read(&pool);
	EXPECT_EQ(pool.blocks, 1);
	EXPECT_EQ(pool.free + SIZE, pool.total - pool.retired);
	again = block_alloc(SIZE);
	EXPECT(block_id(again) != id);
	close(again);

	EXPECT_OK(edu_put(edu));
	wait_pool_whole(SOON);
	EXPECT(!block_line(id, line, sizeof(line)));
}

/* The other way round: the device is unbound, and the driver unloaded. */
static void last_is_the_other(int *edu, int share)
{
	static char page[PAGE], other[PAGE];
	uint64_t id = block_of_the_dead(*edu);

	EXPECT_OK(edu_dma(*edu, 0, PMM_TEST_EDU_BUFFER, false));
	EXPECT_OK(edu_dma(*edu, 2 * PAGE, PMM_TEST_EDU_BUFFER, true));
	edu_unbind();
	expect_holders(id, 1);
	EXPECT_ERRNO(edu_put(*edu), ENODEV);
	EXPECT_ERRNO(edu_take(*edu, 0, true), ENODEV);
	close(*edu);
	test_module_remove("pmm_test_edu");
	expect_holders(id, 1);

	EXPECT_OK(share_read(share, 2 * PAGE, page, sizeof(page)));
	EXPECT_OK(share_read(share, 0, other, sizeof(other)));
	EXPECT(!memcmp(page, other, PMM_TEST_EDU_BUFFER));
	EXPECT(memcmp(page, other, sizeof(page)));
	EXPECT_ERRNO(share_read(share, SIZE - 1, page, 2), EINVAL);
	EXPECT_OK(share_put(share));
	wait_pool_whole(SOON);
	EXPECT_ERRNO(share_put(share), ENODATA);
	*edu = edu_load("dma_bits=32");
}

/* Both drivers are unloaded while a program has the block mapped. */
static void last_is_the_program(int *edu, int *share)
{
	int block = block_alloc(SIZE);
	uint64_t id = block_id(block);
	char *p = block_map(block, SIZE);

	fill(p, SIZE, 3);
	both_take(*edu, block);
	close(block);
	expect_holders(id, 2);
	/* What calls PMM keeps it. */
	EXPECT_ERRNO(try_module_remove(), EWOULDBLOCK);
	close(*edu);
	test_module_remove("pmm_test_edu");
	close(*share);
	test_module_remove("pmm_test_share");
	expect_holders(id, 0);
	EXPECT(filled(p, SIZE, 3));
	EXPECT_OK(munmap(p, SIZE));
	wait_pool_whole(SOON);

	*share = share_load();
	*edu = edu_load("dma_bits=32");
}

/* A driver that is unloaded with a block that nobody else has. */
static void last_is_unloaded(int *edu, int *share)
{
	uint64_t id = block_of_the_dead(*edu);

	close(*edu);
	test_module_remove("pmm_test_edu");
	expect_holders(id, 1);
	close(*share);
	test_module_remove("pmm_test_share");
	wait_pool_whole(SOON);
	*share = share_load();
	*edu = edu_load("dma_bits=32");
}

int main(void)
{
	int share = share_load();
	int edu = edu_load("dma_bits=32");

	last_is_the_device(edu, share);
	last_is_the_other(&edu, share);
	last_is_the_program(&edu, &share);
	last_is_unloaded(&edu, &share);

	close(edu);
	test_module_remove("pmm_test_edu");
	close(share);
	test_module_remove("pmm_test_share");
	return 0;
}
