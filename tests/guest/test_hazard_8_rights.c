// SPDX-License-Identifier: GPL-2.0-only
/*
 * A block found through a name gives the rights of that name and no more.
 *
 * Every SysV segment's inode is 0777 and opening one in the kernel checks
 * nothing: without the rules of FIND and HOME_FD, a user who may only read a
 * segment gets a descriptor that writes to it, at once or through /proc.
 *
 * Fails without any of: the rights in FIND by address or by fd, the check of
 * FMODE_WRITE in ADOPT, ALIAS, DMABUF and HOME_FD, that of FMODE_READ in FIND, the
 * 0600 of homes without a name, the home's file for reading, the seals of segments,
 * the owner's check in ADOPT.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alias.h"
#include "guest.h"

#define SIZE (64 * KIB)

/* Open a descriptor again, as anybody can do with his own. */
static int try_reopen(int fd, int flags)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, flags | O_CLOEXEC);
}

static void *try_map(int fd, int prot, int flags)
{
	return mmap(NULL, SIZE, prot, flags, fd, 0);
}

/* Whatever can be got out of a read-only block fd does not write. */
static void expect_readonly(int block)
{
	char *p;
	int fd;

	EXPECT(block_state(block) & PMM_BLOCK_READONLY);
	EXPECT_ERRNO(try_map(block, PROT_READ | PROT_WRITE, MAP_SHARED), EACCES);
	p = EXPECT_OK(try_map(block, PROT_READ, MAP_SHARED));
	EXPECT_EQ(p[0], 'o');
	EXPECT_ERRNO(mprotect(p, SIZE, PROT_READ | PROT_WRITE), EACCES);
	EXPECT_OK(munmap(p, SIZE));

	/* A copy of one's own is no harm. */
	p = EXPECT_OK(try_map(block, PROT_READ | PROT_WRITE, MAP_PRIVATE));
	p[0] = 'x';
	EXPECT_OK(munmap(p, SIZE));

	EXPECT_ERRNO(try_block_home_fd(block, 0), EACCES);
	EXPECT_ERRNO(try_block_dmabuf(block), EACCES);
	EXPECT(try_reopen(block, O_RDWR) == -1);
	p = segment_memfd(SIZE, 0, &fd);
	EXPECT_ERRNO(try_block_adopt(block, p, 0), EACCES);
	EXPECT_OK(munmap(p, SIZE));
	close(fd);
	/* A name of one's own would be one that can be opened for writing. */
	fd = alias_file("/dev/shm", SIZE, 0600);
	EXPECT_ERRNO(try_block_alias(block, fd), EACCES);
	close(fd);
}

/* If there is a home fd for reading, opening it again is no way to write. */
static void expect_home_readonly(int block)
{
	int fd = try_block_home_fd(block, PMM_HOME_RDONLY);

	if (fd < 0) {
		EXPECT_EQ(errno, EACCES);
		return;
	}
	EXPECT_ERRNO(try_reopen(fd, O_RDWR), EACCES);
	EXPECT_ERRNO(try_reopen(fd, O_WRONLY | O_TRUNC), EACCES);
	EXPECT_ERRNO(try_map(fd, PROT_READ | PROT_WRITE, MAP_SHARED), EACCES);
	EXPECT_ERRNO(pwrite(fd, "x", 1, 0), EBADF);
	EXPECT_ERRNO(ftruncate(fd, 0), EINVAL);
	close(fd);
}

/* A reader of a segment: shmat() with SHM_RDONLY is all that it may do. */
static void sysv_reader(void *arg)
{
	int shmid = *(int *)arg, block;
	char *p;

	EXPECT_ERRNO(shmat(shmid, NULL, 0), EACCES);
	p = EXPECT_OK(shmat(shmid, NULL, SHM_RDONLY));
	block = EXPECT_OK(try_find_address(p + PAGE));
	expect_readonly(block);
	expect_home_readonly(block);
	EXPECT_ERRNO(mprotect(p, SIZE, PROT_READ | PROT_WRITE), EACCES);
	close(block);
	EXPECT_OK(shmdt(p));
}

/* A writer may map the block for writing, but not change its size. */
static void sysv_writer(void *arg)
{
	int shmid = *(int *)arg, block, fd;
	char *p, *q;

	p = EXPECT_OK(shmat(shmid, NULL, 0));
	block = EXPECT_OK(try_find_address(p));
	EXPECT(!(block_state(block) & PMM_BLOCK_READONLY));
	q = block_map(block, SIZE);
	q[SIZE - 1] = 'w';
	EXPECT_EQ(p[SIZE - 1], 'w');
	fd = EXPECT_OK(try_block_home_fd(block, 0));
	EXPECT_ERRNO(ftruncate(fd, 0), EPERM);
	EXPECT_ERRNO(ftruncate(fd, 2 * SIZE), EPERM);
	close(fd);
	close(block);
	/* His own attachment for reading is for reading. */
	EXPECT_OK(shmdt(p));
	p = EXPECT_OK(shmat(shmid, NULL, SHM_RDONLY));
	block = EXPECT_OK(try_find_address(p));
	expect_readonly(block);
	expect_home_readonly(block);
	close(block);
}

