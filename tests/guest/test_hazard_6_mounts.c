// SPDX-License-Identifier: GPL-2.0-only
/*
 * Neither a block nor an alias keeps a user's file system from being unmounted.
 *
 * An alias that kept a home on its own file system would keep that for ever, also
 * after a lazy unmount or the end of its mount namespace, and the block with it.
 * So the home of an alias is always on the kernel's own mount.
 *
 * Fails without the rule that a file of a user's mount is never kept, nor the
 * mount of an alias, nor an inode without its super block.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alias.h"
#include "guest.h"

#define SIZE (HUGE_PAGE + PAGE)

static char dir[64], path[96];

static int alias_on_mount(void)
{
	int block = block_alloc(SIZE);

	tmpfs_mount(dir);
	snprintf(path, sizeof(path), "%s/name", dir);
	alias_create(block, SIZE, 0600, path);
	return block;
}

/* With a name and all, as a container leaves them. */
static void test_unmount(void)
{
	int log = kmsg_open();

	close(alias_on_mount());
	EXPECT_ERRNO(umount2(dir, MNT_EXPIRE), EAGAIN);
	tmpfs_unmount(dir);
	wait_pool_whole(5);
	EXPECT(!kmsg_has(log, "Busy inodes after unmount"));
	close(log);
}

/* The block stays as long as its fd, the file system does not. */
static void test_block_stays(void)
{
	int block = alias_on_mount();
	char *p;

	EXPECT_EQ(alias_count(block), 1);
	tmpfs_unmount(dir);
	EXPECT(WITHIN(10, !alias_count(block)));
	p = block_map(block, SIZE);
	EXPECT(maps_block(p, SIZE, block_pfn(block)));
	EXPECT_OK(munmap(p, SIZE));
	close(block);
	wait_pool_whole(5);
}

/* A mapping is one of the home, and so does not keep the mount either. */
static void test_mapped(void)
{
	int block = alias_on_mount(), fd;
	char *p;

	fd = EXPECT_OK(open(path, O_RDWR | O_CLOEXEC));
	p = map_shared(fd, SIZE);
	fill(p, SIZE, 3);
	close(block);
	EXPECT_ERRNO(umount(dir), EBUSY);
	EXPECT_OK(umount2(dir, MNT_DETACH));
	EXPECT_OK(rmdir(dir));
	EXPECT_EQ(pwrite(fd, "written", 8, 0), 8);
	close(fd);
	EXPECT_EQ(*p, 'w');
	EXPECT_OK(munmap(p, SIZE));
	wait_pool_whole(5);
}

/* In a mount namespace of its own, which ends with its last process. */
static void in_namespace(void *unused)
{
	(void)unused;
	EXPECT_OK(unshare(CLONE_NEWNS));
	EXPECT_OK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	close(alias_on_mount());
}

static void test_refused(void)
{
	int file, block, fd;
	void *p;

	tmpfs_mount(dir);
	block = block_tmpfile(dir, SIZE, &file, &p);
	fd = alias_file(dir, SIZE, 0600);
	EXPECT_ERRNO(try_block_alias(block, fd), EOPNOTSUPP);
	close(fd);
	/* Wherever the alias is. */
	fd = alias_file("/dev/shm", SIZE, 0600);
	EXPECT_ERRNO(try_block_alias(block, fd), EOPNOTSUPP);
	close(fd);
	EXPECT_OK(munmap(p, SIZE));
	close(file);
	close(block);
	tmpfs_unmount(dir);
	wait_pool_whole(5);
}

int main(void)
{
	test_unmount();
	test_block_stays();
	test_mapped();
	run_as(0, in_namespace, NULL);
	wait_pool_whole(5);
	test_refused();
	return 0;
}
