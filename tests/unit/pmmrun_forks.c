// SPDX-License-Identifier: GPL-2.0-only
/*
 * pmmrun_forks lock|jump: forks that go wrong where pmmrun keeps them waiting for ever.
 *
 *	lock	while another thread works in a library that fork() waits for
 *	jump	after signal handlers that left calls of pmmrun's by siglongjmp()
 *
 * Ends with 0, or never.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pmmrun_locked.h"

#define FORKS		300
#define JUMPS		300
#define BETWEEN_US	97

static atomic_bool done;
static sigjmp_buf before;
static volatile sig_atomic_t may_jump;

static void fork_once(void)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(0);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		abort();
}

static void *work(void *unused)
{
	while (!done)
		locked_work();
	return unused;
}

static void *forks(void *unused)
{
	int i;

	for (i = 0; i < FORKS; i++)
		fork_once();
	return unused;
}

static pthread_t thread(void *(*function)(void *))
{
	pthread_t t;

	if (pthread_create(&t, NULL, function, NULL))
		abort();
	return t;
}

static void lock(void)
{
	pthread_t worker = thread(work);

	forks(NULL);
	done = true;
	pthread_join(worker, NULL);
}

static void jump_back(int number)
{
	if (may_jump)
		siglongjmp(before, number);
}

static void alarms(long us)
{
	const struct itimerval timer = {
		.it_interval.tv_usec = us,
		.it_value.tv_usec = us,
	};

	if (setitimer(ITIMER_REAL, &timer, NULL))
		abort();
}

static void jump(void)
{
	int shmid = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
	static volatile int jumps;
	struct shmid_ds ds;

	signal(SIGALRM, jump_back);
	alarms(BETWEEN_US);
	if (sigsetjmp(before, true))
		jumps++;
	may_jump = true;
	while (jumps < JUMPS)
		if (shmctl(shmid, IPC_STAT, &ds))
			abort();
	may_jump = false;
	alarms(0);
	shmctl(shmid, IPC_RMID, NULL);
	/* Not this thread: it may have what others wait for. */
	pthread_join(thread(forks), NULL);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "lock"))
		lock();
	else if (argc == 2 && !strcmp(argv[1], "jump"))
		jump();
	else
		return 2;
	return 0;
}