static void set_mode(int shmid, int mode)
{
	struct shmid_ds ds;

	EXPECT_OK(shmctl(shmid, IPC_STAT, &ds));
	ds.shm_perm.mode = mode;
	EXPECT_OK(shmctl(shmid, IPC_SET, &ds));
}

static void test_sysv(void)
{
	int shmid, block;
	char *p;

	block = block_sysv(SIZE, 0600, &shmid, (void **)&p);
	memset(p, 'o', SIZE);
	set_mode(shmid, 0644);
	run_as(NOBODY, sysv_reader, &shmid);
	EXPECT_EQ(p[0], 'o');
	set_mode(shmid, 0666);
	run_as(NOBODY, sysv_writer, &shmid);
	EXPECT_EQ(p[SIZE - 1], 'w');
	EXPECT_OK(shmctl(shmid, IPC_RMID, NULL));
	EXPECT_OK(shmdt(p));
	close(block);
}

/* The same for files: the descriptor or the mapping decides. */
static void file_reader(void *arg)
{
	const char *path = arg;
	int fd, block;
	char *p;

	EXPECT_ERRNO(open(path, O_RDWR | O_CLOEXEC), EACCES);
	fd = EXPECT_OK(open(path, O_RDONLY | O_CLOEXEC));
	block = EXPECT_OK(try_find_fd(fd));
	EXPECT(block_state(block) & PMM_BLOCK_READONLY);
	/* Not redirected: a user's mount has its own way in. */
	EXPECT_ERRNO(try_block_home_fd(block, 0), EACCES);
	close(block);
	p = EXPECT_OK(try_map(fd, PROT_READ, MAP_SHARED));
	block = EXPECT_OK(try_find_address(p));
	EXPECT(block_state(block) & PMM_BLOCK_READONLY);
	EXPECT(try_map(block, PROT_READ | PROT_WRITE, MAP_SHARED) == MAP_FAILED);
	close(block);
	EXPECT_OK(munmap(p, SIZE));
}

/* Who may only write cannot read by way of the block. */
static void file_writer(void *arg)
{
	int fd = EXPECT_OK(open(arg, O_WRONLY | O_CLOEXEC));

	EXPECT_ERRNO(open(arg, O_RDONLY | O_CLOEXEC), EACCES);
	EXPECT_ERRNO(try_find_fd(fd), EACCES);
	close(fd);
}

static void test_file(void)
{
	char path[] = "/dev/shm/pmm-h8";
	int fd, block;
	void *p;

	block = block_tmpfile("/dev/shm", SIZE, &fd, &p);
	memset(p, 'o', SIZE);
	EXPECT_OK(fchmod(fd, 0644));
	link_tmpfile(fd, path);
	run_as(NOBODY, file_reader, path);
	EXPECT_OK(fchmod(fd, 0622));
	run_as(NOBODY, file_writer, path);
	EXPECT_OK(unlink(path));
	EXPECT_OK(munmap(p, SIZE));
	close(fd);
	close(block);
}

/* A private mapping of a writable file does not write to it either. */
static void test_private_mapping(void)
{
	int fd, block, found;
	char *p, *q;

	block = block_memfd(SIZE, &fd, (void **)&p);
	memset(p, 'o', SIZE);
	q = EXPECT_OK(try_map(fd, PROT_READ | PROT_WRITE, MAP_PRIVATE));
	found = EXPECT_OK(try_find_address(q));
	expect_readonly(found);
	close(found);
	EXPECT_OK(munmap(q, SIZE));
	EXPECT_OK(munmap(p, SIZE));
	close(fd);
	close(block);
}

/* Is the file behind a mapping open for writing?  The mode of its link says. */
static bool mapped_writable(const void *p)
{
	char path[96];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx",
		 (unsigned long)p, (unsigned long)p + SIZE);
	EXPECT_OK(lstat(path, &st));
	return st.st_mode & 0200;
}

