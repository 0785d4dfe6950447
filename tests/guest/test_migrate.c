// SPDX-License-Identifier: GPL-2.0-only
/*
 * PMM_IOC_MIGRATE: memory of every kind goes to a device and comes back, with what
 * is in it, while threads write to it; or stays, and the figures say why.
 *
 * guest: APPEND='memmap=32M$512M' NO_X=1
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "migrate.h"

#define SIZE	MIB
/* Less than what malloc() has mmap() for. */
#define ODD_SIZE	100000UL

/* There and back, several times over, half of it being written to. */
static void test_there_and_back(void)
{
	char *p = anon(2 * SIZE);
	struct pmm_migrate m = {};
	struct writers w;
	int i;

	fill(p, SIZE, 1);
	writers_start(&w, p + SIZE, SIZE);
	for (i = 0; i < 3; i++) {
		migrate(p, 2 * SIZE, "vram");
		EXPECT(all_in_vram(p, 2 * SIZE));
		EXPECT_EQ(vram_free(), VRAM_SIZE - 2 * SIZE);
		EXPECT(filled(p, SIZE, 1));
		writers_wait(&w);
		EXPECT_OK(try_migrate(p, 2 * SIZE, "vram", &m));
		EXPECT_EQ(m.there, 2 * SIZE);
		migrate(p, 2 * SIZE, "");
		EXPECT(none_in_vram(p, 2 * SIZE));
		EXPECT(filled(p, SIZE, 1));
		writers_wait(&w);
	}
	writers_stop(&w);
	EXPECT_OK(munmap(p, 2 * SIZE));
	vram_wait_whole();
}

/* What malloc() gives is at no page's beginning. */
static void test_malloc(void)
{
	char *p = malloc(ODD_SIZE);
	struct pmm_migrate m = {
		.size = sizeof(m), .address = (uintptr_t)p, .length = ODD_SIZE,
		.type = "vram",
	};

	EXPECT(p);
	fill(p, ODD_SIZE, 2);
	EXPECT_OK(ioctl(pmm_fd(), PMM_IOC_MIGRATE, &m));
	EXPECT((uintptr_t)p % PAGE);
	EXPECT_EQ(m.moved + m.there, ODD_SIZE / PAGE * PAGE + PAGE +
		  ((uintptr_t)p % PAGE + ODD_SIZE % PAGE > PAGE ? PAGE : 0));
	EXPECT(filled(p, ODD_SIZE, 2));
	EXPECT_EQ(pfn_of(p + ODD_SIZE - 1) * PAGE / VRAM_SIZE, VRAM_START / VRAM_SIZE);
	/* The heap keeps what is freed. */
	m.type[0] = 0;
	EXPECT_OK(ioctl(pmm_fd(), PMM_IOC_MIGRATE, &m));
	EXPECT(filled(p, ODD_SIZE, 2));
	free(p);
	vram_wait_whole();
}

/* Memory that nobody has touched is zeroes there, too. */
static void test_holes(void)
{
	char *p = anon(SIZE);
	struct pmm_migrate m = {};

	vram_soil();
	p[PAGE] = 'x';
	EXPECT_OK(try_migrate(p, SIZE, "vram", &m));
	EXPECT_EQ(m.moved, SIZE);
	EXPECT(all_in_vram(p, SIZE));
	EXPECT_EQ(p[PAGE], 'x');
	p[PAGE] = 0;
	EXPECT(zeroed(p, SIZE));
	EXPECT_OK(munmap(p, SIZE));

	/* And back: what is not there stays so. */
	p = anon(SIZE);
	EXPECT_OK(try_migrate(p, SIZE, "", &m));
	EXPECT_EQ(m.there, SIZE);
	EXPECT_EQ(pfn_of(p), 0);
	EXPECT_OK(munmap(p, SIZE));
	vram_wait_whole();
}

