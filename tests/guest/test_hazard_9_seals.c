// SPDX-License-Identifier: GPL-2.0-only
/*
 * Seals against writing and homes exclude each other.
 *
 * mmap() looks at the seals of the file it is called on, but a block fd's mapping
 * is one of the home.  So a write-sealed memfd must not become a home, and no
 * such seal may be put on one later: its owner relies on contents that anyone
 * with the block fd could still change.
 *
 * Fails without any of: the check of seals in ADOPT, F_SEAL_SEAL on each home.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

#include "guest.h"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

#define SIZE (64 * KIB)

/* The block is as before: it has no home and can get one. */
static void expect_usable(int block)
{
	void *p;
	int fd;

	EXPECT(!(block_state(block) & PMM_BLOCK_HOME));
	p = segment_memfd(SIZE, MFD_ALLOW_SEALING, &fd);
	EXPECT_OK(try_block_adopt(block, p, PMM_ADOPT_SEAL));
	EXPECT(maps_block(p, SIZE, block_pfn(block)));
	EXPECT_OK(munmap(p, SIZE));
	close(fd);
	close(block);
	wait_pool_whole(3);
}

/* Writable before the seal, and so still mapped for writing. */
static void test_future_write(void)
{
	int fd, block = block_alloc(SIZE);
	char *p = segment_memfd(SIZE, MFD_ALLOW_SEALING, &fd);

	EXPECT_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
	EXPECT_ERRNO(try_block_adopt(block, p, 0), EPERM);
	EXPECT_ERRNO(try_block_adopt(block, p, PMM_ADOPT_SEAL), EPERM);
	EXPECT_EQ(fcntl(fd, F_GET_SEALS), F_SEAL_FUTURE_WRITE);
	EXPECT(zeroed(p, SIZE));
	EXPECT_OK(munmap(p, SIZE));
	close(fd);
	expect_usable(block);
}

static void test_write(void)
{
	int fd, block = block_alloc(SIZE);
	char *p = segment_memfd(SIZE, MFD_ALLOW_SEALING, &fd);

	EXPECT_OK(munmap(p, SIZE));
	EXPECT_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	EXPECT_ERRNO(mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0),
		     EPERM);
	/* Some kernels map it for reading. */
	p = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
	if (p != MAP_FAILED) {
		EXPECT_ERRNO(try_block_adopt(block, p, 0), EACCES);
		EXPECT_OK(munmap(p, SIZE));
	}
	close(fd);
	expect_usable(block);
}

/* No seal, of whatever kind, comes later. */
static void expect_no_more_seals(int fd)
{
	static const int seals[] = {
		F_SEAL_WRITE, F_SEAL_FUTURE_WRITE, F_SEAL_SHRINK, F_SEAL_GROW,
	};
	int had = EXPECT_OK(fcntl(fd, F_GET_SEALS));
	unsigned int i;

	EXPECT(had & F_SEAL_SEAL);
	for (i = 0; i < sizeof(seals) / sizeof(*seals); i++)
		EXPECT_ERRNO(fcntl(fd, F_ADD_SEALS, seals[i]), EPERM);
	EXPECT_EQ(fcntl(fd, F_GET_SEALS), had);
}

static void test_later(uint32_t flags)
{
	int fd, block = block_alloc(SIZE);
	char *p = segment_memfd(SIZE, MFD_ALLOW_SEALING, &fd), *q;

	EXPECT_OK(try_block_adopt(block, p, flags));
	expect_no_more_seals(fd);
	/* Without a writable mapping neither. */
	EXPECT_OK(munmap(p, SIZE));
	expect_no_more_seals(fd);
	q = block_map(block, SIZE);
	fill(q, SIZE, 9);
	EXPECT_OK(munmap(q, SIZE));
	close(fd);
	close(block);
	wait_pool_whole(3);
}

/* Homes without an owner of their own: SysV segments, private ones. */
static void test_internal_homes(void)
{
	int shmid, fd, block;
	void *p;

	block = block_sysv(SIZE, 0600, &shmid, &p);
	fd = EXPECT_OK(try_block_home_fd(block, 0));
	expect_no_more_seals(fd);
	close(fd);
	EXPECT_OK(shmctl(shmid, IPC_RMID, NULL));
	EXPECT_OK(shmdt(p));
	close(block);

	block = block_alloc(SIZE);
	fd = EXPECT_OK(try_block_home_fd(block, 0));
	expect_no_more_seals(fd);
	close(fd);
	close(block);
	wait_pool_whole(3);
}

/* A file that was sealed against changes of its size is welcome. */
static void test_size_sealed(int seals, uint32_t flags)
{
	int fd, block = block_alloc(SIZE);
	char *p = segment_memfd(SIZE, MFD_ALLOW_SEALING, &fd);

	EXPECT_OK(fcntl(fd, F_ADD_SEALS, seals));
	EXPECT_OK(try_block_adopt(block, p, flags));
	EXPECT(maps_block(p, SIZE, block_pfn(block)));
	EXPECT_EQ(fcntl(fd, F_GET_SEALS) & seals, seals);
	EXPECT_OK(munmap(p, SIZE));
	close(fd);
	close(block);
	wait_pool_whole(3);
}

/* Neither free to change its size nor to be fixed: said, and left as it is. */
static void test_grow_sealed(void)
{
	int fd, block = block_alloc(SIZE);
	char *p = segment_memfd(SIZE, MFD_ALLOW_SEALING, &fd);

	EXPECT_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
	EXPECT_ERRNO(try_block_adopt(block, p, 0), EPERM);
	EXPECT_EQ(fcntl(fd, F_GET_SEALS), F_SEAL_GROW);
	EXPECT(zeroed(p, SIZE));
	EXPECT_OK(munmap(p, SIZE));
	close(fd);
	expect_usable(block);
}

int main(void)
{
	test_future_write();
	test_write();
	test_later(0);
	test_later(PMM_ADOPT_SEAL);
	test_size_sealed(F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL, 0);
	test_size_sealed(F_SEAL_SHRINK | F_SEAL_GROW, PMM_ADOPT_SEAL);
	test_size_sealed(F_SEAL_SHRINK, 0);
	test_grow_sealed();
	test_internal_homes();
	return 0;
}
