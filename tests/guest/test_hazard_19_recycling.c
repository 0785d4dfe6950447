// SPDX-License-Identifier: GPL-2.0-only
/*
 * A page that comes back to the pool is like new, apart from its contents.
 *
 * Flags that a page gets in a page cache mean other things on the later pages of a
 * large folio.  Left behind, they show up in the next life of the page; so do its
 * mlocked count and the marks of having been part of a large folio.
 */
#define _GNU_SOURCE
#include <linux/kernel-page-flags.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"

#define SIZE (4 * MIB)
#define PAGES (SIZE / PAGE)

#define BIT(n)	(1ULL << (n))

/* Nothing but a page. */
static void expect_like_new(uint64_t pfn, size_t pages)
{
	size_t i;

	for (i = 0; i < pages; i++) {
		EXPECT_EQ(kpageflags(pfn + i), 0);
		EXPECT_EQ(kpagecount(pfn + i), 0);
	}
}

/* What any page of a home may show: nothing that another one left. */
static void expect_flags(uint64_t pfn, size_t pages, uint64_t allowed)
{
	allowed |= BIT(KPF_UPTODATE) | BIT(KPF_DIRTY) | BIT(KPF_SWAPBACKED) |
		   BIT(KPF_MMAP);
	while (pages--)
		EXPECT_EQ(kpageflags(pfn + pages) & ~allowed, 0);
}

/* Everything that leaves something on a page: reads, writes, mlock. */
static void use(char *p, int fd, size_t size)
{
	char *buffer = malloc(size);
	size_t i;

	EXPECT_OK(mlock(p, size));
	for (i = 0; i < size; i += PAGE)
		p[i] = 1;
	EXPECT_EQ(pread(fd, buffer, size, 0), size);
	EXPECT_EQ(pwrite(fd, buffer, size, 0), size);
	free(buffer);
}

/* A block with that alignment, used and freed.  Its first page. */
static uint64_t live(size_t size, size_t align)
{
	struct pmm_alloc a = { .length = size, .align = align };
	int fd, block = EXPECT_OK(try_block_alloc(&a));
	uint64_t pfn = block_pfn(block);
	char *p;

	expect_like_new(pfn, size / PAGE);
	p = segment_memfd(size, 0, &fd);
	EXPECT_OK(try_block_adopt(block, p, PMM_ADOPT_SEAL));
	if (size >= HUGE_PAGE)
		expect_flags(pfn, size / PAGE, BIT(KPF_COMPOUND_HEAD) |
			     BIT(KPF_COMPOUND_TAIL) | BIT(KPF_THP));
	else
		expect_flags(pfn, size / PAGE, 0);
	use(p, fd, size);
	EXPECT(maps_block(p, size, pfn));
	EXPECT_OK(munmap(p, size));
	close(fd);
	close(block);
	wait_pool_whole(3);
	expect_like_new(pfn, size / PAGE);
	return pfn;
}

/* Small pages, and then a large folio, in the same place; and back. */
static void test_small_and_large(void)
{
	uint64_t small = live(HUGE_PAGE - PAGE, HUGE_PAGE);
	uint64_t large = live(SIZE, HUGE_PAGE);

	EXPECT(small >= large && small - large < PAGES);
	EXPECT_EQ(live(HUGE_PAGE - PAGE, HUGE_PAGE), small);
	EXPECT_EQ(live(SIZE, HUGE_PAGE), large);
}

/* Each process counts once, in every page, whatever it was before. */
static void test_counts(void)
{
	int block = block_alloc(SIZE);
	uint64_t pfn = block_pfn(block);
	volatile char *p = block_map(block, SIZE), *q;
	size_t i;

	for (i = 0; i < PAGES; i++)
		EXPECT_EQ(kpagecount(pfn + i), 0);
	for (i = 0; i < PAGES; i++)
		p[i * PAGE] = 1;
	for (i = 0; i < PAGES; i++)
		EXPECT_EQ(kpagecount(pfn + i), 1);
	q = block_map(block, SIZE);
	for (i = 0; i < PAGES; i++)
		(void)q[i * PAGE];
	for (i = 0; i < PAGES; i++)
		EXPECT_EQ(kpagecount(pfn + i), 2);
	/* Half of a large folio: its mapping is split. */
	EXPECT_OK(munmap((void *)q, HUGE_PAGE / 2));
	EXPECT_EQ(kpagecount(pfn), 1);
	EXPECT_EQ(kpagecount(pfn + PAGES - 1), 2);
	EXPECT_OK(munmap((void *)q + HUGE_PAGE / 2, SIZE - HUGE_PAGE / 2));
	EXPECT_OK(munmap((void *)p, SIZE));
	for (i = 0; i < PAGES; i++)
		EXPECT_EQ(kpagecount(pfn + i), 0);
	close(block);
	wait_pool_whole(3);
	expect_like_new(pfn, PAGES);
}

int main(void)
{
	long mlocked = meminfo("Mlocked");

	test_small_and_large();
	test_counts();
	EXPECT_EQ(meminfo("Mlocked"), mlocked);
	return 0;
}
