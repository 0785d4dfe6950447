// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel counts: a home is shared memory while it lives, to the page,
 * and nothing at all afterwards.  No free memory is lost on the way, and nobody
 * is charged for a block.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest.h"
#include "vm.h"

#define VM_PAGES	((long)(VM_SIZE / PAGE))
#define VM_HUGE		2

/* ---- /proc/vmstat ---- */

static const char * const counters[] = {
	"nr_shmem", "nr_file_pages", "nr_shmem_hugepages",
	"nr_shmem_pmdmapped", "nr_mapped", "nr_unevictable", "nr_mlock",
	"nr_dirty", "nr_writeback", "nr_inactive_anon", "nr_active_anon",
};

struct stat_values {
	long v[ARRAY_SIZE(counters)];
};

static void stat_read(struct stat_values *s)
{
	char line[128], name[64];
	FILE *f;
	unsigned int i;
	long value;

	/* CPUs have some of it to themselves, until asked. */
	write_file("/proc/sys/vm/stat_refresh", "1");
	memset(s, 0, sizeof(*s));
	f = fopen("/proc/vmstat", "re");
	EXPECT(f);
	while (fgets(line, sizeof(line), f)) {
		EXPECT(sscanf(line, "%63s %ld", name, &value) == 2);
		for (i = 0; i < ARRAY_SIZE(counters); i++)
			if (!strcmp(name, counters[i]))
				s->v[i] = value;
	}
	fclose(f);
}

/* Others use memory, too: what differs may not be our doing. */
static bool stat_differs(const struct stat_values *a, const struct stat_values *b,
			 unsigned int first, unsigned int end, bool print)
{
	bool differs = false;
	unsigned int i;

	for (i = first; i < end; i++) {
		if (a->v[i] == b->v[i])
			continue;
		differs = true;
		if (print)
			printf("%s: %ld, not %ld\n", counters[i], a->v[i], b->v[i]);
	}
	return differs;
}

/* ---- homes in /proc/vmstat ---- */

static bool counts_home(unsigned int kind, bool print)
{
	struct stat_values before, during, after;
	struct vm_block b;
	double patience = 2;

	stat_read(&before);
	vm_block_create(&b, kind);
	stat_read(&during);
	during.v[0] -= VM_PAGES;
	during.v[1] -= VM_PAGES;
	during.v[2] -= VM_HUGE;
	EXPECT_OK(mlock(b.p, b.size));
	EXPECT_OK(munlock(b.p, PAGE));
	vm_block_destroy(&b);

	/* Batches of mlock are counted when they are drained. */
	do {
		stat_read(&after);
	} while (stat_differs(&after, &before, 0, 9, false) && wait_more(&patience));
	return !stat_differs(&during, &before, 0, 3, print) &&
	       !stat_differs(&after, &before, 0, 9, print);
}

static void test_homes(void)
{
	unsigned int kind, try;

	for (kind = 0; kind < VM_KINDS; kind++) {
		for (try = 0; !counts_home(kind, try == 2); try++)
			EXPECT(try < 2);
	}
}

/* In /proc/meminfo, where users look. */
static void test_meminfo(void)
{
	long shmem, huge;
	struct vm_block b;

	write_file("/proc/sys/vm/stat_refresh", "1");
	shmem = meminfo("Shmem");
	huge = meminfo("ShmemHugePages");
	vm_block_create(&b, 1);
	write_file("/proc/sys/vm/stat_refresh", "1");
	EXPECT(labs(meminfo("Shmem") - shmem - (long)(VM_SIZE / KIB)) <= 64);
	EXPECT_EQ(meminfo("ShmemHugePages") - huge, VM_HUGE * HUGE_PAGE / KIB);
	vm_block_destroy(&b);
	write_file("/proc/sys/vm/stat_refresh", "1");
	EXPECT(labs(meminfo("Shmem") - shmem) <= 64);
	EXPECT_EQ(meminfo("ShmemHugePages"), huge);
}

