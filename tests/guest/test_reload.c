// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module goes when nothing of it is in use, and not before; it comes back
 * with a pool of any size, says what is wrong with a bad parameter, and leaves
 * no memory behind.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/uio.h>
#include <unistd.h>

#include "guest.h"

#define SIZE		(HUGE_PAGE + PAGE)
#define FILE_NAME	"/dev/shm/reload-test"

/* ---- what keeps the module ---- */

static int fds[2];
static int shmid;
static char *address;

/* Makes each of these leave exactly one holder, and lets that go again. */
struct holder {
	const char *name;
	void (*take)(void);
	void (*drop)(void);
};

static void drop_fd(void)
{
	close(fds[0]);
}

static void drop_mapping(void)
{
	EXPECT_OK(munmap(address, SIZE));
}

static void take_control(void)
{
	fds[0] = EXPECT_OK(open("/dev/pmm", O_RDWR | O_CLOEXEC));
}

static void take_block_fd(void)
{
	fds[0] = block_alloc(SIZE);
}

static void take_mapping(void)
{
	int block = block_alloc(SIZE);

	address = block_map(block, SIZE);
	close(block);
}

static void take_home_fd(void)
{
	int block = block_alloc(SIZE);

	fds[0] = EXPECT_OK(try_block_home_fd(block, PMM_HOME_RDONLY));
	close(block);
}

static void take_segment(void)
{
	void *p;

	close(block_sysv(SIZE, 0600, &shmid, &p));
	EXPECT_OK(shmdt(p));
}

static void drop_segment(void)
{
	EXPECT_OK(shmctl(shmid, IPC_RMID, NULL));
}

static void take_memfd(void)
{
	void *p;

	close(block_memfd(SIZE, &fds[0], &p));
	EXPECT_OK(munmap(p, SIZE));
}

static void take_file(void)
{
	void *p;
	int fd;

	close(block_tmpfile("/dev/shm", SIZE, &fd, &p));
	EXPECT_OK(munmap(p, SIZE));
	link_tmpfile(fd, FILE_NAME);
	close(fd);
}

static void drop_file(void)
{
	EXPECT_OK(unlink(FILE_NAME));
}

/* Freed already, but for a page that a pipe has. */
static void take_pin(void)
{
	struct iovec v;

	take_mapping();
	EXPECT_OK(pipe(fds));
	v.iov_base = address;
	v.iov_len = 1;
	EXPECT_EQ(vmsplice(fds[1], &v, 1, 0), 1);
	EXPECT_OK(munmap(address, SIZE));
}

static void drop_pin(void)
{
	close(fds[0]);
	close(fds[1]);
}

static const struct holder holders[] = {
	{ "an fd of /dev/pmm", take_control, drop_fd },
	{ "a block fd", take_block_fd, drop_fd },
	{ "a mapping", take_mapping, drop_mapping },
	{ "an fd of the home", take_home_fd, drop_fd },
	{ "a segment", take_segment, drop_segment },
	{ "a memfd", take_memfd, drop_fd },
	{ "a file's name", take_file, drop_file },
	{ "a pinned page", take_pin, drop_pin },
};

static void test_holders(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(holders); i++) {
		printf("held by %s\n", holders[i].name);
		fflush(stdout);
		holders[i].take();
		sleep_ms(100);
		EXPECT_ERRNO(try_module_remove(), EAGAIN);
		holders[i].drop();
		wait_pool_whole(5);
	}
}

/* ---- what the module gives back ---- */

/* Less than the smallest pool, and more than the kernel takes for other things. */
#define TOLERANCE	(3 * (long)KIB)

/* Caches do not go all at once. */
static long free_kib(void)
{
	long kib = 0, before;
	unsigned int i;

	for (i = 0; i < 10; i++) {
		before = kib;
		write_file("/proc/sys/vm/drop_caches", "3");
		sleep_ms(20);
		kib = zones_free();
		if (labs(kib - before) < 128)
			break;
	}
	printf("%ld KiB are free\n", kib);
	return kib;
}

static bool loaded(void)
{
	return !access("/sys/module/pmm", F_OK);
}

static void expect_gone(void)
{
	EXPECT(!loaded());
	EXPECT_ERRNO(open("/dev/pmm", O_RDWR), ENOENT);
	EXPECT_ERRNO(open("/sys/kernel/debug/pmm/types", O_RDONLY), ENOENT);
}

static uint64_t pool_total(void)
{
	struct pmm_type_info t = { .size = sizeof(t) };

	EXPECT_OK(ioctl(pmm_fd(), PMM_IOC_TYPE, &t));
	EXPECT_EQ(t.free, t.total);
	return t.total;
}

