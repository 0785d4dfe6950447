// SPDX-License-Identifier: GPL-2.0-only
/*
 * Blocks of RAM on a PCI device have every name that blocks have, and whatever is
 * written by any of them is in the device: the host finds the same bytes in the
 * file that is the device's memory.  What was in there is never shown to anybody.
 *
 * guest: QEMU_ARGS="$(<tests/guest/device.qemu)" APPEND='memmap=64M$0x30000000' NO_X=1
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "alias.h"
#include "device.h"
#include "dmabuf.h"
#include "guest.h"
#include "vm.h"

#define SIZE	(HUGE_PAGE + 2 * PAGE)
#define ALIAS	"/pmm-device"

static char beside[4096];

/* A program that lies beside this one; its exit status. */
static int run(char *program, char *a, char *b, char *c, char *d)
{
	char *argv[] = { program, a, b, c, d, NULL };
	char path[4200];
	int status, pid;

	snprintf(path, sizeof(path), "%s/%s", beside, program);
	pid = EXPECT_OK(fork());
	if (!pid) {
		execv(path, argv);
		_exit(99);
	}
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void expect_bytes(int block, int byte)
{
	char *bytes = malloc(SIZE);

	EXPECT(bytes);
	memset(bytes, byte, SIZE);
	EXPECT(host_has(bytes, SIZE, device_offset(block)));
	free(bytes);
}

/* By a program that knows shmat(2) and nothing else. */
static void test_segment(int block)
{
	char key_file[] = "/tmp/device.XXXXXX", size[32];
	int shmid;
	key_t key;
	void *p;

	close(EXPECT_OK(mkstemp(key_file)));
	key = EXPECT_OK(ftok(key_file, 'P'));
	snprintf(size, sizeof(size), "%lu", SIZE);
	shmid = EXPECT_OK(shmget(key, SIZE, 0600 | IPC_CREAT | IPC_EXCL));
	p = EXPECT_OK(shmat(shmid, NULL, 0));
	EXPECT_OK(try_block_adopt(block, p, 0));
	EXPECT_EQ(run("legacy_shm", key_file, size, "write", "90"), 0);
	expect_bytes(block, 90);
	EXPECT(maps_block(p, SIZE, block_pfn(block)));
	fill(p, SIZE, 1);
	EXPECT(host_has(p, SIZE, device_offset(block)));
	EXPECT_EQ(run("legacy_shm", key_file, size, "read", "90"), 200);
	segment_remove(shmid, p);
	EXPECT_OK(unlink(key_file));
}

static void test_object(int block)
{
	alias_create(block, SIZE, 0600, "/dev/shm" ALIAS);
	EXPECT_EQ(run("posix_shm", ALIAS, "fill", "71", NULL), 0);
	expect_bytes(block, 71);
	EXPECT_EQ(run("posix_shm", ALIAS, "check", "71", NULL), 0);
	EXPECT_OK(unlink("/dev/shm" ALIAS));
}

static void test_fds(int block)
{
	int home = EXPECT_OK(try_block_home_fd(block, 0)), buf = -1;
	char *p = block_map(block, SIZE), *q;

	fill(p, SIZE, 2);
	EXPECT(host_has(p, SIZE, device_offset(block)));
	EXPECT_EQ(pwrite(home, "written", 7, PAGE - 3), 7);
	EXPECT(!memcmp(p + PAGE - 3, "written", 7));
	EXPECT(host_has(p, SIZE, device_offset(block)));
	if (!access("/sys/kernel/debug/dma_buf", F_OK)) {
		buf = dmabuf(block);
		q = map_shared(buf, SIZE);
		fill(q, SIZE, 3);
		EXPECT(filled(p, SIZE, 3));
		EXPECT(host_has(q, SIZE, device_offset(block)));
		EXPECT_OK(munmap(q, SIZE));
		close(buf);
	}
	EXPECT_OK(munmap(p, SIZE));
	close(home);
}

static void child_writes(void *p)
{
	fill(p, SIZE, 5);
}

/* A child shares it, and a private mapping of it is a copy once it is written to. */
static void test_fork(int block)
{
	int home = EXPECT_OK(try_block_home_fd(block, 0));
	char *p = block_map(block, SIZE), *q;

	fill(p, SIZE, 4);
	q = EXPECT_OK(mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, home, 0));
	EXPECT(filled(q, SIZE, 4));
	run_as(0, child_writes, q);
	EXPECT(filled(q, SIZE, 4) && filled(p, SIZE, 4));
	q[0]++;
	EXPECT(host_has(p, SIZE, device_offset(block)));
	run_as(0, child_writes, p);
	EXPECT(filled(p, SIZE, 5));
	EXPECT(host_has(p, SIZE, device_offset(block)));
	EXPECT_OK(munmap(q, SIZE));
	EXPECT_OK(munmap(p, SIZE));
	close(home);
}

