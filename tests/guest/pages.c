// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is in memory, and which pages it is; see pages.h.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "pages.h"
#include "expect.h"

uint64_t pattern(uint64_t seed, size_t i)
{
	return (seed + 1) * 0x9e3779b97f4a7c15ULL ^ i;
}

void fill(void *p, size_t size, uint64_t seed)
{
	uint64_t *w = p;
	size_t i;

	for (i = 0; i < size / sizeof(*w); i++)
		w[i] = pattern(seed, i);
}

bool filled(const void *p, size_t size, uint64_t seed)
{
	const uint64_t *w = p;
	size_t i;

	for (i = 0; i < size / sizeof(*w); i++) {
		if (w[i] != pattern(seed, i)) {
			printf("offset 0x%zx holds 0x%" PRIx64 ", not 0x%" PRIx64 "\n",
			       i * sizeof(*w), w[i], pattern(seed, i));
			return false;
		}
	}
	return true;
}

bool zeroed(const void *p, size_t size)
{
	const uint64_t *w = p;
	size_t i;

	for (i = 0; i < size / sizeof(*w); i++) {
		if (w[i]) {
			printf("offset 0x%zx holds 0x%" PRIx64 ", not zero\n",
			       i * sizeof(*w), w[i]);
			return false;
		}
	}
	return true;
}

/* ---- pages ---- */

/* One 64-bit word of a file that is an array of them. */
static uint64_t read_word(int fd, uint64_t index)
{
	uint64_t value;

	EXPECT_EQ(pread(fd, &value, sizeof(value), index * sizeof(value)),
		  sizeof(value));
	return value;
}

/* A page that is present has the top bit set, and its number below bit 55. */
static uint64_t pagemap_pfn(uint64_t word)
{
	return word >> 63 ? word & ((1ULL << 55) - 1) : 0;
}

uint64_t pfn_of_pid(int pid, const void *address)
{
	char path[32];
	uint64_t word;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	fd = EXPECT_OK(open(path, O_RDONLY | O_CLOEXEC));
	word = read_word(fd, (uintptr_t)address / PAGE);
	close(fd);
	return pagemap_pfn(word);
}

uint64_t pfn_of(const void *address)
{
	return pfn_of_pid(getpid(), address);
}

/* The next words of a pagemap; how many there are up to @left. */
static size_t read_pagemap(int fd, const void *address, uint64_t *words,
			   size_t max, size_t left)
{
	size_t n = left < max ? left : max;

	EXPECT_EQ(pread(fd, words, n * sizeof(*words),
			(uintptr_t)address / PAGE * sizeof(*words)),
		  n * sizeof(*words));
	return n;
}

bool maps_block(const void *address, size_t size, uint64_t first_pfn)
{
	int fd = EXPECT_OK(open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
	const volatile char *p = address;
	size_t i, n, page, pages = size / PAGE;
	uint64_t words[512];
	bool same = true;

	for (page = 0; page < pages; page++)
		(void)p[page * PAGE];
	for (page = 0; same && page < pages; page += n) {
		n = read_pagemap(fd, address + page * PAGE, words, 512,
				 pages - page);
		for (i = 0; same && i < n; i++) {
			uint64_t pfn = pagemap_pfn(words[i]);

			same = pfn == first_pfn + page + i;
			if (!same)
				printf("page %zu is 0x%" PRIx64 ", not 0x%" PRIx64 "\n",
				       page + i, pfn, first_pfn + page + i);
		}
	}
	close(fd);
	return same;
}

uint64_t kpageflags(uint64_t pfn)
{
	static int fd = -1;

	/* The same for everybody, and asked for many pages: it stays open. */
	if (fd < 0)
		fd = EXPECT_OK(open("/proc/kpageflags", O_RDONLY | O_CLOEXEC));
	return read_word(fd, pfn);
}

uint64_t kpagecount(uint64_t pfn)
{
	static int fd = -1;

	if (fd < 0)
		fd = EXPECT_OK(open("/proc/kpagecount", O_RDONLY | O_CLOEXEC));
	return read_word(fd, pfn);
}
