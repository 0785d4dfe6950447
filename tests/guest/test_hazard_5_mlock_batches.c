// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages come back although a CPU's mlock batch still has them.
 *
 * A fault in an mlocked mapping leaves a reference to the page in a list of that
 * CPU, which is emptied when the CPU has more to mlock or to unmap, or never.  If
 * the quarantine does not empty the lists of all CPUs itself, such a block stays
 * in it for as long as that CPU is idle.
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"

#define SIZE (5 * PAGE)

/* Fault pages in on one CPU, unmap them on another. */
static void test_once(int cpu)
{
	int block = block_alloc(SIZE);
	volatile char *p = block_map(block, SIZE);
	size_t i;

	EXPECT_OK(mlock2((void *)p, SIZE, MLOCK_ONFAULT));
	run_on_cpu(cpu);
	for (i = 0; i < SIZE; i += PAGE)
		p[i] = 1;
	run_on_cpu(0);
	EXPECT_OK(munmap((void *)p, SIZE));
	close(block);
	wait_pool_whole(3);
}

int main(void)
{
	int i;

	if (cpus() < 2)
		guest_skip("needs two CPUs, to leave one of them idle");
	run_on_cpu(0);
	for (i = 0; i < 3; i++)
		test_once(cpus() - 1);
	return 0;
}
