// SPDX-License-Identifier: GPL-2.0-only
/*
 * The i_private of a home's inode is shmem's.
 *
 * shmem keeps a pointer there while a hole is punched, and clears it afterwards.
 * A module that kept its home there would have faults wait on garbage, and lose
 * the home with the first hole.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"

#define SIZE (512 * KIB)

static atomic_bool stop;

/* Faults, all the time. */
static void *toucher(void *arg)
{
	int fd = *(int *)arg;

	while (!atomic_load(&stop)) {
		volatile char *p = map_shared(fd, SIZE);
		size_t i;

		for (i = 0; i < SIZE; i += PAGE)
			p[i] = 1;
		EXPECT_OK(munmap((void *)p, SIZE));
	}
	return NULL;
}

static void expect_found(int fd, uint64_t id)
{
	int found = EXPECT_OK(try_find_fd(fd));

	EXPECT_EQ(block_id(found), id);
	EXPECT(block_state(found) & PMM_BLOCK_HOME);
	close(found);
}

int main(void)
{
	int fd, block;
	pthread_t thread;
	uint64_t id;
	void *p;
	int i;

	block = block_memfd(SIZE, &fd, &p);
	id = block_id(block);
	expect_found(fd, id);
	EXPECT_EQ(pthread_create(&thread, NULL, toucher, &fd), 0);
	for (i = 0; i < 100; i++) {
		EXPECT_OK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				    i % 64UL * 2 * PAGE, PAGE));
		EXPECT_OK(fallocate(fd, 0, i % 64UL * 2 * PAGE, PAGE));
	}
	expect_found(fd, id);
	atomic_store(&stop, true);
	EXPECT_EQ(pthread_join(thread, NULL), 0);
	expect_found(fd, id);
	EXPECT_OK(munmap(p, SIZE));
	close(fd);
	close(block);
	wait_pool_whole(3);
	return 0;
}
