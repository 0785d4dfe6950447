// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory errors: in use, in a large folio, and in idle memory.
 *
 * The kernel marks a page that it cannot handle, keeps a reference to it for ever
 * and unmaps nobody.  A module that waits for that reference never gets the block
 * back; one that does not look for the mark hands the bad page out again, or puts
 * it into a large folio, where no fault sees it.
 *
 * expect-log: Memory failure
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <linux/kernel-page-flags.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101
#endif

#define POOL_ARGS "pool_mb=16"
#define POOL (16 * MIB)
#define INJECT "/sys/kernel/debug/hwpoison/corrupt-pfn"

/* The bad pages so far. */
static uint64_t bad[8];
static unsigned int nr_bad;

static bool poisoned(uint64_t pfn)
{
	return kpageflags(pfn) & (1ULL << KPF_HWPOISON);
}

/* ---- how a page goes bad ---- */

static void hurt(void *page)
{
	if (madvise(page, PAGE, MADV_HWPOISON))
		EXPECT(errno == EBUSY || errno == EHWPOISON || errno == EIO);
}

/* As user space does it, in a child, which the kernel may kill for it. */
static void poison_mapped(void *page)
{
	uint64_t pfn = pfn_of(page);
	int status, pid = child_start(0, hurt, page);

	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT(status == 0 || (WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS));
	EXPECT(poisoned(pfn));
	bad[nr_bad++] = pfn;
}

static bool can_inject(void)
{
	return !access(INJECT, W_OK) ||
	       (!system("modprobe -q hwpoison-inject") && !access(INJECT, W_OK));
}

static void poison_pfn(uint64_t pfn)
{
	char text[32];

	snprintf(text, sizeof(text), "0x%" PRIx64 "\n", pfn);
	/* It fails when the kernel can do nothing about the page. */
	(void)try_write_file(INJECT, text);
	EXPECT(poisoned(pfn));
	bad[nr_bad++] = pfn;
}

/* ---- what becomes of it ---- */

static void touch(void *page)
{
	*(volatile char *)page;
}

/* A new mapping gets SIGBUS for the bad page and for no other. */
static void expect_sigbus(int block, size_t size, size_t offset, uint64_t seed)
{
	char *p = block_map(block, size);
	int pid, status;

	pid = child_start(0, touch, p + offset);
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
	touch(p);
	if (seed) {
		char first[PAGE];

		fill(first, PAGE, seed);
		EXPECT(!memcmp(p, first, PAGE));
	}
	touch(p + offset + PAGE);
	touch(p + size - PAGE);
	EXPECT_OK(munmap(p, size));
}

/* All came back but the bad ones. */
static void expect_retired(void)
{
	struct pool pool;

	wait_pool_whole(4);
	pool_read(&pool);
	EXPECT_EQ(pool.retired, nr_bad * PAGE);
	EXPECT_EQ(pool.free, POOL - nr_bad * PAGE);
}

static void expect_good(int block, size_t size)
{
	uint64_t pfn = block_pfn(block);
	unsigned int i;
	void *p;

	for (i = 0; i < nr_bad; i++)
		EXPECT(bad[i] - pfn >= size / PAGE);
	EXPECT(!(block_state(block) & PMM_BLOCK_POISONED));
	p = block_map(block, size);
	EXPECT(zeroed(p, size));
	fill(p, size, 20);
	EXPECT(maps_block(p, size, pfn));
	EXPECT_OK(munmap(p, size));
}

/* As much as there is in one piece; -1 if a bad page was found in it. */
static int alloc_largest(size_t *size)
{
	struct pmm_alloc a = { .align = PAGE };
	struct pool before, after;
	int block;

	pool_read(&before);
	a.length = before.largest_free;
	*size = a.length;
	block = try_block_alloc(&a);
	if (block < 0) {
		EXPECT_EQ(errno, ENOMEM);
		pool_read(&after);
		EXPECT(after.retired > before.retired);
	}
	return block;
}

/* Everything else can be had and works; a bad page cannot. */
static void use_the_rest(void)
{
	int blocks[32], n = 0;
	struct pool pool;
	size_t size;

	for (pool_read(&pool); pool.largest_free; pool_read(&pool)) {
		EXPECT(n < 32);
		blocks[n] = alloc_largest(&size);
		if (blocks[n] >= 0)
			expect_good(blocks[n++], size);
	}
	while (n--)
		close(blocks[n]);
	expect_retired();
}

