// SPDX-License-Identifier: GPL-2.0-only
/*
 * What programs do to mappings, done to those of blocks with every kind of home:
 * each does what it does to any shared memory, the pages stay the block's, and
 * in the end all of them return.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "vm.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

/* ---- fork ---- */

static void child_writes(void *arg)
{
	struct vm_block *b = arg;

	EXPECT(vm_block_intact(b));
	fill(b->p, b->size, 2);
}

static void test_fork(struct vm_block *b)
{
	run_as(0, child_writes, b);
	EXPECT(filled(b->p, b->size, 2));
	fill(b->p, b->size, 1);
	EXPECT(vm_block_intact(b));
}

static void child_sees_copy(void *arg)
{
	char *p = arg;

	EXPECT_EQ(p[HUGE_PAGE], 'p');
	p[HUGE_PAGE] = 'c';
	p[0] = 'c';
}

/* A private mapping is copied where it is written, and nowhere else. */
static void test_private(struct vm_block *b)
{
	char *p, kept = b->p[HUGE_PAGE];

	p = EXPECT_OK(mmap(NULL, b->size, PROT_READ | PROT_WRITE, MAP_PRIVATE,
			   b->file, 0));
	EXPECT(filled(p, b->size, 1));
	EXPECT(maps_block(p, b->size, b->pfn));
	p[HUGE_PAGE] = 'p';
	EXPECT(pfn_of(p + HUGE_PAGE) != b->pfn + HUGE_PAGE / PAGE);
	EXPECT(maps_block(p, HUGE_PAGE, b->pfn));
	run_as(0, child_sees_copy, p);
	EXPECT_EQ(p[HUGE_PAGE], 'p');
	EXPECT(vm_block_intact(b));
	/* What is written to the block is seen where nothing was copied. */
	b->p[0] ^= 1;
	EXPECT_EQ(p[0], b->p[0]);
	b->p[0] ^= 1;
	EXPECT_OK(madvise(p, b->size, MADV_DONTNEED));
	EXPECT_EQ(p[HUGE_PAGE], kept);
	EXPECT_OK(munmap(p, b->size));
}

/* ---- munmap ---- */

/* Any part that stays mapped keeps all of the block. */
static void test_partial_munmap(struct vm_block *b)
{
	size_t hole = HUGE_PAGE - 3 * PAGE, end = hole + 5 * PAGE;

	vm_block_close(b);
	EXPECT_OK(munmap(b->p + hole, end - hole));
	EXPECT_EQ(access_signal(b->p + hole, false), SIGSEGV);
	EXPECT(maps_block(b->p, hole, b->pfn));
	EXPECT(maps_block(b->p + end, b->size - end, b->pfn + end / PAGE));
	EXPECT_OK(munmap(b->p, hole));
	EXPECT_OK(munmap(b->p + end, b->size - end - PAGE));
	EXPECT(maps_block(b->p + b->size - PAGE, PAGE, b->pfn + b->size / PAGE - 1));
	sleep_ms(50);
	EXPECT(pool_has_blocks(1));
}

/* ---- mremap ---- */

