// SPDX-License-Identifier: GPL-2.0-only
/*
 * Types of a driver: what is refused, how blocks of them differ, and how they go:
 * refused while there are blocks, or removed under whoever has one mapped.  The
 * driver is tests/kmod/pmm_test_type.c.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "type_driver.h"
#include "vm.h"

#define SIZE		(HUGE_PAGE + PAGE)
/* A device's memory that programs may map, as the driver writes it. */
#define DEV		"dev 0x6 0"

static struct pmm_alloc request(const char *type, uint64_t caps, size_t length)
{
	struct pmm_alloc a = {
		.size = sizeof(a), .length = length, .caps = caps,
	};

	snprintf(a.type, sizeof(a.type), "%s", type);
	return a;
}

static int dev_alloc(size_t size)
{
	struct pmm_alloc a = request("dev", 0, size);

	return EXPECT_OK(try_block_alloc(&a));
}

static bool dev_exists(void)
{
	struct pool pool;

	return pool_read_type(&pool, "dev");
}

/* ---- registering ---- */

static void test_refused(void)
{
	static const struct {
		const char *text;
		int err;
	} refused[] = {
		{ "9dev 0x6 0", EINVAL },
		{ "de,v 0x6 0", EINVAL },
		{ "a-name-of-32-characters-too-long 0x6 0", EINVAL },
		{ "general 0x6 0", EEXIST },
		{ "dev 0 0", EINVAL },
		{ "dev 0x4 0", EINVAL },
		{ "dev 0x3 0", EINVAL },
		{ "dev 0x16 0", EINVAL },
		{ "dev 0x8000000000000006 0", EINVAL },
		{ "dev 0x6 3", EINVAL },
		{ "dev 0x6 12288", EINVAL },
		{ "dev 0x6 2147483648", EINVAL },
		{ "dev 0x6 0 firstfit", ENOENT },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		printf("%s\n", refused[i].text);
		EXPECT_ERRNO(try_write_file(PARAM("register"), refused[i].text),
			     refused[i].err);
		EXPECT(!dev_exists());
	}
	write_file(PARAM("register"), DEV);
	/* The same memory, under another name. */
	EXPECT_ERRNO(try_write_file(PARAM("register"), "other 0x6 0"), EEXIST);
	EXPECT_ERRNO(try_write_file(PARAM("register"), DEV), EEXIST);
	write_file(PARAM("unregister"), "1");
	EXPECT(!dev_exists());
}

static void test_registered(void)
{
	struct pmm_type_info t = { .size = sizeof(t), .index = 1 };
	struct pmm_resize r = { .size = sizeof(r), .type = "dev" };
	struct pmm_block_info info;
	struct pmm_alloc a;
	int fd;

	write_file(PARAM("register"), "dev 0x6 16384");
	EXPECT_OK(ioctl(pmm_fd(), PMM_IOC_TYPE, &t));
	EXPECT(!strcmp(t.name, "dev"));
	EXPECT_EQ(t.caps, PMM_TYPE_DEVICE | PMM_TYPE_MAPPABLE);
	EXPECT_EQ(t.min_align, 16384);
	EXPECT_EQ(t.total, 24 * MIB);
	EXPECT_EQ(t.free, 24 * MIB);
	EXPECT(t.limit && !(t.limit & (t.limit - 1)));
	t.index = 2;
	EXPECT_ERRNO(ioctl(pmm_fd(), PMM_IOC_TYPE, &t), ENOENT);

	/* By name, and by what it can. */
	a = request("dev", 0, PAGE);
	fd = EXPECT_OK(try_block_alloc(&a));
	block_info(fd, &info);
	EXPECT(!strcmp(info.type, "dev"));
	EXPECT_EQ(info.align, 16384);
	EXPECT(info.phys % 16384 == 0 && info.phys + PAGE <= t.limit);
	close(fd);
	a = request("", PMM_TYPE_DEVICE, PAGE);
	close(EXPECT_OK(try_block_alloc(&a)));
	EXPECT(!strcmp(a.chosen, "dev"));
	a = request("", PMM_TYPE_MAPPABLE, PAGE);
	close(EXPECT_OK(try_block_alloc(&a)));
	EXPECT(!strcmp(a.chosen, "general"));
	a = request("", PMM_TYPE_DEVICE | PMM_TYPE_SYNC, PAGE);
	EXPECT_ERRNO(try_block_alloc(&a), ENOENT);
	/* Its size is the driver's business. */
	EXPECT_ERRNO(ioctl(pmm_fd(), PMM_IOC_RESIZE, &r), EOPNOTSUPP);

	/* Nobody has a block, but a moment ago there was one. */
	write_file(PARAM("unregister"), "1");
	EXPECT_ERRNO(try_block_alloc(&a), ENOENT);
	t.index = 1;
	EXPECT_ERRNO(ioctl(pmm_fd(), PMM_IOC_TYPE, &t), ENOENT);
}

