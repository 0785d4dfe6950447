// SPDX-License-Identifier: GPL-2.0-only
/*
 * Blocks do not count as promised memory: they are there already.
 *
 * A private home made with an ordinary reservation adds its size to Committed_AS,
 * so that a pool of an eighth of memory uses up that much of what strict
 * overcommit lets others have, twice.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"

#define BLOCKS 4UL
#define SLACK_KIB 4096

int main(void)
{
	long before = meminfo("Committed_AS"), after, home;
	int blocks[BLOCKS];
	void *p[BLOCKS];
	struct pool pool;
	size_t size, i;

	pool_read(&pool);
	size = pool.largest_free / (2 * BLOCKS) / HUGE_PAGE * HUGE_PAGE;
	EXPECT(size * BLOCKS / KIB > 4UL * SLACK_KIB);
	for (i = 0; i < BLOCKS; i++)
		blocks[i] = block_alloc(size);
	for (i = 0; i < BLOCKS; i++)
		p[i] = block_map(blocks[i], size);
	home = meminfo("Committed_AS");
	for (i = 0; i < BLOCKS; i++)
		fill(p[i], size, i);
	after = meminfo("Committed_AS");
	for (i = 0; i < BLOCKS; i++) {
		EXPECT_OK(munmap(p[i], size));
		close(blocks[i]);
	}
	printf("Committed_AS: %ld KiB before, %ld with homes, %ld when used\n",
	       before, home, after);
	EXPECT(home - before < SLACK_KIB);
	EXPECT(after - before < SLACK_KIB);
	wait_pool_whole(3);
	EXPECT(meminfo("Committed_AS") - before < SLACK_KIB);
	return 0;
}
