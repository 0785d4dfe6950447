// SPDX-License-Identifier: GPL-2.0-only
/*
 * What may not become an alias, and says so: the block is as before, and so is
 * the file.  What can be done with one is in test_alias.c.
 *
 * Fails when pmm_alias_check() and pmm_alias_start() do not look at one of these: is
 * it a regular file of tmpfs, writable, the caller's; its size, its pages, its
 * mappings, its seals; is it an alias already; is it a segment, if root can open one
 * here.  Files of a file system stacked on tmpfs are not tried: what a program has
 * open of those is not tmpfs'.  test_alias fails without any of an alias' own file
 * operations or its seals.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alias.h"
#include "guest.h"

#define SIZE (64 * KIB)

static int block;

/* Refused, and the file is nothing but a file. */
static void expect_refused(int fd, int err)
{
	struct stat st;

	EXPECT_OK(fstat(fd, &st));
	EXPECT_ERRNO(try_block_alias(block, fd), err);
	EXPECT_EQ(alias_count(block), 0);
	if (S_ISREG(st.st_mode) && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR) {
		EXPECT_OK(ftruncate(fd, SIZE + PAGE));
		EXPECT_EQ(pwrite(fd, "x", 1, SIZE), 1);
	}
	close(fd);
}

static void test_kinds(void)
{
	int pipes[2];

	EXPECT_ERRNO(try_block_alias(block, -1), EBADF);
	EXPECT_ERRNO(try_block_alias(block, 12345), EBADF);
	expect_refused(EXPECT_OK(open("/dev/shm", O_RDONLY | O_CLOEXEC)), EINVAL);
	expect_refused(EXPECT_OK(open("/proc/self/status", O_RDONLY | O_CLOEXEC)),
		       EINVAL);
	expect_refused(EXPECT_OK(open("/dev/null", O_RDWR | O_CLOEXEC)), EINVAL);
	expect_refused(dup(block), EINVAL);
	expect_refused(dup(pmm_fd()), EINVAL);
	EXPECT_OK(pipe2(pipes, O_CLOEXEC));
	expect_refused(pipes[0], EINVAL);
	close(pipes[1]);
}

/* A path alone is no open file. */
static void test_path(void)
{
	int fd = alias_file("/dev/shm", SIZE, 0600), path;
	char name[64];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	path = EXPECT_OK(open(name, O_PATH | O_CLOEXEC));
	EXPECT_ERRNO(try_block_alias(block, path), EBADF);
	close(path);
	path = EXPECT_OK(open(name, O_RDONLY | O_CLOEXEC));
	EXPECT_ERRNO(try_block_alias(block, path), EACCES);
	close(path);
	close(fd);
}

static void test_sizes(void)
{
	static const size_t sizes[] = {
		0, 1, SIZE - PAGE, SIZE + 1, SIZE + PAGE, 1UL << 40,
	};
	unsigned int i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		expect_refused(alias_file("/dev/shm", sizes[i], 0600), EINVAL);
}

static void test_contents(void)
{
	int fd = alias_file("/dev/shm", SIZE, 0600);
	char *p;

	EXPECT_EQ(pwrite(fd, "x", 1, SIZE - 1), 1);
	expect_refused(fd, EBUSY);

	fd = alias_file("/dev/shm", SIZE, 0600);
	p = EXPECT_OK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0));
	expect_refused(fd, EBUSY);
	EXPECT_OK(munmap(p, PAGE));

	/* Swapped out is not empty either. */
	if (!swap_start(32))
		return;
	fd = alias_file("/dev/shm", SIZE, 0600);
	p = map_shared(fd, SIZE);
	fill(p, SIZE, 1);
	EXPECT_OK(madvise(p, SIZE, MADV_PAGEOUT));
	EXPECT_OK(munmap(p, SIZE));
	EXPECT_ERRNO(try_block_alias(block, fd), EBUSY);
	close(fd);
	swap_stop();
}

static void test_memfds(void)
{
	int fd = EXPECT_OK(memfd_create("m", MFD_ALLOW_SEALING | MFD_CLOEXEC));

	EXPECT_OK(ftruncate(fd, SIZE));
	expect_refused(fd, EOPNOTSUPP);
	fd = EXPECT_OK(memfd_create("m", MFD_HUGETLB | MFD_CLOEXEC));
	EXPECT_OK(ftruncate(fd, HUGE_PAGE));
	EXPECT_ERRNO(try_block_alias(block, fd), EINVAL);
	close(fd);
}

/*
 * Only root can open a segment's own file, by the mapping that there is of it; it
 * has no name and will never have one.
 */
static void test_segment(void)
{
	char path[96];
	int shmid, fd;
	char *p = segment_sysv(SIZE, 0600, &shmid);

	snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx",
		 (unsigned long)p, (unsigned long)p + SIZE);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0)
		EXPECT_ERRNO(try_block_alias(block, fd), EOPNOTSUPP);
	else
		printf("no file of a segment (%d): not tested with one\n", errno);
	EXPECT_OK(shmctl(shmid, IPC_RMID, NULL));
	EXPECT_OK(shmdt(p));
	if (fd < 0)
		return;
	/* Not mapped any more. */
	EXPECT_ERRNO(try_block_alias(block, fd), EOPNOTSUPP);
	close(fd);
}

/* Homes and aliases: no inode is both, or one of them twice. */
static void test_twice(void)
{
	int other = block_alloc(SIZE), fd, home;
	void *p;

	fd = alias_file("/dev/shm", SIZE, 0600);
	EXPECT_OK(try_block_alias(other, fd));
	EXPECT_ERRNO(try_block_alias(other, fd), EBUSY);
	EXPECT_ERRNO(try_block_alias(block, fd), EBUSY);
	/* Its own file operations still map the file itself. */
	p = map_shared(fd, SIZE);
	EXPECT_ERRNO(try_block_adopt(block, p, PMM_ADOPT_SEAL), EBUSY);
	EXPECT_ERRNO(try_block_adopt(block, p, 0), EBUSY);
	EXPECT_OK(munmap(p, SIZE));
	home = EXPECT_OK(try_block_home_fd(other, 0));
	EXPECT_ERRNO(try_block_alias(block, home), EBUSY);
	EXPECT_ERRNO(try_block_alias(other, home), EBUSY);
	close(home);
	close(fd);
	close(other);
}

static void not_owner(void *arg)
{
	EXPECT_ERRNO(try_block_alias(block, *(int *)arg), EPERM);
}

static void test_rights(void)
{
	int fd = alias_file("/dev/shm", SIZE, 0666);

	run_as(NOBODY, not_owner, &fd);
	close(fd);
}

int main(void)
{
	block = block_alloc(SIZE);
	test_kinds();
	test_path();
	test_sizes();
	test_contents();
	test_memfds();
	test_segment();
	test_twice();
	test_rights();
	EXPECT_EQ(alias_count(block), 0);
	close(block);
	wait_pool_whole(5);
	return 0;
}
