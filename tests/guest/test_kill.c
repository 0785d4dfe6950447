// SPDX-License-Identifier: GPL-2.0-only
/*
 * The creator of a block is killed at each step between allocation and free:
 * between all system calls that it makes, and inside those that take long.
 * Everything returns to the pool.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "pmmshm.h"

/* 2 MiB folios, and a small one. */
#define SIZE		(HUGE_PAGE + PAGE)
#define KEY		0x504d4d31
#define NAME		"/dev/shm/kill-test"
#define MAX_STEPS	400

/* ---- stories: what a creator does, from the beginning to the end ---- */

/* Touching memory is no system call; this one does nothing. */
static void touch(void *p)
{
	memset(p, 0x77, SIZE);
	getppid();
}

/* What <linux/pmm.h> offers, without functions in between that could fail. */
static int raw_alloc(int *control)
{
	struct pmm_alloc a = { .size = sizeof(a), .length = SIZE };

	*control = EXPECT_OK(open("/dev/pmm", O_RDWR | O_CLOEXEC));
	return EXPECT_OK(ioctl(*control, PMM_IOC_ALLOC, &a));
}

/* Uses of a block that is mapped at @p. */
static void raw_use(int control, int block, void *p)
{
	struct pmm_find f = {
		.size = sizeof(f),
		.flags = PMM_FIND_ADDRESS,
		.address = (uintptr_t)p,
	};
	struct pmm_block_info info;
	int found, home;

	touch(p);
	block_info(block, &info);
	found = EXPECT_OK(ioctl(control, PMM_IOC_FIND, &f));
	home = try_block_home_fd(block, 0);
	EXPECT(home >= 0 || errno == EOPNOTSUPP);
	close(block);
	touch(p);
	close(found);
	close(home);
}

/* The order that cleans up after itself: marked for removal before it is used. */
static void story_segment(void)
{
	int control, block = raw_alloc(&control), shmid;
	void *p;

	shmid = EXPECT_OK(shmget(IPC_PRIVATE, SIZE, IPC_CREAT | 0600));
	p = EXPECT_OK(shmat(shmid, NULL, 0));
	EXPECT_OK(shmctl(shmid, IPC_RMID, NULL));
	EXPECT_OK(try_block_adopt(block, p, 0));
	raw_use(control, block, p);
	EXPECT_OK(shmdt(p));
	close(control);
}

/* A segment with a key, for others. */
static void story_published(void)
{
	int control, block = raw_alloc(&control), shmid;
	struct shmid_ds ds;
	void *p;

	shmid = EXPECT_OK(shmget(KEY, SIZE, IPC_CREAT | IPC_EXCL | 0600));
	p = EXPECT_OK(shmat(shmid, NULL, 0));
	EXPECT_OK(try_block_adopt(block, p, 0));
	EXPECT_OK(shmctl(shmid, IPC_STAT, &ds));
	ds.shm_perm.mode = 0666;
	EXPECT_OK(shmctl(shmid, IPC_SET, &ds));
	raw_use(control, block, p);
	EXPECT_OK(shmdt(p));
	p = EXPECT_OK(shmat(shmid, NULL, SHM_RDONLY));
	EXPECT_OK(shmctl(shmid, IPC_RMID, NULL));
	EXPECT_OK(shmdt(p));
	close(control);
}

static void story_private(void)
{
	int control, block = raw_alloc(&control);
	void *p = block_map(block, SIZE);

	EXPECT_OK(mlock(p, SIZE));
	raw_use(control, block, p);
	EXPECT_OK(munmap(p, PAGE));
	EXPECT_OK(munmap(p + PAGE, SIZE - PAGE));
	close(control);
}

static void story_memfd(void)
{
	int control, block = raw_alloc(&control), fd;
	void *p = segment_memfd(SIZE, 0, &fd);

	EXPECT_OK(try_block_adopt(block, p, PMM_ADOPT_SEAL));
	raw_use(control, block, p);
	EXPECT_OK(munmap(p, SIZE));
	close(control);
	close(fd);
}

static void story_file(void)
{
	int control, block = raw_alloc(&control), fd;
	void *p = segment_tmpfile("/dev/shm", SIZE, &fd);

	EXPECT_OK(try_block_adopt(block, p, 0));
	link_tmpfile(fd, NAME);
	raw_use(control, block, p);
	close(fd);
	EXPECT_OK(munmap(p, SIZE));
	EXPECT_OK(unlink(NAME));
	close(control);
}

static void library_use(struct pmmshm *pmm, struct pmmshm_block *b)
{
	struct pmmshm_block_info info;
	struct pmmshm_block *import;
	void *p;
	int fd;

	EXPECT(b);
	touch(pmmshm_block_data(b));
	EXPECT_OK(pmmshm_block_get_info(b, &info));
	if (info.shmid >= 0) {
		import = pmmshm_block_import_shmid(pmm, info.shmid, SHM_RDONLY);
		EXPECT(import);
		pmmshm_block_free(import);
	}
	p = pmmshm_block_map(b, PROT_READ);
	EXPECT(p);
	fd = EXPECT_OK(pmmshm_block_home_fd(b, O_RDWR));
	pmmshm_block_free(b);
	EXPECT_OK(munmap(p, SIZE));
	close(fd);
	pmmshm_close(pmm);
}

static void story_library(void)
{
	struct pmmshm *pmm = pmmshm_open(NULL);

	library_use(pmm, pmmshm_block_alloc(pmm, SIZE, NULL));
}

static void story_library_fd(void)
{
	struct pmmshm_alloc_opts opts = {
		.size = sizeof(opts),
		.flags = PMMSHM_NO_SEGMENT,
	};
	struct pmmshm *pmm = pmmshm_open(NULL);

	library_use(pmm, pmmshm_block_alloc(pmm, SIZE, &opts));
}

