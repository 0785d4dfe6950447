// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of a home is the end of its inode, not of one of its names.
 *
 * fsnotify destroys an inode's marks whenever a dentry dies while the inode has
 * no links.  A module that takes this for the end gives up a home that is still
 * open and mapped; one that puts no new mark there never sees the real end; one
 * that keeps the inode but not its super block leaves a busy inode to umount.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/shm.h>
#include <unistd.h>

#include "guest.h"

#define SIZE (2 * MIB + 64 * KIB)

static uint64_t id, pfn;

/* A block of which only the home is left, with contents. */
static void fill_home(int block, void **p)
{
	id = block_id(block);
	pfn = block_pfn(block);
	fill(*p, SIZE, id);
	close(block);
}

/* Is it still the block's home, with the block's pages and contents? */
static void expect_alive(void *p)
{
	int block = EXPECT_OK(try_find_address(p));
	struct pool pool;

	EXPECT_EQ(block_id(block), id);
	EXPECT(block_state(block) & PMM_BLOCK_HOME);
	EXPECT(!(block_state(block) & PMM_BLOCK_INCOMPLETE));
	close(block);
	pool_read(&pool);
	EXPECT_EQ(pool.blocks, 1);
	EXPECT_EQ(pool.quarantined, 0);
	EXPECT(maps_block(p, SIZE, pfn));
	EXPECT(filled(p, SIZE, id));
}

static void expect_ended(void *p)
{
	if (p)
		EXPECT_OK(munmap(p, SIZE));
	wait_pool_whole(3);
}

/* shm_unlink() with an fd and a mapping left. */
static void test_unlink(const char *dir)
{
	char name[128];
	void *p, *q;
	int fd;

	snprintf(name, sizeof(name), "%s/pmm-h1", dir);
	fill_home(block_tmpfile(dir, SIZE, &fd, &p), &p);
	link_tmpfile(fd, name);
	EXPECT_OK(unlink(name));
	sleep_ms(50);
	expect_alive(p);
	/* Long enough for whatever is done about it to be over. */
	sleep_ms(2500);
	expect_alive(p);
	EXPECT_OK(munmap(p, SIZE));
	sleep_ms(50);
	q = map_shared(fd, SIZE);
	expect_alive(q);
	close(fd);
	expect_alive(q);
	expect_ended(q);
}

/* Several names, several dentries, one after the other. */
static void test_many_names(const char *dir)
{
	char a[128], b[128];
	int fd, fd_a, fd_b;
	void *p;

	snprintf(a, sizeof(a), "%s/pmm-h1-a", dir);
	snprintf(b, sizeof(b), "%s/pmm-h1-b", dir);
	fill_home(block_tmpfile(dir, SIZE, &fd, &p), &p);
	link_tmpfile(fd, a);
	EXPECT_OK(link(a, b));
	fd_a = EXPECT_OK(open(a, O_RDWR | O_CLOEXEC));
	fd_b = EXPECT_OK(open(b, O_RDONLY | O_CLOEXEC));
	EXPECT_OK(unlink(a));
	expect_alive(p);
	EXPECT_OK(unlink(b));
	expect_alive(p);
	EXPECT_OK(munmap(p, SIZE));
	close(fd);
	close(fd_b);
	sleep_ms(20);
	p = map_shared(fd_a, SIZE);
	expect_alive(p);
	close(fd_a);
	expect_alive(p);
	expect_ended(p);
}

/* A home that only its name keeps ends when its file system does. */
static void test_umount_linked(void)
{
	char dir[64], name[128];
	void *p;
	int fd;

	tmpfs_mount(dir);
	snprintf(name, sizeof(name), "%s/home", dir);
	fill_home(block_tmpfile(dir, SIZE, &fd, &p), &p);
	link_tmpfile(fd, name);
	EXPECT_OK(munmap(p, SIZE));
	close(fd);
	sleep_ms(50);
	fd = EXPECT_OK(open(name, O_RDWR | O_CLOEXEC));
	p = map_shared(fd, SIZE);
	expect_alive(p);
	close(fd);
	EXPECT_OK(munmap(p, SIZE));
	tmpfs_unmount(dir);
	expect_ended(NULL);
}

/* The module may have the inode when the file system is unmounted. */
static void test_umount_unlinked(void)
{
	char dir[64], name[128];
	int fd, log = kmsg_open();
	void *p;

	tmpfs_mount(dir);
	snprintf(name, sizeof(name), "%s/home", dir);
	fill_home(block_tmpfile(dir, SIZE, &fd, &p), &p);
	link_tmpfile(fd, name);
	EXPECT_OK(unlink(name));
	EXPECT_OK(munmap(p, SIZE));
	close(fd);
	tmpfs_unmount(dir);
	expect_ended(NULL);
	EXPECT(!kmsg_has(log, "Busy inodes after unmount"));
	close(log);
}

static void test_sysv(void)
{
	int shmid;
	void *p;

	fill_home(block_sysv(SIZE, 0600, &shmid, &p), &p);
	EXPECT_OK(shmdt(p));
	sleep_ms(50);
	p = EXPECT_OK(shmat(shmid, NULL, 0));
	expect_alive(p);
	EXPECT_OK(shmctl(shmid, IPC_RMID, NULL));
	sleep_ms(50);
	expect_alive(p);
	EXPECT_OK(shmdt(p));
	expect_ended(NULL);
}

static void test_memfd(void)
{
	int fd, copy;
	void *p;

	fill_home(block_memfd(SIZE, &fd, &p), &p);
	copy = EXPECT_OK(dup(fd));
	close(fd);
	expect_alive(p);
	EXPECT_OK(munmap(p, SIZE));
	sleep_ms(50);
	p = map_shared(copy, SIZE);
	close(copy);
	expect_alive(p);
	expect_ended(p);
}

int main(void)
{
	test_unlink("/dev/shm");
	test_many_names("/dev/shm");
	test_umount_linked();
	test_umount_unlinked();
	test_sysv();
	test_memfd();
	return 0;
}