static void test_mremap_move(struct vm_block *b)
{
	char *to = EXPECT_OK(mmap(NULL, b->size, PROT_NONE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

	b->p = EXPECT_OK(mremap(b->p, b->size, b->size,
				MREMAP_MAYMOVE | MREMAP_FIXED, to));
	EXPECT(b->p == to);
	EXPECT(vm_block_intact(b));
	/* With a length of 0 it is mapped a second time. */
	to = EXPECT_OK(mremap(b->p, 0, b->size, MREMAP_MAYMOVE));
	EXPECT(to != b->p);
	EXPECT(maps_block(to, b->size, b->pfn));
	EXPECT_OK(munmap(to, b->size));
	EXPECT(vm_block_intact(b));
}

/* Shrunk, and grown again, to where there is a block and beyond its end. */
static void test_mremap_size(struct vm_block *b)
{
	size_t larger = b->size + HUGE_PAGE;
	int zero = EXPECT_OK(open("/dev/zero", O_RDONLY | O_CLOEXEC));
	char *p;

	p = EXPECT_OK(mremap(b->p, b->size, PAGE, 0));
	EXPECT(p == b->p);
	EXPECT_EQ(access_signal(p + PAGE, false), SIGSEGV);
	p = EXPECT_OK(mremap(p, PAGE, larger, MREMAP_MAYMOVE));
	b->p = p;
	EXPECT(vm_block_intact(b));
	EXPECT_EQ(access_signal(p + b->size - 1, true), 0);
	EXPECT_EQ(access_signal(p + b->size, false), SIGBUS);
	EXPECT_EQ(access_signal(p + b->size, true), SIGBUS);
	EXPECT_EQ(access_signal(p + larger - 1, false), SIGBUS);
	/* For the kernel, too. */
	EXPECT_ERRNO(read(zero, p + b->size, 1), EFAULT);
	close(zero);
	EXPECT_OK(munmap(p + b->size, larger - b->size));
}

/* ---- madvise ---- */

static void test_madvise_harmless(struct vm_block *b)
{
	static const int advice[] = {
		MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED,
		MADV_DONTNEED, MADV_COLD, MADV_PAGEOUT, MADV_POPULATE_READ,
		MADV_POPULATE_WRITE, MADV_HUGEPAGE, MADV_COLLAPSE,
		MADV_NOHUGEPAGE, MADV_DONTFORK, MADV_DOFORK, MADV_DONTDUMP,
		MADV_DODUMP, MADV_MERGEABLE, MADV_UNMERGEABLE,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(advice); i++) {
		/* Some say no, depending on the kernel and the mapping. */
		if (madvise(b->p, b->size, advice[i]))
			EXPECT(errno == EINVAL || errno == EAGAIN || errno == EBUSY);
		EXPECT(vm_block_intact(b));
	}
	/* Private memory's alone. */
	EXPECT_ERRNO(madvise(b->p, b->size, MADV_FREE), EINVAL);
	EXPECT_ERRNO(madvise(b->p, b->size, MADV_WIPEONFORK), EINVAL);
	/* Unmapped page by page, and mapped again. */
	EXPECT_OK(madvise(b->p + PAGE, PAGE, MADV_DONTNEED));
	EXPECT_OK(madvise(b->p + HUGE_PAGE, HUGE_PAGE, MADV_DONTNEED));
	EXPECT(vm_block_intact(b));
}

/* ---- rights and residence ---- */

static void test_mprotect(struct vm_block *b)
{
	EXPECT_OK(mprotect(b->p, b->size, PROT_READ));
	EXPECT_EQ(access_signal(b->p + PAGE, true), SIGSEGV);
	EXPECT(vm_block_intact(b));
	EXPECT_OK(mprotect(b->p + HUGE_PAGE + PAGE, PAGE, PROT_NONE));
	EXPECT_EQ(access_signal(b->p + HUGE_PAGE + PAGE, false), SIGSEGV);
	EXPECT_EQ(access_signal(b->p + HUGE_PAGE + 2 * PAGE, false), 0);
	EXPECT_OK(mprotect(b->p, b->size, PROT_READ | PROT_WRITE));
	fill(b->p, b->size, 1);
	EXPECT(vm_block_intact(b));
}

/* Everything is in memory from the beginning, and mlock(2) changes nothing. */
static void test_residence(struct vm_block *b)
{
	static unsigned char resident[VM_SIZE / PAGE];
	unsigned int i;

	EXPECT_OK(madvise(b->p, b->size, MADV_DONTNEED));
	EXPECT_OK(mincore(b->p, b->size, resident));
	for (i = 0; i < b->size / PAGE; i++)
		EXPECT_EQ(resident[i] & 1, 1);
	EXPECT_OK(mlock(b->p, b->size));
	EXPECT(vm_block_intact(b));
	EXPECT_OK(munlock(b->p + PAGE, PAGE));
	EXPECT_OK(munlock(b->p, b->size));
	EXPECT_OK(mlock2(b->p, b->size, MLOCK_ONFAULT));
	EXPECT(vm_block_intact(b));
	EXPECT_OK(munlock(b->p, b->size));
	EXPECT_OK(msync(b->p, b->size, MS_SYNC));
	EXPECT_OK(msync(b->p + PAGE, PAGE, MS_ASYNC | MS_INVALIDATE));
	EXPECT(vm_block_intact(b));
	/* Unmapped while it is locked. */
	EXPECT_OK(mlock(b->p, b->size));
}

/* ---- what only segments have ---- */

static void test_shm_lock(struct vm_block *b)
{
	EXPECT_OK(shmctl(b->shmid, SHM_LOCK, NULL));
	EXPECT(vm_block_intact(b));
	EXPECT_OK(shmctl(b->shmid, SHM_LOCK, NULL));
	EXPECT_OK(shmctl(b->shmid, SHM_UNLOCK, NULL));
	EXPECT(vm_block_intact(b));
	EXPECT_OK(madvise(b->p, b->size, MADV_PAGEOUT));
	EXPECT(vm_block_intact(b));
	/* Its end comes while it is locked. */
	EXPECT_OK(shmctl(b->shmid, SHM_LOCK, NULL));
}

static void test_shm_rdonly(struct vm_block *b)
{
	int found;
	char *p;

	p = EXPECT_OK(shmat(b->shmid, NULL, SHM_RDONLY));
	EXPECT(filled(p, b->size, 1));
	EXPECT(maps_block(p, b->size, b->pfn));
	EXPECT_EQ(access_signal(p, true), SIGSEGV);
	EXPECT_ERRNO(mprotect(p, b->size, PROT_READ | PROT_WRITE), EACCES);
	found = EXPECT_OK(try_find_address(p));
	EXPECT(block_state(found) & PMM_BLOCK_READONLY);
	close(found);
	b->p[0] ^= 1;
	EXPECT_EQ(p[0], b->p[0]);
	b->p[0] ^= 1;
	EXPECT_OK(shmdt(p));
	/* Over what is there, as old programs do; shmdt(2) of a part is none. */
	p = EXPECT_OK(mmap(NULL, b->size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0));
	p = EXPECT_OK(shmat(b->shmid, p, SHM_REMAP));
	EXPECT(maps_block(p, b->size, b->pfn));
	EXPECT_ERRNO(shmdt(p + PAGE), EINVAL);
	EXPECT_OK(shmdt(p));
}

/* ---- all of it ---- */

/* The order of pages in a mapping, which old programs changed like this. */
static void test_remap_file_pages(struct vm_block *b)
{
	EXPECT_OK(remap_file_pages(b->p, PAGE, 0, 1, 0));
	EXPECT_EQ(access_signal(b->p, true), 0);
	EXPECT(maps_block(b->p, PAGE, b->pfn + 1));
	EXPECT_OK(remap_file_pages(b->p, PAGE, 0, 0, 0));
	fill(b->p, b->size, 1);
	EXPECT(vm_block_intact(b));
}

int main(void)
{
	static const struct vm_test tests[] = {
		{ "fork", VM_ANY, test_fork },
		{ "private mapping", ~VM_SYSV, test_private },
		{ "partial munmap", VM_ANY, test_partial_munmap },
		{ "mremap, moving", VM_ANY, test_mremap_move },
		{ "mremap, sizes", VM_ANY, test_mremap_size },
		{ "harmless madvise", VM_ANY, test_madvise_harmless },
		{ "mprotect", VM_ANY, test_mprotect },
		{ "residence", VM_ANY, test_residence },
		{ "SHM_LOCK", VM_SYSV, test_shm_lock },
		{ "SHM_RDONLY", VM_SYSV, test_shm_rdonly },
		{ "remap_file_pages", VM_ANY, test_remap_file_pages },
	};

	vm_run(tests, ARRAY_SIZE(tests));
	return 0;
}
