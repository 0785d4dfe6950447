// SPDX-License-Identifier: GPL-2.0-only
/*
 * A block is freed while somebody still pins one of its pages: a pipe, a buffer
 * registered with io_uring, a disk that is slow to answer.  Its memory is out of
 * circulation, and stays what it is, until they let go.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

#define SIZE		(2 * HUGE_PAGE + 2 * PAGE)

/**
 * struct dying - a block whose only holder is a mapping
 * @id: its number
 * @pfn: its first page
 * @p: the mapping
 */
struct dying {
	uint64_t id;
	uint64_t pfn;
	char *p;
};

static void by_fd(struct dying *d, int block, void *p)
{
	d->id = block_id(block);
	d->pfn = block_pfn(block);
	d->p = p;
	close(block);
	fill(p, SIZE, 5);
}

static void new_private(struct dying *d)
{
	int block = block_alloc(SIZE);

	by_fd(d, block, block_map(block, SIZE));
}

static void new_sysv(struct dying *d)
{
	int block, shmid;
	void *p;

	block = block_sysv(SIZE, 0600, &shmid, &p);
	EXPECT_OK(shmctl(shmid, IPC_RMID, NULL));
	by_fd(d, block, p);
}

static void new_memfd(struct dying *d)
{
	int block, fd;
	void *p;

	block = block_memfd(SIZE, &fd, &p);
	close(fd);
	by_fd(d, block, p);
}

static void (*const kinds[])(struct dying *d) = {
	new_private, new_sysv, new_memfd,
};

/* ---- the quarantine ---- */

static bool is_quarantined(const struct dying *d, size_t quarantined)
{
	char line[256];
	struct pool pool;

	pool_read(&pool);
	return pool.quarantined == quarantined && block_line(d->id, line, sizeof(line)) &&
	       strstr(line, "quarantine");
}

/* Nobody who allocates gets any of it, however much they want. */
static void expect_not_reused(const struct dying *d)
{
	struct pmm_alloc a = { .align = PAGE };
	unsigned int n = 0;
	struct pool pool;
	int blocks[64];
	uint64_t pfn;

	pool_read(&pool);
	EXPECT_EQ(pool.free, pool.total - pool.retired - SIZE);
	while (pool.largest_free) {
		EXPECT(n < ARRAY_SIZE(blocks));
		a.length = pool.largest_free;
		blocks[n] = EXPECT_OK(try_block_alloc(&a));
		pfn = block_pfn(blocks[n++]);
		EXPECT(pfn >= d->pfn + SIZE / PAGE ||
		       pfn + pool.largest_free / PAGE <= d->pfn);
		pool_read(&pool);
	}
	EXPECT_EQ(pool.free, 0);
	while (n)
		close(blocks[--n]);
}

/* The last holder has gone, but for the pin. */
static void expect_quarantine(const struct dying *d, bool thorough)
{
	struct pool pool;

	EXPECT(WITHIN(5, is_quarantined(d, SIZE)));
	if (!thorough)
		return;
	expect_not_reused(d);
	sleep_ms(300);
	EXPECT(is_quarantined(d, SIZE));
	pool_read(&pool);
	wait_pool_free(pool.total - pool.retired - SIZE, 5);
}

/* ---- a pipe ---- */

/* A page in the middle of a folio, and a small one. */
static size_t pinned[] = { HUGE_PAGE + 100 * PAGE, 2 * HUGE_PAGE + PAGE };

static void pin_in_pipe(int pipe, const struct dying *d)
{
	struct iovec v[2] = {
		{ d->p + pinned[0], PAGE },
		{ d->p + pinned[1], PAGE },
	};

	EXPECT_EQ(vmsplice(pipe, v, 2, 0), 2 * PAGE);
}

/* What is still in the pipe is what was in the block. */
static void unpin_from_pipe(int pipe)
{
	static char block[SIZE], buf[PAGE];
	unsigned int i;

	fill(block, SIZE, 5);
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(read(pipe, buf, PAGE), PAGE);
		EXPECT(!memcmp(buf, block + pinned[i], PAGE));
	}
}

static void test_pipe(void)
{
	struct dying d;
	unsigned int i;
	int pipes[2];

	EXPECT_OK(pipe(pipes));
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		kinds[i](&d);
		pin_in_pipe(pipes[1], &d);
		EXPECT_OK(munmap(d.p, SIZE));
		expect_quarantine(&d, i == 0);
		unpin_from_pipe(pipes[0]);
		wait_pool_whole(5);
	}
	/* A reader that goes without reading lets go, too. */
	new_sysv(&d);
	pin_in_pipe(pipes[1], &d);
	EXPECT_OK(munmap(d.p, SIZE));
	expect_quarantine(&d, false);
	close(pipes[0]);
	close(pipes[1]);
	wait_pool_whole(5);
}

static struct dying *shared;

static void die_with_a_pin(void *arg)
{
	new_sysv(shared);
	pin_in_pipe(*(int *)arg, shared);
	raise(SIGKILL);
}

/* Its owner is killed, and the pipe is somebody else's. */
static void test_killed(void)
{
	int pipes[2], status, pid;

	EXPECT_OK(pipe(pipes));
	shared = EXPECT_OK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	pid = child_start(0, die_with_a_pin, &pipes[1]);
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT(WIFSIGNALED(status));
	expect_quarantine(shared, false);
	unpin_from_pipe(pipes[0]);
	close(pipes[0]);
	close(pipes[1]);
	EXPECT_OK(munmap(shared, PAGE));
	wait_pool_whole(5);
}

/* ---- io_uring ---- */