/* ---- tests ---- */

/* The kernel would like to move the page elsewhere, and cannot. */
static void test_soft_offline(size_t size)
{
	int block = block_alloc(size);
	char *p = block_map(block, size);

	fill(p, size, 23);
	EXPECT(madvise(p + 3 * PAGE, PAGE, MADV_SOFT_OFFLINE) == -1);
	EXPECT(maps_block(p, size, block_pfn(block)));
	EXPECT(filled(p, size, 23));
	EXPECT(!(block_state(block) & PMM_BLOCK_POISONED));
	EXPECT_OK(munmap(p, size));
	close(block);
	expect_retired();
}

/* In small pages, and one that is mlocked, which the kernel treats otherwise. */
static void test_small(bool locked)
{
	size_t size = 16 * PAGE;
	int fd, block;
	char *p, c;

	block = block_memfd(size, &fd, (void **)&p);
	fill(p, size, 21);
	if (locked)
		EXPECT_OK(mlock(p, size));
	poison_mapped(p + 5 * PAGE);
	EXPECT(block_state(block) & PMM_BLOCK_POISONED);
	EXPECT_OK(munmap(p, size));
	if (!locked) {
		expect_sigbus(block, size, 5 * PAGE, 21);
		EXPECT_ERRNO(pread(fd, &c, 1, 5 * PAGE), EIO);
		EXPECT_EQ(pread(fd, &c, 1, 6 * PAGE), 1);
	}
	close(fd);
	close(block);
	expect_retired();
}

static void test_large(void)
{
	size_t size = 4 * MIB;
	int block = block_alloc(size);
	char *p = block_map(block, size);

	fill(p, size, 22);
	poison_mapped(p + 2 * MIB + 100 * PAGE);
	EXPECT(block_state(block) & PMM_BLOCK_POISONED);
	EXPECT_OK(munmap(p, size));
	expect_sigbus(block, size, 2 * MIB + 100 * PAGE, 22);
	close(block);
	expect_retired();
}

/* Memory of a block that nobody has mapped yet. */
static void test_before_home(void)
{
	size_t size = 4 * MIB;
	int block = block_alloc(size);
	struct pmm_block_info info;

	poison_pfn(block_pfn(block) + 700);
	expect_sigbus(block, size, 700 * PAGE, 0);
	block_info(block, &info);
	EXPECT(info.state & PMM_BLOCK_POISONED);
	EXPECT_EQ(info.huge, 2 * MIB);
	close(block);
	expect_retired();
}

/* Memory of no block at all: found when it is to be handed out. */
static void test_idle(void)
{
	int block = block_alloc(64 * KIB);
	uint64_t pfn = block_pfn(block);

	close(block);
	wait_pool_whole(3);
	poison_pfn(pfn + 3);
	use_the_rest();
}

/* Freed, and not clean yet: found when it is to be zeroed, before anybody asks. */
static void test_dirty(void)
{
	int block = block_alloc(64 * KIB), fds[2];
	char *p = block_map(block, 64 * KIB);
	uint64_t pfn = block_pfn(block);
	struct iovec v = { p, PAGE };

	/* Another page of it is pinned for a while. */
	EXPECT_OK(pipe(fds));
	fill(p, 64 * KIB, 24);
	EXPECT_EQ(vmsplice(fds[1], &v, 1, 0), PAGE);
	EXPECT_OK(munmap(p, 64 * KIB));
	close(block);
	poison_pfn(pfn + 5);
	close(fds[0]);
	close(fds[1]);
	expect_retired();
}

int main(void)
{
	char args[64];

	module_parameters(args, sizeof(args));
	module_remove();
	module_insert(POOL_ARGS);
	test_soft_offline(64 * KIB);
	test_soft_offline(2 * MIB);
	test_small(false);
	test_small(true);
	use_the_rest();
	test_large();
	use_the_rest();
	if (can_inject()) {
		test_before_home();
		test_idle();
		test_dirty();
		use_the_rest();
		if (!access("/sys/module/hwpoison_inject/initstate", F_OK))
			EXPECT_EQ(system("rmmod hwpoison-inject"), 0);
	} else {
		printf("no hwpoison-inject: not tested in idle memory\n");
	}
	/* The bad pages stay behind, and the others go back to the kernel. */
	module_remove();
	while (nr_bad--)
		EXPECT(poisoned(bad[nr_bad]));
	module_insert(args);
	return 0;
}