/* A disk, which is a file in memory; the path of its device. */
static void disk_create(char device[64], const char *image)
{
	char command[128];
	FILE *f;
	int fd;

	if (system("modprobe -q loop"))
		guest_skip("this kernel has no loop devices");
	fd = EXPECT_OK(open(image, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
	EXPECT_OK(ftruncate(fd, 4 * MIB));
	close(fd);
	snprintf(command, sizeof(command), "losetup --find --show %s", image);
	f = popen(command, "r");
	EXPECT(f && fgets(device, 64, f));
	EXPECT_EQ(pclose(f), 0);
	device[strcspn(device, "\n")] = '\0';
}

static void disk_destroy(const char *device, const char *image)
{
	char command[128];

	snprintf(command, sizeof(command), "losetup --detach %s", device);
	EXPECT_EQ(system(command), 0);
	EXPECT_OK(unlink(image));
}

/* The kernel reaches the pages behind a mapping: a pipe, and a disk without a cache. */
static void test_pages(int block)
{
	char device[64], image[] = "/tmp/device-disk", got[PAGE];
	char *p = block_map(block, SIZE);
	struct iovec v = { p + SIZE - PAGE, PAGE };
	int ends[2], disk;

	fill(p, SIZE, 6);
	EXPECT_OK(pipe2(ends, O_CLOEXEC));
	EXPECT_EQ(vmsplice(ends[1], &v, 1, 0), PAGE);
	EXPECT_EQ(read(ends[0], got, PAGE), PAGE);
	EXPECT(!memcmp(got, p + SIZE - PAGE, PAGE));
	close(ends[0]);
	close(ends[1]);

	disk_create(device, image);
	disk = EXPECT_OK(open(device, O_RDWR | O_DIRECT | O_CLOEXEC));
	EXPECT_EQ(pwrite(disk, p, SIZE, 0), SIZE);
	memset(p, 0, SIZE);
	EXPECT_EQ(pread(disk, p, SIZE, 0), SIZE);
	close(disk);
	disk_destroy(device, image);
	EXPECT(filled(p, SIZE, 6));
	EXPECT(host_has(p, SIZE, device_offset(block)));
	EXPECT_OK(munmap(p, SIZE));
}

/* A block stays where it is, whoever would move it. */
static void test_moves(int block)
{
	char *p = block_map(block, SIZE);
	void *pages[] = { p, p + SIZE - PAGE };
	int node, status[2];

	fill(p, SIZE, 7);
	for (node = 0; node < 2; node++) {
		int nodes[] = { node, node };

		syscall(SYS_move_pages, 0, 2, pages, nodes, status, MPOL_MF_MOVE_ALL);
	}
	syscall(SYS_mbind, p, SIZE, MPOL_BIND, &(unsigned long){ 1 }, 8UL,
		MPOL_MF_MOVE_ALL);
	madvise(p, SIZE, MADV_PAGEOUT);
	write_file("/proc/sys/vm/compact_memory", "1");
	EXPECT(maps_block(p, SIZE, block_pfn(block)));
	EXPECT(filled(p, SIZE, 7));
	EXPECT_OK(mlock(p, SIZE));
	EXPECT_OK(munlock(p, SIZE));
	EXPECT_OK(munmap(p, SIZE));
}

/* A page goes bad: who touches it is told, and nobody gets it again. */
static void test_memory_error(void)
{
	int block = device_alloc(SIZE);
	char *p = block_map(block, SIZE);
	unsigned int tries = 100;
	struct pool pool;
	char type[32];

	device_type(type);
	fill(p, SIZE, 10);
	if (madvise(p + PAGE, PAGE, MADV_HWPOISON) && errno == EINVAL) {
		printf("this kernel does not inject memory errors\n");
		EXPECT_OK(munmap(p, SIZE));
		close(block);
		return;
	}
	EXPECT_EQ(access_signal(p + PAGE, false), SIGBUS);
	EXPECT_EQ(access_signal(p, true), 0);
	EXPECT_EQ(access_signal(p + 2 * PAGE, true), 0);
	EXPECT(block_state(block) & PMM_BLOCK_POISONED);
	EXPECT_OK(munmap(p, SIZE));
	close(block);
	do {
		EXPECT(tries--);
		sleep_ms(100);
		EXPECT(pool_read_type(&pool, type));
	} while (pool.retired != PAGE);
	EXPECT_ERRNO(try_device_alloc(DEVICE_SIZE), ENOMEM);
}

/* Of all of the device, where it begins and ends: that the host sees it all takes long. */
static void expect_host_has_ends(const char *p)
{
	size_t last = DEVICE_SIZE - MIB;

	EXPECT(host_has(p, MIB, 0));
	EXPECT(host_has(p + last, MIB, last));
}

/* One block of all there is: the host sees zeroes, as whoever gets it does. */
static void expect_all_zero(void)
{
	int block = device_alloc(DEVICE_SIZE);
	char *p = block_map(block, DEVICE_SIZE);

	EXPECT(zeroed(p, DEVICE_SIZE));
	EXPECT_EQ(device_offset(block), 0);
	expect_host_has_ends(p);
	fill(p, DEVICE_SIZE, 8);
	EXPECT_OK(munmap(p, DEVICE_SIZE));
	close(block);
}

/* What the device had in it before it was anybody's. */
static void leave_something(void)
{
	char path[128];
	char *p;
	int fd;

	device_path(path, sizeof(path), "resource2");
	fd = EXPECT_OK(open(path, O_RDWR | O_CLOEXEC));
	p = map_shared(fd, DEVICE_SIZE);
	fill(p, DEVICE_SIZE, 9);
	expect_host_has_ends(p);
	EXPECT_OK(munmap(p, DEVICE_SIZE));
	close(fd);
}

static void find_programs(void)
{
	ssize_t len = EXPECT_OK(readlink("/proc/self/exe", beside,
					 sizeof(beside) - 1));

	beside[len] = '\0';
	*strrchr(beside, '/') = '\0';
}

int main(void)
{
	static void (*const tests[])(int block) = {
		test_segment, test_object, test_fds, test_fork, test_pages,
		test_moves,
	};
	unsigned int i;
	int block;

	find_programs();
	leave_something();
	device_load("");
	device_bind();
	expect_all_zero();
	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		block = device_alloc(SIZE);
		tests[i](block);
		close(block);
	}
	/* After all of these, and what was in it just now. */
	expect_all_zero();
	test_memory_error();
	device_unbind();
	device_unload();
	return 0;
}
