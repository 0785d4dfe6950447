// SPDX-License-Identifier: GPL-2.0-only
/*
 * A block as a dma-buf: a driver gets it in one piece at the block's own address,
 * a device that cannot reach it is refused, programs map it like the block, and it
 * holds the block whoever closes what first.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

#include "dmabuf.h"
#include "guest.h"

#define SIZE (4 * MIB + 3 * PAGE)

static void attach(int driver, int fd)
{
	struct pmm_test_import_attach a;

	EXPECT_OK(try_attach(driver, fd, 64, &a));
	EXPECT_EQ(a.entries, 1);
	EXPECT_EQ(a.contiguous, SIZE);
}

/* The driver writes a byte over some of it; what was there. */
static unsigned int driver_fill(int driver, size_t offset, size_t length, int byte)
{
	struct pmm_test_import_fill f = {
		.offset = offset, .length = length, .byte = byte,
	};

	EXPECT_OK(ioctl(driver, PMM_TEST_IMPORT_FILL, &f));
	return f.old;
}

static void sync_access(int fd, unsigned int flags)
{
	struct dma_buf_sync sync = { .flags = flags };

	EXPECT_OK(ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync));
}

/* ---- contents ---- */

static void test_shared(void)
{
	int block = block_alloc(SIZE), fd = dmabuf(block), driver = driver_open();
	char *p = block_map(block, SIZE), *q = map_shared(fd, SIZE);

	EXPECT_EQ(lseek(fd, 0, SEEK_END), SIZE);
	EXPECT(maps_block(q, SIZE, block_pfn(block)));
	attach(driver, fd);
	p[SIZE - 1] = 11;
	EXPECT_EQ(driver_fill(driver, SIZE - 1, 1, 22), 11);
	sync_access(fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
	EXPECT_EQ(q[SIZE - 1], 22);
	q[SIZE - 1] = 33;
	sync_access(fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW);
	EXPECT_EQ(p[SIZE - 1], 33);
	EXPECT_OK(ioctl(driver, PMM_TEST_IMPORT_REMAP));
	EXPECT_EQ(driver_fill(driver, 0, SIZE, 44), 0);
	EXPECT(p[0] == 44 && p[SIZE - 1] == 44);
	EXPECT_OK(munmap(p, SIZE));
	EXPECT_OK(munmap(q, SIZE));
	close(driver);
	close(fd);
	close(block);
	wait_pool_whole(5);
}

/* Part of it, past its end, and without the right to write. */
static void test_map(void)
{
	int block = block_alloc(SIZE), fd = dmabuf(block);
	char *p;

	p = EXPECT_OK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, SIZE - PAGE));
	EXPECT_EQ(pfn_of(p) ? 0 : *p, 0);
	EXPECT_EQ(pfn_of(p), block_pfn(block) + SIZE / PAGE - 1);
	EXPECT_OK(munmap(p, PAGE));
	EXPECT_ERRNO(mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, SIZE - PAGE),
		     EINVAL);
	close(fd);
	close(block);
	wait_pool_whole(5);
}

/* ---- who may have one ---- */

static void test_find(void)
{
	int block = block_alloc(SIZE), fd = dmabuf(block), found;

	found = EXPECT_OK(try_find_fd(fd));
	EXPECT_EQ(block_id(found), block_id(block));
	close(found);
	close(fd);
	close(block);
	wait_pool_whole(5);
}

static void test_readonly(void)
{
	int shmid, block;
	void *p, *q;

	close(block_sysv(SIZE, 0600, &shmid, &p));
	q = EXPECT_OK(shmat(shmid, NULL, SHM_RDONLY));
	block = EXPECT_OK(try_find_address(q));
	EXPECT_ERRNO(try_block_dmabuf(block), EACCES);
	close(block);
	EXPECT_OK(shmctl(shmid, IPC_RMID, NULL));
	EXPECT_OK(shmdt(q));
	EXPECT_OK(shmdt(p));
	wait_pool_whole(5);
}

/* Up to the block, and not quite as far. */
static void test_mask(void)
{
	int block = block_alloc(SIZE), fd = dmabuf(block), driver = driver_open();
	uint64_t end = (block_pfn(block) + SIZE / PAGE) * PAGE;
	struct pmm_test_import_attach a;
	unsigned int bits = 64 - __builtin_clzll(end - 1);

	EXPECT_OK(try_attach(driver, fd, bits, &a));
	EXPECT_EQ(a.contiguous, SIZE);
	EXPECT_OK(ioctl(driver, PMM_TEST_IMPORT_DETACH));
	/* A kernel without a zone for such devices does not know them at all. */
	EXPECT_EQ(try_attach(driver, fd, bits - 1, &a), -1);
	EXPECT(errno == ERANGE || errno == EIO);
	close(driver);
	close(fd);
	close(block);
	wait_pool_whole(5);
}

/* ---- lifetimes: every order in which the four can go ---- */

#define HOLDERS 4

static void drop(int holder, const int *fds, void *mapping)
{
	if (holder < 3)
		close(fds[holder]);
	else
		EXPECT_OK(munmap(mapping, SIZE));
}

static void test_order(unsigned int k)
{
	int fds[3], left[HOLDERS] = { 0, 1, 2, 3 };
	unsigned int n, i;
	struct pool pool;
	void *p;

	fds[0] = block_alloc(SIZE);
	fds[1] = dmabuf(fds[0]);
	fds[2] = driver_open();
	attach(fds[2], fds[1]);
	p = map_shared(fds[1], SIZE);
	fill(p, SIZE, k);
	for (n = HOLDERS; n; k /= n, n--) {
		pool_read(&pool);
		EXPECT_EQ(pool.blocks, 1);
		EXPECT_EQ(pool.quarantined, 0);
		i = k % n;
		drop(left[i], fds, p);
		memmove(left + i, left + i + 1, (n - i - 1) * sizeof(*left));
	}
	wait_pool_whole(5);
}

int main(void)
{
	unsigned int k;

	if (access("/sys/kernel/debug/dma_buf", F_OK))
		guest_skip("this kernel has no dma-bufs");
	test_module_insert("pmm_test_import", "");
	test_shared();
	test_map();
	test_find();
	test_readonly();
	test_mask();
	for (k = 0; k < 24; k++)
		test_order(k);
	test_module_remove("pmm_test_import");
	return 0;
}
