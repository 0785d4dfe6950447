// SPDX-License-Identifier: GPL-2.0-only
/*
 * Blocks in use while memory is short, compacted and cleared of caches: they keep
 * their contents, and their pages stay where they are, neither swapped, migrated
 * nor reclaimed.
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

#define CGROUP		"/sys/fs/cgroup/pmm-pressure"
#define BLOCKS		VM_KINDS
#define SWAP_MIB	64
#define LEFT_MIB	64
/* Enough to call it pressure. */
#define SWAPPED_PAGES	(8 * MIB / PAGE)

static struct vm_block blocks[BLOCKS];
/* One that nobody has mapped while it happens, and nobody has open. */
static int unmapped;

static void expect_intact(const char *when)
{
	unsigned int i;

	for (i = 0; i < BLOCKS; i++) {
		if (!vm_block_intact(&blocks[i])) {
			printf("%s: block %u is not what it was\n", when, i);
			EXPECT(!"intact");
		}
	}
	printf("%s: intact\n", when);
	fflush(stdout);
}

static void create_unmapped(void)
{
	void *p;

	close(block_sysv(VM_SIZE, 0600, &unmapped, &p));
	fill(p, VM_SIZE, 77);
	EXPECT_OK(shmdt(p));
}

static void destroy_unmapped(void)
{
	void *p = EXPECT_OK(shmat(unmapped, NULL, SHM_RDONLY));
	int fd = EXPECT_OK(try_find_address(p));

	EXPECT(filled(p, VM_SIZE, 77));
	EXPECT(maps_block(p, VM_SIZE, block_pfn(fd)));
	EXPECT(!(block_state(fd) & PMM_BLOCK_INCOMPLETE));
	close(fd);
	EXPECT_OK(shmctl(unmapped, IPC_RMID, NULL));
	EXPECT_OK(shmdt(p));
}

/* ---- what the kernel can be asked for ---- */

static void compact(void)
{
	if (try_write_file("/proc/sys/vm/compact_memory", "1"))
		printf("this kernel does not compact memory when asked to\n");
}

static void drop_caches(void)
{
	write_file("/proc/sys/vm/drop_caches", "3");
}

/* Everything that is mapped here is to go to swap. */
static void page_out(void)
{
	unsigned int i;

	for (i = 0; i < BLOCKS; i++)
		EXPECT_OK(madvise(blocks[i].p, blocks[i].size, MADV_PAGEOUT));
}

/* ---- pressure ---- */

/* Memory that compresses badly, and is used again and again. */
static void hog(size_t size, unsigned int rounds)
{
	uint64_t *p = EXPECT_OK(mmap(NULL, size, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	size_t i;

	EXPECT_OK(madvise(p, size, MADV_NOHUGEPAGE));
	while (rounds--) {
		for (i = 0; i < size / sizeof(*p); i += PAGE / sizeof(*p)) {
			EXPECT(!p[i] || p[i] == i);
			p[i] = i;
		}
	}
	EXPECT_OK(munmap(p, size));
}

static long swapped_out(void)
{
	char line[128];
	long value = -1;
	FILE *f = fopen("/proc/vmstat", "re");

	EXPECT(f);
	while (value < 0 && fgets(line, sizeof(line), f))
		sscanf(line, "pswpout %ld", &value);
	fclose(f);
	/* A kernel without CONFIG_VM_EVENT_COUNTERS does not say. */
	EXPECT(value >= 0);
	return value;
}

/*
 * More and more until the kernel has swapped, which it does when it has dropped
 * whatever else it could: how much that is, nobody can tell beforehand.
 */
static void hog_machine(void *unused)
{
	size_t size = meminfo("MemTotal") * KIB + SWAP_MIB * MIB, used, i;
	long enough = swapped_out() + SWAPPED_PAGES;
	char *p;

	(void)unused;
	/* If somebody has to be killed after all, this one. */
	write_file("/proc/self/oom_score_adj", "1000");
	p = EXPECT_OK(mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
	EXPECT_OK(madvise(p, size, MADV_NOHUGEPAGE));
	for (used = 0; used < size && swapped_out() < enough; used += MIB)
		for (i = used; i < used + MIB; i += PAGE)
			*(size_t *)(p + i) = i;
	printf("swapped after %zu MiB\n", used / MIB);
	for (i = 0; i < used; i += PAGE)
		EXPECT_EQ(*(size_t *)(p + i), i);
	EXPECT_OK(munmap(p, size));
}

/* Make the machine small, at once and without touching what it loses. */
static void set_huge_pages(long pages)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", pages);
	write_file("/proc/sys/vm/nr_hugepages", text);
}

/* In a group that may have less than it uses; it has the blocks mapped, too. */
static void hog_group(void *unused)
{
	(void)unused;
	write_file(CGROUP "/cgroup.procs", "0");
	expect_intact("in a small group");
	hog(32 * MIB, 2);
	expect_intact("in a small group that was short of memory");
}

static void test_group(void)
{
	try_write_file("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	EXPECT_OK(mkdir(CGROUP, 0755));
	if (access(CGROUP "/memory.high", F_OK)) {
		printf("no memory controller: not tested with control groups\n");
	} else {
		write_file(CGROUP "/memory.high", "16M");
		run_as(0, hog_group, NULL);
		try_write_file(CGROUP "/memory.reclaim", "64M");
	}
	EXPECT_OK(rmdir(CGROUP));
	expect_intact("after the group");
}

static void test_machine(void)
{
	long before = swapped_out();

	set_huge_pages(meminfo("MemAvailable") / 2048 - LEFT_MIB / 2);
	run_as(0, hog_machine, NULL);
	set_huge_pages(0);
	printf("%ld pages were swapped out\n", swapped_out() - before);
	/* Or there was no pressure. */
	EXPECT(swapped_out() > before);
	expect_intact("after pressure");
}

int main(void)
{
	unsigned int i;

	for (i = 0; i < BLOCKS; i++)
		vm_block_create(&blocks[i], i);
	create_unmapped();
	expect_intact("before");
	compact();
	drop_caches();
	expect_intact("compacted, caches dropped");

	if (!swap_start(SWAP_MIB))
		guest_skip("this kernel has no zram to swap to");
	page_out();
	expect_intact("paged out");
	test_machine();
	test_group();
	compact();
	drop_caches();
	page_out();
	expect_intact("all together");
	swap_stop();

	destroy_unmapped();
	for (i = 0; i < BLOCKS; i++) {
		EXPECT_OK(munmap(blocks[i].p, blocks[i].size));
		vm_block_close(&blocks[i]);
	}
	wait_pool_whole(5);
	return 0;
}
