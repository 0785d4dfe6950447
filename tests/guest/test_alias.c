// SPDX-License-Identifier: GPL-2.0-only
/*
 * Aliases: tmpfs files that are further names of a block.  What is done through
 * one is done to the block, the file itself is like any other, and it keeps the
 * block for as long as it has a link, is open or mapped.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alias.h"
#include "guest.h"

/* A large folio and small pages. */
#define SIZE	(2 * MIB + 3 * PAGE)
#define PATH	"/dev/shm/pmm-alias"

/* ---- every way in is a way to the block ---- */

static void test_mapped(void)
{
	int block = block_alloc(SIZE), fd;
	uint64_t pfn = block_pfn(block);
	char *before = block_map(block, SIZE), *p;

	fill(before, SIZE, 1);
	alias_create(block, SIZE, 0600, PATH);
	EXPECT_EQ(alias_count(block), 1);
	fd = EXPECT_OK(open(PATH, O_RDWR | O_CLOEXEC));
	p = map_shared(fd, SIZE);
	EXPECT(maps_block(p, SIZE, pfn));
	EXPECT(filled(p, SIZE, 1));
	fill(p, SIZE, 2);
	EXPECT(filled(before, SIZE, 2));
	EXPECT_OK(munmap(before, SIZE));
	EXPECT_OK(munmap(p, SIZE));
	close(fd);
	close(block);
	/* Nothing is left of it but the name. */
	fd = EXPECT_OK(open(PATH, O_RDONLY | O_CLOEXEC));
	p = EXPECT_OK(mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0));
	EXPECT(maps_block(p, SIZE, pfn));
	EXPECT(filled(p, SIZE, 2));
	EXPECT_ERRNO(mprotect(p, SIZE, PROT_READ | PROT_WRITE), EACCES);
	close(fd);
	EXPECT_OK(unlink(PATH));
	/* Nor of that. */
	EXPECT(filled(p, SIZE, 2));
	EXPECT_OK(munmap(p, SIZE));
	wait_pool_whole(5);
}

/* The kernel maps the home where huge pages are possible, and so an alias. */
static void test_alignment(void)
{
	int block = block_alloc(SIZE), fd, home, i;
	char *p[4], *q;

	alias_create(block, SIZE, 0600, PATH);
	fd = EXPECT_OK(open(PATH, O_RDWR | O_CLOEXEC));
	home = EXPECT_OK(try_block_home_fd(block, 0));
	for (i = 0; i < 4; i++) {
		q = map_shared(home, SIZE);
		p[i] = map_shared(fd, SIZE);
		if ((uintptr_t)q % HUGE_PAGE == 0)
			EXPECT_EQ((uintptr_t)p[i] % HUGE_PAGE, 0);
		EXPECT_OK(munmap(q, SIZE));
	}
	for (i = 0; i < 4; i++)
		EXPECT_OK(munmap(p[i], SIZE));
	close(home);
	close(fd);
	close(block);
	EXPECT_OK(unlink(PATH));
	wait_pool_whole(5);
}

static void test_read_write(void)
{
	static char in[3 * PAGE], out[3 * PAGE];
	int block = block_alloc(SIZE), fd, copy, pipes[2];
	char *p = block_map(block, SIZE);
	loff_t offset;

	alias_create(block, SIZE, 0600, PATH);
	fd = EXPECT_OK(open(PATH, O_RDWR | O_CLOEXEC));
	fill(out, sizeof(out), 3);
	EXPECT_EQ(pwrite(fd, out, sizeof(out), 5), sizeof(out));
	EXPECT(!memcmp(p + 5, out, sizeof(out)));
	memset(p + 100, 'x', 100);
	EXPECT_EQ(pread(fd, in, sizeof(in), 5), sizeof(in));
	EXPECT(!memcmp(p + 5, in, sizeof(in)));
	EXPECT_EQ(lseek(fd, 0, SEEK_END), SIZE);
	EXPECT_EQ(read(fd, in, 1), 0);
	EXPECT_EQ(lseek(fd, 0, SEEK_DATA), 0);
	EXPECT_EQ(lseek(fd, 0, SEEK_HOLE), SIZE);

	copy = EXPECT_OK(memfd_create("copy", MFD_CLOEXEC));
	offset = 5;
	EXPECT_EQ(sendfile(copy, fd, &offset, sizeof(in)), sizeof(in));
	memset(in, 0, sizeof(in));
	EXPECT_EQ(pread(copy, in, sizeof(in), 0), sizeof(in));
	EXPECT(!memcmp(p + 5, in, sizeof(in)));

	EXPECT_OK(pipe2(pipes, O_CLOEXEC));
	EXPECT_EQ(write(pipes[1], "spliced", 7), 7);
	offset = PAGE - 3;
	EXPECT_EQ(splice(pipes[0], NULL, fd, &offset, 7, 0), 7);
	EXPECT(!memcmp(p + PAGE - 3, "spliced", 7));
	offset = PAGE - 3;
	EXPECT_EQ(splice(fd, &offset, pipes[1], NULL, 7, 0), 7);
	EXPECT_EQ(read(pipes[0], in, sizeof(in)), 7);
	EXPECT(!memcmp(in, "spliced", 7));
	close(pipes[0]);
	close(pipes[1]);
	close(copy);
	EXPECT_OK(fsync(fd));
	EXPECT_OK(fallocate(fd, 0, 0, SIZE));
	EXPECT(!memcmp(p + PAGE - 3, "spliced", 7));
	close(fd);
	EXPECT_OK(munmap(p, SIZE));
	close(block);
	EXPECT_OK(unlink(PATH));
	wait_pool_whole(5);
}

