// SPDX-License-Identifier: GPL-2.0-only
/*
 * A library with a lock of its own, which it holds while it uses shared memory, and
 * which fork() waits for.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <sys/shm.h>

#include "pmmrun_locked.h"

/* What a fork must not see half done. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void lock_take(void)
{
	/* As in any library that survives a fork. */
	pthread_mutex_lock(&lock);
}

static void lock_release(void)
{
	pthread_mutex_unlock(&lock);
}

__attribute__((constructor)) static void locked_init(void)
{
	if (pthread_atfork(lock_take, lock_release, lock_release))
		abort();
}

void locked_work(void)
{
	int shmid;

	lock_take();
	shmid = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
	if (shmid < 0 || shmctl(shmid, IPC_RMID, NULL))
		abort();
	lock_release();
}
