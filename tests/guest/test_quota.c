// SPDX-License-Identifier: GPL-2.0-only
/*
 * Quotas: what a user may have, what all of them leave, who sets that, and that
 * neither namespaces, threads, pins nor death get anybody more or leave anything
 * charged.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "guest.h"

#define POOL	(32 * MIB)
#define HALF	(POOL / 2)
/* Of 8192 pages, all but 12 percent. */
#define ALL	(7208 * PAGE)
#define NONE	(~0ULL)

#define ALICE	1000
#define BOB	1001
#define CAROL	1002
/* The first uid that Alice was given for her namespaces. */
#define SUBUID	200000

/* ---- what is asked for, and what comes of it ---- */

/* The answer, in the fields of the request; a block fd or -1. */
static int try_pages(uint64_t bytes, struct pmm_alloc *a)
{
	*a = (struct pmm_alloc){ .length = bytes, .align = PAGE };
	return try_block_alloc(a);
}

static int expect_gets(uint64_t bytes, uint64_t quota, uint64_t used)
{
	struct pmm_alloc a;
	int fd = EXPECT_OK(try_pages(bytes, &a));

	EXPECT_EQ(a.quota, quota);
	EXPECT_EQ(a.quota_used, used);
	return fd;
}

static void expect_over(uint64_t bytes, uint64_t quota, uint64_t used)
{
	struct pmm_alloc a;

	EXPECT_ERRNO(try_pages(bytes, &a), EDQUOT);
	EXPECT_EQ(a.reason, PMM_REASON_QUOTA);
	EXPECT_EQ(a.quota, quota);
	EXPECT_EQ(a.quota_used, used);
	EXPECT_EQ(a.total, POOL);
}

static void expect_reserve(uint64_t bytes)
{
	struct pmm_alloc a;

	EXPECT_ERRNO(try_pages(bytes, &a), ENOMEM);
	EXPECT_EQ(a.reason, PMM_REASON_RESERVE);
	EXPECT(a.free >= bytes);
}

static int try_quota(uint32_t flags, uint32_t uid, uint64_t bytes,
		     struct pmm_quota *q)
{
	*q = (struct pmm_quota){
		.size = sizeof(*q), .flags = flags, .uid = uid, .bytes = bytes,
	};
	return ioctl(pmm_fd(), PMM_IOC_QUOTA, q);
}

static void set_quota(uint32_t uid, uint64_t bytes)
{
	struct pmm_quota q;

	EXPECT_OK(try_quota(PMM_QUOTA_SET, uid, bytes, &q));
	EXPECT_EQ(q.bytes, bytes);
}

static void reset_quota(uint32_t uid)
{
	struct pmm_quota q;

	EXPECT_OK(try_quota(PMM_QUOTA_RESET, uid, 0, &q));
	EXPECT_EQ(q.bytes, HALF);
}

static uint64_t used_by(uint32_t uid)
{
	struct pmm_quota q;

	EXPECT_OK(try_quota(PMM_QUOTA_GET, uid, 0, &q));
	return q.used;
}

/* Lines of the debugfs file, and whether one begins with that text. */
static unsigned int quota_lines(const char *text, bool *found)
{
	FILE *f = fopen("/sys/kernel/debug/pmm/quotas", "re");
	unsigned int lines = 0;
	char line[128];

	EXPECT(f && fgets(line, sizeof(line), f));
	EXPECT(!strcmp(line, "type uid used limit origin\n"));
	*found = false;
	while (fgets(line, sizeof(line), f)) {
		lines++;
		*found |= !strncmp(line, text, strlen(text));
	}
	fclose(f);
	return lines;
}

static bool quota_listed(const char *text)
{
	bool found;

	quota_lines(text, &found);
	return found;
}

/* ---- children that hold something until they are told to go ---- */

static void in_step(int pipe, const char *what)
{
	char c;

	if (read(pipe, &c, 1) != 1) {
		printf("the other side has gone: %s\n", what);
		_exit(1);
	}
}

struct holder {
	void (*fn)(void *arg);
	int ready[2];
	int go[2];
	int pid;
};

static void hold(void *arg)
{
	struct holder *h = arg;

	h->fn(h);
	EXPECT_EQ(write(h->ready[1], "", 1), 1);
	in_step(h->go[0], "hold");
}

