// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device works on a program's memory while threads of it do everything at once to
 * the same memory.  Where that keeps its contents, what arrives is right every time.
 * Where it is unmapped, replaced and protected, transfers arrive or fail in one of the
 * ways they may; and memory that was freed, and is somebody else's, stays as it is.
 * Whenever a page is replaced in the course of a fault, the device gets the new one.
 *
 * guest: QEMU_ARGS='-device edu,dma_mask=0xffffffff' APPEND='memmap=32M$512M' NO_X=1
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mirror.h"

#define PAGES		32
#define SIZE		(PAGES * PAGE)
#define TRANSFERS	48
#define CANARIES	64
/* How often a page that goes all the time is looked at. */
#define CHECKS		4000

/* Its contents are the main thread's; its pages are whatever the others make them. */
static char *kept;
/* Everybody does to it what they like. */
static char *lost;
static atomic_bool stop;
static bool swapping;

/* ---- threads: what they do once, again and again ---- */

static void pause_briefly(void)
{
	sleep_ms(3);
}

static void do_fork(void)
{
	int pid = EXPECT_OK(fork());

	/* Some children live longer than the next transfer. */
	if (!pid) {
		sleep_ms(20);
		_exit(0);
	}
	EXPECT_EQ(waitpid(pid, NULL, 0), pid);
}

static void do_page_out(void)
{
	if (swapping)
		EXPECT_OK(madvise(kept, SIZE, MADV_PAGEOUT));
}

/* To the other node, if there is one, and back. */
static void do_migrate(void)
{
	static int node;
	void *pages[PAGES];
	int nodes[PAGES], status[PAGES], i;

	node = !node;
	for (i = 0; i < PAGES; i++) {
		pages[i] = kept + i * PAGE;
		nodes[i] = node;
	}
	syscall(SYS_move_pages, 0, PAGES, pages, nodes, status, 2);
}

static void do_compact(void)
{
	try_write_file("/proc/sys/vm/compact_memory", "1");
	sleep_ms(50);
}

static void do_protect(void)
{
	char *p = lost + SIZE / 2;

	EXPECT_OK(mprotect(p, SIZE / 2, PROT_READ));
	pause_briefly();
	EXPECT_OK(mprotect(p, SIZE / 2, PROT_NONE));
	pause_briefly();
	EXPECT_OK(mprotect(p, SIZE / 2, PROT_READ | PROT_WRITE));
}

/* Not munmap(), which would leave a place for others' mappings. */
static void replace(int prot)
{
	EXPECT(mmap(lost, SIZE / 2, prot, MAP_PRIVATE | MAP_ANONYMOUS |
		    MAP_FIXED, -1, 0) == lost);
	pause_briefly();
}

static void do_replace(void)
{
	replace(PROT_NONE);
	replace(PROT_READ | PROT_WRITE);
	EXPECT_OK(madvise(lost, SIZE / 2, MADV_DONTNEED));
}