static void test_protection(int prot)
{
	char *p = anon(SIZE);

	fill(p, SIZE, 3);
	EXPECT_OK(mprotect(p, SIZE, prot));
	migrate(p, SIZE, "vram");
	EXPECT_EQ(vram_free(), VRAM_SIZE - SIZE);
	EXPECT_OK(mprotect(p, SIZE, PROT_READ));
	EXPECT(filled(p, SIZE, 3));
	EXPECT_OK(mprotect(p, SIZE, prot));
	migrate(p, SIZE, "");
	vram_wait_whole();
	EXPECT_OK(mprotect(p, SIZE, PROT_READ | PROT_WRITE));
	EXPECT(filled(p, SIZE, 3));
	p[0] = 1;
	EXPECT_OK(munmap(p, SIZE));
}

#define HUGE_SIZE	(2 * HUGE_PAGE)

/* A huge page, and one that is mapped in pieces. */
static void test_huge(void)
{
	struct pmm_migrate m = {};
	char *p = anon(HUGE_SIZE);
	size_t i;

	if (madvise(p, HUGE_SIZE, MADV_HUGEPAGE))
		return;
	fill(p, HUGE_SIZE, 4);
	migrate(p, HUGE_SIZE, "vram");
	EXPECT(all_in_vram(p, HUGE_SIZE));
	EXPECT(filled(p, HUGE_SIZE, 4));
	EXPECT_OK(munmap(p, HUGE_SIZE));

	p = anon(HUGE_SIZE);
	EXPECT_OK(madvise(p, HUGE_SIZE, MADV_HUGEPAGE));
	fill(p, HUGE_SIZE, 5);
	EXPECT_OK(mprotect(p + PAGE, PAGE, PROT_READ));
	if (try_migrate(p, HUGE_SIZE, "vram", &m)) {
		EXPECT_EQ(errno, EBUSY);
		EXPECT_EQ(m.reason, PMM_MIGRATE_LARGE);
		EXPECT_EQ(m.large, HUGE_PAGE);
		EXPECT_EQ(m.moved, HUGE_SIZE - HUGE_PAGE);
		for (i = 0; i < HUGE_SIZE; i += PAGE)
			EXPECT_OK(madvise(p + i, PAGE, MADV_COLD));
		migrate(p, HUGE_SIZE, "vram");
	}
	EXPECT(all_in_vram(p, HUGE_SIZE));
	EXPECT(filled(p, HUGE_SIZE, 5));
	EXPECT_OK(munmap(p, HUGE_SIZE));
	vram_wait_whole();
}

static void test_swapped(int prot)
{
	char *p = anon(SIZE);

	fill(p, SIZE, 6);
	EXPECT_OK(mprotect(p, SIZE, prot));
	EXPECT_OK(madvise(p, SIZE, MADV_PAGEOUT));
	EXPECT(!pfn_of(p + SIZE - PAGE));
	migrate(p, SIZE, "vram");
	EXPECT(all_in_vram(p, SIZE));
	EXPECT(filled(p, SIZE, 6));
	/* What is on the device is not swapped out. */
	EXPECT_OK(madvise(p, SIZE, MADV_PAGEOUT));
	EXPECT(all_in_vram(p, SIZE));
	migrate(p, SIZE, "");
	EXPECT_OK(madvise(p, SIZE, MADV_PAGEOUT));
	EXPECT(filled(p, SIZE, 6));
	EXPECT_OK(munmap(p, SIZE));
	vram_wait_whole();
}

static void test_locked(void)
{
	char *p = anon(SIZE);
	int cpu;

	EXPECT_OK(mlock(p, SIZE));
	fill(p, SIZE, 7);
	migrate(p, SIZE, "vram");
	EXPECT(all_in_vram(p, SIZE));
	EXPECT(filled(p, SIZE, 7));
	EXPECT_OK(munlock(p, SIZE / 2));
	migrate(p, SIZE, "");
	EXPECT(filled(p, SIZE, 7));
	migrate(p, SIZE, "vram");
	EXPECT_OK(munmap(p, SIZE));
	/* The last few are in batches of the CPUs, which unmapping something empties. */
	for (cpu = 0; cpu < cpus(); cpu++) {
		run_on_cpu(cpu);
		p = anon(PAGE);
		*p = 1;
		EXPECT_OK(munmap(p, PAGE));
	}
	vram_wait_whole();
}

