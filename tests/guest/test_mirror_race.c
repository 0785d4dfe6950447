// SPDX-License-Identifier: GPL-2.0-only
/*
 * While a device works on a program's memory, that memory is unmapped, replaced,
 * protected, moved, shared with a child, swapped and migrated, and the program is
 * killed.  Whoever does it has to wait until the device has finished with a page, so
 * that it never touches one that is somebody else's by then; what comes after that
 * goes where the addresses lead to now, or fails.
 *
 * A transfer takes the device a tenth of a second for each of two pages: long enough
 * to see that it works on the first, and to do something meanwhile.
 *
 * guest: QEMU_ARGS='-device edu,dma_mask=0xffffffff' APPEND='memmap=32M$512M' NO_X=1
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "edu.h"
#include "migrate.h"
#include "mirror.h"

#define WRITE		PMM_TEST_MIRROR_WRITE
#define UNHELD		PMM_TEST_MIRROR_UNHELD
#define WORKER		PMM_TEST_MIRROR_WORKER
/* Half of a transfer lies in the first page, half in the second. */
#define HALF		(MIRROR_MAX / 2)
#define AT		(PAGE - HALF)
#define SIZE		(2 * PAGE)
/* How often something is tried until it meets the device at work. */
#define TRIES		20
/* Pages among which a freed one is looked for. */
#define CANARIES	64
/* What fill() is given: what was there before, and what the device brings. */
#define OLD		1
#define NEW		2

static int mirror;
static char *canaries;
static unsigned int reused;

