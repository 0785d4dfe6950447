// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every block is one run of pages, in order, at the alignment that was asked
 * for, whatever its home: as /proc/self/pagemap shows it, and as INFO says.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"

static char tmpfs[64];

/* ---- a mapping of a block through each kind of home ---- */

static void *map_private(int block, size_t size)
{
	return block_map(block, size);
}

static void *adopted(int block, void *p)
{
	EXPECT_OK(try_block_adopt(block, p, 0));
	return p;
}

static void *map_sysv(int block, size_t size)
{
	int shmid;
	void *p = segment_sysv(size, 0600, &shmid);

	EXPECT_OK(shmctl(shmid, IPC_RMID, NULL));
	return adopted(block, p);
}

static void *map_memfd(int block, size_t size)
{
	int fd;
	void *p = segment_memfd(size, 0, &fd);

	close(fd);
	return adopted(block, p);
}

static void *map_tmpfs(int block, size_t size)
{
	int fd;
	void *p = segment_tmpfile(tmpfs, size, &fd);

	close(fd);
	return adopted(block, p);
}

/* POSIX shared memory: a file with a name, opened by that name. */
static void *map_posix(int block, size_t size)
{
	int fd;
	void *p = segment_tmpfile("/dev/shm", size, &fd);

	adopted(block, p);
	link_tmpfile(fd, "/dev/shm/contiguity");
	close(fd);
	EXPECT_OK(munmap(p, size));
	fd = EXPECT_OK(shm_open("/contiguity", O_RDWR, 0));
	EXPECT_OK(shm_unlink("/contiguity"));
	p = map_shared(fd, size);
	close(fd);
	return p;
}

static const struct home {
	const char *name;
	void *(*map)(int block, size_t size);
} homes[] = {
	{ "private", map_private },
	{ "sysv", map_sysv },
	{ "memfd", map_memfd },
	{ "tmpfs", map_tmpfs },
	{ "posix", map_posix },
};

/* ---- where a block is ---- */

/* All of a block's pages, in order; read through a mapping of its home. */
static void expect_contiguous(int block, const struct home *home, size_t size,
			      uint64_t align)
{
	struct pmm_block_info info;
	void *p = home->map(block, size);

	block_info(block, &info);
	EXPECT_EQ(info.length, size);
	EXPECT_EQ(info.phys % align, 0);
	EXPECT(maps_block(p, size, info.phys / PAGE));
	/* What is 2 MiB in memory and in the file is 2 MiB in the home. */
	EXPECT_EQ(info.huge, info.phys % HUGE_PAGE ? 0 :
		  size / HUGE_PAGE * HUGE_PAGE);
	EXPECT_OK(munmap(p, size));
}

static void test_size(size_t size)
{
	uint64_t natural = size >= HUGE_PAGE ? HUGE_PAGE : PAGE;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(homes); i++) {
		int block = block_alloc(size);

		expect_contiguous(block, &homes[i], size, natural);
		close(block);
	}
	/* The next size is to find all of the pool, not most of it. */
	wait_pool_whole(5);
}

static void test_sizes(void)
{
	static const size_t sizes[] = {
		PAGE, 2 * PAGE, 3 * PAGE, 16 * PAGE, 255 * PAGE, MIB,
		HUGE_PAGE - PAGE, HUGE_PAGE, HUGE_PAGE + PAGE,
		2 * HUGE_PAGE - PAGE, 2 * HUGE_PAGE, 3 * HUGE_PAGE + 5 * PAGE,
		16 * MIB, 33 * MIB, 64 * MIB,
	};
	struct pool pool;
	unsigned int i;

	pool_read(&pool);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (sizes[i] > pool.largest_free)
			printf("the pool is too small for %zu MiB\n", sizes[i] / MIB);
		else
			test_size(sizes[i]);
	}
}

/* A block at that alignment: there must be one, if any range is long enough. */
static void test_align(size_t size, uint64_t align, const struct home *home)
{
	struct pmm_alloc a = { .length = size, .align = align };
	struct pool pool;
	int block;

	pool_read(&pool);
	block = try_block_alloc(&a);
	if (block < 0 && size + align > pool.largest_free) {
		EXPECT_EQ(errno, ENOMEM);
		EXPECT_EQ(a.reason, size > pool.largest_free ?
			  PMM_REASON_EXHAUSTED : PMM_REASON_ALIGNMENT);
		return;
	}
	EXPECT(block >= 0);
	expect_contiguous(block, home, size, align);
	close(block);
}

static void test_aligns(void)
{
	uint64_t align;
	int first;

	for (align = PAGE; align <= 1024 * MIB; align *= 2) {
		/* Something that is in the way of the simplest answer. */
		first = block_alloc(PAGE);
		test_align(PAGE, align, &homes[0]);
		test_align(3 * PAGE, align, &homes[1]);
		test_align(HUGE_PAGE + PAGE, align, &homes[2]);
		test_align(4 * HUGE_PAGE, align, &homes[3]);
		close(first);
		wait_pool_whole(5);
	}
}

/* A large block that is not on a 2 MiB boundary is one run all the same. */
static void test_unaligned(void)
{
	struct pmm_alloc a = { .length = 4 * HUGE_PAGE, .align = PAGE };
	unsigned int i, odd = 0;

	for (i = 0; i < ARRAY_SIZE(homes); i++) {
		int first = block_alloc(PAGE), block;

		block = EXPECT_OK(try_block_alloc(&a));
		odd += block_pfn(block) % (HUGE_PAGE / PAGE) != 0;
		expect_contiguous(block, &homes[i], a.length, PAGE);
		close(first);
		close(block);
	}
	printf("%u of %zu blocks were not on a 2 MiB boundary\n", odd,
	       ARRAY_SIZE(homes));
	wait_pool_whole(5);
}

/* ---- who may know ---- */

static void expect_no_phys(void *arg)
{
	struct pmm_block_info info;

	block_info(*(int *)arg, &info);
	EXPECT_EQ(info.phys, 0);
	EXPECT_EQ(info.length, HUGE_PAGE);
}

static void drop_rawio(void *arg)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct caps[2];

	EXPECT_OK(syscall(SYS_capget, &head, caps));
	caps[0].effective &= ~(1U << CAP_SYS_RAWIO);
	EXPECT_OK(syscall(SYS_capset, &head, caps));
	expect_no_phys(arg);
}

/* All capabilities, but in a user namespace of their own. */
static void enter_namespace(void *arg)
{
	EXPECT_OK(unshare(CLONE_NEWUSER));
	expect_no_phys(arg);
}

static void test_phys(void)
{
	int block = block_alloc(HUGE_PAGE);

	EXPECT(block_pfn(block) != 0);
	run_as(NOBODY, expect_no_phys, &block);
	run_as(0, drop_rawio, &block);
	run_as(0, enter_namespace, &block);
	close(block);
}

int main(void)
{
	tmpfs_mount(tmpfs);
	test_sizes();
	test_aligns();
	test_unaligned();
	test_phys();
	wait_pool_whole(5);
	tmpfs_unmount(tmpfs);
	return 0;
}