/* ---- what stays ---- */

static void test_unfit(void)
{
	struct pmm_migrate m = {};
	char *p = anon(8 * PAGE);
	void *shared;
	int fd;

	/* Page 2 is a file, 4 shared, 6 nothing. */
	memset(p, 1, 8 * PAGE);
	fd = EXPECT_OK(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
	EXPECT(mmap(p + 2 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd,
		    0) != MAP_FAILED);
	close(fd);
	shared = mmap(p + 4 * PAGE, PAGE, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	EXPECT(shared != MAP_FAILED);
	EXPECT_OK(munmap(p + 6 * PAGE, PAGE));

	EXPECT_ERRNO(try_migrate(p, 8 * PAGE, "vram", &m), EOPNOTSUPP);
	EXPECT_EQ(m.reason, PMM_MIGRATE_UNFIT);
	EXPECT_EQ(m.moved, 5 * PAGE);
	EXPECT_EQ(m.unfit, 2 * PAGE);
	EXPECT_EQ(m.unmapped, PAGE);
	EXPECT_ERRNO(try_migrate(p + 6 * PAGE, 2 * PAGE, "vram", &m), EFAULT);
	EXPECT_EQ(m.there, PAGE);
	EXPECT_OK(munmap(p, 6 * PAGE));
	EXPECT_OK(munmap(p + 7 * PAGE, PAGE));
	vram_wait_whole();
}

/* A home stays a home. */
static void test_block(void)
{
	struct pmm_migrate m = {};
	char *p = mapped_sysv(2 * PAGE);

	fill(p, 2 * PAGE, 10);
	EXPECT_ERRNO(try_migrate(p, 2 * PAGE, "vram", &m), EOPNOTSUPP);
	EXPECT_EQ(m.unfit, 2 * PAGE);
	EXPECT(none_in_vram(p, 2 * PAGE));
	EXPECT(filled(p, 2 * PAGE, 10));
	EXPECT_OK(shmdt(p));
}

static void test_wrong(void)
{
	struct pmm_alloc a = {
		.size = sizeof(a), .length = PAGE, .type = "vram",
	};
	struct pmm_migrate m = {};
	char *p = anon(PAGE);

	EXPECT_ERRNO(try_migrate(p, PAGE, "nosuch", &m), ENOENT);
	EXPECT_ERRNO(try_migrate(p, PAGE, "general", &m), ENODEV);
	EXPECT_ERRNO(try_migrate(p, 0, "vram", &m), EINVAL);
	EXPECT_ERRNO(try_migrate(p, -PAGE, "vram", &m), EOVERFLOW);
	m.mem_fd = 3;
	EXPECT_ERRNO(try_migrate(p, PAGE, "vram", &m), EINVAL);
	m.flags = PMM_MIGRATE_MEM << 1;
	EXPECT_ERRNO(try_migrate(p, PAGE, "vram", &m), EINVAL);
	m.flags = PMM_MIGRATE_MEM;
	m.mem_fd = -1;
	EXPECT_ERRNO(try_migrate(p, PAGE, "vram", &m), EBADF);
	m.flags = 0;
	m.mem_fd = 0;
	m.reserved = 1;
	EXPECT_ERRNO(try_migrate(p, PAGE, "vram", &m), EINVAL);

	/* There are no blocks of such memory, by name or by what it can do. */
	EXPECT_ERRNO(try_block_alloc(&a), EOPNOTSUPP);
	a.type[0] = 0;
	a.caps = PMM_TYPE_DEVICE;
	EXPECT_ERRNO(try_block_alloc(&a), ENOENT);
	EXPECT_OK(munmap(p, PAGE));
}

/* Room for less than is to go there. */
static void test_no_room(void)
{
	size_t size = VRAM_SIZE + SIZE;
	struct pmm_migrate m = {};
	char *p = anon(size);

	fill(p, size, 8);
	EXPECT_ERRNO(try_migrate(p, size, "vram", &m), ENOMEM);
	EXPECT_EQ(m.reason, PMM_MIGRATE_NO_ROOM);
	EXPECT_EQ(m.moved, VRAM_SIZE);
	EXPECT_EQ(m.left, SIZE);
	EXPECT(all_in_vram(p, VRAM_SIZE));
	EXPECT(none_in_vram(p + VRAM_SIZE, SIZE));
	EXPECT(filled(p, size, 8));
	migrate(p, size, "");
	EXPECT(filled(p, size, 8));
	EXPECT_OK(munmap(p, size));
	vram_wait_whole();
}

/* A page that is on its way through a pipe stays where it is. */
static void test_pinned(void)
{
	struct pmm_migrate m = {};
	char *p = anon(SIZE), c;
	struct iovec iov = { .iov_base = p + PAGE, .iov_len = PAGE };
	int pipe_fd[2];

	memset(p, 'a', SIZE);
	EXPECT_OK(pipe(pipe_fd));
	EXPECT_EQ(vmsplice(pipe_fd[1], &iov, 1, 0), PAGE);
	EXPECT_ERRNO(try_migrate(p, SIZE, "vram", &m), EBUSY);
	EXPECT_EQ(m.reason, PMM_MIGRATE_BUSY);
	EXPECT_EQ(m.busy, PAGE);
	EXPECT_EQ(m.moved, SIZE - PAGE);
	/* A copy would leave the pipe with the old one. */
	p[PAGE] = 'b';
	EXPECT_EQ(read(pipe_fd[0], &c, 1), 1);
	EXPECT_EQ(c, 'b');
	close(pipe_fd[0]);
	close(pipe_fd[1]);
	migrate(p, SIZE, "vram");

	/* And so it does there. */
	EXPECT_OK(pipe(pipe_fd));
	EXPECT_EQ(vmsplice(pipe_fd[1], &iov, 1, 0), PAGE);
	EXPECT_ERRNO(try_migrate(p, SIZE, "", &m), EBUSY);
	EXPECT_EQ(m.busy, PAGE);
	p[PAGE] = 'c';
	EXPECT_EQ(read(pipe_fd[0], &c, 1), 1);
	EXPECT_EQ(c, 'c');
	close(pipe_fd[0]);
	close(pipe_fd[1]);
	migrate(p, SIZE, "");
	EXPECT_OK(munmap(p, SIZE));
	vram_wait_whole();
}

/* Whoever pins memory for long has the kernel move it to system RAM first. */
static void test_pinned_for_long(void)
{
	struct io_uring_params params = {};
	char *p = anon(16 * PAGE);
	struct iovec iov = { .iov_base = p, .iov_len = 16 * PAGE };
	struct pmm_migrate m = {};
	int ring = syscall(SYS_io_uring_setup, 4, &params);

	if (ring < 0)
		return;
	fill(p, 16 * PAGE, 9);
	migrate(p, 16 * PAGE, "vram");
	EXPECT_OK(syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS,
			  &iov, 1));
	EXPECT(none_in_vram(p, 16 * PAGE));
	EXPECT(filled(p, 16 * PAGE, 9));
	EXPECT_ERRNO(try_migrate(p, 16 * PAGE, "vram", &m), EBUSY);
	EXPECT_EQ(m.busy, 16 * PAGE);
	close(ring);
	EXPECT_OK(munmap(p, 16 * PAGE));
	vram_wait_whole();
}

int main(void)
{
	vram_insert("");
	EXPECT_EQ(vram_free(), VRAM_SIZE);
	test_there_and_back();
	test_malloc();
	test_holes();
	test_protection(PROT_READ);
	test_protection(PROT_NONE);
	test_huge();
	if (swap_start(64)) {
		test_swapped(PROT_READ | PROT_WRITE);
		test_swapped(PROT_READ);
		swap_stop();
	}
	test_locked();
	test_unfit();
	test_block();
	test_wrong();
	test_no_room();
	test_pinned();
	test_pinned_for_long();
	vram_remove();
	return 0;
}