/* ---- its size is as it is ---- */

static void expect_fixed(int fd, size_t size)
{
	struct stat st;
	char c = 'c';

	EXPECT_OK(fstat(fd, &st));
	EXPECT_EQ(st.st_size, size);
	EXPECT_OK(ftruncate(fd, size));
	EXPECT_ERRNO(ftruncate(fd, size - 1), EPERM);
	EXPECT_ERRNO(ftruncate(fd, size + 1), EPERM);
	EXPECT_ERRNO(ftruncate(fd, 0), EPERM);
	EXPECT_ERRNO(open(PATH, O_RDWR | O_TRUNC | O_CLOEXEC), EPERM);
	EXPECT_ERRNO(pwrite(fd, &c, 1, size), EPERM);
	EXPECT_ERRNO(fallocate(fd, 0, size, 1), EPERM);
	EXPECT_ERRNO(fallocate(fd, FALLOC_FL_KEEP_SIZE, size, 1), EPERM);
	/* What fits is written, as on a device that is full. */
	EXPECT_EQ(pwrite(fd, "yz", 2, size - 1), 1);
	EXPECT_EQ(pread(fd, &c, 1, size - 1), 1);
	EXPECT_EQ(c, 'y');
	EXPECT_OK(fstat(fd, &st));
	EXPECT_EQ(st.st_size, size);
}

static void test_size(size_t size)
{
	int block = block_alloc(size), fd;
	char c;

	alias_create(block, size, 0600, PATH);
	fd = EXPECT_OK(open(PATH, O_RDWR | O_CLOEXEC));
	expect_fixed(fd, size);
	close(fd);
	fd = EXPECT_OK(open(PATH, O_RDWR | O_APPEND | O_CLOEXEC));
	EXPECT_ERRNO(write(fd, "a", 1), EPERM);
	EXPECT_EQ(pread(fd, &c, 1, size), 0);
	close(fd);
	close(block);
	EXPECT_OK(unlink(PATH));
	wait_pool_whole(5);
}

/* ---- it is a file like any other ---- */

static void other_user(void *unused)
{
	struct pmm_block_info info;
	int fd, block;

	(void)unused;
	EXPECT_ERRNO(open(PATH, O_RDWR | O_CLOEXEC), EACCES);
	EXPECT_ERRNO(open(PATH, O_WRONLY | O_CLOEXEC), EACCES);
	fd = EXPECT_OK(open(PATH, O_RDONLY | O_CLOEXEC));
	EXPECT_ERRNO(mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0),
		     EACCES);
	/* As a block, no more than as a file. */
	block = EXPECT_OK(try_find_fd(fd));
	block_info(block, &info);
	EXPECT(info.state & PMM_BLOCK_READONLY);
	EXPECT_ERRNO(mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, block,
			  0), EACCES);
	EXPECT_ERRNO(try_block_alias(block, fd), EACCES);
	close(block);
	close(fd);
	EXPECT_ERRNO(chmod(PATH, 0666), EPERM);
	EXPECT_ERRNO(unlink(PATH), EPERM);
}

