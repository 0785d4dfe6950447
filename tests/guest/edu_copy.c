// SPDX-License-Identifier: GPL-2.0-only
/*
 * For a shell: QEMU's edu device works on this program's memory, by /dev/pmm_test_mirror
 * (see tests/kmod/pmm_test_edu_mirror.c), and the program says what comes of it.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mirror.h"

#define LENGTH	MIRROR_MAX

static int mirror;

/* The device reads what is at @from, and writes it to @to. */
static void copy(const char *what, const char *from, char *to)
{
	EXPECT_OK(mirror_read(mirror, from, LENGTH, 0));
	EXPECT_OK(mirror_write(mirror, to, LENGTH, 0));
	printf("%s: %s\n", what,
	       memcmp(from, to, LENGTH) ? "other bytes" : "the same bytes");
}

static char *page(void *at, int flags)
{
	return EXPECT_OK(mmap(at, PAGE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0));
}

static unsigned int changes(void)
{
	struct pmm_test_mirror_state state;

	mirror_state(mirror, &state);
	return state.invalidations;
}

/* The device has the address of one page, and then there is another. */
static void replace(void)
{
	char *p = page(NULL, 0), got[LENGTH];
	unsigned int before;

	fill(p, LENGTH, 2);
	EXPECT_OK(mirror_map(mirror, p, LENGTH, true));
	EXPECT_OK(mirror_dma(mirror, 0, LENGTH, 0));
	before = changes();
	page(p, MAP_FIXED);
	fill(p, LENGTH, 3);
	printf("the page is replaced: the driver is %s\n",
	       changes() > before ? "told" : "not told");
	copy("from the new page to the stack", p, got);
	EXPECT_OK(munmap(p, PAGE));
	printf("the page is unmapped: %s\n",
	       mirror_read(mirror, p, LENGTH, 0) ? strerror(errno) : "read");
}

int main(void)
{
	char *heap = malloc(LENGTH), stack[LENGTH];

	EXPECT(heap);
	mirror = mirror_open();
	fill(heap, LENGTH, 1);
	memset(stack, 0, LENGTH);
	copy("from the heap to the stack", heap, stack);
	replace();
	return 0;
}
