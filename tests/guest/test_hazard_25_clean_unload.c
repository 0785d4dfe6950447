// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel gets its pages back as it gave them, and its figures are right.
 *
 * A reference too many, a mapping left in a page that was part of a large folio, or
 * a counter that only went one way shows when the pool is given back, or never:
 * then memory is lost, or the kernel finds "Bad page state" in it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <linux/kernel-page-flags.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

#include "guest.h"

#define POOL (32 * MIB)
#define ROUNDS 5
#define SIZE (4 * MIB + 64 * KIB)

static const char * const figures[] = {
	"Shmem", "ShmemHugePages", "ShmemPmdMapped", "Mlocked", "Unevictable",
	"Mapped",
};

#define FIGURES (sizeof(figures) / sizeof(*figures))

static void figures_read(long *values)
{
	unsigned int i;

	for (i = 0; i < FIGURES; i++)
		values[i] = meminfo(figures[i]);
}

/* Others in the guest may hold a few pages more or less. */
static void figures_expect(const long *before)
{
	long after[FIGURES];
	unsigned int i;

	figures_read(after);
	for (i = 0; i < FIGURES; i++) {
		if (after[i] - before[i] > 1024 || before[i] - after[i] > 1024) {
			printf("%s: %ld KiB before, %ld after\n", figures[i],
			       before[i], after[i]);
			EXPECT(!"the kernel's figures are as before");
		}
	}
}

static void fork_and_read(void *p)
{
	EXPECT(filled(p, SIZE, 25));
}

/* Homes of all kinds, in all kinds of use. */
static void use_sysv(void)
{
	int shmid, block;
	void *p, *q;

	block = block_sysv(SIZE, 0600, &shmid, &p);
	fill(p, SIZE, 25);
	EXPECT_OK(mlock(p, SIZE));
	q = EXPECT_OK(shmat(shmid, NULL, SHM_RDONLY));
	run_as(0, fork_and_read, q);
	EXPECT_OK(shmctl(shmid, IPC_RMID, NULL));
	EXPECT_OK(shmdt(q));
	EXPECT_OK(shmdt(p));
	close(block);
}

static void use_file(void)
{
	int fd, block = block_alloc(SIZE);
	void *p = segment_tmpfile("/dev/shm", SIZE, &fd);

	EXPECT_OK(try_block_adopt(block, p, 0));
	fill(p, SIZE, 25);
	/* A part of a large folio, a whole one, small pages, the rest. */
	EXPECT_OK(madvise(p + PAGE, PAGE, MADV_REMOVE));
	EXPECT_OK(madvise(p + HUGE_PAGE, HUGE_PAGE, MADV_REMOVE));
	EXPECT_OK(madvise(p + 2 * HUGE_PAGE, 3 * PAGE, MADV_REMOVE));
	EXPECT_OK(ftruncate(fd, HUGE_PAGE));
	EXPECT_OK(munmap(p + PAGE, SIZE - PAGE));
	close(fd);
	EXPECT_OK(munmap(p, PAGE));
	close(block);
}

static void use_private(void)
{
	int block = block_alloc(SIZE);
	void *p = block_map(block, SIZE), *q;

	fill(p, SIZE, 25);
	/* A large folio that is mapped whole, in part, and moved. */
	EXPECT_OK(munmap(p, PAGE));
	q = EXPECT_OK(mremap(p + HUGE_PAGE, HUGE_PAGE, HUGE_PAGE, MREMAP_MAYMOVE));
	EXPECT_OK(mprotect(q, PAGE, PROT_READ));
	EXPECT_OK(munmap(q, HUGE_PAGE));
	EXPECT_OK(munmap(p + PAGE, SIZE - PAGE));
	close(block);
}

static uint64_t whole_pool(void)
{
	int block = block_alloc(POOL);
	uint64_t pfn = block_pfn(block);

	close(block);
	wait_pool_whole(3);
	return pfn;
}

/* In no use, most of them, and none with a mark of where it has been. */
static void expect_given_back(uint64_t pfn)
{
	size_t i, free = 0;

	for (i = 0; i < POOL / PAGE; i++) {
		uint64_t flags = kpageflags(pfn + i) & ~(1ULL << KPF_BUDDY);

		EXPECT(!(flags & (1ULL << KPF_HWPOISON)));
		free += !flags;
	}
	printf("%zu of %lu pages are free\n", free, POOL / PAGE);
	EXPECT(free > POOL / PAGE / 2);
}

/* What does not come back is missing soon. */
static void expect_no_loss(void)
{
	long before = meminfo("MemFree"), after;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		module_insert("pool_mb=32");
		use_private();
		wait_pool_whole(3);
		module_remove();
	}
	after = meminfo("MemFree");
	printf("MemFree: %ld KiB before, %ld after\n", before, after);
	EXPECT(before - after < (long)(ROUNDS * POOL / KIB / 2));
}

int main(void)
{
	long before[FIGURES];
	int log = kmsg_open();
	char args[64];
	uint64_t pfn;

	module_parameters(args, sizeof(args));
	module_remove();
	figures_read(before);
	module_insert("pool_mb=32");
	pfn = whole_pool();
	use_sysv();
	use_file();
	use_private();
	wait_pool_whole(3);
	figures_expect(before);
	module_remove();
	expect_given_back(pfn);
	expect_no_loss();
	EXPECT(!kmsg_has(log, "Bad page"));
	module_insert(args);
	return 0;
}