/* Use it a little, so that there is something to clean up. */
static void use_module(void)
{
	int fd;
	void *p;

	close(block_sysv(SIZE, 0600, &shmid, &p));
	EXPECT_OK(shmctl(shmid, IPC_RMID, NULL));
	EXPECT(zeroed(p, SIZE));
	fill(p, SIZE, 1);
	EXPECT_OK(shmdt(p));
	close(block_memfd(SIZE, &fd, &p));
	EXPECT_OK(munmap(p, SIZE));
	close(fd);
	/* And leave at once: module_remove() waits for what is on its way. */
}

static void test_sizes(void)
{
	static const unsigned int sizes[] = { 64, 4, 33 };
	char args[64];
	unsigned int i;
	long kib, before;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		snprintf(args, sizeof(args), "pool_mb=%u", sizes[i]);
		printf("%s\n", args);
		fflush(stdout);
		before = free_kib();
		module_insert(args);
		kib = pool_total() / KIB;
		EXPECT_EQ(kib, (sizes[i] + 1UL) / 2 * 2 * KIB);
		EXPECT(WITHIN(10, zones_free() < before - kib + TOLERANCE));
		use_module();
		module_remove();
		expect_gone();
		wait_memory_free(before - TOLERANCE, 10);
	}
}

/* Without a size: an eighth of memory, at most 256 MiB. */
static void test_default(void)
{
	uint64_t eighth = meminfo("MemTotal") * KIB / 8;

	module_insert("");
	if (eighth > 256 * MIB)
		eighth = 256 * MIB;
	EXPECT(pool_total() + 2 * MIB > eighth);
	EXPECT(pool_total() < eighth + 4 * MIB);
	use_module();
	module_remove();
}

/* ---- what it refuses ---- */

static void expect_refused(const char *args, int err, const char *says)
{
	int log = kmsg_open();

	printf("%s\n", args);
	fflush(stdout);
	EXPECT_ERRNO(try_module_insert(args), err);
	EXPECT(kmsg_has(log, says));
	close(log);
	expect_gone();
}

static void test_refused(void)
{
	long before = free_kib();
	char args[64];

	expect_refused("pool_mb=x", EINVAL, "invalid for parameter `pool_mb'");
	expect_refused("pool_mb=-1", EINVAL, "invalid for parameter `pool_mb'");
	expect_refused("pool_mb=", EINVAL, "invalid for parameter `pool_mb'");
	expect_refused("pool_mb=99999999999999999999", ERANGE,
		       "pool_mb");
	expect_refused("pool_mb=18446744073709551615", EINVAL,
		       "is more memory than there is");
	expect_refused("pool_mb=17592186044417", EINVAL,
		       "is more memory than there is");
	expect_refused("pool_mb=99999999", EINVAL,
		       "pool_mb=99999999 is more memory than there is");
	expect_refused("allocator=nonesuch", EINVAL, "no allocator 'nonesuch'");
	expect_refused("allocator=", EINVAL, "no allocator ''");
	/* There is so much, but it cannot be had. */
	snprintf(args, sizeof(args), "pool_mb=%ld", meminfo("MemTotal") / 1024 - 8);
	expect_refused(args, ENOMEM, "smaller pool_mb");
	wait_memory_free(before - TOLERANCE, 10);
}

/* Memory in use is moved out of the way, and is none the worse for it. */
static void test_moved(void)
{
	size_t size = 64 * MIB;
	void *p = EXPECT_OK(mmap(NULL, size, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	char args[64];

	fill(p, size, 3);
	/* More than is free in one piece. */
	snprintf(args, sizeof(args), "pool_mb=%ld", meminfo("MemAvailable") / 1024 / 2);
	module_insert(args);
	EXPECT(filled(p, size, 3));
	use_module();
	EXPECT(filled(p, size, 3));
	module_remove();
	EXPECT(filled(p, size, 3));
	EXPECT_OK(munmap(p, size));
}

int main(void)
{
	char args[64];
	long free_without;

	if (!getenv("PMM_KO"))
		guest_skip("PMM_KO does not say where pmm.ko is");
	module_parameters(args, sizeof(args));
	test_holders();
	module_remove();
	expect_gone();
	free_without = free_kib();

	test_sizes();
	test_default();
	test_refused();
	test_moved();

	wait_memory_free(free_without - TOLERANCE, 10);
	module_insert(args);
	wait_pool_whole(5);
	return 0;
}
