// SPDX-License-Identifier: GPL-2.0-only
/*
 * O_DIRECT into a block and out of it: the disk's pages are the block's, with no
 * copy in between.  The disk is a loop device, used raw and through ext4.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "guest.h"

#define DISK_SIZE	(32 * MIB)
#define SECTOR		512

static char dir[] = "/tmp/direct.XXXXXX";
static char image[64], device[32], mounted[64];
static int loop = -1;

/* ---- a disk ---- */

static void disk_create(void)
{
	int control, backing, number;

	if (system("modprobe -q loop"))
		guest_skip("this kernel has no loop devices");
	EXPECT(mkdtemp(dir));
	snprintf(image, sizeof(image), "%s/image", dir);
	snprintf(mounted, sizeof(mounted), "%s/disk", dir);
	EXPECT_OK(mkdir(mounted, 0700));

	control = EXPECT_OK(open("/dev/loop-control", O_RDWR | O_CLOEXEC));
	number = EXPECT_OK(ioctl(control, LOOP_CTL_GET_FREE));
	close(control);
	snprintf(device, sizeof(device), "/dev/loop%d", number);
	backing = EXPECT_OK(open(image, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
	EXPECT_OK(ftruncate(backing, DISK_SIZE));
	loop = EXPECT_OK(open(device, O_RDWR | O_CLOEXEC));
	EXPECT_OK(ioctl(loop, LOOP_SET_FD, backing));
	close(backing);
}

static void disk_destroy(void)
{
	EXPECT_OK(ioctl(loop, LOOP_CLR_FD));
	close(loop);
	EXPECT_OK(unlink(image));
	EXPECT_OK(rmdir(mounted));
	EXPECT_OK(rmdir(dir));
}

/* What is on the disk, seen past every cache but the image's own. */
static void image_write(const void *data, size_t size, off_t at)
{
	int fd = EXPECT_OK(open(image, O_RDWR | O_CLOEXEC));

	EXPECT_EQ(pwrite(fd, data, size, at), size);
	close(fd);
}

static void image_read(void *data, size_t size, off_t at)
{
	int fd = EXPECT_OK(open(image, O_RDONLY | O_CLOEXEC));

	EXPECT_EQ(pread(fd, data, size, at), size);
	close(fd);
}

/* ---- blocks ---- */

static void *(*const kinds[])(size_t size) = {
	mapped_private, mapped_sysv, mapped_memfd,
};

/* ---- the device itself, without a file system ---- */

/* A part of a block that is not on page boundaries: sectors are enough. */
static void test_sectors(int raw, char *p, char *buf)
{
	memset(p, 0, 4 * PAGE);
	fill(buf, 3 * PAGE, 9);
	image_write(buf, 3 * PAGE, 0);
	EXPECT_EQ(pread(raw, p + SECTOR, 2 * PAGE, SECTOR), 2 * PAGE);
	EXPECT(zeroed(p, SECTOR));
	EXPECT(!memcmp(p + SECTOR, buf + SECTOR, 2 * PAGE));
	EXPECT(zeroed(p + SECTOR + 2 * PAGE, PAGE));
}

/* Several pieces of one block in one call, across the end of its first 2 MiB. */
static void test_vectors(int raw, char *p, size_t size, char *buf)
{
	struct iovec v[3] = {
		{ p + size - PAGE, PAGE },
		{ p, PAGE },
		{ p + size / 2 - PAGE, 2 * PAGE },
	};

	fill(buf, 4 * PAGE, 11);
	image_write(buf, 4 * PAGE, MIB);
	EXPECT_EQ(preadv(raw, v, 3, MIB), 4 * PAGE);
	EXPECT(!memcmp(p + size - PAGE, buf, PAGE));
	EXPECT(!memcmp(p, buf + PAGE, PAGE));
	EXPECT(!memcmp(p + size / 2 - PAGE, buf + 2 * PAGE, 2 * PAGE));
	EXPECT_EQ(pwritev(raw, v, 3, 2 * MIB), 4 * PAGE);
	memset(buf, 0, 4 * PAGE);
	image_read(buf, 4 * PAGE, 2 * MIB);
	EXPECT(filled(buf, 4 * PAGE, 11));
}

static void test_device(char *p, size_t size, char *buf)
{
	int raw = EXPECT_OK(open(device, O_RDWR | O_DIRECT | O_CLOEXEC));

	fill(buf, size, 1);
	image_write(buf, size, 3 * MIB);
	EXPECT_EQ(pread(raw, p, size, 3 * MIB), size);
	EXPECT(filled(p, size, 1));

	fill(p, size, 2);
	EXPECT_EQ(pwrite(raw, p, size, 12 * MIB), size);
	image_read(buf, size, 12 * MIB);
	EXPECT(filled(buf, size, 2));

	if (size >= 4 * PAGE) {
		test_sectors(raw, p, buf);
		test_vectors(raw, p, size, buf);
	}
	close(raw);
}

static void test_kinds(void)
{
	static const size_t sizes[] = { PAGE, 5 * PAGE, 2 * HUGE_PAGE + PAGE };
	static char buf[8 * MIB];
	unsigned int i, k;
	uint64_t pfn;
	int block;
	char *p;

	for (k = 0; k < ARRAY_SIZE(kinds); k++) {
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			p = kinds[k](sizes[i]);
			block = EXPECT_OK(try_find_address(p));
			pfn = block_pfn(block);
			close(block);
			test_device(p, sizes[i], buf);
			EXPECT(maps_block(p, sizes[i], pfn));
			EXPECT_OK(munmap(p, sizes[i]));
		}
	}
	wait_pool_whole(5);
}

/* ---- a file ---- */

/* From one block into a file and from there into another. */
static void test_file(void)
{
	size_t size = 2 * HUGE_PAGE + 3 * PAGE;
	char *from = mapped_sysv(size), *to = mapped_private(size), path[80];
	int fd;

	snprintf(path, sizeof(path), "%s/file", mounted);
	fd = EXPECT_OK(open(path, O_RDWR | O_CREAT | O_DIRECT | O_CLOEXEC, 0600));
	fill(from, size, 21);
	EXPECT_EQ(write(fd, from, size), size);
	EXPECT_EQ(pread(fd, to, size, 0), size);
	EXPECT(filled(to, size, 21));
	/* A hole of the file is zeroes in the block. */
	EXPECT_OK(ftruncate(fd, 2 * size / PAGE * PAGE));
	EXPECT_EQ(pread(fd, to, size, size), size);
	EXPECT(zeroed(to, size));
	close(fd);

	/* Through the cache the same is seen. */
	fd = EXPECT_OK(open(path, O_RDONLY | O_CLOEXEC));
	EXPECT_EQ(pread(fd, to, size, 0), size);
	EXPECT(filled(to, size, 21));
	close(fd);
	EXPECT_OK(munmap(from, size));
	EXPECT_OK(munmap(to, size));
	wait_pool_whole(5);
}

static void test_ext4(void)
{
	char command[128];

	snprintf(command, sizeof(command), "mkfs.ext4 -q -O ^has_journal %s", device);
	if (system(command)) {
		printf("there is no mkfs.ext4: not tested with a file system\n");
		return;
	}
	EXPECT_OK(mount(device, mounted, "ext4", 0, NULL));
	test_file();
	EXPECT_OK(umount(mounted));
}

int main(void)
{
	disk_create();
	test_kinds();
	test_ext4();
	disk_destroy();
	return 0;
}
