// SPDX-License-Identifier: GPL-2.0-only
/*
 * PMM_IOC_MIGRATE and what else has an interest in memory: KSM, userfaultfd, control
 * groups, khugepaged, the counters of locked memory, and memory errors.
 *
 * guest: APPEND='memmap=32M$512M' NO_X=1
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "migrate.h"
#include "vm.h"

#define SIZE	(256 * KIB)
#define PATIENCE	60.0

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif
#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE	101
#endif

/* ---- KSM ---- */

#define KSM	"/sys/kernel/mm/ksm"

static long ksm_value(const char *file)
{
	char path[64], line[32];

	snprintf(path, sizeof(path), KSM "/%s", file);
	read_line(path, line, sizeof(line));
	return atol(line);
}

/* Both halves of 2 * SIZE bytes are the same pages. */
static bool merged(const char *p)
{
	size_t i;

	for (i = 0; i < SIZE; i += PAGE)
		if (pfn_of(p + i) != pfn_of(p + SIZE + i))
			return false;
	return true;
}

/* What is merged stays; what one has written to is his own again. */
static void test_merged(char *p)
{
	struct pmm_migrate m = {};

	EXPECT_OK(madvise(p, 2 * SIZE, MADV_MERGEABLE));
	write_file(KSM "/run", "1");
	EXPECT(WITHIN(PATIENCE, merged(p)));
	EXPECT_ERRNO(try_migrate(p, 2 * SIZE, "vram", &m), EBUSY);
	EXPECT_EQ(m.reason, PMM_MIGRATE_SHARED);
	EXPECT_EQ(m.shared, 2 * SIZE);
	EXPECT(filled(p, SIZE, 1));
	EXPECT(filled(p + SIZE, SIZE, 1));

	write_file(KSM "/run", "0");
	fill(p, SIZE, 2);
	EXPECT_ERRNO(try_migrate(p, 2 * SIZE, "vram", &m), EBUSY);
	EXPECT_EQ(m.moved, SIZE);
	EXPECT_EQ(m.shared, SIZE);
	EXPECT(all_in_vram(p, SIZE));
	EXPECT(filled(p, SIZE, 2));
	EXPECT(filled(p + SIZE, SIZE, 1));
	EXPECT_OK(madvise(p, 2 * SIZE, MADV_UNMERGEABLE));
}

/* It leaves alone what is on the device, whatever it is told. */
static void test_not_merged(char *p)
{
	long scans;

	fill(p, SIZE, 1);
	migrate(p, 2 * SIZE, "vram");
	EXPECT_OK(madvise(p, 2 * SIZE, MADV_MERGEABLE));
	scans = ksm_value("full_scans");
	write_file(KSM "/run", "1");
	EXPECT(WITHIN(PATIENCE, ksm_value("full_scans") >= scans + 3));
	EXPECT(all_in_vram(p, 2 * SIZE));
	EXPECT(filled(p, SIZE, 1));
	EXPECT(filled(p + SIZE, SIZE, 1));
	write_file(KSM "/run", "0");
	EXPECT_OK(madvise(p, 2 * SIZE, MADV_UNMERGEABLE));
}

static void test_ksm(void)
{
	char *p;

	if (access(KSM "/run", W_OK)) {
		printf("this kernel has no KSM\n");
		return;
	}
	write_file(KSM "/sleep_millisecs", "1");
	write_file(KSM "/pages_to_scan", "1000");
	p = anon(2 * SIZE);
	fill(p, SIZE, 1);
	fill(p + SIZE, SIZE, 1);
	test_merged(p);
	test_not_merged(p);
	EXPECT_OK(munmap(p, 2 * SIZE));
	vram_wait_whole();
}

/* ---- userfaultfd ---- */

static int uffd_open(void)
{
	struct uffdio_api api = {
		.api = UFFD_API, .features = UFFD_FEATURE_PAGEFAULT_FLAG_WP,
	};
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0)
		EXPECT_OK(ioctl(fd, UFFDIO_API, &api));
	return fd;
}

