// SPDX-License-Identifier: GPL-2.0-only
/*
 * A segment that holds anything is refused, and keeps what it holds.
 *
 * Its pages may be in swap, where the page cache does not count them, or a fault
 * may put one in while the block's pages go in.  Adopting all the same, or taking
 * everything out again instead of only what was put in, loses the user's data.
 *
 * Fails without any of: the check that nothing is there, taking out again what was
 * put in and no more, keeping it locked until all of it is in, restoring the seals,
 * the count of writable mappings, the table of watches.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

#define SIZE (64 * KIB)
/* No part of it is a large folio, so that going in takes a while. */
#define RACE_SIZE (2 * MIB - PAGE)
#define RACES_MAX 200
#define RACES_WANTED 5
#define RACES_OF_WRITER 60

/* Refused, and everything is as before: the file, the block. */
static void expect_refused(int block, int fd, void *p, uint32_t flags)
{
	int seals = EXPECT_OK(fcntl(fd, F_GET_SEALS));
	struct stat before, after;

	EXPECT_OK(fstat(fd, &before));
	EXPECT_ERRNO(try_block_adopt(block, p, flags), EBUSY);
	EXPECT_OK(fstat(fd, &after));
	EXPECT_EQ(after.st_size, before.st_size);
	EXPECT_EQ(after.st_blocks, before.st_blocks);
	EXPECT_EQ(fcntl(fd, F_GET_SEALS), seals);
	EXPECT(!(block_state(block) & PMM_BLOCK_HOME));
}

static void test_not_empty(size_t where)
{
	int fd, block = block_alloc(SIZE);
	char *p = segment_memfd(SIZE, MFD_ALLOW_SEALING, &fd);

	p[where] = 7;
	expect_refused(block, fd, p, 0);
	expect_refused(block, fd, p, PMM_ADOPT_SEAL);
	EXPECT_EQ(p[where], 7);
	p[where] = 0;
	EXPECT(zeroed(p, SIZE));
	EXPECT_OK(munmap(p, SIZE));
	close(fd);
	close(block);
}

/* Memory that nobody touched, but that somebody asked for. */
static void test_allocated(off_t offset)
{
	int fd, block = block_alloc(SIZE);
	char *p = segment_memfd(SIZE, MFD_ALLOW_SEALING, &fd);

	EXPECT_OK(fallocate(fd, FALLOC_FL_KEEP_SIZE, offset, PAGE));
	expect_refused(block, fd, p, 0);
	expect_refused(block, fd, p, PMM_ADOPT_SEAL);
	EXPECT_OK(munmap(p, SIZE));
	close(fd);
	close(block);
}

/* A home is not empty. */
static void test_home(void)
{
	int fd, other = block_alloc(SIZE), block;
	void *p;

	block = block_memfd(SIZE, &fd, &p);
	fill(p, SIZE, 11);
	EXPECT_ERRNO(try_block_adopt(other, p, 0), EBUSY);
	EXPECT_ERRNO(try_block_adopt(block, p, 0), EBUSY);
	EXPECT(filled(p, SIZE, 11));
	EXPECT(maps_block(p, SIZE, block_pfn(block)));
	EXPECT_OK(munmap(p, SIZE));
	close(fd);
	close(block);
	close(other);
}

/* ---- swapped out ---- */

/* Is nothing of it in memory? */
static bool swapped_out(void *p, size_t size)
{
	unsigned char in_core[SIZE / PAGE];
	size_t i;

	EXPECT_OK(mincore(p, size, in_core));
	for (i = 0; i < size / PAGE; i++)
		if (in_core[i] & 1)
			return false;
	return true;
}

static bool swap_out(void *p, size_t size)
{
	double patience = 3;

	while (!swapped_out(p, size)) {
		if (!wait_more(&patience))
			return false;
		/* Pages that were just made are still on their way to the LRU. */
		write_file("/proc/sys/vm/drop_caches", "1");
		EXPECT_OK(madvise(p, size, MADV_PAGEOUT));
	}
	return true;
}

