// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device works on a program's memory by its addresses, whatever kind of memory it
 * is, and pins none of it: what it reads is what the program wrote, what it writes
 * the program reads, and neither gets lost when the memory goes to swap or to
 * disk.  What it may not do fails, and says how.
 *
 * guest: QEMU_ARGS='-device edu,dma_mask=0xffffffff' APPEND='memmap=32M$512M' NO_X=1
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "migrate.h"
#include "mirror.h"

#define SOON		10.0
#define SIZE		(4 * PAGE)
/* What is transferred begins here, and ends in the next page. */
#define AT		(PAGE - 1000)
#define UNHELD		PMM_TEST_MIRROR_UNHELD

static int mirror;

/* ---- kinds of memory: SIZE bytes of it, and its end ---- */

static void *anonymous(size_t size, int flags)
{
	return EXPECT_OK(mmap(NULL, size, PROT_READ | PROT_WRITE,
			      MAP_ANONYMOUS | flags, -1, 0));
}

static char static_pages[SIZE];

static char *get_static(void)
{
	return static_pages;
}

static char *get_heap(void)
{
	return EXPECT_OK(malloc(SIZE));
}

static char *get_private(void)
{
	return anonymous(SIZE, MAP_PRIVATE);
}

static char *get_shared(void)
{
	return anonymous(SIZE, MAP_SHARED);
}

/* A huge page, if there is one. */
static char *get_huge(void)
{
	char *p = anonymous(2 * HUGE_PAGE, MAP_PRIVATE);

	p += -(uintptr_t)p & (HUGE_PAGE - 1);
	madvise(p, HUGE_PAGE, MADV_HUGEPAGE);
	return p + HUGE_PAGE / 2;
}

static char *get_file(int flags)
{
	int fd = EXPECT_OK(open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
	char *p;

	EXPECT_OK(ftruncate(fd, SIZE));
	p = EXPECT_OK(mmap(NULL, SIZE, PROT_READ | PROT_WRITE, flags, fd, 0));
	close(fd);
	return p;
}

static char *get_shared_file(void)
{
	return get_file(MAP_SHARED);
}

static char *get_private_file(void)
{
	return get_file(MAP_PRIVATE);
}

static char *get_segment(void)
{
	int shmid;
	char *p = segment_sysv(SIZE, 0600, &shmid);

	EXPECT_OK(shmctl(shmid, IPC_RMID, NULL));
	return p;
}

/* Blocks: nothing holds them but these mappings. */
static char *get_block(void)
{
	return mapped_private(SIZE);
}

static char *get_block_segment(void)
{
	return mapped_sysv(SIZE);
}

static const struct {
	const char *name;
	char *(*get)(void);
} kinds[] = {
	{ "static", get_static },
	{ "heap", get_heap },
	{ "private", get_private },
	{ "shared", get_shared },
	{ "huge", get_huge },
	{ "shared file", get_shared_file },
	{ "private file", get_private_file },
	{ "segment", get_segment },
	{ "block", get_block },
	{ "block that is a segment", get_block_segment },
};

/* ---- the data is right ---- */

/* Page by page through the device: from the first two pages to the last two. */
static void copy(char *p, unsigned int flags)
{
	char *to = p + 2 * PAGE;

	fill(p, 2 * PAGE, 3);
	fill(to, 2 * PAGE, 4);
	EXPECT_OK(mirror_read(mirror, p + AT, MIRROR_MAX, flags));
	EXPECT_OK(mirror_write(mirror, to + AT, MIRROR_MAX, flags));
	EXPECT(!memcmp(to + AT, p + AT, MIRROR_MAX));
	/* And nothing beside it. */
	EXPECT(filled(p, 2 * PAGE, 3));
	memcpy(p, to, 2 * PAGE);
	fill(to, 2 * PAGE, 4);
	EXPECT(!memcmp(p, to, AT));
	EXPECT(!memcmp(p + AT + MIRROR_MAX, to + AT + MIRROR_MAX,
		       2 * PAGE - AT - MIRROR_MAX));
}

static void all_kinds(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		printf("%s\n", kinds[i].name);
		fflush(stdout);
		copy(kinds[i].get(), i % 2 ? UNHELD : 0);
	}
}

