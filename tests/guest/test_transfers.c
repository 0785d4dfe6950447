// SPDX-License-Identifier: GPL-2.0-only
/*
 * Moving bytes into a block and out of it without a buffer between: io_uring with
 * registered buffers and files, sendfile, splice, vmsplice, copy_file_range.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <liburing.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "alias.h"
#include "guest.h"

#define SIZE	(2 * MIB + 2 * PAGE)
#define PATH	"/dev/shm/pmm-transfer"

/* ---- mappings by each name; nothing but the mapping holds the block ---- */

static void *mapped_alias(size_t size)
{
	int block = block_alloc(size), fd;
	void *p;

	alias_create(block, size, 0600, PATH);
	fd = EXPECT_OK(open(PATH, O_RDWR | O_CLOEXEC));
	EXPECT_OK(unlink(PATH));
	close(block);
	p = map_shared(fd, size);
	close(fd);
	return p;
}

static void *mapped_dmabuf(size_t size)
{
	int block = block_alloc(size), fd = try_block_dmabuf(block);
	void *p = map_shared(fd < 0 ? block : fd, size);

	close(fd);
	close(block);
	return p;
}

static void *(*const kinds[])(size_t size) = {
	mapped_private, mapped_sysv, mapped_memfd, mapped_alias, mapped_dmabuf,
};

static uint64_t pfn_at(const void *p)
{
	int block = EXPECT_OK(try_find_address(p));
	uint64_t pfn = block_pfn(block);

	close(block);
	return pfn;
}

/* ---- io_uring ---- */

static void ring_start(struct io_uring *ring)
{
	int err = io_uring_queue_init(8, ring, 0);

	if (err == -ENOSYS || err == -EPERM)
		guest_skip("this kernel has no io_uring");
	EXPECT_EQ(err, 0);
}

static struct io_uring_sqe *ring_next(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	EXPECT(sqe);
	return sqe;
}

/* Submits what was prepared; its result. */
static int ring_do(struct io_uring *ring)
{
	struct io_uring_cqe *cqe;
	int res;

	EXPECT_EQ(io_uring_submit(ring), 1);
	EXPECT_EQ(io_uring_wait_cqe(ring, &cqe), 0);
	res = cqe->res;
	io_uring_cqe_seen(ring, cqe);
	return res;
}

static int try_ring_register(struct io_uring *ring, void *p)
{
	struct iovec v = { p, SIZE };

	return io_uring_register_buffers(ring, &v, 1);
}

/* Older kernels refuse any segment's memory, a block or not. */
static bool ring_takes_segments(struct io_uring *ring)
{
	int shmid, err;
	void *p = segment_sysv(SIZE, 0600, &shmid);

	err = try_ring_register(ring, p);
	if (!err)
		EXPECT_EQ(io_uring_unregister_buffers(ring), 0);
	segment_remove(shmid, p);
	return !err;
}

static int ordinary_file(void)
{
	return EXPECT_OK(open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
}

static void expect_holds(int file, uint64_t seed)
{
	char *p;

	p = EXPECT_OK(mmap(NULL, SIZE, PROT_READ, MAP_SHARED, file, 0));
	EXPECT(filled(p, SIZE, seed));
	EXPECT_OK(munmap(p, SIZE));
}

/* The ring has the pages, and keeps them when they are mapped nowhere any more. */
static void test_buffers(void *(*map)(size_t))
{
	char *p = map(SIZE), *q;
	uint64_t pfn = pfn_at(p);
	int file = ordinary_file();
	struct io_uring ring;

	ring_start(&ring);
	if (map == mapped_sysv && !ring_takes_segments(&ring)) {
		EXPECT_EQ(try_ring_register(&ring, p), -EOPNOTSUPP);
		EXPECT_OK(munmap(p, SIZE));
		io_uring_queue_exit(&ring);
		close(file);
		return;
	}
	EXPECT_EQ(try_ring_register(&ring, p), 0);
	fill(p, SIZE, 1);
	io_uring_prep_write_fixed(ring_next(&ring), file, p, SIZE, 0, 0);
	EXPECT_EQ(ring_do(&ring), SIZE);
	expect_holds(file, 1);
	q = map_shared(file, SIZE);
	fill(q, SIZE, 2);
	EXPECT_OK(munmap(q, SIZE));
	io_uring_prep_read_fixed(ring_next(&ring), file, p, SIZE, 0, 0);
	EXPECT_EQ(ring_do(&ring), SIZE);
	EXPECT(filled(p, SIZE, 2));
	EXPECT(maps_block(p, SIZE, pfn));
	fill(p, SIZE, 3);
	EXPECT_OK(munmap(p, SIZE));
	sleep_ms(20);
	EXPECT(!pool_whole());
	io_uring_prep_write_fixed(ring_next(&ring), file, p, SIZE, 0, 0);
	EXPECT_EQ(ring_do(&ring), SIZE);
	expect_holds(file, 3);
	EXPECT_EQ(io_uring_unregister_buffers(&ring), 0);
	wait_pool_whole(10);
	io_uring_queue_exit(&ring);
	close(file);
}

static void child_registers(void *arg)
{
	struct io_uring ring;

	ring_start(&ring);
	EXPECT_EQ(try_ring_register(&ring, arg), 0);
	kill(getpid(), SIGKILL);
}

/* Killed with pages registered. */
static void test_killed(void)
{
	char *p = mapped_private(SIZE);
	int pid = child_start(0, child_registers, p), status;

	EXPECT_OK(munmap(p, SIZE));
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	wait_pool_whole(10);
}

/* A block's file, registered: the ring keeps it open. */
static void test_registered_file(int fd, int block)
{
	char *p = block_map(block, SIZE), *buf;
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	buf = EXPECT_OK(mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE |
			     MAP_ANONYMOUS, -1, 0));
	close(block);
	ring_start(&ring);
	EXPECT_EQ(io_uring_register_files(&ring, &fd, 1), 0);
	close(fd);
	fill(buf, SIZE, 4);
	sqe = ring_next(&ring);
	io_uring_prep_write(sqe, 0, buf, SIZE, 0);
	sqe->flags |= IOSQE_FIXED_FILE;
	EXPECT_EQ(ring_do(&ring), SIZE);
	EXPECT(filled(p, SIZE, 4));
	fill(p, SIZE, 5);
	EXPECT_OK(munmap(p, SIZE));
	sqe = ring_next(&ring);
	io_uring_prep_read(sqe, 0, buf, SIZE, 0);
	sqe->flags |= IOSQE_FIXED_FILE;
	EXPECT_EQ(ring_do(&ring), SIZE);
	EXPECT(filled(buf, SIZE, 5));
	io_uring_queue_exit(&ring);
	EXPECT_OK(munmap(buf, SIZE));
	wait_pool_whole(10);
}

