// SPDX-License-Identifier: GPL-2.0-only
/*
 * libpmmshm: many threads, processes that are killed, memory that is locked.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

#include "library.h"

#define THREADS	8
#define ROUNDS	100

static int lines_of(const char *path)
{
	FILE *f = fopen(path, "r");
	int c, n = 0;

	EXPECT(f);
	while ((c = getc(f)) != EOF)
		n += c == '\n';
	fclose(f);
	return n;
}

/* Allocate, write, import, check, free: never another's contents. */
static void *thread(void *arg)
{
	static const size_t sizes[] = { PAGE, 64 * KIB, MIB, 2 * MIB, 4 * MIB };
	unsigned int seed = (intptr_t)arg;
	struct pmmshm_block *a, *b;
	size_t size;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		size = sizes[rand_r(&seed) % 5];
		a = EXPECT_GOT(pmmshm_block_alloc(pmm, size, NULL));
		EXPECT(zeroed(pmmshm_block_data(a), size));
		fill(pmmshm_block_data(a), size, seed);
		b = EXPECT_GOT(pmmshm_block_import_shmid(pmm, pmmshm_block_shmid(a), SHM_RDONLY));
		pmmshm_block_free(a);
		EXPECT(filled(pmmshm_block_data(b), size, seed));
		if (size >= HUGE_PAGE)
			EXPECT_EQ((uintptr_t)pmmshm_block_data(b) % HUGE_PAGE,
				  0);
		pmmshm_block_free(b);
	}
	return NULL;
}

static void threads(void *arg)
{
	int segments = lines_of("/proc/sysvipc/shm");
	pthread_t t[THREADS];
	intptr_t i;

	(void)arg;
	for (i = 0; i < THREADS; i++)
		EXPECT_EQ(pthread_create(&t[i], NULL, thread, (void *)i), 0);
	for (i = 0; i < THREADS; i++)
		EXPECT_EQ(pthread_join(t[i], NULL), 0);
	EXPECT_EQ(lines_of("/proc/sysvipc/shm"), segments);
	wait_pool_whole(10);
}

static void child_allocates(void *arg)
{
	struct pmmshm_alloc_opts opts = { .size = sizeof(opts), .mode = 0640 };
	struct pmmshm_block *b;

	(void)arg;
	for (;;) {
		b = EXPECT_GOT(pmmshm_block_alloc(pmm, 4 * MIB, &opts));
		memset(pmmshm_block_data(b), 1, 4 * MIB);
		pmmshm_block_free(b);
	}
}

/*
 * Wherever it is killed, the pool is whole again.  Between shmget() and the
 * mark a segment may stay, but it is an ordinary one then, without memory.
 */
static void kills(void)
{
	int i, pid;

	EXPECT_EQ(segments_remove_empty(), 0);
	srand(1);
	for (i = 0; i < 60; i++) {
		pid = child_start(0, child_allocates, NULL);
		usleep(rand() % 30000);
		child_kill(pid);
		wait_pool_whole(10);
	}
	printf("%d of 60 left an empty segment\n", segments_remove_empty());
}

static void use_locked(unsigned int flags)
{
	struct pmmshm_alloc_opts opts = { .size = sizeof(opts), .flags = flags };
	struct pmmshm_block *b;

	b = EXPECT_GOT(pmmshm_block_alloc(pmm, 4 * MIB, &opts));
	EXPECT(maps_block(pmmshm_block_data(b), 4 * MIB,
			  block_pfn(pmmshm_block_fd(b))));
	EXPECT(zeroed(pmmshm_block_data(b), 4 * MIB));
	fill(pmmshm_block_data(b), 4 * MIB, 9);
	EXPECT(filled(pmmshm_block_data(b), 4 * MIB, 9));
	pmmshm_block_free(b);
}

static void child_locks_memory(void *arg)
{
	EXPECT_OK(mlockall(*(int *)arg));
	use_locked(0);
	use_locked(PMMSHM_NO_SEGMENT);
}

static void locked_memory(void)
{
	int flags = MCL_CURRENT | MCL_FUTURE;

	run_as(0, child_locks_memory, &flags);
	flags |= MCL_ONFAULT;
	run_as(0, child_locks_memory, &flags);
	wait_pool_whole(10);
}

int main(void)
{
	library_open();
	locked_memory();
	threads(NULL);
	/* A shmat() that loses a race must not be the end of its segment. */
	with_setting("/proc/sys/kernel/shm_rmid_forced", "1", threads, NULL);
	kills();
	library_close();
	return 0;
}