static void test_not_mappable(void)
{
	int fd, block, memfd;
	void *p;

	write_file(PARAM("register"), "dev 0x2 0");
	block = dev_alloc(PAGE);
	EXPECT_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, block, 0), EOPNOTSUPP);
	EXPECT_ERRNO(try_block_home_fd(block, PMM_HOME_RDONLY), EOPNOTSUPP);
	p = segment_memfd(PAGE, 0, &memfd);
	EXPECT_ERRNO(try_block_adopt(block, p, 0), EOPNOTSUPP);
	/* Which therefore is an ordinary file. */
	memset(p, 1, PAGE);
	EXPECT_OK(munmap(p, PAGE));
	close(memfd);
	fd = EXPECT_OK(try_find_fd(block));
	EXPECT_EQ(block_id(fd), block_id(block));
	close(fd);
	EXPECT_ERRNO(try_write_file(PARAM("unregister"), "1"), EBUSY);
	close(block);
	write_file(PARAM("unregister"), "1");
}

static void test_unregister(void)
{
	int block;
	char *p;

	write_file(PARAM("register"), DEV);
	block = dev_alloc(SIZE);
	EXPECT_ERRNO(try_write_file(PARAM("unregister"), "1"), EBUSY);
	p = block_map(block, SIZE);
	fill(p, SIZE, 1);
	close(block);
	EXPECT_ERRNO(try_write_file(PARAM("unregister"), "1"), EBUSY);
	/* Nothing has changed by that. */
	close(dev_alloc(PAGE));
	EXPECT(filled(p, SIZE, 1));
	EXPECT_OK(munmap(p, SIZE));
	write_file(PARAM("unregister"), "1");
	EXPECT(!dev_exists());
}

/* ---- removing ---- */

/**
 * struct victim - a block in a user's hands
 * @block: the block fd
 * @file: a file of its home, -1 for a segment
 * @shmid: its segment, or -1
 * @mounted: the file is on a mounted file system
 * @p: a shared mapping
 * @q: a private one, written to
 */
struct victim {
	int block;
	int file;
	int shmid;
	bool mounted;
	char *p;
	char *q;
};

static const char *const kinds[] = { "private", "SysV", "memfd", "tmpfs" };

static void victim_create(struct victim *v, unsigned int kind)
{
	*v = (struct victim){
		.block = dev_alloc(SIZE), .file = -1, .shmid = -1,
		.mounted = kind == 3,
	};
	switch (kind) {
	case 0:
		v->p = block_map(v->block, SIZE);
		v->file = EXPECT_OK(try_block_home_fd(v->block, 0));
		break;
	case 1:
		v->p = segment_sysv(SIZE, 0600, &v->shmid);
		break;
	case 2:
		v->p = segment_memfd(SIZE, MFD_ALLOW_SEALING, &v->file);
		break;
	default:
		v->p = segment_tmpfile("/dev/shm", SIZE, &v->file);
	}
	if (kind)
		EXPECT_OK(try_block_adopt(v->block, v->p, 0));
	fill(v->p, SIZE, kind);
	EXPECT(maps_block(v->p, SIZE, block_pfn(v->block)));
	if (v->file < 0)
		return;
	v->q = EXPECT_OK(mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE,
			      v->file, 0));
	v->q[0]++;
}