/* Pages that leave a home are counted once: by holes, sizes, the end. */
static void test_partial(void)
{
	struct stat_values before, after;
	unsigned int try = 0;
	void *p;
	int fd;

	do {
		EXPECT(try++ < 3);
		stat_read(&before);
		close(block_memfd(VM_SIZE, &fd, &p));
		EXPECT_OK(madvise(p, HUGE_PAGE, MADV_REMOVE));
		EXPECT_OK(madvise(p + HUGE_PAGE + PAGE, PAGE, MADV_REMOVE));
		EXPECT_OK(madvise(p + 2 * HUGE_PAGE, PAGE, MADV_REMOVE));
		memset(p, 1, PAGE);
		close(fd);
		EXPECT_OK(munmap(p, VM_SIZE));
		wait_pool_whole(5);
		stat_read(&after);
	} while (stat_differs(&after, &before, 0, 9, try == 3));
}

/* ---- free memory ---- */

#define CYCLES	150

static void cycle(unsigned int i)
{
	size_t size = (i % 3 ? 1 : 8) * PAGE + (i % 10 ? 0 : HUGE_PAGE);
	int fd, shmid;
	void *p;

	switch (i % 3) {
	case 0:
		close(block_sysv(size, 0600, &shmid, &p));
		EXPECT_OK(shmctl(shmid, IPC_RMID, NULL));
		break;
	case 1:
		close(block_memfd(size, &fd, &p));
		close(fd);
		break;
	default:
		fd = block_alloc(size);
		p = block_map(fd, size);
		close(EXPECT_OK(try_find_address(p)));
		close(fd);
	}
	*(char *)p = 1;
	EXPECT_OK(munmap(p, size));
}

static void cycles(void *unused)
{
	unsigned int i;

	(void)unused;
	for (i = 0; i < CYCLES; i++)
		cycle(i);
	wait_pool_whole(5);
}

/* KiB that are free, or could be. */
static long free_kib(void)
{
	write_file("/proc/sys/vm/drop_caches", "3");
	write_file("/proc/sys/vm/stat_refresh", "1");
	return meminfo("MemFree") + meminfo("Buffers") + meminfo("Cached") -
	       meminfo("Shmem") + meminfo("SReclaimable");
}

/*
 * Less than one page for every other block: nothing is lost systematically.
 * A kernel that looks for leaks itself does that better, and spends memory on each
 * thing that it follows or keeps from being used again.
 */
static void test_free(void)
{
	long before, after;
	unsigned int try = 0;

	if (!access("/sys/kernel/debug/kmemleak", F_OK))
		return;
	run_as(0, cycles, NULL);
	do {
		EXPECT(try++ < 4);
		before = free_kib();
		run_as(0, cycles, NULL);
		after = free_kib();
		printf("free before %ld KiB, after %d blocks %ld KiB\n", before,
		       CYCLES, after);
	} while (after < before - CYCLES * 4 / 2);
}

/* ---- control groups ---- */

#define CGROUP "/sys/fs/cgroup/pmm-accounting"

/* Blocks cost their group nothing but page tables. */
static void in_cgroup(void *unused)
{
	size_t size = 16 * MIB;
	void *p;
	int fd;

	(void)unused;
	cgroup_enter(CGROUP);
	fd = block_alloc(size);
	p = block_map(fd, size);
	memset(p, 1, size);
	EXPECT(cgroup_value(CGROUP, "memory.current") < (long)(4 * MIB));
	EXPECT_OK(munmap(p, size));
	p = EXPECT_OK(mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	memset(p, 1, size);
	/* So the group does count. */
	EXPECT(cgroup_value(CGROUP, "memory.current") >= (long)size);
}

static void test_cgroup(void)
{
	if (!cgroup_create(CGROUP)) {
		printf("no memory controller: not tested with control groups\n");
		return;
	}
	run_as(0, in_cgroup, NULL);
	cgroup_remove(CGROUP);
	wait_pool_whole(5);
}

int main(void)
{
	test_homes();
	test_meminfo();
	test_partial();
	test_free();
	test_cgroup();
	return 0;
}
