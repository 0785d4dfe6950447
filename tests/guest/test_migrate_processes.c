// SPDX-License-Identifier: GPL-2.0-only
/*
 * PMM_IOC_MIGRATE and processes: what fork, exec, exit and a kill leave on a device,
 * the memory of other processes, quotas, and a device that goes while it holds what
 * threads are writing to.
 *
 * guest: APPEND='memmap=32M$512M' NO_X=1
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "migrate.h"

#define SIZE	MIB

static char *device_memory(uint64_t seed)
{
	char *p = anon(SIZE);

	fill(p, SIZE, seed);
	migrate(p, SIZE, "vram");
	EXPECT(all_in_vram(p, SIZE));
	return p;
}

/* ---- fork ---- */

/* What is written is copied to system RAM; what is not is still the parent's. */
static void child_writes(void *arg)
{
	char *p = arg;

	EXPECT(filled(p, SIZE, 1));
	EXPECT(all_in_vram(p, SIZE));
	fill(p, SIZE / 2, 2);
	EXPECT(none_in_vram(p, SIZE / 2));
	EXPECT(filled(p, SIZE / 2, 2));
	EXPECT(all_in_vram(p + SIZE / 2, SIZE / 2));
}

/* What it shares with its parent it cannot move there, but back. */
static void child_moves_back(void *arg)
{
	EXPECT(filled(arg, SIZE, 1));
	migrate(arg, SIZE, "");
	EXPECT(none_in_vram(arg, SIZE));
	EXPECT(filled(arg, SIZE, 1));
}

static void child_waits(void *arg)
{
	(void)arg;
	pause();
}

static void test_fork(void)
{
	struct pmm_migrate m = {};
	char *p = device_memory(1);
	int child;

	run_as(0, child_writes, p);
	EXPECT(all_in_vram(p, SIZE));
	EXPECT(filled(p, SIZE, 1));
	run_as(0, child_moves_back, p);
	EXPECT(none_in_vram(p, SIZE));
	vram_wait_whole();

	child = child_start(0, child_waits, p);
	EXPECT_ERRNO(try_migrate(p, SIZE, "vram", &m), EBUSY);
	EXPECT_EQ(m.reason, PMM_MIGRATE_SHARED);
	EXPECT_EQ(m.shared, SIZE);
	fill(p, SIZE / 2, 3);
	EXPECT_ERRNO(try_migrate(p, SIZE, "vram", &m), EBUSY);
	EXPECT_EQ(m.moved, SIZE / 2);
	child_kill(child);
	migrate(p, SIZE, "vram");
	EXPECT(filled(p, SIZE / 2, 3));
	EXPECT_OK(munmap(p, SIZE));
	vram_wait_whole();
}

/* ---- exec, exit, kill ---- */

static void child_execs(void *arg)
{
	(void)arg;
	device_memory(4);
	execl("/bin/true", "true", NULL);
	_exit(1);
}

static void child_exits(void *arg)
{
	(void)arg;
	device_memory(5);
}

static void child_moves(void *arg)
{
	char *p = anon(SIZE);

	(void)arg;
	fill(p, SIZE, 6);
	for (;;) {
		migrate(p, SIZE, "vram");
		EXPECT(filled(p, SIZE, 6));
		migrate(p, SIZE, "");
		EXPECT(filled(p, SIZE, 6));
	}
}

static void test_end(void)
{
	int i, child;

	run_as(0, child_execs, NULL);
	vram_wait_whole();
	run_as(0, child_exits, NULL);
	vram_wait_whole();
	for (i = 0; i < 5; i++) {
		child = child_start(0, child_moves, NULL);
		sleep_ms(20 + 17 * i);
		child_kill(child);
	}
	vram_wait_whole();
}

/* ---- other processes ---- */

struct other {
	char *p;
	int pid;
	int ready[2];
};

/* Its memory is the parent's to move; meanwhile it goes on to write. */
static void other_run(void *arg)
{
	struct other *o = arg;
	struct writers w;

	fill(o->p, SIZE, 7);
	writers_start(&w, o->p + SIZE, SIZE);
	EXPECT_EQ(write(o->ready[1], "x", 1), 1);
	for (;;)
		writers_wait(&w);
}