static void test_file(void)
{
	char *args[] = { PATH, NULL };
	int block = block_alloc(SIZE), fd;
	struct stat st, old;

	alias_create(block, SIZE, 0640, PATH);
	EXPECT_OK(stat(PATH, &st));
	EXPECT_EQ(st.st_mode, S_IFREG | 0640);
	EXPECT_EQ(st.st_uid, 0);
	EXPECT_EQ(st.st_nlink, 1);
	EXPECT_EQ(st.st_size, SIZE);
	EXPECT_OK(chmod(PATH, 0744));
	run_as(NOBODY, other_user, NULL);
	/* Not even root, and not even as a file that may be executed. */
	EXPECT_OK(chmod(PATH, 0755));
	EXPECT_ERRNO(execv(PATH, args), EACCES);

	EXPECT_OK(stat(PATH, &old));
	sleep_ms(20);
	fd = EXPECT_OK(open(PATH, O_RDWR | O_CLOEXEC));
	EXPECT_EQ(write(fd, "x", 1), 1);
	EXPECT_OK(fstat(fd, &st));
	EXPECT(st.st_mtim.tv_sec > old.st_mtim.tv_sec ||
	       st.st_mtim.tv_nsec > old.st_mtim.tv_nsec);
	close(fd);

	EXPECT_OK(rename(PATH, PATH "-2"));
	EXPECT_OK(link(PATH "-2", PATH "-3"));
	EXPECT_OK(unlink(PATH "-2"));
	fd = EXPECT_OK(open(PATH "-3", O_RDONLY | O_CLOEXEC));
	close(block);
	EXPECT_OK(unlink(PATH "-3"));
	block = EXPECT_OK(try_find_fd(fd));
	EXPECT_EQ(alias_count(block), 1);
	close(fd);
	close(block);
	wait_pool_whole(5);
}

/* ---- several ---- */

#define NAMES 5

/* @k of the n! orders in which they can go. */
static void unlink_in_order(unsigned int k)
{
	unsigned int left[NAMES], n, i;
	char path[64];

	for (i = 0; i < NAMES; i++)
		left[i] = i;
	for (n = NAMES; n; k /= n, n--) {
		i = k % n;
		snprintf(path, sizeof(path), PATH "-%u", left[i]);
		EXPECT_OK(unlink(path));
		memmove(left + i, left + i + 1, (n - i - 1) * sizeof(*left));
	}
}

static void test_several(unsigned int order)
{
	int block = block_alloc(SIZE), fds[NAMES];
	uint64_t pfn = block_pfn(block);
	char path[64], *p;
	unsigned int i;

	for (i = 0; i < NAMES; i++) {
		snprintf(path, sizeof(path), PATH "-%u", i);
		alias_create(block, SIZE, 0600, path);
		fds[i] = EXPECT_OK(open(path, O_RDWR | O_CLOEXEC));
		EXPECT_EQ(pwrite(fds[i], &i, sizeof(i), i * PAGE), sizeof(i));
	}
	EXPECT_EQ(alias_count(block), NAMES);
	close(block);
	unlink_in_order(order);
	for (i = 0; i < NAMES - 1; i++)
		close(fds[i]);
	p = map_shared(fds[i], SIZE);
	close(fds[i]);
	EXPECT(maps_block(p, SIZE, pfn));
	for (i = 0; i < NAMES; i++)
		EXPECT_EQ(*(unsigned int *)(p + i * PAGE), i);
	EXPECT_OK(munmap(p, SIZE));
	wait_pool_whole(5);
}

/* One with a System V id: both are the same memory, and either may go first. */
static void test_with_segment(bool segment_first)
{
	int shmid, block, fd;
	void *attached;
	char *p;

	block = block_sysv(SIZE, 0600, &shmid, &attached);
	fill(attached, SIZE, 7);
	alias_create(block, SIZE, 0600, PATH);
	close(block);
	fd = EXPECT_OK(open(PATH, O_RDWR | O_CLOEXEC));
	p = map_shared(fd, SIZE);
	close(fd);
	if (segment_first)
		segment_remove(shmid, attached);
	else
		EXPECT_OK(unlink(PATH));
	EXPECT(filled(p, SIZE, 7));
	fill(p, SIZE, 8);
	if (segment_first)
		EXPECT_OK(unlink(PATH));
	else
		EXPECT(filled(attached, SIZE, 8));
	EXPECT_OK(munmap(p, SIZE));
	if (!segment_first)
		segment_remove(shmid, attached);
	wait_pool_whole(5);
}

int main(void)
{
	unsigned int order;

	test_mapped();
	test_alignment();
	test_read_write();
	test_size(SIZE);
	test_size(SIZE - 100);
	test_size(1);
	test_file();
	/* 120 orders; these are all first and all last ones. */
	for (order = 0; order < 120; order += 7)
		test_several(order);
	test_with_segment(true);
	test_with_segment(false);
	return 0;
}