/* Whatever pages others have freed: they are ours now, and nobody writes there. */
static void do_reuse(void)
{
	char *p = EXPECT_OK(mmap(NULL, CANARIES * PAGE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

	fill(p, CANARIES * PAGE, 77);
	sleep_ms(30);
	EXPECT(filled(p, CANARIES * PAGE, 77));
	EXPECT_OK(munmap(p, CANARIES * PAGE));
}

static void (*const doings[])(void) = {
	do_fork, do_page_out, do_migrate, do_compact, do_protect, do_replace,
	do_reuse,
};

static atomic_uint done[ARRAY_SIZE(doings)];

static void *doer(void *arg)
{
	size_t i = (uintptr_t)arg;

	while (!stop) {
		doings[i]();
		done[i]++;
		pause_briefly();
	}
	return NULL;
}

/* ---- the device ---- */

/* In one of the four manners there are; 0 or the errno. */
static int transfer(int mirror, unsigned int flags)
{
	if (mirror_dma(mirror, 0, MIRROR_MAX, flags))
		return errno;
	if (!(flags & PMM_TEST_MIRROR_WORKER))
		return 0;
	return mirror_wait(mirror) ? errno : 0;
}

/* From page to page, each time from across the end of one. */
static void transfer_kept(int mirror, unsigned int i, unsigned int flags)
{
	char *from = kept + i * 7 % (PAGES - 1) * PAGE + PAGE - 999;
	char *to = kept + (i * 7 + 11) % (PAGES - 1) * PAGE + PAGE - 999;
	static char was[SIZE];

	fill(kept, SIZE, i);
	EXPECT_OK(mirror_map(mirror, from, MIRROR_MAX, false));
	EXPECT_EQ(transfer(mirror, flags), 0);
	EXPECT_OK(mirror_map(mirror, to, MIRROR_MAX, true));
	EXPECT_EQ(transfer(mirror, flags | PMM_TEST_MIRROR_WRITE), 0);
	fill(was, SIZE, i);
	memcpy(was + (to - kept), was + (from - kept), MIRROR_MAX);
	EXPECT(!memcmp(kept, was, SIZE));
}

static unsigned int arrived, failed;

static void transfer_lost(int mirror, unsigned int i, unsigned int flags)
{
	char *to = lost + i * 5 % (PAGES - 1) * PAGE + PAGE - 999;
	int result;

	EXPECT_OK(mirror_map(mirror, to, MIRROR_MAX, true));
	result = transfer(mirror, flags | PMM_TEST_MIRROR_WRITE);
	EXPECT(!result || result == EFAULT || result == EACCES ||
	       result == EBUSY);
	if (result)
		failed++;
	else
		arrived++;
}

static void *pages_create(void)
{
	void *p = EXPECT_OK(mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

	EXPECT_OK(madvise(p, SIZE, MADV_NOHUGEPAGE));
	return p;
}

static void all_at_once(int mirror)
{
	pthread_t threads[ARRAY_SIZE(doings)];
	struct pmm_test_mirror_state state;
	unsigned int flags;
	uintptr_t i;

	for (i = 0; i < ARRAY_SIZE(doings); i++)
		EXPECT(!pthread_create(&threads[i], NULL, doer, (void *)i));
	for (i = 0; i < TRANSFERS; i++) {
		flags = i & 1 ? PMM_TEST_MIRROR_UNHELD : 0;
		flags |= i & 2 ? PMM_TEST_MIRROR_WORKER : 0;
		if (i % 3)
			transfer_lost(mirror, i, flags);
		else
			transfer_kept(mirror, i, flags);
	}
	stop = true;
	for (i = 0; i < ARRAY_SIZE(doings); i++) {
		EXPECT(!pthread_join(threads[i], NULL));
		printf("thread %u: %u rounds\n", (unsigned int)i, done[i]);
		EXPECT(done[i]);
	}
	mirror_state(mirror, &state);
	printf("%u pieces, %u invalidations; of those that could fail %u arrived, %u failed\n",
	       state.pieces, state.invalidations, arrived, failed);
	/* Or nothing has met anything. */
	EXPECT(state.invalidations > TRANSFERS / 4);
}

/* ---- at any moment of a fault ---- */

static atomic_uint replaced;

static void *replace_always(void *page)
{
	int i;

	while (!stop) {
		EXPECT_OK(madvise(page, PAGE, MADV_DONTNEED));
		*(char *)page = 1;
		replaced++;
		/* At another moment each time. */
		for (i = rand() % 4096; i > 0; i--)
			atomic_signal_fence(memory_order_seq_cst);
	}
	return NULL;
}

/*
 * Every other check finds a page that has just been replaced, and may be again before
 * the fault has ended.  If that went unnoticed, the next check would see it.
 */
static void at_any_moment(int mirror)
{
	struct pmm_test_mirror_state before, after;
	unsigned int i, same = 0, seen;
	pthread_t thread;

	EXPECT_OK(mirror_map(mirror, lost, PAGE, true));
	mirror_state(mirror, &before);
	stop = false;
	EXPECT(!pthread_create(&thread, NULL, replace_always, lost));
	for (i = 0; i < CHECKS; i++) {
		for (seen = replaced; !(i % 2) && seen == replaced;)
			sched_yield();
		if (!mirror_check(mirror))
			same++;
		else
			EXPECT_EQ(errno, EBUSY);
	}
	stop = true;
	EXPECT(!pthread_join(thread, NULL));
	mirror_state(mirror, &after);
	printf("the page that is mapped: %u times of %u, %u invalidations\n",
	       same, CHECKS, after.invalidations - before.invalidations);
	EXPECT(same);
	EXPECT(after.invalidations - before.invalidations > CHECKS / 4);
}

int main(void)
{
	int mirror;

	mirror_load();
	mirror = mirror_open();
	kept = pages_create();
	lost = pages_create();
	swapping = swap_start(32);
	all_at_once(mirror);
	if (swapping)
		swap_stop();
	at_any_moment(mirror);

	close(mirror);
	mirror_unload();
	return 0;
}