static int mem_open(int pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* A user may not open what he may not ptrace, and no other file will do. */
static void other_denied(void *arg)
{
	static const char * const files[] = {
		"/dev/zero", "/proc/self/maps", "/proc/self/environ",
		"/proc/self/auxv", "/proc/self/exe",
	};
	struct pmm_migrate m = { .flags = PMM_MIGRATE_MEM };
	struct other *o = arg;
	size_t i;

	EXPECT_ERRNO(mem_open(o->pid), EACCES);
	EXPECT_ERRNO(mem_open(1), EACCES);
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		m.mem_fd = EXPECT_OK(open(files[i], O_RDONLY | O_CLOEXEC));
		EXPECT_ERRNO(try_migrate(o->p, SIZE, "vram", &m), EBADF);
		close(m.mem_fd);
	}
}

static void other_move(struct other *o, int fd, const char *type, bool there)
{
	struct pmm_migrate m = { .flags = PMM_MIGRATE_MEM, .mem_fd = fd };
	size_t i;

	while (try_migrate(o->p, 2 * SIZE, type, &m))
		EXPECT_EQ(m.reason, PMM_MIGRATE_BUSY);
	for (i = 0; i < 2 * SIZE; i += 64 * PAGE) {
		uint64_t pa = pfn_of_pid(o->pid, o->p + i) * PAGE;

		EXPECT_EQ(pa >= VRAM_START && pa < VRAM_START + VRAM_SIZE,
			  there);
	}
}

static void test_other(void)
{
	struct other o = { .p = anon(2 * SIZE) };
	struct pmm_migrate m = { .flags = PMM_MIGRATE_MEM };
	char *copy = anon(SIZE), c;
	struct iovec to = { copy, SIZE }, from = { o.p, SIZE };
	int i;

	EXPECT_OK(pipe(o.ready));
	o.pid = child_start(0, other_run, &o);
	EXPECT_EQ(read(o.ready[0], &c, 1), 1);
	run_as(NOBODY, other_denied, &o);
	m.mem_fd = EXPECT_OK(mem_open(o.pid));
	for (i = 0; i < 3; i++) {
		other_move(&o, m.mem_fd, "vram", true);
		EXPECT_EQ(process_vm_readv(o.pid, &to, 1, &from, 1, 0), SIZE);
		EXPECT(filled(copy, SIZE, 7));
		other_move(&o, m.mem_fd, "", false);
	}
	other_move(&o, m.mem_fd, "vram", true);
	EXPECT_EQ(waitpid(o.pid, NULL, WNOHANG), 0);
	child_kill(o.pid);
	vram_wait_whole();
	EXPECT_ERRNO(try_migrate(o.p, SIZE, "vram", &m), ESRCH);
	close(m.mem_fd);
	close(o.ready[0]);
	close(o.ready[1]);
	EXPECT_OK(munmap(copy, SIZE));
	EXPECT_OK(munmap(o.p, 2 * SIZE));
}

/* ---- quotas ---- */

static void child_exceeds(void *arg)
{
	struct pmm_migrate m = {};
	char *p = anon(VRAM_SIZE);

	(void)arg;
	fill(p, VRAM_SIZE, 8);
	/* quota_percent=50 */
	EXPECT_ERRNO(try_migrate(p, VRAM_SIZE, "vram", &m), EDQUOT);
	EXPECT_EQ(m.reason, PMM_MIGRATE_QUOTA);
	EXPECT_EQ(m.moved, VRAM_SIZE / 2);
	EXPECT_EQ(m.left, VRAM_SIZE / 2);
	migrate(p, PAGE, "");
	EXPECT_ERRNO(try_migrate(p, VRAM_SIZE, "vram", &m), EDQUOT);
	EXPECT_EQ(m.moved, PAGE);
	EXPECT(filled(p, VRAM_SIZE, 8));
	EXPECT_OK(munmap(p, VRAM_SIZE / 4));
	EXPECT_ERRNO(try_migrate(p + VRAM_SIZE / 4, VRAM_SIZE * 3 / 4, "vram",
				 &m), EDQUOT);
	EXPECT_EQ(m.moved, VRAM_SIZE / 4);
}

