// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages change hands while others look at them.
 *
 * A lockless lookup takes a reference to a page that has just been found free of
 * them, and drops it later.  Whoever makes large folios of pages, takes them apart
 * or resets them without freezing their counts first loses a reference, his own in
 * the end: the kernel then frees a page of the pool.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "guest.h"

#define SECONDS 2.5
#define LIVES 20
#define POOL (16 * MIB)
/* A large folio, and small pages. */
#define SIZE (2 * MIB + 16 * PAGE)

static atomic_bool stop;
/* What the lookers look at: it may be gone at any time. */
static atomic_int home = -1;
static char *_Atomic mapping;
static uint64_t pool_pfn;

/* What programs do with one. */
static void use(char *p, int fd, unsigned int n)
{
	atomic_store(&mapping, p);
	atomic_store(&home, fd);
	EXPECT(zeroed(p + n % 16 * PAGE, PAGE));
	memset(p + n % 500 * PAGE, 0xff, 16 * PAGE);
	memset(p + 2 * MIB, 0xff, 16 * PAGE);
	if (n % 4 == 0)
		EXPECT_OK(madvise(p + 2 * MIB, 8 * PAGE, MADV_REMOVE));
	atomic_store(&home, -1);
	atomic_store(&mapping, NULL);
}

/* One life of a block; false when there is none, or somebody was faster. */
static bool live_once(unsigned int n)
{
	struct pmm_alloc a = { .length = SIZE };
	int block = try_block_alloc(&a), fd, err = 0;
	char *p;

	if (block < 0) {
		EXPECT_EQ(errno, ENOMEM);
		return false;
	}
	p = segment_memfd(SIZE, 0, &fd);
	if (try_block_adopt(block, p, n & 1 ? PMM_ADOPT_SEAL : 0))
		err = errno;
	else
		use(p, fd, n);
	/* A late look at the last mapping may have touched this one. */
	EXPECT(!err || err == EBUSY);
	EXPECT_OK(munmap(p, SIZE));
	close(fd);
	close(block);
	return !err;
}

/* The page cache and get_user_pages(), by system calls that mind nothing. */
static void look(unsigned int n, int pipe_in, int pipe_out)
{
	static char buffer[8 * PAGE];
	unsigned char in_core[8];
	size_t offset = n % 65UL * 8 * PAGE;
	char *p = atomic_load(&mapping);
	struct iovec here = { buffer, sizeof(buffer) };
	struct iovec there = { p + offset, sizeof(buffer) };

	if (pread(atomic_load(&home), buffer, sizeof(buffer), offset) < 0)
		EXPECT(errno == EBADF);
	if (!p)
		return;
	if (process_vm_readv(getpid(), &here, 1, &there, 1, 0) < 0)
		EXPECT(errno == EFAULT);
	if (mincore(p + offset, sizeof(buffer), in_core))
		EXPECT(errno == ENOMEM);
	/* Pinned in the pipe for a while. */
	if (vmsplice(pipe_out, &there, 1, SPLICE_F_NONBLOCK) < 0)
		EXPECT(errno == EFAULT || errno == EAGAIN);
	if (n % 3 == 0 && read(pipe_in, buffer, sizeof(buffer)) < 0)
		EXPECT(errno == EAGAIN);
}

static void *looker(void *arg)
{
	unsigned int n;
	int fds[2];

	EXPECT_OK(pipe2(fds, O_NONBLOCK | O_CLOEXEC));
	for (n = 0; !atomic_load(&stop); n++) {
		look(n, fds[0], fds[1]);
		(void)kpageflags(pool_pfn + n % (POOL / PAGE));
		(void)kpagecount(pool_pfn + n % (POOL / PAGE));
	}
	close(fds[0]);
	close(fds[1]);
	return arg;
}

static uint64_t references_taken(void)
{
	char line[32];

	read_line("/sys/module/pmm_test_lookup/parameters/found", line,
		  sizeof(line));
	return strtoull(line, NULL, 10);
}

static void live_and_look(void)
{
	double end = now() + SECONDS, patience = 30;
	unsigned int lives = 0;
	pthread_t thread;
	char args[64];

	/* Where the blocks will be. */
	snprintf(args, sizeof(args), "pfn=%llu nr=%lu",
		 (unsigned long long)pool_pfn, SIZE / PAGE);
	test_module_insert("pmm_test_lookup", args);
	EXPECT_EQ(pthread_create(&thread, NULL, looker, NULL), 0);
	/* On a busy machine it may take longer. */
	while (now() < end || lives < LIVES) {
		if (live_once(lives))
			lives++;
		else
			EXPECT(wait_more(&patience));
	}
	atomic_store(&stop, true);
	EXPECT_EQ(pthread_join(thread, NULL), 0);
	printf("%u blocks, %llu lookups\n", lives,
	       (unsigned long long)references_taken());
	test_module_remove("pmm_test_lookup");
}

/* All of the pool works as before. */
static void use_all(void)
{
	int block = block_alloc(POOL);
	void *p = block_map(block, POOL);

	EXPECT(zeroed(p, POOL));
	fill(p, POOL, 4);
	EXPECT(maps_block(p, POOL, block_pfn(block)));
	EXPECT(filled(p, POOL, 4));
	EXPECT_OK(munmap(p, POOL));
	close(block);
	wait_pool_whole(3);
}

int main(void)
{
	int block, log = kmsg_open();
	char args[64];

	module_parameters(args, sizeof(args));
	module_remove();
	module_insert("pool_mb=16");
	block = block_alloc(POOL);
	pool_pfn = block_pfn(block);
	close(block);
	wait_pool_whole(3);

	live_and_look();
	wait_pool_whole(5);
	use_all();
	/* The kernel looks at every page when it gets it back. */
	module_remove();
	EXPECT(!kmsg_has(log, "Bad page"));
	module_insert(args);
	return 0;
}