static void test_swapped(void)
{
	int fd, block = block_alloc(SIZE);
	char *p = segment_memfd(SIZE, MFD_ALLOW_SEALING, &fd);

	if (!swap_start(16)) {
		printf("no swap: not tested with it\n");
	} else {
		fill(p, SIZE, 5);
		EXPECT(swap_out(p, SIZE));
		expect_refused(block, fd, p, 0);
		expect_refused(block, fd, p, PMM_ADOPT_SEAL);
		EXPECT(swapped_out(p, SIZE));
		EXPECT(filled(p, SIZE, 5));
		expect_refused(block, fd, p, 0);
		EXPECT(filled(p, SIZE, 5));
		swap_stop();
		EXPECT(filled(p, SIZE, 5));
	}
	EXPECT_OK(munmap(p, SIZE));
	close(fd);
	close(block);
}

/* ---- a fault at the same time ---- */

struct race {
	sem_t ready;
	sem_t go;
	volatile char *first;	/* written before, unless NULL */
	volatile char *byte;
	double delay;
};

/* It wakes up, and faults, as soon as the adoption lets go of the CPU. */
static void *faulter(void *arg)
{
	struct sched_param param = { .sched_priority = 1 };
	struct race *race = arg;
	struct timespec delay = { 0, race->delay * 1e9 };

	EXPECT_OK(sched_setscheduler(0, SCHED_FIFO, &param));
	EXPECT_OK(sem_post(&race->ready));
	EXPECT_OK(sem_wait(&race->go));
	nanosleep(&delay, NULL);
	if (race->first)
		*race->first = 41;
	*race->byte = 42;
	return NULL;
}

/* How long adopting takes; only part of that are pages going in. */
static double adopt_time(int block)
{
	double begin;
	void *p;
	int fd;

	p = segment_memfd(RACE_SIZE, MFD_ALLOW_SEALING, &fd);
	begin = now();
	EXPECT_OK(try_block_adopt(block, p, PMM_ADOPT_SEAL));
	begin = now() - begin;
	EXPECT_OK(munmap(p, RACE_SIZE));
	close(fd);
	return begin;
}

static bool block_has(int block, const char *p)
{
	return pfn_of(p) - block_pfn(block) < RACE_SIZE / PAGE;
}

/* The adoption failed: only the fault's page is there, and its data. */
static void expect_rolled_back(int block, int fd, char *p)
{
	struct stat st;

	EXPECT_EQ(fcntl(fd, F_GET_SEALS), 0);
	EXPECT(!(block_state(block) & PMM_BLOCK_HOME));
	EXPECT_EQ(p[RACE_SIZE - 1], 42);
	EXPECT_OK(fstat(fd, &st));
	EXPECT_EQ(st.st_blocks, PAGE / 512);
	EXPECT(!block_has(block, p + RACE_SIZE - 1));
	p[RACE_SIZE - 1] = 0;
	EXPECT(zeroed(p, RACE_SIZE));
	/* The block's pages have left it. */
	EXPECT(!block_has(block, p));
	EXPECT(!block_has(block, p + RACE_SIZE / 2));
}

/* Nothing stays in the way of its owner, who may seal it or try again. */
static void expect_as_before(int block, int fd, char *p, bool again)
{
	if (again) {
		EXPECT_OK(madvise(p, RACE_SIZE, MADV_REMOVE));
		EXPECT_OK(try_block_adopt(block, p, PMM_ADOPT_SEAL));
		EXPECT(maps_block(p, RACE_SIZE, block_pfn(block)));
		return;
	}
	EXPECT_OK(munmap(p, RACE_SIZE));
	EXPECT_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	EXPECT_ERRNO(pwrite(fd, "x", 1, 0), EPERM);
}