static void uffd_register(int fd, void *p, size_t size)
{
	struct uffdio_register reg = {
		.range = { (uintptr_t)p, size },
		.mode = UFFDIO_REGISTER_MODE_MISSING |
			UFFDIO_REGISTER_MODE_WP,
	};

	EXPECT_OK(ioctl(fd, UFFDIO_REGISTER, &reg));
}

static void uffd_copy(int fd, void *p, const void *from, size_t size)
{
	struct uffdio_copy copy = {
		.dst = (uintptr_t)p, .src = (uintptr_t)from, .len = size,
	};

	EXPECT_OK(ioctl(fd, UFFDIO_COPY, &copy));
}

static void uffd_protect(int fd, void *p, size_t size, bool protect)
{
	struct uffdio_writeprotect wp = {
		.range = { (uintptr_t)p, size },
		.mode = protect ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};

	EXPECT_OK(ioctl(fd, UFFDIO_WRITEPROTECT, &wp));
}

static void *write_first(void *arg)
{
	*(volatile char *)arg = '!';
	return NULL;
}

/* Somebody writes, and the one who protected it is asked. */
static void expect_asked(int fd, char *p)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	struct uffd_msg msg;
	pthread_t writer;
	char before = *p;

	EXPECT(!pthread_create(&writer, NULL, write_first, p));
	EXPECT_EQ(poll(&poll_fd, 1, (int)PATIENCE * 1000), 1);
	EXPECT_EQ(read(fd, &msg, sizeof(msg)), sizeof(msg));
	EXPECT_EQ(msg.event, UFFD_EVENT_PAGEFAULT);
	EXPECT(msg.arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WP);
	EXPECT_EQ(msg.arg.pagefault.address / PAGE, (uintptr_t)p / PAGE);
	EXPECT_EQ(*p, before);
	uffd_protect(fd, p, PAGE, false);
	EXPECT(!pthread_join(writer, NULL));
	EXPECT_EQ(*p, '!');
	*p = before;
}

static void test_write_protected(int fd, char *p)
{
	uffd_protect(fd, p, SIZE, true);
	migrate(p, SIZE, "");
	EXPECT(none_in_vram(p, SIZE));
	expect_asked(fd, p);
	migrate(p, SIZE, "vram");
	EXPECT(all_in_vram(p, SIZE));
	expect_asked(fd, p + PAGE);
	EXPECT(filled(p, SIZE, 3));
}

/* What is missing is not asked for, and the caller does not wait for it. */
static void test_userfaultfd(void)
{
	char *p = anon(SIZE), *from = anon(SIZE);
	struct pmm_migrate m = {};
	struct uffd_msg msg;
	int fd = uffd_open();

	if (fd < 0) {
		printf("this kernel has no userfaultfd\n");
		return;
	}
	fill(from, SIZE, 3);
	memcpy(p, from, SIZE / 2);
	EXPECT_OK(madvise(p, SIZE, MADV_NOHUGEPAGE));
	EXPECT_OK(madvise(p + SIZE / 2, SIZE / 2, MADV_DONTNEED));
	uffd_register(fd, p, SIZE);
	EXPECT_ERRNO(try_migrate(p, SIZE, "vram", &m), EBUSY);
	EXPECT_EQ(m.moved, SIZE / 2);
	EXPECT_EQ(m.busy, SIZE / 2);
	EXPECT_ERRNO(read(fd, &msg, sizeof(msg)), EAGAIN);
	uffd_copy(fd, p + SIZE / 2, from + SIZE / 2, SIZE / 2);
	migrate(p, SIZE, "vram");
	EXPECT(all_in_vram(p, SIZE));
	EXPECT(filled(p, SIZE, 3));
	test_write_protected(fd, p);

	/* Discarded there it is missing again. */
	EXPECT_OK(madvise(p, SIZE, MADV_DONTNEED));
	vram_wait_whole();
	uffd_copy(fd, p, from, SIZE);
	EXPECT(filled(p, SIZE, 3));
	close(fd);
	EXPECT_OK(munmap(p, SIZE));
	EXPECT_OK(munmap(from, SIZE));
}

/* ---- control groups ---- */

#define CGROUP	"/sys/fs/cgroup/pmm-migrate"
#define CHARGED	(4 * MIB)