/* All that can be done with what there was of a block. */
static void expect_lost(struct victim *v)
{
	struct pmm_block_info info;
	char c = 1, line[256];
	int memfd;
	void *p;

	EXPECT_EQ(access_signal(v->p, false), SIGBUS);
	EXPECT_EQ(access_signal(v->p, true), SIGBUS);
	EXPECT_EQ(access_signal(v->p + SIZE - 1, false), SIGBUS);
	EXPECT_EQ(access_signal(v->p + HUGE_PAGE / 2, true), SIGBUS);
	EXPECT_ERRNO(try_find_address(v->p), ENODEV);

	block_info(v->block, &info);
	EXPECT(info.state & PMM_BLOCK_GONE);
	EXPECT(!info.phys && info.length == SIZE);
	EXPECT(!strcmp(info.type, "dev"));
	EXPECT(block_line(info.id, line, sizeof(line)) && strstr(line, " gone"));
	EXPECT_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, v->block, 0), ENODEV);
	EXPECT_ERRNO(try_block_home_fd(v->block, 0), ENODEV);
	p = segment_memfd(SIZE, 0, &memfd);
	EXPECT_ERRNO(try_block_adopt(v->block, p, 0), ENODEV);
	EXPECT_OK(munmap(p, SIZE));
	close(memfd);

	if (v->shmid >= 0)
		EXPECT_ERRNO(shmat(v->shmid, NULL, 0), EINVAL);
	if (v->file < 0)
		return;
	EXPECT_EQ(access_signal(v->q, false), SIGBUS);
	EXPECT_EQ(access_signal(v->q + PAGE, true), SIGBUS);
	EXPECT_ERRNO(try_find_fd(v->file), ENODEV);
	EXPECT_EQ(lseek(v->file, 0, SEEK_END), 0);
	EXPECT_EQ(pread(v->file, &c, 1, 0), 0);
	EXPECT_ERRNO(pwrite(v->file, &c, 1, 0), EPERM);
	EXPECT_ERRNO(pwrite(v->file, &c, 1, SIZE - 1), EPERM);
	EXPECT_ERRNO(ftruncate(v->file, SIZE), EPERM);
	EXPECT_ERRNO(fallocate(v->file, 0, 0, PAGE), EPERM);
}

static void victim_end(struct victim *v)
{
	if (v->shmid >= 0) {
		EXPECT_OK(shmdt(v->p));
		EXPECT_OK(shmctl(v->shmid, IPC_RMID, NULL));
	} else {
		EXPECT_OK(munmap(v->p, SIZE));
	}
	if (v->q)
		EXPECT_OK(munmap(v->q, SIZE));
	if (v->file >= 0)
		close(v->file);
	close(v->block);
}

static void test_removed(void)
{
	struct victim v[ARRAY_SIZE(kinds)];
	uint64_t id[ARRAY_SIZE(kinds)];
	char line[256];
	unsigned int i;

	write_file(PARAM("register"), DEV);
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		victim_create(&v[i], i);
		id[i] = block_id(v[i].block);
	}
	write_file(PARAM("remove"), "1");
	expect_memory("intact");
	EXPECT(!dev_exists());
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		printf("removed: %s\n", kinds[i]);
		fflush(stdout);
		expect_lost(&v[i]);
		expect_memory("intact");
	}
	/* Another type of that name is no resurrection, and has a life of its own. */
	write_file(PARAM("register"), DEV);
	EXPECT_EQ(access_signal(v[0].p, false), SIGBUS);
	EXPECT_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, v[0].block, 0), ENODEV);
	for (i = 0; i < ARRAY_SIZE(v); i++)
		victim_end(&v[i]);
	for (i = 0; i < ARRAY_SIZE(v); i++)
		EXPECT(WITHIN(5, !block_line(id[i], line, sizeof(line))));
	write_file(PARAM("remove"), "1");
	expect_memory("intact");
}

/* A type's blocks go, and no others. */
static void test_others_stay(void)
{
	struct vm_block other;
	int block;

	write_file(PARAM("register"), DEV);
	vm_block_create(&other, 0);
	block = dev_alloc(SIZE);
	write_file(PARAM("remove"), "1");
	EXPECT(vm_block_intact(&other));
	vm_block_destroy(&other);
	close(block);
	expect_memory("intact");
}

static void remove_type(void *unused)
{
	(void)unused;
	write_file(PARAM("remove"), "1");
}

static bool running(int pid)
{
	siginfo_t info = {};

	EXPECT_OK(waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT));
	return !info.si_pid;
}

/* A page in a pipe is waited for, and the log says so. */
static void test_pinned(void)
{
	int block, fds[2], remover, log = kmsg_open();
	char *p, says[128], buf[64];
	struct iovec v;

	write_file(PARAM("register"), DEV);
	block = dev_alloc(SIZE);
	p = block_map(block, SIZE);
	fill(p, SIZE, 3);
	EXPECT_OK(pipe2(fds, O_CLOEXEC));
	v = (struct iovec){ .iov_base = p, .iov_len = sizeof(buf) };
	EXPECT_EQ(vmsplice(fds[1], &v, 1, 0), sizeof(buf));

	remover = child_start(0, remove_type, NULL);
	snprintf(says, sizeof(says), "removing type dev waits for block %llu of user 0, %lu KiB: its pages are pinned",
		 (unsigned long long)block_id(block), SIZE / KIB);
	EXPECT(WITHIN(30, kmsg_has(log, says)));
	EXPECT(running(remover));
	/* It is unmapped all the same, and there are no new ones. */
	EXPECT_EQ(access_signal(p, false), SIGBUS);
	EXPECT(!dev_exists());
	/* Whoever has the page still sees what was there. */
	memset(buf, 0, sizeof(buf));
	EXPECT_EQ(read(fds[0], buf, sizeof(buf)), sizeof(buf));
	EXPECT(filled(buf, sizeof(buf), 3));
	child_wait(remover);
	expect_memory("intact");
	EXPECT_OK(munmap(p, SIZE));
	close(fds[0]);
	close(fds[1]);
	close(block);
	close(log);
}