static void story_library_published(void)
{
	struct pmmshm *pmm = pmmshm_open(NULL);

	library_use(pmm, pmmshm_block_publish(pmm, SIZE, KEY, 0644, NULL));
	EXPECT_OK(shmctl(EXPECT_OK(shmget(KEY, 0, 0)), IPC_RMID, NULL));
}

/* ---- killing ---- */

static int story_start(void (*story)(void))
{
	int status, pid;

	fflush(NULL);
	pid = EXPECT_OK(fork());
	if (!pid) {
		EXPECT_OK(ptrace(PTRACE_TRACEME, 0, 0, 0));
		raise(SIGSTOP);
		story();
		fflush(NULL);
		_exit(0);
	}
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT(WIFSTOPPED(status));
	EXPECT_OK(ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_EXITKILL));
	return pid;
}

/* Run to the @step-th stop, and kill it there.  False if it has fewer. */
static bool story_kill(int pid, unsigned int step)
{
	int status;

	while (step--) {
		EXPECT_OK(ptrace(PTRACE_SYSCALL, pid, 0, 0));
		EXPECT_EQ(waitpid(pid, &status, 0), pid);
		if (WIFEXITED(status)) {
			EXPECT_EQ(WEXITSTATUS(status), 0);
			return false;
		}
		EXPECT(WIFSTOPPED(status));
	}
	EXPECT_OK(kill(pid, SIGKILL));
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT(WIFSIGNALED(status));
	return true;
}

/* Names that outlive their maker, as they should: segments and a file. */
static void remove_names(int maker)
{
	struct shmid_ds ds;
	int i, shmid, last = EXPECT_OK(shmctl(0, SHM_INFO, &ds));

	for (i = 0; i <= last; i++) {
		shmid = shmctl(i, SHM_STAT, &ds);
		if (shmid >= 0 && ds.shm_cpid == maker)
			EXPECT_OK(shmctl(shmid, IPC_RMID, NULL));
	}
	unlink(NAME);
}

/* The number of steps the story has. */
static unsigned int kill_at_each_step(void (*story)(void), bool careful)
{
	unsigned int step;
	bool killed = true;
	int pid;

	/* Killed at a call's entry, it does not make it: every other stop. */
	for (step = 0; killed; step += 2) {
		EXPECT(step < MAX_STEPS);
		pid = story_start(story);
		killed = story_kill(pid, step);
		remove_names(pid);
		if (!careful)
			continue;
		printf("killed at step %u\n", step);
		fflush(stdout);
		wait_pool_whole(5);
	}
	return step;
}

static void test_story(const char *name, void (*story)(void))
{
	unsigned int steps = kill_at_each_step(story, false);

	printf("%s: killed at %u steps\n", name, steps / 2);
	if (WITHIN(5, pool_whole()))
		return;
	/* Something is lost: find out where. */
	kill_at_each_step(story, true);
	EXPECT(!"the pool is whole");
}

/* ---- inside a call ---- */

static void work_until_killed(void *unused)
{
	struct pmm_alloc a = { .length = 24 * MIB };
	int block, fd;
	void *p;

	(void)unused;
	for (;;) {
		block = EXPECT_OK(try_block_alloc(&a));
		p = segment_memfd(a.length, 0, &fd);
		EXPECT_OK(try_block_adopt(block, p, PMM_ADOPT_SEAL));
		EXPECT_OK(madvise(p, a.length, MADV_POPULATE_WRITE));
		EXPECT_OK(munmap(p, a.length));
		close(fd);
		close(block);
	}
}

static void test_inside(void)
{
	unsigned int i;
	int pid;

	srandom(1);
	for (i = 0; i < 20; i++) {
		pid = child_start(0, work_until_killed, NULL);
		usleep(random() % 60000);
		child_kill(pid);
	}
	wait_pool_whole(5);
}

/* ---- with somebody else who has the block ---- */

static void hold(void *arg)
{
	int *pipe = arg;

	EXPECT_OK(shmat(pipe[2], NULL, 0));
	EXPECT_EQ(write(pipe[1], "a", 1), 1);
	pause();
}

/* An attached survivor keeps the block, and what is in it. */
static void test_survivor(void)
{
	int pipes[3], block, creator, pid;
	char byte;
	void *p;

	EXPECT_OK(pipe(pipes));
	fflush(NULL);
	creator = EXPECT_OK(fork());
	if (!creator) {
		block = block_sysv(SIZE, 0600, &pipes[2], &p);
		fill(p, SIZE, 3);
		EXPECT_EQ(write(pipes[1], &pipes[2], sizeof(int)), sizeof(int));
		pause();
		close(block);
	}
	EXPECT_EQ(read(pipes[0], &pipes[2], sizeof(int)), sizeof(int));
	pid = child_start(0, hold, pipes);
	EXPECT_EQ(read(pipes[0], &byte, 1), 1);
	EXPECT_OK(shmctl(pipes[2], IPC_RMID, NULL));
	child_kill(creator);
	sleep_ms(300);
	EXPECT(WITHIN(5, pool_has_blocks(1)));

	/* Marked, and still to be had by id. */
	p = EXPECT_OK(shmat(pipes[2], NULL, 0));
	EXPECT(filled(p, SIZE, 3));
	EXPECT_OK(shmdt(p));
	child_kill(pid);
	wait_pool_whole(5);
}

int main(void)
{
	test_story("segment", story_segment);
	test_story("published", story_published);
	test_story("private", story_private);
	test_story("memfd", story_memfd);
	test_story("file", story_file);
	test_story("library", story_library);
	test_story("library, block fd", story_library_fd);
	test_story("library, published", story_library_published);
	test_inside();
	test_survivor();
	return 0;
}