static void holder_start(struct holder *h, uint32_t uid, void (*fn)(void *))
{
	h->fn = fn;
	EXPECT_OK(pipe2(h->ready, O_CLOEXEC));
	EXPECT_OK(pipe2(h->go, O_CLOEXEC));
	h->pid = child_start(uid, hold, h);
	close(h->ready[1]);
	close(h->go[0]);
	in_step(h->ready[0], "holder_start");
	close(h->ready[0]);
}

static void holder_end(struct holder *h, bool kill)
{
	if (kill) {
		child_kill(h->pid);
	} else {
		EXPECT_EQ(write(h->go[1], "", 1), 1);
		child_wait(h->pid);
	}
	close(h->go[1]);
}

/* What was freed may still be on its way, and charged. */
static void run_alone(uint32_t uid, void (*fn)(void *))
{
	wait_pool_whole(10);
	run_as(uid, fn, NULL);
}

static void hold_half(void *unused)
{
	(void)unused;
	expect_gets(HALF, HALF, HALF);
}

static void expect_none_left(void *unused)
{
	(void)unused;
	expect_over(PAGE, HALF, HALF);
}

/* ---- one user, several users ---- */

/* Half of the pool and not a page more, and all of that again and again. */
static void user_alone(void *unused)
{
	unsigned int i;
	int a, b;

	(void)unused;
	for (i = 0; i < 3; i++) {
		expect_over(HALF + PAGE, HALF, 0);
		a = expect_gets(HALF - MIB, HALF, HALF - MIB);
		expect_over(MIB + PAGE, HALF, HALF - MIB);
		b = expect_gets(MIB, HALF, HALF);
		expect_over(PAGE, HALF, HALF);
		EXPECT_EQ(used_by(PMM_QUOTA_SELF), HALF);
		close(a);
		close(b);
	}
	expect_over(1ULL << 62, HALF, 0);
}

static void user_rights(void *unused)
{
	struct pmm_quota q;

	(void)unused;
	EXPECT_OK(try_quota(PMM_QUOTA_GET, PMM_QUOTA_SELF, 0, &q));
	EXPECT_EQ(q.bytes, HALF);
	EXPECT_EQ(q.all_limit, ALL);
	EXPECT_OK(try_quota(PMM_QUOTA_GET, ALICE, 0, &q));
	EXPECT_ERRNO(try_quota(PMM_QUOTA_GET, BOB, 0, &q), EPERM);
	EXPECT_ERRNO(try_quota(PMM_QUOTA_SET, ALICE, MIB, &q), EPERM);
	EXPECT_ERRNO(try_quota(PMM_QUOTA_RESET, ALICE, 0, &q), EPERM);
}

/* With the capability there is no limit, and nothing is charged. */
static void test_root(void)
{
	int fd = expect_gets(POOL, NONE, 0);

	EXPECT_EQ(used_by(0), 0);
	close(fd);
	wait_pool_whole(10);
}

static void take_the_rest(void *unused)
{
	int fd;

	(void)unused;
	expect_reserve(ALL - HALF + PAGE);
	fd = expect_gets(ALL - HALF, HALF, ALL - HALF);
	expect_reserve(PAGE);
	close(fd);
}

static void hold_the_rest(void *unused)
{
	(void)unused;
	expect_gets(ALL - HALF, HALF, ALL - HALF);
}

/* One never keeps another from his half, and all of them leave the reserve. */
static void test_users(void)
{
	struct holder alice, bob;
	struct pmm_quota q;
	int fd;

	holder_start(&alice, ALICE, hold_half);
	run_as(ALICE, expect_none_left, NULL);
	run_as(BOB, take_the_rest, NULL);
	holder_start(&bob, BOB, hold_the_rest);
	EXPECT_EQ(used_by(ALICE), HALF);
	EXPECT_EQ(used_by(BOB), ALL - HALF);
	EXPECT_OK(try_quota(PMM_QUOTA_GET, CAROL, 0, &q));
	EXPECT_EQ(q.all_used, ALL);
	EXPECT_EQ(q.used, 0);
	fd = expect_gets(POOL - ALL, NONE, 0);
	close(fd);
	holder_end(&bob, false);
	holder_end(&alice, true);
	run_as(ALICE, user_alone, NULL);
}

/* ---- limits at run time ---- */

static void user_of_a_mib(void *unused)
{
	int fd;

	(void)unused;
	expect_over(MIB + PAGE, MIB, 0);
	fd = expect_gets(MIB, MIB, MIB);
	expect_over(PAGE, MIB, MIB);
	close(fd);
}

static void user_of_nothing(void *unused)
{
	(void)unused;
	expect_over(PAGE, 0, 0);
}