/* So is a driver that has the block, and who does not hold any page. */
static void test_driver_waited_for(void)
{
	char text[16];
	double start;
	int block;

	write_file(PARAM("register"), DEV);
	block = dev_alloc(SIZE);
	snprintf(text, sizeof(text), "%d", block);
	start = now();
	write_file(PARAM("hold"), text);
	write_file(PARAM("remove"), "1");
	EXPECT(now() - start > 1.9);
	expect_memory("intact");
	/* And it does not get one that has gone. */
	EXPECT_ERRNO(try_write_file(PARAM("hold"), text), ENODEV);
	close(block);
}

/* Allocates, maps, adopts and writes until the type or the memory has gone. */
static void use_type(void *seed)
{
	unsigned int n = (uintptr_t)seed;
	struct pmm_alloc a;
	int block, memfd;
	char *p;

	signal(SIGBUS, SIG_DFL);
	for (;; n++) {
		a = request("dev", 0, (n % 3 + 1) * MIB / 2 + PAGE);
		block = try_block_alloc(&a);
		if (block < 0 && errno == ENOENT)
			return;
		if (block < 0)
			continue;
		if (n % 2) {
			p = mmap(NULL, a.actual, PROT_READ | PROT_WRITE,
				 MAP_SHARED, block, 0);
		} else {
			p = segment_memfd(a.actual, 0, &memfd);
			if (try_block_adopt(block, p, 0))
				p = MAP_FAILED;
			close(memfd);
		}
		if (p == MAP_FAILED) {
			EXPECT_EQ(errno, ENODEV);
			return;
		}
		EXPECT(zeroed(p, a.actual));
		fill(p, a.actual, n);
		EXPECT(filled(p, a.actual, n));
		munmap(p, a.actual);
		close(block);
	}
}

static void test_race(void)
{
	int children[4], status;
	unsigned int i, round, killed = 0;

	for (round = 0; round < 6; round++) {
		write_file(PARAM("register"), DEV);
		for (i = 0; i < ARRAY_SIZE(children); i++)
			children[i] = child_start(0, use_type,
						  (void *)(uintptr_t)(10 * round + i));
		sleep_ms(100 + 150 * round);
		write_file(PARAM("remove"), "1");
		expect_memory("intact");
		for (i = 0; i < ARRAY_SIZE(children); i++) {
			EXPECT_EQ(waitpid(children[i], &status, 0), children[i]);
			if (WIFSIGNALED(status))
				EXPECT_EQ(WTERMSIG(status), SIGBUS);
			else
				EXPECT_EQ(status, 0);
			killed += WIFSIGNALED(status);
		}
		expect_memory("intact");
	}
	printf("%u of %u were killed by SIGBUS\n", killed, i * round);
}

/* ---- the driver's own end ---- */

static void test_module_end(void)
{
	struct victim v;

	/* The module cannot go while a block keeps it. */
	test_module_remove(DRIVER);
	test_module_insert(DRIVER, "spans=1 pin_module=1");
	write_file(PARAM("register"), DEV);
	victim_create(&v, 0);
	EXPECT_ERRNO(try_test_module_remove(DRIVER), EAGAIN);
	EXPECT_EQ(access_signal(v.p, true), 0);
	/* But its device can, and then nothing keeps it. */
	write_file(PARAM("remove"), "1");
	expect_memory("intact");
	expect_lost(&v);
	test_module_remove(DRIVER);
	expect_lost(&v);
	victim_end(&v);

	/* One that does not wait goes under whoever has a block. */
	test_module_insert(DRIVER, "spans=1");
	write_file(PARAM("register"), DEV);
	victim_create(&v, 1);
	test_module_remove(DRIVER);
	EXPECT(!dev_exists());
	expect_lost(&v);
	victim_end(&v);
}

int main(void)
{
	char args[300];

	module_parameters(args, sizeof(args));
	test_module_insert(DRIVER, "spans=6");
	test_refused();
	test_registered();
	test_not_mappable();
	test_unregister();
	test_removed();
	test_others_stay();
	test_pinned();
	test_driver_waited_for();
	test_race();
	test_module_end();
	wait_pool_whole(5);
	/* Blocks of types that have gone keep nothing. */
	module_remove();
	module_insert(args);
	return 0;
}