/* Not side by side in memory: the device would have them in one piece. */
static char *two_pages(void)
{
	char *p;

	for (;;) {
		p = EXPECT_OK(mmap(NULL, SIZE + PAGE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
		/* What comes next in memory may well be the next to be used. */
		p[0] = 1;
		p[SIZE] = 1;
		p[PAGE] = 1;
		if (pfn_of(p + PAGE) != pfn_of(p) + 1)
			break;
		EXPECT_OK(munmap(p, SIZE + PAGE));
	}
	EXPECT_OK(munmap(p + SIZE, PAGE));
	fill(p, SIZE, OLD);
	return p;
}

/* The device has NEW in its buffer. */
static void load_device(void)
{
	char data[MIRROR_MAX];

	fill(data, sizeof(data), NEW);
	EXPECT_OK(mirror_read(mirror, data, sizeof(data), 0));
}

/* ---- what was brought ---- */

/* One half of a transfer, in its page, and nothing beside it. */
static bool brought(const char *p, unsigned int half, unsigned int before)
{
	static char want[SIZE], data[MIRROR_MAX];

	if (before)
		fill(want, SIZE, before);
	else
		memset(want, 0, SIZE);
	fill(data, sizeof(data), NEW);
	memcpy(want + AT, data, sizeof(data));
	return !memcmp(p, want + half * PAGE, PAGE);
}

static bool untouched(const char *p, unsigned int half)
{
	static char want[SIZE];

	fill(want, SIZE, OLD);
	return !memcmp(p, want + half * PAGE, PAGE);
}

/* ---- pages that were freed and are used again ---- */

static void canaries_free(void)
{
	EXPECT_OK(madvise(canaries, CANARIES * PAGE, MADV_DONTNEED));
}

/* Use memory until a page that was the device's is among it. */
static void canaries_take(uint64_t pfn)
{
	unsigned int i;

	for (i = 0; i < CANARIES; i++) {
		fill(canaries + i * PAGE, PAGE, i);
		if (pfn && pfn_of(canaries + i * PAGE) == pfn) {
			reused++;
			break;
		}
	}
	for (; i < CANARIES; i++)
		fill(canaries + i * PAGE, PAGE, i);
}

static void canaries_check(void)
{
	unsigned int i;

	for (i = 0; i < CANARIES; i++)
		EXPECT(filled(canaries + i * PAGE, PAGE, i));
}

/* ---- what may happen to memory ---- */

/**
 * struct disturbance - one of them
 * @name: what to call it
 * @act: do it to two pages; false if the kernel would not
 * @check: see that what should be there is, after one that met the first page
 * @error: what becomes of a transfer that had one page left
 * @freed: pages that were the device's are free then
 */
struct disturbance {
	const char *name;
	bool (*act)(char *p);
	void (*check)(char *p);
	int error;
	bool freed;
};

static bool act_unmap(char *p)
{
	EXPECT_OK(munmap(p, SIZE));
	return true;
}

static void check_unmap(char *p)
{
	/* So that it can be unmapped once more. */
	EXPECT(mmap(p, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
		    MAP_FIXED, -1, 0) == p);
}

static bool act_replace(char *p)
{
	EXPECT(mmap(p, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE |
		    MAP_ANONYMOUS | MAP_FIXED, -1, 0) == p);
	return true;
}

static bool act_discard(char *p)
{
	EXPECT_OK(madvise(p, SIZE, MADV_DONTNEED));
	return true;
}

static void check_replaced(char *p)
{
	EXPECT(zeroed(p, PAGE));
	EXPECT(brought(p + PAGE, 1, 0));
}

static bool act_read_only(char *p)
{
	EXPECT_OK(mprotect(p, SIZE, PROT_READ));
	return true;
}

static bool act_no_access(char *p)
{
	EXPECT_OK(mprotect(p, SIZE, PROT_NONE));
	return true;
}

static void check_protected(char *p)
{
	EXPECT_OK(mprotect(p, SIZE, PROT_READ));
	EXPECT(brought(p, 0, OLD));
	EXPECT(untouched(p + PAGE, 1));
}

static char *elsewhere;

static bool act_move(char *p)
{
	EXPECT(mremap(p, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
		      elsewhere) == elsewhere);
	return true;
}

static void check_move(char *p)
{
	check_protected(elsewhere);
	check_unmap(p);
}

static int child, child_pipe[2];

/* It has what there was when it was born, whatever its parent's device does. */
static void child_run(void *arg)
{
	char *p = arg, byte;

	close(child_pipe[1]);
	EXPECT_EQ(read(child_pipe[0], &byte, 1), 0);
	EXPECT(brought(p, 0, OLD));
	EXPECT(untouched(p + PAGE, 1));
}

static bool act_fork(char *p)
{
	EXPECT_OK(pipe(child_pipe));
	child = child_start(0, child_run, p);
	close(child_pipe[0]);
	return true;
}

static void check_whole(char *p)
{
	EXPECT(brought(p, 0, OLD));
	EXPECT(brought(p + PAGE, 1, OLD));
}

static void check_fork(char *p)
{
	close(child_pipe[1]);
	child_wait(child);
	check_whole(p);
}

static bool swapping;

static bool act_page_out(char *p)
{
	if (!swapping)
		return false;
	EXPECT_OK(madvise(p, SIZE, MADV_PAGEOUT));
	return !pfn_of(p);
}

/* To whatever other node there is. */
static bool act_migrate(char *p)
{
	void *pages[2] = { p, p + PAGE };
	int nodes[2], status[2];
	uint64_t pfn = pfn_of(p);

	if (syscall(SYS_move_pages, 0, 2, pages, NULL, status, 0))
		return false;
	nodes[0] = !status[0];
	nodes[1] = !status[0];
	if (syscall(SYS_move_pages, 0, 2, pages, nodes, status, 2))
		return false;
	return pfn_of(p) != pfn;
}

/* To a device, which is not everyone's to reach: the rest fails. */
static bool act_to_device(char *p)
{
	migrate(p, SIZE, "vram");
	return all_in_vram(p, SIZE);
}

static const struct disturbance disturbances[] = {
	{ "unmap", act_unmap, check_unmap, EFAULT, true },
	{ "replace", act_replace, check_replaced, 0, true },
	{ "discard", act_discard, check_replaced, 0, true },
	{ "read only", act_read_only, check_protected, EACCES, false },
	{ "no access", act_no_access, check_protected, EFAULT, false },
	{ "move", act_move, check_move, EFAULT, false },
	{ "fork", act_fork, check_fork, 0, false },
	{ "page out", act_page_out, check_whole, 0, true },
	{ "migrate", act_migrate, check_whole, 0, true },
	{ "to a device", act_to_device, check_protected, EOPNOTSUPP, true },
};

/* ---- one against the other ---- */

/* Start a transfer, and see the device at work on its first page. */
static bool start(char *p, unsigned int way, unsigned int *before)
{
	struct pmm_test_mirror_state state;

	mirror_state(mirror, &state);
	*before = state.pieces;
	EXPECT_OK(mirror_write(mirror, p + AT, MIRROR_MAX, WORKER | way));
	do {
		mirror_state(mirror, &state);
		sched_yield();
	} while (!state.running && state.pieces == *before);
	return state.pieces == *before;
}

/* Did it meet the device at work on the first page, and wait for it? */
static bool try(const struct disturbance *d, unsigned int way)
{
	struct pmm_test_mirror_state state;
	char *p = two_pages();
	unsigned int before;
	bool working, done;
	uint64_t pfn = pfn_of(p);
	int result;

	canaries_free();
	working = start(p, way, &before);
	done = d->act(p);
	mirror_state(mirror, &state);
	canaries_take(d->freed && done ? pfn : 0);
	result = mirror_wait(mirror) ? errno : 0;
	canaries_check();

	/* Whoever waits comes back when the first page is done with. */
	EXPECT(!done || !working || state.pieces > before);
	done &= working && state.pieces == before + 1;
	if (done) {
		EXPECT_EQ(result, d->error);
		d->check(p);
	} else {
		/* It came too late, or not at all. */
		EXPECT(!result || result == d->error);
		if (d->act == act_fork) {
			close(child_pipe[1]);
			child_kill(child);
		}
	}
	EXPECT_OK(mirror_unmap(mirror));
	munmap(p, SIZE);
	return done;
}

static void disturb(const struct disturbance *d, unsigned int way)
{
	unsigned int tries = 0;
	bool met = false;

	while (!met && tries++ < TRIES)
		met = try(d, way);
	printf("%s, range %sheld: %s after %u tries\n", d->name,
	       way ? "not " : "", met ? "met" : "not met", tries);
	fflush(stdout);
	/* What a kernel has no means for does not count. */
	EXPECT(met || d->act == act_migrate || d->act == act_page_out);
}

/* ---- the end of the program ---- */

static void victim(void *unused)
{
	struct pmm_test_mirror_state state;
	unsigned int before;
	char *p = two_pages();

	(void)unused;
	mirror_state(mirror, &state);
	before = state.pieces;
	EXPECT_OK(mirror_write(mirror, p + AT, MIRROR_MAX, WORKER));
	do
		mirror_state(mirror, &state);
	while (!state.running && state.pieces == before);
	/* The memory goes, and the work item is still there. */
	raise(SIGKILL);
}

/* The second page is not there any more when the device has done the first. */
static void killed(void)
{
	unsigned int tries = 0;
	int pid, result;

	do {
		/* A mirror is its first user's. */
		close(mirror);
		mirror = mirror_open();
		pid = child_start(0, victim, NULL);
		EXPECT_EQ(waitpid(pid, NULL, 0), pid);
		result = mirror_wait(mirror) ? errno : 0;
		EXPECT(!result || result == ESRCH);
	} while (!result && tries++ < TRIES);
	EXPECT_EQ(result, ESRCH);
	close(mirror);
	mirror = mirror_open();
}

/* Killed inside of the call, again and again, at any moment of it. */
static void copies(void *unused)
{
	char *p = two_pages();

	(void)unused;
	close(mirror);
	mirror = mirror_open();
	for (;;) {
		EXPECT_OK(mirror_write(mirror, p + AT, MIRROR_MAX, 0));
		EXPECT_OK(mirror_write(mirror, p + AT, MIRROR_MAX, UNHELD));
	}
}

static void killed_anywhere(void)
{
	unsigned int i;
	int pid;

	for (i = 0; i < 10; i++) {
		pid = child_start(0, copies, NULL);
		sleep_ms(70 + 31 * i);
		child_kill(pid);
	}
}

/* ---- the end of the driver ---- */

/* Files stay open, with nothing behind them, and memory is as it was. */
static void unbound(void)
{
	char *p = two_pages();
	unsigned int before;

	start(p, 0, &before);
	edu_unbind();
	EXPECT(!mirror_wait(mirror) || errno == ENODEV);
	EXPECT_ERRNO(mirror_dma(mirror, 0, 8, 0), ENODATA);
	EXPECT_ERRNO(mirror_map(mirror, p, PAGE, true), ENODEV);
	EXPECT_OK(munmap(p, SIZE));
}

int main(void)
{
	unsigned int i;

	mirror_load();
	vram_insert("");
	mirror = mirror_open();
	swapping = swap_start(32);
	canaries = EXPECT_OK(mmap(NULL, CANARIES * PAGE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	elsewhere = two_pages();
	/* Pages that are freed here are the next to be used here. */
	run_on_cpu(0);
	for (i = 0; i < ARRAY_SIZE(disturbances); i++) {
		load_device();
		disturb(&disturbances[i], 0);
		disturb(&disturbances[i], UNHELD);
	}
	printf("%u pages were used again at once\n", reused);
	EXPECT(reused);

	killed();
	killed_anywhere();
	unbound();
	if (swapping)
		swap_stop();

	close(mirror);
	vram_remove();
	mirror_unload();
	return 0;
}
