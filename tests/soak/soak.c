// SPDX-License-Identifier: GPL-2.0-only
/*
 * The soak: many processes do everything to blocks that programs and the kernel
 * can do, while contents and page numbers are checked all the time.
 *
 * It goes in rounds.  In each, workers (worker.c) work on samples of their own, are
 * killed and started again, while the machine around them is disturbed
 * (machine.c).  In some rounds allocations of the workers fail at random, where the
 * kernel can be told to.  At the end of a round everything is back in the pools,
 * and the module is loaded anew.
 *
 *	SOAK_SECONDS	how long, 600: then everything has to have been done
 *	SOAK_SEED	to begin with other numbers than usual
 *
 * timeout: SOAK_SECONDS / SLOW + 240
 * guest: NO_X=1
 *
 * The kernel's own complaints when its allocations fail, and what it says of memory
 * errors that are made on purpose, and of what it kills for want of memory:
 *
 * expect-log: WARNING: .* at mm/(vmalloc|mprotect)\.c
 * expect-log: Call Trace
 * expect-log: Memory failure
 * expect-log: kmemleak: Cannot allocate a scan area
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../guest/guest.h"
#include "../guest/inject.h"
#include "disk.h"
#include "machine.h"
#include "sample.h"
#include "tally.h"
#include "worker.h"

#define WORKERS	4

/* Enough to have done everything, on the slowest of kernels */
#define LONG_SECONDS	600

static char module_args[256];
static int workers[WORKERS];

/* A number from the environment. */
static unsigned int number(const char *name, unsigned int otherwise)
{
	const char *value = getenv(name);

	return value && *value ? strtoul(value, NULL, 0) : otherwise;
}

/* ---- workers ---- */

static void start(unsigned int i, bool inject)
{
	workers[i] = worker_start(random(), inject);
}

/* How one ended: killed, or for good reasons. */
static void see_end(int pid, int status)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL) {
		printf("soak: process %d got signal %d, %s\n", pid,
		       WTERMSIG(status), strsignal(WTERMSIG(status)));
		exit(1);
	}
	if (WIFEXITED(status) && WEXITSTATUS(status))
		exit(1);
}

static void start_again(bool inject)
{
	unsigned int i;
	int pid, status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		see_end(pid, status);
		for (i = 0; i < WORKERS; i++)
			if (workers[i] == pid)
				start(i, inject);
	}
}

static void stop_all(void)
{
	unsigned int i;
	int pid, status;

	for (i = 0; i < WORKERS; i++)
		kill(workers[i], SIGTERM);
	while ((pid = waitpid(-1, &status, 0)) > 0 || errno == EINTR)
		if (pid > 0)
			see_end(pid, status);
}

/* Segments of workers that were killed before they could mark them. */
static void remove_segments(void)
{
	struct shm_info info;
	struct shmid_ds ds;
	int i, id, max = shmctl(0, SHM_INFO, (void *)&info);

	for (i = 0; i <= max; i++) {
		id = shmctl(i, SHM_STAT, &ds);
		if (id >= 0 && !ds.shm_nattch)
			shmctl(id, IPC_RMID, NULL);
	}
}

/* ---- rounds ---- */

static void run_round(unsigned int number, double seconds, bool inject)
{
	double end = now() + seconds;
	unsigned int i;

	printf("soak: round %u, %.0f s%s\n", number, seconds,
	       inject ? ", allocations fail" : "");
	fflush(stdout);
	if (inject)
		inject_percent(1);
	for (i = 0; i < WORKERS; i++)
		start(i, inject);
	while (now() < end && !tally_is_wrong()) {
		sleep_ms(100 + below(600));
		machine_disturb(workers, WORKERS);
		start_again(inject);
	}
	if (inject)
		inject_percent(0);
	stop_all();
	machine_settle();
	remove_segments();
	wait_pool_whole(20);
}

/*
 * With SECONDS long in all, rounds of half a minute or, on a slow machine, as many
 * as give everything a chance.
 */
static void run_rounds(double seconds)
{
	bool can_inject = inject_setup();
	double end = now() + seconds, left;
	unsigned int n = 0;

	if (!can_inject)
		printf("soak: this kernel cannot make allocations fail\n");
	while ((left = end - now()) > 0 && !tally_is_wrong()) {
		n++;
		/* No short one at the end. */
		run_round(n, left < 60 ? left : 40, can_inject && n % 3 == 0);
		module_remove();
		module_insert(module_args);
	}
}

/*
 * Restartable sequences off: with them the kernel ends a process whose thread block
 * it cannot bring back from swap because an allocation was made to fail.
 */
static void without_rseq(char **argv)
{
	static const char tunables[] = "GLIBC_TUNABLES";

	if (getenv(tunables))
		return;
	EXPECT_OK(setenv(tunables, "glibc.pthread.rseq=0", 1));
	execv("/proc/self/exe", argv);
	EXPECT(!"execv");
}

int main(int argc, char **argv)
{
	unsigned int seconds;

	(void)argc;
	without_rseq(argv);
	/* The kernel's own warnings under injection are not to end everything. */
	write_file("/proc/sys/kernel/panic_on_warn", "0");
	setpriority(PRIO_PROCESS, 0, -5);
	srandom(number("SOAK_SEED", 1));
	module_parameters(module_args, sizeof(module_args));
	tally_start();
	worker_prove();
	tally_start();

	disk_start();
	machine_start();
	seconds = number("SOAK_SECONDS", LONG_SECONDS);
	run_rounds(seconds);
	machine_stop();
	disk_stop();

	machine_report();
	if (!worker_report()) {
		printf("soak: something has never been done\n");
		if (seconds >= LONG_SECONDS)
			return 1;
	}
	if (tally_is_wrong())
		return 1;
	write_file("/proc/sys/kernel/panic_on_warn", "1");
	return 0;
}