static void user_without_limit(void *unused)
{
	int fd;

	(void)unused;
	expect_reserve(ALL + PAGE);
	fd = expect_gets(ALL, NONE, ALL);
	close(fd);
}

static void test_limits(void)
{
	struct holder alice;
	struct pmm_quota q;

	wait_pool_whole(10);
	set_quota(ALICE, MIB);
	EXPECT(quota_listed("general 1000 0 1048576 set"));
	run_as(ALICE, user_of_a_mib, NULL);
	run_as(BOB, user_alone, NULL);
	/* Whole pages. */
	EXPECT_OK(try_quota(PMM_QUOTA_SET, ALICE, MIB + 1, &q));
	EXPECT_EQ(q.bytes, MIB);
	set_quota(ALICE, 0);
	run_as(ALICE, user_of_nothing, NULL);
	set_quota(ALICE, NONE);
	run_as(ALICE, user_without_limit, NULL);
	wait_pool_whole(10);
	reset_quota(ALICE);
	EXPECT(!quota_listed("general 1000"));

	/* Below what he has: he keeps it, and gets no more. */
	holder_start(&alice, ALICE, hold_half);
	set_quota(ALICE, MIB);
	EXPECT(quota_listed("general 1000 16777216 1048576 set"));
	reset_quota(ALICE);
	EXPECT(quota_listed("general 1000 16777216 16777216 default"));
	run_as(ALICE, expect_none_left, NULL);
	holder_end(&alice, true);
}

static void test_percents(void)
{
	static const char quota[] = "/sys/module/pmm/parameters/quota_percent";
	struct pmm_quota q;

	write_file(quota, "25");
	EXPECT_OK(try_quota(PMM_QUOTA_GET, ALICE, 0, &q));
	EXPECT_EQ(q.bytes, POOL / 4);
	write_file("/sys/module/pmm/parameters/reserve_percent", "0");
	EXPECT_OK(try_quota(PMM_QUOTA_GET, ALICE, 0, &q));
	EXPECT_EQ(q.all_limit, POOL);
	EXPECT(try_write_file(quota, "101") == -1);
	EXPECT(try_write_file(quota, "-1") == -1);
	write_file(quota, "50");
	write_file("/sys/module/pmm/parameters/reserve_percent", "12");
}

static void test_values(void)
{
	struct pmm_quota q;

	EXPECT_ERRNO(try_quota(0, ALICE, 0, &q), EINVAL);
	EXPECT_ERRNO(try_quota(3, ALICE, 0, &q), EINVAL);
	EXPECT_ERRNO(try_quota(8, ALICE, 0, &q), EINVAL);
	EXPECT_ERRNO(try_quota(PMM_QUOTA_GET, ALICE, 1, &q), EINVAL);
	EXPECT_ERRNO(try_quota(PMM_QUOTA_RESET, ALICE, 1, &q), EINVAL);
	q = (struct pmm_quota){
		.size = sizeof(q), .flags = PMM_QUOTA_GET, .type = "none",
	};
	EXPECT_ERRNO(ioctl(pmm_fd(), PMM_IOC_QUOTA, &q), ENOENT);
	memset(q.type, 'x', sizeof(q.type));
	EXPECT_ERRNO(ioctl(pmm_fd(), PMM_IOC_QUOTA, &q), EINVAL);
	memset(q.type, 0, sizeof(q.type));
	q.reserved = 1;
	EXPECT_ERRNO(ioctl(pmm_fd(), PMM_IOC_QUOTA, &q), EINVAL);
}

/* ---- user namespaces ---- */

/* A namespace of the caller's, who is root in it. */
static void enter_namespace(void)
{
	unsigned int uid = getuid(), gid = getgid();
	char map[64];

	EXPECT_OK(unshare(CLONE_NEWUSER));
	write_file("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1\n", uid);
	write_file("/proc/self/uid_map", map);
	snprintf(map, sizeof(map), "0 %u 1\n", gid);
	write_file("/proc/self/gid_map", map);
}