/* ---- from file to file ---- */

/* An open file of so many bytes, by each name of a block; or an ordinary one. */
static int open_home(void)
{
	int block = block_alloc(SIZE);
	int fd = EXPECT_OK(try_block_home_fd(block, 0));

	close(block);
	return fd;
}

static int open_alias(void)
{
	int block = block_alloc(SIZE), fd;

	alias_create(block, SIZE, 0600, PATH);
	fd = EXPECT_OK(open(PATH, O_RDWR | O_CLOEXEC));
	EXPECT_OK(unlink(PATH));
	close(block);
	return fd;
}

static int open_memfd(void)
{
	void *p;
	int fd;

	close(block_memfd(SIZE, &fd, &p));
	EXPECT_OK(munmap(p, SIZE));
	return fd;
}

static int open_ordinary(void)
{
	int fd = ordinary_file();

	EXPECT_OK(ftruncate(fd, SIZE));
	return fd;
}

static int (*const files[])(void) = {
	open_home, open_alias, open_memfd, open_ordinary,
};

/* Each moves some bytes from the files' offsets on: how many. */
static ssize_t by_sendfile(int from, int to, size_t left)
{
	return sendfile(to, from, NULL, left);
}

static ssize_t by_splice(int from, int to, size_t left)
{
	ssize_t n, m, moved = 0;
	int pipes[2];

	EXPECT_OK(pipe2(pipes, O_CLOEXEC));
	n = EXPECT_OK(splice(from, NULL, pipes[1], NULL, left, SPLICE_F_MOVE));
	while (moved < n) {
		m = EXPECT_OK(splice(pipes[0], NULL, to, NULL, n - moved,
				     SPLICE_F_MOVE));
		EXPECT(m > 0);
		moved += m;
	}
	close(pipes[0]);
	close(pipes[1]);
	return moved;
}

static ssize_t by_copy_file_range(int from, int to, size_t left)
{
	ssize_t n = copy_file_range(from, NULL, to, NULL, left, 0);

	/* Not between file systems, whatever the files are. */
	return n < 0 && errno == EXDEV ? by_sendfile(from, to, left) : n;
}

/* The pages of a mapping, and not copies, into the pipe. */
static ssize_t by_vmsplice(int from, int to, size_t left)
{
	off_t at = EXPECT_OK(lseek(from, 0, SEEK_CUR));
	char *p = map_shared(from, SIZE);
	struct iovec v = { p + at, left < 8 * PAGE ? left : 8 * PAGE };
	ssize_t n, moved = 0;
	int pipes[2];

	EXPECT_OK(pipe2(pipes, O_CLOEXEC));
	n = EXPECT_OK(vmsplice(pipes[1], &v, 1, 0));
	EXPECT_OK(munmap(p, SIZE));
	while (moved < n)
		moved += EXPECT_OK(splice(pipes[0], NULL, to, NULL, n - moved, 0));
	close(pipes[0]);
	close(pipes[1]);
	EXPECT_OK(lseek(from, n, SEEK_CUR));
	return n;
}

static ssize_t (*const moves[])(int from, int to, size_t left) = {
	by_sendfile, by_splice, by_copy_file_range, by_vmsplice,
};

static void test_move(unsigned int from, unsigned int to, unsigned int move)
{
	int in = files[from](), out = files[to]();
	size_t left = SIZE;
	ssize_t n;
	char *p;

	p = map_shared(in, SIZE);
	fill(p, SIZE, move);
	EXPECT_OK(munmap(p, SIZE));
	while (left) {
		n = EXPECT_OK(moves[move](in, out, left));
		EXPECT(n > 0);
		left -= n;
	}
	/* Both are at their end, and neither has become longer. */
	EXPECT_EQ(by_sendfile(in, out, 1), 0);
	EXPECT_EQ(lseek(out, 0, SEEK_END), SIZE);
	expect_holds(out, move);
	expect_holds(in, move);
	close(in);
	close(out);
}

int main(void)
{
	unsigned int from, to, i;
	int block, fd;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		test_buffers(kinds[i]);
	test_killed();
	block = block_alloc(SIZE);
	test_registered_file(EXPECT_OK(try_block_home_fd(block, 0)), block);
	block = block_alloc(SIZE);
	alias_create(block, SIZE, 0600, PATH);
	fd = EXPECT_OK(open(PATH, O_RDWR | O_CLOEXEC));
	EXPECT_OK(unlink(PATH));
	test_registered_file(fd, block);
	for (from = 0; from < ARRAY_SIZE(files); from++)
		for (to = 0; to < ARRAY_SIZE(files); to++)
			for (i = 0; i < ARRAY_SIZE(moves); i++)
				test_move(from, to, i);
	wait_pool_whole(10);
	return 0;
}