static void stack(void)
{
	char pages[SIZE];

	copy(pages, 0);
}

/* Nobody has touched it: the device sees zeroes, and its writes make pages. */
static void untouched(void)
{
	char *p = anonymous(SIZE, MAP_PRIVATE), *from = anonymous(PAGE, MAP_PRIVATE);

	EXPECT_OK(mirror_read(mirror, p, 512, 0));
	memset(from, 1, 512);
	EXPECT_OK(mirror_write(mirror, from, 512, 0));
	EXPECT(zeroed(from, 512));

	memset(from, 1, 512);
	EXPECT_OK(mirror_read(mirror, from, 512, 0));
	EXPECT_EQ(pfn_of(p + PAGE), 0);
	EXPECT_OK(mirror_write(mirror, p + PAGE + 8, 512, 0));
	EXPECT(!memcmp(p + PAGE + 8, from, 512));
	EXPECT(zeroed(p, PAGE + 8) && zeroed(p + PAGE + 520, PAGE));
	EXPECT_OK(munmap(p, SIZE));
	EXPECT_OK(munmap(from, PAGE));
}

/* A range stays one while what lies there changes; faults are for what has. */
static void kept(void)
{
	struct pmm_test_mirror_state before, after;
	char *p = anonymous(SIZE, MAP_PRIVATE);

	fill(p, SIZE, 5);
	EXPECT_OK(mirror_map(mirror, p, SIZE, true));
	EXPECT_OK(mirror_dma(mirror, 0, 64, 0));
	mirror_state(mirror, &before);
	EXPECT_OK(mirror_dma(mirror, PAGE, 64, PMM_TEST_MIRROR_WRITE));
	mirror_state(mirror, &after);
	EXPECT_EQ(after.invalidations, before.invalidations);
	EXPECT(!memcmp(p, p + PAGE, 64));

	EXPECT_OK(mmap(p + PAGE, PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	mirror_state(mirror, &after);
	EXPECT(after.invalidations > before.invalidations);
	EXPECT(zeroed(p + PAGE, PAGE));
	EXPECT_OK(mirror_dma(mirror, PAGE + 8, 64, PMM_TEST_MIRROR_WRITE));
	EXPECT(!memcmp(p, p + PAGE + 8, 64));
	EXPECT(zeroed(p + PAGE + 72, PAGE - 72));
	EXPECT_OK(munmap(p, SIZE));
}

/* In a kernel thread, which has no address space of its own. */
static void in_a_thread(void)
{
	char *p = anonymous(SIZE, MAP_PRIVATE);

	fill(p, PAGE, 6);
	EXPECT_OK(mirror_read(mirror, p, MIRROR_MAX, PMM_TEST_MIRROR_WORKER));
	EXPECT_OK(mirror_wait(mirror));
	EXPECT_OK(mirror_write(mirror, p + AT, MIRROR_MAX,
			       PMM_TEST_MIRROR_WORKER));
	EXPECT_OK(mirror_wait(mirror));
	EXPECT(filled(p + AT, MIRROR_MAX, 6));
	EXPECT_OK(munmap(p, SIZE));
}

/* ---- nothing is pinned, and nothing is lost ---- */

static void page_out(char *p, size_t size)
{
	unsigned int tries = 100;

	while (pfn_of(p) && tries--) {
		EXPECT_OK(madvise(p, size, MADV_PAGEOUT));
		sleep_ms(10);
	}
	EXPECT_EQ(pfn_of(p), 0);
}

/*
 * A page that the device has goes to swap all the same.  What the device writes to
 * one that was only read back, and so is clean, is not lost the next time.
 */
static void swapped(char *p)
{
	fill(p, PAGE, 7);
	EXPECT_OK(mirror_map(mirror, p, PAGE, true));
	EXPECT_OK(mirror_dma(mirror, 0, 1024, 0));
	page_out(p, PAGE);
	EXPECT(filled(p, PAGE, 7));
	EXPECT_OK(mirror_dma(mirror, 2048, 1024, PMM_TEST_MIRROR_WRITE));
	page_out(p, PAGE);
	EXPECT(filled(p, 2048, 7) && filled(p + 2048, 1024, 7));
	EXPECT_OK(munmap(p, PAGE));
}

/* Pages that the kernel may drop while they are clean: not with the device's data. */
static void lazily_freed(void)
{
	char *p = anonymous(PAGE, MAP_PRIVATE);

	fill(p, PAGE, 8);
	EXPECT_OK(mirror_map(mirror, p, PAGE, true));
	EXPECT_OK(mirror_dma(mirror, 0, 1024, 0));
	EXPECT_OK(madvise(p, PAGE, MADV_FREE));
	EXPECT_OK(mirror_dma(mirror, 0, 1024, PMM_TEST_MIRROR_WRITE));
	page_out(p, PAGE);
	EXPECT(filled(p, 1024, 8));
	EXPECT_OK(munmap(p, PAGE));
}

static void to_swap(void)
{
	if (!swap_start(32)) {
		printf("this kernel has no zram to swap to\n");
		return;
	}
	swapped(anonymous(PAGE, MAP_PRIVATE));
	swapped(anonymous(PAGE, MAP_SHARED));
	lazily_freed();
	swap_stop();
}

/* ---- what fails ---- */

static void bad_ranges(void)
{
	char *p = anonymous(PAGE, MAP_PRIVATE);
	void *high = (void *)0xffff888000000000, *gate = (void *)0xffffffffff600000;
	int other = mirror_open();

	EXPECT_ERRNO(mirror_dma(other, 0, 8, 0), ENODATA);
	close(other);
	EXPECT_ERRNO(mirror_map(mirror, p, 0, false), EINVAL);
	EXPECT_ERRNO(mirror_map(mirror, p, SIZE_MAX, false), EOVERFLOW);
	EXPECT_ERRNO(mirror_map(mirror, (void *)-PAGE, 2 * PAGE, false), EOVERFLOW);
	EXPECT_ERRNO(mirror_map(mirror, p, SIZE_MAX / 2, false), EFAULT);
	EXPECT_ERRNO(mirror_map(mirror, high, PAGE, false), EFAULT);
	EXPECT_ERRNO(mirror_map(mirror, gate, 8, false), EFAULT);
	EXPECT_ERRNO(mirror_map(mirror, (void *)(1UL << 60), 8, false), EFAULT);
	EXPECT_ERRNO(mirror_map(mirror, (void *)PAGE, (64UL << 30) + 1, false), E2BIG);

	EXPECT_OK(mirror_map(mirror, p, 100, false));
	EXPECT_ERRNO(mirror_dma(mirror, 0, 101, 0), EINVAL);
	EXPECT_ERRNO(mirror_dma(mirror, 100, 1, 0), EINVAL);
	EXPECT_ERRNO(mirror_dma(mirror, 101, 1, 0), EINVAL);
	EXPECT_ERRNO(mirror_dma(mirror, 0, 1, PMM_TEST_MIRROR_WRITE), EACCES);
	EXPECT_OK(munmap(p, PAGE));
}

/* Between two good pages one that is not: nothing is transferred. */
static void bad_memory(void)
{
	char *p = anonymous(3 * PAGE, MAP_PRIVATE), *file;
	int fd;

	EXPECT_ERRNO(mirror_read(mirror, NULL, 8, 0), EFAULT);
	EXPECT_OK(mprotect(p + PAGE, PAGE, PROT_NONE));
	EXPECT_ERRNO(mirror_read(mirror, p + AT, MIRROR_MAX, 0), EFAULT);
	EXPECT_ERRNO(mirror_write(mirror, p + AT, MIRROR_MAX, 0), EFAULT);
	EXPECT_OK(mprotect(p + PAGE, PAGE, PROT_READ));
	EXPECT_OK(mirror_read(mirror, p + AT, MIRROR_MAX, 0));
	fill(p, PAGE, 1);
	EXPECT_ERRNO(mirror_write(mirror, p + AT, MIRROR_MAX, 0), EACCES);
	EXPECT(filled(p, PAGE, 1));
	EXPECT_OK(munmap(p + PAGE, PAGE));
	EXPECT_ERRNO(mirror_write(mirror, p + AT, MIRROR_MAX, 0), EFAULT);
	EXPECT(filled(p, PAGE, 1));

	/* Beyond the end of a file. */
	fd = EXPECT_OK(memfd_create("mirror", MFD_CLOEXEC));
	EXPECT_OK(ftruncate(fd, PAGE));
	file = map_shared(fd, PAGE);
	EXPECT_OK(mirror_map(mirror, file, PAGE, true));
	EXPECT_OK(mirror_dma(mirror, 0, 8, PMM_TEST_MIRROR_WRITE));
	EXPECT_OK(ftruncate(fd, 0));
	EXPECT_ERRNO(mirror_dma(mirror, 0, 8, PMM_TEST_MIRROR_WRITE), EFAULT);
	EXPECT_OK(munmap(file, PAGE));
	close(fd);
}

/* Memory that not even the kernel sees is not shown to a device. */
static void secret_memory(void)
{
	int fd = syscall(SYS_memfd_secret, O_CLOEXEC);
	char *p;

	if (fd < 0) {
		printf("this kernel has no secret memory\n");
		return;
	}
	EXPECT_OK(ftruncate(fd, PAGE));
	p = map_shared(fd, PAGE);
	p[0] = 1;
	EXPECT_ERRNO(mirror_read(mirror, p, 8, 0), EFAULT);
	EXPECT_OK(munmap(p, PAGE));
	close(fd);
}

/* What was moved to a device is that device's; moved back it is anyone's. */
static void device_memory(void)
{
	char *p = anon(SIZE);

	fill(p, SIZE, 9);
	vram_insert("");
	migrate(p, SIZE, "vram");
	EXPECT_ERRNO(mirror_read(mirror, p, 8, 0), EOPNOTSUPP);
	EXPECT_ERRNO(mirror_write(mirror, p, 8, 0), EOPNOTSUPP);
	EXPECT(all_in_vram(p, SIZE) && filled(p, SIZE, 9));
	migrate(p, SIZE, "");
	copy(p, 0);
	vram_remove();
	EXPECT_OK(munmap(p, SIZE));
}

/* A child has the file, but the memory is its parent's. */
static void stranger(void *p)
{
	EXPECT_ERRNO(mirror_dma(mirror, 0, 8, 0), EPERM);
	EXPECT_ERRNO(mirror_map(mirror, p, 8, false), EPERM);
}

static void strangers(void)
{
	char *p = anonymous(PAGE, MAP_PRIVATE);

	EXPECT_OK(mirror_map(mirror, p, PAGE, false));
	run_as(0, stranger, p);
	EXPECT_OK(mirror_dma(mirror, 0, 8, 0));
	EXPECT_OK(munmap(p, PAGE));
}

int main(void)
{
	mirror_load();
	mirror = mirror_open();
	all_kinds();
	stack();
	untouched();
	kept();
	in_a_thread();
	to_swap();
	bad_ranges();
	bad_memory();
	secret_memory();
	device_memory();
	strangers();

	EXPECT_OK(mirror_unmap(mirror));
	close(mirror);
	mirror_unload();
	return 0;
}
