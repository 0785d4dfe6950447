// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module goes as soon as nothing needs it, and not before.
 *
 * fsnotify frees marks later, from a thread of its own, through a function of
 * the module.  Without a module reference for each mark and without waiting for
 * that thread at exit, it jumps into a module that is gone and the kernel oopses.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest.h"

#define SIZE (64 * KIB)
/* Before the first pause. */
#define TRIES 20000
#define SLOW "/dev/shm/pmm-h2-slow"

static void end_private(void)
{
	int block = block_alloc(SIZE);
	void *p = block_map(block, SIZE);

	fill(p, SIZE, 1);
	EXPECT_OK(munmap(p, SIZE));
	close(block);
}

static void end_sysv(void)
{
	int shmid;
	void *p;

	close(block_sysv(SIZE, 0600, &shmid, &p));
	EXPECT_OK(shmctl(shmid, IPC_RMID, NULL));
	EXPECT_OK(shmdt(p));
}

static void end_memfd(void)
{
	void *p;
	int fd;

	close(block_memfd(SIZE, &fd, &p));
	close(fd);
	EXPECT_OK(munmap(p, SIZE));
}

/* Its mark is destroyed with the name, when it is still open. */
static void end_tmpfile(void)
{
	void *p;
	int fd;

	close(block_tmpfile("/dev/shm", SIZE, &fd, &p));
	link_tmpfile(fd, "/dev/shm/pmm-h2");
	EXPECT_OK(unlink("/dev/shm/pmm-h2"));
	close(fd);
	EXPECT_OK(munmap(p, SIZE));
}

static void (* const ends[])(void) = {
	end_private, end_sysv, end_memfd, end_tmpfile,
};

/* Without a pause for long: whatever is still under way has to keep the module. */
static void remove_at_once(void)
{
	unsigned int tries = 0;
	double patience = 10;

	while (try_module_remove()) {
		EXPECT(errno == EBUSY || errno == EAGAIN);
		EXPECT(++tries < TRIES || wait_more(&patience));
	}
}

static void test_refused_while_alive(void)
{
	int block = block_alloc(SIZE), fd;
	void *p;

	EXPECT_ERRNO(try_module_remove(), EAGAIN);
	close(block);
	wait_pool_whole(3);
	/* A home keeps it, too. */
	close(block_memfd(SIZE, &fd, &p));
	EXPECT_ERRNO(try_module_remove(), EAGAIN);
	close(fd);
	EXPECT_OK(munmap(p, SIZE));
	remove_at_once();
}

static void test_at_once(void)
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		module_insert("pool_mb=4");
		ends[i]();
		ends[(i + 1) % 4]();
		remove_at_once();
	}
}

/* From here on, no mark is freed for some time. */
static void *slow(void *unused)
{
	EXPECT_OK(chmod(SLOW, 0600));
	return unused;
}

static void test_slow_marks(void)
{
	pthread_t thread;
	unsigned int i;

	close(EXPECT_OK(open(SLOW, O_CREAT | O_RDWR | O_CLOEXEC, 0600)));
	test_module_insert("pmm_test_slow_marks", "path=" SLOW " delay_ms=400");
	for (i = 0; i < 4; i++) {
		module_insert("pool_mb=4");
		EXPECT_EQ(pthread_create(&thread, NULL, slow, NULL), 0);
		sleep_ms(50);
		ends[i]();
		remove_at_once();
		EXPECT_EQ(pthread_join(thread, NULL), 0);
		/* Now they are. */
		sleep_ms(50);
	}
	test_module_remove("pmm_test_slow_marks");
	EXPECT_OK(unlink(SLOW));
}

int main(void)
{
	char args[64];

	module_parameters(args, sizeof(args));
	test_refused_while_alive();
	test_at_once();
	test_slow_marks();
	module_insert(args);
	return 0;
}
