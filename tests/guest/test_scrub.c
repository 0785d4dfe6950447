// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory is zeroed after use, in the background or by an allocation that is short
 * of clean memory, and nobody ever sees any that is not: however these race with
 * each other, with several users at once, and with users who are killed.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

#define POOL		(16 * MIB)
#define USERS		4
#define SECONDS		12
#define LOOKS		1000000

static void type_info(struct pmm_type_info *t)
{
	*t = (struct pmm_type_info){ .size = sizeof(*t) };
	EXPECT_OK(ioctl(pmm_fd(), PMM_IOC_TYPE, t));
}

/* ---- one user ---- */

static void *dirty_block(size_t size, int *fd)
{
	void *p;

	*fd = block_alloc(size);
	p = block_map(*fd, size);
	EXPECT(zeroed(p, size));
	memset(p, 0xff, size);
	return p;
}

/* What is freed counts as free at once, and is clean before long. */
static void test_background(void)
{
	struct pmm_type_info t;
	unsigned int looks = 0;
	double patience = 10;
	uint64_t most = 0;
	void *p;
	int fd;

	p = dirty_block(POOL, &fd);
	type_info(&t);
	EXPECT_EQ(t.free, 0);
	EXPECT_EQ(t.dirty, 0);
	EXPECT_OK(munmap(p, POOL));
	close(fd);
	/* It may be quick: look without a pause until something was seen. */
	do {
		type_info(&t);
		EXPECT(t.dirty <= t.free);
		EXPECT(t.largest_free <= t.free - t.dirty);
		if (t.dirty > most)
			most = t.dirty;
	} while ((t.free != POOL || t.dirty) &&
		 ((!most && ++looks < LOOKS) || wait_more(&patience)));
	EXPECT_EQ(t.free, POOL);
	EXPECT_EQ(t.dirty, 0);
	EXPECT_EQ(t.largest_free, POOL);
	/* In a chunk or more: a look in between sees some of it. */
	EXPECT(most > 0);
}

/* Nobody waits for the background: all of the pool again, at once. */
static void test_caller(void)
{
	unsigned int i;
	void *p;
	int fd;

	for (i = 0; i < 4; i++) {
		p = dirty_block(POOL, &fd);
		EXPECT_OK(munmap(p, POOL));
		close(fd);
	}
	wait_pool_whole(10);
}

/* What fails says why as if everything were clean, and then it is. */
static void test_figures(void)
{
	struct pmm_alloc a = { .length = 9 * MIB, .align = PAGE };
	struct pmm_type_info t;
	void *low, *high;
	int fds[3];

	low = dirty_block(8 * MIB, &fds[0]);
	fds[1] = block_alloc(PAGE);
	high = dirty_block(6 * MIB, &fds[2]);
	EXPECT_OK(munmap(low, 8 * MIB));
	close(fds[0]);
	EXPECT_OK(munmap(high, 6 * MIB));
	close(fds[2]);
	EXPECT_ERRNO(try_block_alloc(&a), ENOMEM);
	EXPECT_EQ(a.reason, PMM_REASON_FRAGMENTED);
	EXPECT_EQ(a.free, POOL - PAGE);
	EXPECT_EQ(a.largest_free, 8 * MIB);
	type_info(&t);
	EXPECT_EQ(t.dirty, 0);
	close(fds[1]);
	wait_pool_whole(10);
}

/* ---- several at once ---- */

static uint64_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return *state >> 33;
}

/* Take, look, write, give; half of them by a mapping that outlives the fd. */
static void user(void *arg)
{
	uint64_t state = *(unsigned int *)arg * 7919 + 17, seed;
	struct pmm_alloc a;
	unsigned int i;
	size_t size;
	char *p;
	int fd;

	for (i = 0; ; i++) {
		size = (next_random(&state) % 1000 + 1) * PAGE;
		if (next_random(&state) % 4 == 0)
			size = HUGE_PAGE * (next_random(&state) % 3 + 1);
		a = (struct pmm_alloc){ .length = size };
		fd = try_block_alloc(&a);
		if (fd < 0) {
			EXPECT_EQ(errno, ENOMEM);
			EXPECT(a.reason != PMM_REASON_KERNEL);
			continue;
		}
		p = block_map(fd, size);
		if (!zeroed(p, size)) {
			printf("user %u, block %u of %zu bytes: not zeroed\n",
			       *(unsigned int *)arg, i, size);
			EXPECT(!"zeroes");
		}
		seed = next_random(&state);
		fill(p, size, seed);
		EXPECT(filled(p, size, seed));
		close(fd);
		EXPECT_OK(munmap(p, size));
	}
}

/* Users come and are killed, wherever they are; none ends by itself. */
static void test_race(void)
{
	static unsigned int numbers[4096];
	uint64_t state = 4711;
	unsigned int n = 0, i;
	int pids[USERS];
	double end = now() + SECONDS;

	for (i = 0; i < USERS; i++) {
		numbers[n] = n;
		pids[i] = child_start(0, user, &numbers[n]);
		n++;
	}
	while (now() < end && n < 4096) {
		sleep_ms(next_random(&state) % 120);
		i = next_random(&state) % USERS;
		EXPECT_EQ(waitpid(-1, NULL, WNOHANG), 0);
		child_kill(pids[i]);
		numbers[n] = n;
		pids[i] = child_start(0, user, &numbers[n]);
		n++;
	}
	for (i = 0; i < USERS; i++) {
		EXPECT_EQ(waitpid(pids[i], NULL, WNOHANG), 0);
		child_kill(pids[i]);
	}
	wait_pool_whole(20);
	printf("%u users\n", n);
}

/* ---- killed while zeroing ---- */

static void take_all(void *arg)
{
	(void)arg;
	block_alloc(POOL);
	pause();
}

static void test_killed(void)
{
	unsigned int i;
	void *p;
	int fd, pid;

	for (i = 0; i < 12; i++) {
		p = dirty_block(POOL, &fd);
		EXPECT_OK(munmap(p, POOL));
		close(fd);
		pid = child_start(0, take_all, NULL);
		sleep_ms(i * 4);
		child_kill(pid);
	}
	p = dirty_block(POOL, &fd);
	EXPECT_OK(munmap(p, POOL));
	close(fd);
	wait_pool_whole(10);
}

int main(void)
{
	char args[64];

	module_parameters(args, sizeof(args));
	module_remove();
	module_insert("pool_mb=16");
	/* New memory is zeroed, too. */
	test_caller();
	test_background();
	test_figures();
	test_killed();
	test_race();
	/* With all of it dirty. */
	test_caller();
	module_remove();
	module_insert(args);
	return 0;
}