/* One of Alice's, in which she has many more users. */
static void enter_namespace_of_many(void)
{
	int to_root[2], from_root[2];
	char path[64], map[64];
	int pid, self = getpid();

	/* What newuidmap does, by a process that is still root. */
	EXPECT_OK(pipe(to_root));
	EXPECT_OK(pipe(from_root));
	pid = EXPECT_OK(fork());
	if (!pid) {
		in_step(to_root[0], "newuidmap");
		snprintf(path, sizeof(path), "/proc/%d/uid_map", self);
		snprintf(map, sizeof(map), "0 %u 1\n1 %u 65536\n", ALICE, SUBUID);
		write_file(path, map);
		EXPECT_EQ(write(from_root[1], "", 1), 1);
		_exit(0);
	}
	EXPECT_OK(setresgid(ALICE, ALICE, ALICE));
	EXPECT_OK(setresuid(ALICE, ALICE, ALICE));
	EXPECT_OK(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
	EXPECT_OK(unshare(CLONE_NEWUSER));
	EXPECT_EQ(write(to_root[1], "", 1), 1);
	in_step(from_root[0], "uid_map");
}

/* Root in there is nobody in particular out here. */
static void root_of_a_namespace(void *unused)
{
	struct pmm_quota q;
	int fd;

	(void)unused;
	enter_namespace();
	EXPECT_EQ(getuid(), 0);
	fd = expect_gets(HALF, HALF, HALF);
	expect_over(PAGE, HALF, HALF);
	EXPECT_ERRNO(try_quota(PMM_QUOTA_SET, 0, NONE, &q), EPERM);
	EXPECT_ERRNO(try_quota(PMM_QUOTA_GET, 1, 0, &q), EINVAL);
	EXPECT_OK(try_quota(PMM_QUOTA_GET, 0, 0, &q));
	EXPECT_EQ(q.used, HALF);
	close(fd);
}

/* Each level's owner is Alice: she pays once, and not more for less. */
static void nested_namespaces(void *unused)
{
	unsigned int i;
	int fd;

	(void)unused;
	for (i = 0; i < 5; i++)
		enter_namespace();
	fd = expect_gets(HALF, HALF, HALF);
	expect_over(PAGE, HALF, HALF);
	close(fd);
}

/* As one of Alice's many users. */
static void be_subuid(uint32_t uid)
{
	EXPECT_OK(setresuid(uid, uid, uid));
}

/* Each takes some, and Alice pays for them all. */
static void many_subuids(void *unused)
{
	uint32_t uid;
	int fds[8], i;

	(void)unused;
	enter_namespace_of_many();
	for (i = 0; i < 8; i++) {
		uid = 10 + i;
		/* The saved uid stays root in there, to change again. */
		EXPECT_OK(setresuid(uid, uid, 0));
		fds[i] = expect_gets(HALF / 8, HALF, (i + 1) * HALF / 8);
		EXPECT_EQ(used_by(PMM_QUOTA_SELF), HALF / 8);
		EXPECT_OK(setresuid(0, 0, 0));
	}
	be_subuid(99);
	expect_over(PAGE, HALF, HALF);
	EXPECT_EQ(used_by(PMM_QUOTA_SELF), 0);
	while (i--)
		close(fds[i]);
}

static void hold_as_subuid(void *unused)
{
	(void)unused;
	enter_namespace_of_many();
	be_subuid(7);
	expect_gets(HALF, HALF, HALF);
}

static void test_namespaces(void)
{
	struct holder h;

	run_alone(ALICE, root_of_a_namespace);
	run_alone(ALICE, nested_namespaces);
	run_alone(0, many_subuids);
	wait_pool_whole(10);

	holder_start(&h, 0, hold_as_subuid);
	EXPECT_EQ(used_by(ALICE), HALF);
	EXPECT_EQ(used_by(SUBUID + 6), HALF);
	run_as(ALICE, expect_none_left, NULL);
	set_quota(SUBUID + 6, MIB);
	reset_quota(SUBUID + 6);
	holder_end(&h, true);
	wait_pool_whole(10);
	EXPECT_EQ(used_by(SUBUID + 6), 0);
}

/* ---- what keeps a charge, and what ends it ---- */

static int the_pipe[2];

/* A page of it stays in a pipe when everything else is gone. */
static void pin_half(void *unused)
{
	int fd = expect_gets(HALF, HALF, HALF);
	char *p = block_map(fd, HALF);
	struct iovec v = { p, PAGE };

	(void)unused;
	*p = 1;
	EXPECT_EQ(vmsplice(the_pipe[1], &v, 1, 0), PAGE);
}

static void test_quarantine(void)
{
	struct pool pool;

	EXPECT_OK(pipe2(the_pipe, O_CLOEXEC));
	run_as(ALICE, pin_half, NULL);
	run_as(ALICE, expect_none_left, NULL);
	pool_read(&pool);
	EXPECT_EQ(pool.quarantined, HALF);
	EXPECT_EQ(used_by(ALICE), HALF);
	close(the_pipe[0]);
	close(the_pipe[1]);
	/* An allocation that would be refused has another look first. */
	run_as(ALICE, user_alone, NULL);
}

/* The fd is held by somebody else: it was still her who allocated it. */
static void give_away(void *arg)
{
	int fd = expect_gets(HALF, HALF, HALF);
	char *p = block_map(fd, HALF);

	*p = 1;
	EXPECT_EQ(write(*(int *)arg, &fd, sizeof(fd)), sizeof(fd));
	pause();
}

static void test_others(void)
{
	int to[2], pid, pidfd, fd;

	EXPECT_OK(pipe2(to, O_CLOEXEC));
	pid = child_start(ALICE, give_away, &to[1]);
	EXPECT_EQ(read(to[0], &fd, sizeof(fd)), sizeof(fd));
	pidfd = EXPECT_OK(syscall(SYS_pidfd_open, pid, 0));
	fd = EXPECT_OK(syscall(SYS_pidfd_getfd, pidfd, fd, 0));
	close(pidfd);
	child_kill(pid);
	run_as(ALICE, expect_none_left, NULL);
	EXPECT_EQ(used_by(ALICE), HALF);
	EXPECT_EQ(used_by(0), 0);
	close(fd);
	close(to[0]);
	close(to[1]);
	run_as(ALICE, user_alone, NULL);
}

/* Who he is later does not matter. */
static void change_user(void *unused)
{
	int fd;

	(void)unused;
	EXPECT_OK(setresuid(ALICE, ALICE, 0));
	fd = expect_gets(MIB, HALF, MIB);
	EXPECT_OK(setresuid(0, 0, 0));
	EXPECT_OK(setresuid(BOB, BOB, 0));
	EXPECT_EQ(used_by(PMM_QUOTA_SELF), 0);
	close(fd);
	EXPECT_OK(setresuid(0, 0, 0));
	wait_pool_whole(10);
	EXPECT_EQ(used_by(ALICE), 0);
}

static void test_killed(void)
{
	struct holder h;
	unsigned int i;

	for (i = 0; i < 5; i++) {
		holder_start(&h, ALICE, hold_half);
		holder_end(&h, true);
	}
	run_as(ALICE, user_alone, NULL);
}

/* ---- races ---- */

static uint64_t in_use;
static unsigned int got;

/* Whatever the others do, the sum is never more than the quota. */
static void *race(void *unused)
{
	struct pmm_alloc a;
	unsigned int i;
	int fd;

	(void)unused;
	for (i = 0; i < 60; i++) {
		fd = try_pages(5 * MIB, &a);
		EXPECT_EQ(a.quota, HALF);
		EXPECT(a.quota_used <= HALF);
		if (fd < 0) {
			/* Others may take all that becomes clean, for long. */
			EXPECT(errno == EDQUOT ||
			       (errno == ENOMEM && a.reason == PMM_REASON_FRAGMENTED));
			continue;
		}
		__atomic_add_fetch(&got, 1, __ATOMIC_SEQ_CST);
		EXPECT(__atomic_add_fetch(&in_use, 5 * MIB, __ATOMIC_SEQ_CST) <= HALF);
		sched_yield();
		__atomic_sub_fetch(&in_use, 5 * MIB, __ATOMIC_SEQ_CST);
		close(fd);
	}
	return NULL;
}

static void race_threads(void *unused)
{
	pthread_t threads[5];
	unsigned int i;

	(void)unused;
	for (i = 0; i < 5; i++)
		EXPECT(!pthread_create(&threads[i], NULL, race, NULL));
	for (i = 0; i < 5; i++)
		EXPECT(!pthread_join(threads[i], NULL));
	EXPECT(got);
}

int main(void)
{
	char args[64];
	bool found;

	module_parameters(args, sizeof(args));
	module_remove();
	module_insert("pool_mb=32");
	test_values();
	run_as(ALICE, user_alone, NULL);
	run_as(ALICE, user_rights, NULL);
	test_root();
	test_users();
	test_limits();
	test_percents();
	test_namespaces();
	test_quarantine();
	test_others();
	run_alone(0, change_user);
	test_killed();
	run_alone(ALICE, race_threads);
	wait_pool_whole(10);
	/* Nothing is charged, no limit set: there are no accounts. */
	EXPECT_EQ(quota_lines("", &found), 0);
	module_remove();
	module_insert(args);
	return 0;
}