struct ring {
	int fd;
	struct io_uring_params params;
	char *sq;
	struct io_uring_sqe *sqes;
};

static bool ring_open(struct ring *r)
{
	memset(r, 0, sizeof(*r));
	r->fd = syscall(SYS_io_uring_setup, 4, &r->params);
	if (r->fd < 0) {
		EXPECT(errno == ENOSYS || errno == EPERM);
		printf("this kernel has no io_uring: not tested with it\n");
		return false;
	}
	r->sq = EXPECT_OK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
			       r->fd, IORING_OFF_SQ_RING));
	r->sqes = EXPECT_OK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
				 r->fd, IORING_OFF_SQES));
	return true;
}

static void ring_close(struct ring *r)
{
	EXPECT_OK(munmap(r->sq, PAGE));
	EXPECT_OK(munmap(r->sqes, PAGE));
	close(r->fd);
}

/* Write from the registered buffer, wherever that was in memory. */
static void ring_write(struct ring *r, int fd, const char *address, size_t size)
{
	unsigned int *tail = (void *)(r->sq + r->params.sq_off.tail);
	unsigned int mask = *(unsigned int *)(r->sq + r->params.sq_off.ring_mask);
	unsigned int *array = (void *)(r->sq + r->params.sq_off.array);
	unsigned int i = *tail & mask;

	memset(&r->sqes[i], 0, sizeof(r->sqes[i]));
	r->sqes[i].opcode = IORING_OP_WRITE_FIXED;
	r->sqes[i].fd = fd;
	r->sqes[i].addr = (uintptr_t)address;
	r->sqes[i].len = size;
	array[i] = i;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	EXPECT_EQ(syscall(SYS_io_uring_enter, r->fd, 1, 1,
			  IORING_ENTER_GETEVENTS, NULL, 0), 1);
}

/* The ring still reads what was in the block when that had a mapping. */
static void expect_in_ring(struct ring *r, const struct dying *d)
{
	int fd = EXPECT_OK(memfd_create("guest", MFD_CLOEXEC));
	void *p;

	ring_write(r, fd, d->p, SIZE);
	p = EXPECT_OK(mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0));
	EXPECT(filled(p, SIZE, 5));
	EXPECT_OK(munmap(p, SIZE));
	close(fd);
}

/* Before 6.5 it refuses whatever is attached with shmat(2). */
static bool ring_register(struct ring *r, const struct dying *d, bool may_fail)
{
	struct iovec v = { d->p, SIZE };

	if (!syscall(SYS_io_uring_register, r->fd, IORING_REGISTER_BUFFERS, &v, 1))
		return true;
	EXPECT(may_fail && errno == EOPNOTSUPP);
	printf("this kernel's io_uring does not take System V segments\n");
	return false;
}

static void test_ring_with(void (*new_block)(struct dying *d), bool unregister)
{
	struct dying d;
	struct ring r;
	bool pinned;

	if (!ring_open(&r))
		return;
	new_block(&d);
	pinned = ring_register(&r, &d, new_block == new_sysv);
	EXPECT_OK(munmap(d.p, SIZE));
	if (pinned) {
		expect_quarantine(&d, false);
		expect_in_ring(&r, &d);
	}
	/* It lets go when asked to, and when it goes itself. */
	if (pinned && unregister) {
		EXPECT_OK(syscall(SYS_io_uring_register, r.fd,
				  IORING_UNREGISTER_BUFFERS, NULL, 0));
		wait_pool_whole(5);
	}
	ring_close(&r);
	wait_pool_whole(5);
}

static void test_ring(void)
{
	test_ring_with(new_private, true);
	test_ring_with(new_sysv, false);
	test_ring_with(new_memfd, false);
}

/* ---- a slow disk ---- */

#define SLOW_DISK "/dev/nullb0"
#define ANSWERS_AFTER_A_SECOND "queue_mode=2 irqmode=2 completion_nsec=1000000000"

static int slow_disk_open(void)
{
	if (system("modprobe -q null_blk nr_devices=1 gb=1 " ANSWERS_AFTER_A_SECOND)) {
		printf("this kernel has no null_blk: not tested with a slow disk\n");
		return -1;
	}
	return EXPECT_OK(open(SLOW_DISK, O_RDWR | O_DIRECT | O_CLOEXEC));
}

/* The disk's DMA into a block is under way when its owner frees it. */
static void test_slow_disk(void)
{
	int disk = slow_disk_open();
	aio_context_t context = 0;
	struct iocb io = {}, *ios[] = { &io };
	struct io_event event;
	struct dying d;

	if (disk < 0)
		return;
	new_private(&d);
	EXPECT_OK(syscall(SYS_io_setup, 1, &context));
	io.aio_fildes = disk;
	io.aio_lio_opcode = IOCB_CMD_PREAD;
	io.aio_buf = (uintptr_t)d.p + HUGE_PAGE;
	io.aio_nbytes = 16 * PAGE;
	EXPECT_EQ(syscall(SYS_io_submit, context, 1, ios), 1);
	EXPECT_OK(munmap(d.p, SIZE));
	expect_quarantine(&d, false);
	EXPECT_EQ(syscall(SYS_io_getevents, context, 1, 1, &event, NULL), 1);
	EXPECT_EQ(event.res, 16 * PAGE);
	EXPECT_OK(syscall(SYS_io_destroy, context));
	close(disk);
	wait_pool_whole(5);
	EXPECT_EQ(system("modprobe -r null_blk"), 0);
}

int main(void)
{
	test_pipe();
	test_killed();
	test_ring();
	test_slow_disk();
	return 0;
}