static void test_quota(void)
{
	struct pmm_quota q = {
		.size = sizeof(q), .flags = PMM_QUOTA_GET, .uid = NOBODY,
		.type = "vram",
	};

	run_as(NOBODY, child_exceeds, NULL);
	vram_wait_whole();
	EXPECT_OK(ioctl(pmm_fd(), PMM_IOC_QUOTA, &q));
	EXPECT_EQ(q.used, 0);
	EXPECT_EQ(q.all_used, 0);
}

/* ---- the device goes ---- */

static void child_removes(void *arg)
{
	(void)arg;
	vram_remove();
}

static void test_gone(void)
{
	char *p = device_memory(9), *locked = anon(SIZE), *shared;
	struct pmm_migrate m = {};
	struct writers w;
	int i, child;

	shared = device_memory(10);
	for (i = 0; i < 3; i++) {
		writers_start(&w, locked, SIZE);
		EXPECT_OK(mlock(locked, SIZE));
		migrate(locked, SIZE, "vram");
		child = child_start(0, child_waits, NULL);
		writers_wait(&w);
		vram_remove();
		EXPECT(none_in_vram(p, SIZE));
		EXPECT(filled(p, SIZE, 9));
		EXPECT(filled(shared, SIZE, 10));
		writers_stop(&w);
		child_kill(child);
		EXPECT_ERRNO(try_migrate(p, SIZE, "vram", &m), ENOENT);
		vram_insert("");
		migrate(p, SIZE, "vram");
		migrate(shared, SIZE, "vram");
	}
	EXPECT_OK(munmap(p, SIZE));
	EXPECT_OK(munmap(locked, SIZE));
	EXPECT_OK(munmap(shared, SIZE));
}

/* It waits for who has a page pinned, and nothing is moved there meanwhile. */
static void test_gone_pinned(void)
{
	char *p = device_memory(11), page[PAGE];
	struct iovec iov = { .iov_base = p, .iov_len = PAGE };
	int pipe_fd[2], child, i;

	/* Else what is written after the fork is written to a copy. */
	EXPECT_OK(madvise(p, SIZE, MADV_DONTFORK));
	EXPECT_OK(pipe2(pipe_fd, O_CLOEXEC));
	EXPECT_EQ(vmsplice(pipe_fd[1], &iov, 1, 0), PAGE);
	child = child_start(0, child_removes, NULL);
	for (i = 0; !none_in_vram(p + PAGE, SIZE - PAGE); i++) {
		EXPECT(i < 6000);
		sleep_ms(10);
	}
	sleep_ms(300);
	EXPECT_EQ(waitpid(child, NULL, WNOHANG), 0);
	p[0] = '!';
	/* All of it: the child has the pipe, too. */
	EXPECT_EQ(read(pipe_fd[0], page, PAGE), PAGE);
	EXPECT_EQ(page[0], '!');
	close(pipe_fd[0]);
	close(pipe_fd[1]);
	child_wait(child);
	EXPECT(none_in_vram(p, SIZE));
	EXPECT_EQ(p[0], '!');
	EXPECT_OK(munmap(p, SIZE));
	vram_insert("");
}

/* Or else its pages keep the module it is from. */
static void test_kept(void)
{
	struct pmm_migrate m = {};
	char *p = anon(PAGE);
	int child;

	vram_remove();
	vram_insert("keep=1");

	/* What is not moved does not. */
	p[0] = 1;
	child = child_start(0, child_waits, NULL);
	EXPECT_ERRNO(try_migrate(p, PAGE, "vram", &m), EBUSY);
	child_kill(child);
	EXPECT_OK(munmap(p, PAGE));
	vram_remove();
	vram_insert("keep=1");

	p = device_memory(12);
	EXPECT_ERRNO(try_test_module_remove("pmm_test_coherent"), EAGAIN);
	migrate(p, SIZE, "");
	vram_wait_whole();
	EXPECT_OK(munmap(p, SIZE));
}

int main(void)
{
	vram_insert("");
	test_fork();
	test_end();
	test_other();
	test_quota();
	test_gone();
	test_gone_pinned();
	test_kept();
	vram_remove();
	return 0;
}