static bool charged(void)
{
	return cgroup_value(CGROUP, "memory.current") >= (long)CHARGED;
}

/* What is on the device is charged as it was, and back it comes under any limit. */
static void in_cgroup(void *unused)
{
	char *p;
	int i;

	(void)unused;
	cgroup_enter(CGROUP);
	p = anon(CHARGED);
	fill(p, CHARGED, 4);
	migrate(p, CHARGED, "vram");
	EXPECT(charged());
	/* Reclaim finds nothing there. */
	(void)try_write_file(CGROUP "/memory.reclaim", "4M");
	EXPECT(all_in_vram(p, CHARGED));
	cgroup_set(CGROUP, "memory.max",
		   cgroup_value(CGROUP, "memory.current") + MIB);
	for (i = 0; i < 3; i++) {
		migrate(p, CHARGED, "");
		EXPECT(charged());
		EXPECT(filled(p, CHARGED, 4));
		migrate(p, CHARGED, "vram");
		EXPECT(charged());
		EXPECT(filled(p, CHARGED, 4));
	}
	EXPECT_OK(munmap(p, CHARGED));
	EXPECT(WITHIN(PATIENCE, !charged()));
}

/* The group goes before its memory does. */
static void leaves_cgroup(void *unused)
{
	char *p;

	(void)unused;
	cgroup_enter(CGROUP);
	p = anon(CHARGED);
	fill(p, CHARGED, 5);
	migrate(p, CHARGED, "vram");
	cgroup_enter("/sys/fs/cgroup");
	cgroup_remove(CGROUP);
	EXPECT(filled(p, CHARGED, 5));
	migrate(p, CHARGED / 2, "");
	EXPECT(filled(p, CHARGED, 5));
	migrate(p, CHARGED / 2, "vram");
	EXPECT(filled(p, CHARGED, 5));
}

static void test_cgroup(void)
{
	if (!cgroup_create(CGROUP)) {
		printf("no memory controller: not tested with control groups\n");
		return;
	}
	run_as(0, in_cgroup, NULL);
	vram_wait_whole();
	cgroup_set(CGROUP, "memory.max", VRAM_SIZE + 64 * MIB);
	run_as(0, leaves_cgroup, NULL);
	vram_wait_whole();
}

/* ---- huge pages, and locked memory ---- */

/* The device has none: nobody makes one of pages that are there. */
static void test_collapse(void)
{
	char *p = anon(HUGE_PAGE);

	EXPECT_OK(madvise(p, HUGE_PAGE, MADV_NOHUGEPAGE));
	fill(p, HUGE_PAGE, 6);
	migrate(p, HUGE_PAGE / 2, "vram");
	EXPECT_OK(madvise(p, HUGE_PAGE, MADV_HUGEPAGE));
	EXPECT(madvise(p, HUGE_PAGE, MADV_COLLAPSE));
	EXPECT(all_in_vram(p, HUGE_PAGE / 2));
	EXPECT(none_in_vram(p + HUGE_PAGE / 2, HUGE_PAGE / 2));
	EXPECT(filled(p, HUGE_PAGE, 6));
	EXPECT_OK(munmap(p, HUGE_PAGE));
	vram_wait_whole();
}

/* Whichever way locked pages go and end, none is left in the count. */
static void test_counted(void)
{
	long before = meminfo("Mlocked");
	char *p = anon(SIZE);

	fill(p, SIZE, 7);
	EXPECT_OK(mlock(p, SIZE));
	migrate(p, SIZE, "vram");
	migrate(p, SIZE, "");
	migrate(p, SIZE, "vram");
	EXPECT(filled(p, SIZE, 7));
	EXPECT_OK(munmap(p, SIZE));
	p = anon(SIZE);
	migrate(p, SIZE, "vram");
	EXPECT_OK(mlock(p, SIZE));
	migrate(p, SIZE, "");
	EXPECT(zeroed(p, SIZE));
	EXPECT_OK(munmap(p, SIZE));
	EXPECT(WITHIN(PATIENCE, meminfo("Mlocked") == before));
}

/* ---- memory errors ---- */