/* A mapping is one of a home's file of the same mode. */
static void test_mapping_modes(void)
{
	int shmid, block, found;
	void *p, *r, *q;

	block = block_sysv(SIZE, 0600, &shmid, &p);
	EXPECT_OK(shmctl(shmid, IPC_RMID, NULL));
	q = block_map(block, SIZE);
	EXPECT(mapped_writable(q));
	r = EXPECT_OK(shmat(shmid, NULL, SHM_RDONLY));
	found = EXPECT_OK(try_find_address(r));
	EXPECT_OK(shmdt(r));
	r = EXPECT_OK(try_map(found, PROT_READ, MAP_SHARED));
	EXPECT(!mapped_writable(r));
	close(found);
	EXPECT_OK(munmap(r, SIZE));
	EXPECT_OK(munmap(q, SIZE));
	EXPECT_OK(shmdt(p));
	close(block);
}

/* Found through a mapping that cannot write: all that is left of the rights. */
static void private_reader(void *arg)
{
	int block = *(int *)arg, found;
	char *p;

	p = EXPECT_OK(try_map(block, PROT_READ, MAP_PRIVATE));
	EXPECT_EQ(p[0], 'o');
	found = EXPECT_OK(try_find_address(p));
	close(block);
	expect_readonly(found);
	expect_home_readonly(found);
	close(found);
}

/* A private home handed to somebody else for reading. */
static void test_private_home(void)
{
	int block = block_alloc(SIZE);
	char *p = block_map(block, SIZE);

	memset(p, 'o', SIZE);
	run_as(NOBODY, private_reader, &block);
	EXPECT_EQ(p[0], 'o');
	EXPECT_OK(munmap(p, SIZE));
	close(block);
}

/* Its owner could open a private home again; so he does not get that far. */
static void owner(void *unused)
{
	int block = block_alloc(SIZE);
	char *p = block_map(block, SIZE);

	(void)unused;
	memset(p, 'o', SIZE);
	EXPECT_OK(munmap(p, SIZE));
	private_reader(&block);
}

/* ---- files that others were given or may write to ---- */

/* What he was given for reading cannot be opened again for writing. */
static void given_for_reading(void *arg)
{
	int fd = *(int *)arg;

	EXPECT_ERRNO(try_reopen(fd, O_RDWR), EACCES);
	EXPECT_ERRNO(try_reopen(fd, O_WRONLY), EACCES);
	expect_readonly(EXPECT_OK(try_find_fd(fd)));
}

static void test_given(int block)
{
	char *p = block_map(block, SIZE);
	int fd;

	memset(p, 'o', SIZE);
	fd = EXPECT_OK(try_block_home_fd(block, PMM_HOME_RDONLY));
	run_as(NOBODY, given_for_reading, &fd);
	close(fd);
	EXPECT_OK(munmap(p, SIZE));
}

static void test_homes_given(void)
{
	int block = block_alloc(SIZE), shmid;
	void *p;

	test_given(block);
	close(block);
	block = block_sysv(SIZE, 0666, &shmid, &p);
	test_given(block);
	EXPECT_OK(shmctl(shmid, IPC_RMID, NULL));
	EXPECT_OK(shmdt(p));
	close(block);
}

/* A file that anybody may write to is still its owner's to seal. */
static void not_owner(void *arg)
{
	int fd = EXPECT_OK(open(arg, O_RDWR | O_CLOEXEC));
	int block = block_alloc(SIZE);
	void *p = map_shared(fd, SIZE);

	EXPECT_ERRNO(try_block_adopt(block, p, PMM_ADOPT_SEAL), EPERM);
	EXPECT_ERRNO(try_block_adopt(block, p, 0), EPERM);
	EXPECT(!(block_state(block) & PMM_BLOCK_HOME));
	EXPECT_OK(ftruncate(fd, 2 * SIZE));
}

static void test_owner(void)
{
	char path[] = "/dev/shm/pmm-h8";
	int fd = alias_file("/dev/shm", SIZE, 0666);

	link_tmpfile(fd, path);
	run_as(NOBODY, not_owner, path);
	EXPECT_OK(unlink(path));
	close(fd);
}

/* The same for a segment of somebody else. */
static void not_segments_owner(void *arg)
{
	void *p = EXPECT_OK(shmat(*(int *)arg, NULL, 0));
	int block = block_alloc(SIZE);

	EXPECT_ERRNO(try_block_adopt(block, p, 0), EPERM);
}

static void test_segments_owner(void)
{
	int shmid;
	void *p = segment_sysv(SIZE, 0666, &shmid);

	run_as(NOBODY, not_segments_owner, &shmid);
	EXPECT_OK(shmctl(shmid, IPC_RMID, NULL));
	EXPECT_OK(shmdt(p));
}

int main(void)
{
	test_sysv();
	test_file();
	test_private_mapping();
	test_mapping_modes();
	test_private_home();
	run_as(NOBODY, owner, NULL);
	test_homes_given();
	test_owner();
	test_segments_owner();
	wait_pool_whole(3);
	return 0;
}
