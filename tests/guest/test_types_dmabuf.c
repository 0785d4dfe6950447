// SPDX-License-Identifier: GPL-2.0-only
/*
 * A type is removed while a driver has a block of it as a dma-buf, and while the
 * block has an alias.  Programs lose it at once, and the driver is waited for: until
 * it lets go the memory is not given back, and afterwards nothing touches it, whatever
 * is still done with the dma-buf.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "alias.h"
#include "dmabuf.h"
#include "guest.h"
#include "type_driver.h"
#include "vm.h"

#define SIZE	(HUGE_PAGE + PAGE)
#define ALIAS	"/dev/shm/pmm-removed"

/**
 * struct victim - a block of the type, in everybody's hands
 * @block: the block fd
 * @dmabuf: its dma-buf
 * @driver: what has that attached and mapped
 * @alias: an open alias, which is linked as ALIAS
 * @p: a mapping of the dma-buf
 * @q: a mapping of the alias
 */
struct victim {
	int block;
	int dmabuf;
	int driver;
	int alias;
	char *p;
	char *q;
};

static int try_alloc(void)
{
	struct pmm_alloc a = { .size = sizeof(a), .length = SIZE, .type = "dev" };

	return try_block_alloc(&a);
}

static void victim_create(struct victim *v)
{
	struct pmm_test_import_attach a;

	v->block = EXPECT_OK(try_alloc());
	v->dmabuf = dmabuf(v->block);
	v->p = map_shared(v->dmabuf, SIZE);
	alias_create(v->block, SIZE, 0600, ALIAS);
	v->alias = EXPECT_OK(open(ALIAS, O_RDWR | O_CLOEXEC));
	v->q = map_shared(v->alias, SIZE);
	v->driver = driver_open();
	EXPECT_OK(try_attach(v->driver, v->dmabuf, 64, &a));
	EXPECT_EQ(a.entries, 1);
	fill(v->p, SIZE, 1);
	EXPECT(filled(v->q, SIZE, 1));
}

static int driver_write(int driver)
{
	struct pmm_test_import_fill f = { .length = SIZE, .byte = 0x33 };

	return ioctl(driver, PMM_TEST_IMPORT_FILL, &f);
}

static int sync_both(int fd)
{
	struct dma_buf_sync sync = { .flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW };

	if (ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync))
		return -1;
	sync.flags = DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW;
	return ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync);
}

/* In a child, which must not keep the driver's file open. */
static void remove_type(void *driver)
{
	close(*(int *)driver);
	write_file(PARAM("remove"), "1");
}

static bool running(int pid)
{
	siginfo_t info = {};

	EXPECT_OK(waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT));
	return !info.si_pid;
}

/* Whoever had it mapped does not any more, and nobody gets it anew. */
static void expect_lost(const struct victim *v)
{
	struct pmm_test_import_attach a;
	int other = driver_open(), found;
	char c = 1;

	EXPECT_EQ(access_signal(v->p, true), SIGBUS);
	EXPECT_EQ(access_signal(v->q, true), SIGBUS);
	EXPECT_EQ(access_signal(v->q + SIZE - 1, false), SIGBUS);
	EXPECT_ERRNO(try_alloc(), ENOENT);
	EXPECT_ERRNO(mmap(NULL, SIZE, PROT_READ, MAP_SHARED, v->dmabuf, 0), ENODEV);
	EXPECT_ERRNO(try_attach(other, v->dmabuf, 64, &a), ENODEV);
	/* As with a block fd, there is still somebody to ask. */
	found = EXPECT_OK(try_find_fd(v->dmabuf));
	EXPECT_EQ(block_id(found), block_id(v->block));
	EXPECT_ERRNO(mmap(NULL, SIZE, PROT_READ, MAP_SHARED, found, 0), ENODEV);
	close(found);
	EXPECT_ERRNO(open(ALIAS, O_RDWR), ENODEV);
	EXPECT_EQ(pread(v->alias, &c, 1, 0), 0);
	EXPECT_ERRNO(pwrite(v->alias, &c, 1, 0), EPERM);
	found = EXPECT_OK(try_find_fd(v->alias));
	EXPECT_EQ(block_id(found), block_id(v->block));
	close(found);
	EXPECT_OK(sync_both(v->dmabuf));
	close(other);
}

/* @closed: the driver's file goes, else it detaches the dma-buf */
static void test_removed(bool closed)
{
	int remover, log = kmsg_open();
	struct victim v;
	char says[128];

	write_file(PARAM("register"), "dev 0x5 0");
	victim_create(&v);
	snprintf(says, sizeof(says), "removing type dev waits for block %llu of user 0, %lu KiB: a driver uses it",
		 (unsigned long long)block_id(v.block), SIZE / KIB);
	remover = child_start(0, remove_type, &v.driver);
	EXPECT(WITHIN(30, access_signal(v.p, false) == SIGBUS));
	expect_lost(&v);
	/* The driver that has it has all of it, until it lets go. */
	EXPECT_OK(driver_write(v.driver));
	EXPECT(WITHIN(60, kmsg_has(log, says)));
	EXPECT(running(remover));
	EXPECT_OK(ioctl(v.driver, PMM_TEST_IMPORT_REMAP));
	EXPECT(running(remover));

	if (closed)
		close(v.driver);
	else
		EXPECT_OK(ioctl(v.driver, PMM_TEST_IMPORT_DETACH));
	child_wait(remover);
	expect_memory("intact");
	expect_lost(&v);
	expect_memory("intact");

	if (!closed)
		close(v.driver);
	EXPECT_OK(munmap(v.q, SIZE));
	EXPECT_OK(munmap(v.p, SIZE));
	EXPECT_OK(unlink(ALIAS));
	close(v.alias);
	close(v.block);
	close(v.dmabuf);
	close(log);
	expect_memory("intact");
}

/* Memory on a device is not for other devices, but for programs. */
static void test_device(void)
{
	struct pmm_test_import_attach a;
	int block, fd, driver = driver_open();
	char *p;

	write_file(PARAM("register"), "dev 0x6 0");
	block = EXPECT_OK(try_alloc());
	fd = dmabuf(block);
	EXPECT_ERRNO(try_attach(driver, fd, 64, &a), EOPNOTSUPP);
	p = map_shared(fd, SIZE);
	fill(p, SIZE, 2);
	/* So nobody is waited for. */
	write_file(PARAM("remove"), "1");
	expect_memory("intact");
	EXPECT_EQ(access_signal(p, true), SIGBUS);
	EXPECT_OK(munmap(p, SIZE));
	EXPECT_ERRNO(try_attach(driver, fd, 64, &a), ENODEV);
	close(fd);
	close(block);
	close(driver);
	expect_memory("intact");
}

int main(void)
{
	if (access("/sys/kernel/debug/dma_buf", F_OK))
		guest_skip("this kernel has no dma-bufs");
	test_module_insert(DRIVER, "spans=6");
	test_module_insert("pmm_test_import", "");
	test_removed(false);
	test_removed(true);
	test_device();
	test_module_remove("pmm_test_import");
	test_module_remove(DRIVER);
	wait_pool_whole(5);
	return 0;
}