static void expect_adopted(int block, char *p)
{
	EXPECT(maps_block(p, RACE_SIZE, block_pfn(block)));
	EXPECT_EQ(p[RACE_SIZE - 1], 42);
}

/* Adopt while the faulter runs. */
static int race_adopt(struct race *race, int block, void *p)
{
	pthread_t thread;
	int err;

	EXPECT_OK(sem_init(&race->ready, 0, 0));
	EXPECT_OK(sem_init(&race->go, 0, 0));
	EXPECT_EQ(pthread_create(&thread, NULL, faulter, race), 0);
	EXPECT_OK(sem_wait(&race->ready));
	EXPECT_OK(sem_post(&race->go));
	err = try_block_adopt(block, p, PMM_ADOPT_SEAL) ? errno : 0;
	EXPECT_EQ(pthread_join(thread, NULL), 0);
	EXPECT(!err || err == EBUSY);
	return err;
}

/* Return: whether the fault was first. */
static bool race_once(double delay, bool again)
{
	int fd, err, block = block_alloc(RACE_SIZE);
	char *p = segment_memfd(RACE_SIZE, MFD_ALLOW_SEALING, &fd);
	struct race race = { .byte = p + RACE_SIZE - 1, .delay = delay };

	err = race_adopt(&race, block, p);
	if (err) {
		expect_rolled_back(block, fd, p);
		expect_as_before(block, fd, p, again);
	} else {
		expect_adopted(block, p);
	}
	/* Whether or not it still is. */
	EXPECT_OK(munmap(p, RACE_SIZE));
	close(fd);
	close(block);
	return err;
}

/*
 * The later the fault, the more pages have gone in when it is met; too late, and
 * it finds the block's.  So: later after a fault that was first, else sooner.
 */
static void test_race(void)
{
	int block = block_alloc(RACE_SIZE), lost = 0, won = 0;
	double delay = adopt_time(block);
	int i;

	close(block);
	/* Both on one CPU, however many there are and whatever else they do. */
	run_on_cpu(0);
	for (i = 0; i < RACES_MAX && (lost < RACES_WANTED || won < RACES_WANTED); i++) {
		if (race_once(delay, lost % 2)) {
			lost++;
			delay *= 1.2;
		} else {
			won++;
			delay *= 0.7;
		}
	}
	printf("%d faults came first, %d adoptions did\n", lost, won);
	EXPECT(lost && won);
	wait_pool_whole(3);
}

/* Return: whether the first write was first. */
static bool race_of_writer(double delay)
{
	int fd, err, block = block_alloc(RACE_SIZE);
	char *p = segment_memfd(RACE_SIZE, MFD_ALLOW_SEALING, &fd);
	struct race race = {
		.first = p,
		.byte = p + RACE_SIZE - 1,
		.delay = delay,
	};

	err = race_adopt(&race, block, p);
	EXPECT_EQ(p[0], 41);
	EXPECT_EQ(p[RACE_SIZE - 1], 42);
	EXPECT_OK(munmap(p, RACE_SIZE));
	close(fd);
	close(block);
	return err;
}

/*
 * Somebody who has the file already finds a page of the block, writes to it, and
 * then is in the way of another.  What was written must not go with the block.
 */
static void test_race_of_writer(void)
{
	int block = block_alloc(RACE_SIZE), lost = 0, i;
	double time = adopt_time(block);

	close(block);
	for (i = 0; i < RACES_OF_WRITER; i++)
		lost += race_of_writer(time * 1.2 * i / RACES_OF_WRITER);
	printf("%d of %d writers came first\n", lost, RACES_OF_WRITER);
	EXPECT(lost && lost < RACES_OF_WRITER);
	wait_pool_whole(3);
}

int main(void)
{
	test_not_empty(0);
	test_not_empty(SIZE - 1);
	test_allocated(PAGE);
	test_allocated(SIZE);
	test_home();
	test_swapped();
	test_race();
	test_race_of_writer();
	wait_pool_whole(3);
	return 0;
}