/*
 * The kernel does not take bad pages away from those who have them.  But they are not
 * moved any more, and nobody gets them afterwards.
 */
static void test_bad_page(void)
{
	struct pmm_migrate m = {};
	char *p = anon(SIZE);

	fill(p, SIZE, 8);
	migrate(p, SIZE, "vram");
	EXPECT_ERRNO(madvise(p + PAGE, PAGE, MADV_SOFT_OFFLINE), EIO);
	EXPECT(all_in_vram(p, SIZE));
	EXPECT_ERRNO(madvise(p + PAGE, PAGE, MADV_HWPOISON), ENXIO);
	EXPECT_ERRNO(try_migrate(p, SIZE, "", &m), EBUSY);
	EXPECT_EQ(m.moved, SIZE - PAGE);
	EXPECT_EQ(m.busy, PAGE);
	EXPECT(filled(p, SIZE, 8));
	EXPECT_OK(munmap(p, SIZE));

	EXPECT(WITHIN(PATIENCE, vram_free() == VRAM_SIZE - PAGE));
	EXPECT(WITHIN(PATIENCE, vram_retired() == PAGE));
	p = anon(VRAM_SIZE);
	fill(p, VRAM_SIZE, 9);
	EXPECT_ERRNO(try_migrate(p, VRAM_SIZE, "vram", &m), ENOMEM);
	EXPECT_EQ(m.moved, VRAM_SIZE - PAGE);
	EXPECT_OK(munmap(p, VRAM_SIZE));
	EXPECT(WITHIN(PATIENCE, vram_free() == VRAM_SIZE - PAGE));
}

/* Nor a page that goes bad while nobody has it. */
static void test_bad_free_page(void)
{
	char *p = anon(PAGE), text[32];
	uint64_t pfn;

	if (system("modprobe -q hwpoison-inject") ||
	    access("/sys/kernel/debug/hwpoison/corrupt-pfn", W_OK)) {
		printf("no hwpoison-inject: not tested in free memory\n");
		return;
	}
	migrate(p, PAGE, "vram");
	pfn = pfn_of(p);
	EXPECT_OK(munmap(p, PAGE));
	EXPECT(WITHIN(PATIENCE, vram_free() == VRAM_SIZE - PAGE));
	snprintf(text, sizeof(text), "%#llx\n", (unsigned long long)pfn);
	EXPECT_ERRNO(try_write_file("/sys/kernel/debug/hwpoison/corrupt-pfn",
				    text), ENXIO);
	EXPECT(WITHIN(PATIENCE, vram_free() == VRAM_SIZE - 2 * PAGE));
	EXPECT(WITHIN(PATIENCE, vram_retired() == 2 * PAGE));
}

/* What was in it is lost with the device, and nothing else is. */
static void test_bad_page_goes(void)
{
	char *p = anon(SIZE + PAGE), *bad = p + SIZE;

	fill(p, SIZE + PAGE, 9);
	migrate(p, SIZE + PAGE, "vram");
	EXPECT_ERRNO(madvise(bad, PAGE, MADV_HWPOISON), ENXIO);
	vram_remove();
	EXPECT(none_in_vram(p, SIZE + PAGE));
	EXPECT(WITHIN(PATIENCE, access_signal(bad, false) == SIGBUS));
	EXPECT(filled(p, SIZE, 9));
	EXPECT_OK(munmap(p, SIZE + PAGE));
	vram_insert("");
	EXPECT_EQ(vram_free(), VRAM_SIZE);
}

static void hurt(void *unused)
{
	char *p = anon(PAGE);

	(void)unused;
	*p = 1;
	EXPECT_OK(madvise(p, PAGE, MADV_HWPOISON));
}

static void test_errors(void)
{
	int status, pid = child_start(0, hurt, NULL);

	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status)) {
		printf("this kernel does not handle memory errors\n");
		return;
	}
	test_bad_page();
	test_bad_free_page();
	test_bad_page_goes();
}

int main(void)
{
	vram_insert("");
	test_ksm();
	test_userfaultfd();
	test_cgroup();
	test_collapse();
	test_counted();
	test_errors();
	vram_remove();
	return 0;
}
