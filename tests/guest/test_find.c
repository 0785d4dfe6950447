// SPDX-License-Identifier: GPL-2.0-only
/*
 * FIND: from an address or an fd to the block, with the rights of that mapping or
 * fd, at the right offset, in other processes, and after everybody else has gone.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest.h"
#include "vm.h"

/* ---- what is found ---- */

/* The block at an address, whose offset there is @offset.  The new block fd. */
static int find(const struct vm_block *b, const void *address, uint64_t offset,
		bool write)
{
	struct pmm_find f = {
		.size = sizeof(f),
		.flags = PMM_FIND_ADDRESS,
		.address = (uintptr_t)address,
	};
	int fd = EXPECT_OK(ioctl(pmm_fd(), PMM_IOC_FIND, &f));

	EXPECT_EQ(f.offset, offset);
	EXPECT_EQ(f.id, block_id(fd));
	EXPECT_EQ(block_pfn(fd), b->pfn);
	EXPECT_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	EXPECT_EQ(!(block_state(fd) & PMM_BLOCK_READONLY), write);
	return fd;
}

/* Through it everything can be done that reading and writing means. */
static void expect_writable(int found, size_t size)
{
	void *p = block_map(found, size);
	int home;

	EXPECT_OK(munmap(p, size));
	home = EXPECT_OK(try_block_home_fd(found, 0));
	close(home);
}

static void expect_readonly(int found, size_t size)
{
	char *p;

	EXPECT_ERRNO(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, found, 0),
		     EACCES);
	EXPECT_ERRNO(try_block_home_fd(found, 0), EACCES);
	EXPECT_ERRNO(try_block_adopt(found, &p, 0), EACCES);
	p = EXPECT_OK(mmap(NULL, size, PROT_READ, MAP_SHARED, found, 0));
	EXPECT(filled(p, size, 1));
	EXPECT_ERRNO(mprotect(p, size, PROT_READ | PROT_WRITE), EACCES);
	EXPECT_OK(munmap(p, size));
	/* What is only read may be copied. */
	p = EXPECT_OK(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, found, 0));
	*p += 1;
	EXPECT_OK(munmap(p, size));
}

static void check_found(const struct vm_block *b, int found, bool write)
{
	/* A file of a mounted tmpfs is to be had by its own name only. */
	if (!b->mounted) {
		if (write)
			expect_writable(found, b->size);
		else
			expect_readonly(found, b->size);
	} else {
		EXPECT_ERRNO(try_block_home_fd(found, 0),
			     write ? EOPNOTSUPP : EACCES);
		EXPECT_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, found, 0),
			     EOPNOTSUPP);
	}
	close(found);
}

/* ---- by address ---- */

static void test_offsets(struct vm_block *b)
{
	static const size_t offsets[] = {
		0, 1, PAGE - 1, PAGE, HUGE_PAGE + 17, VM_SIZE - 1,
	};
	unsigned int i;
	char *p;

	for (i = 0; i < ARRAY_SIZE(offsets); i++)
		close(find(b, b->p + offsets[i], offsets[i], true));

	/* A part of it, mapped elsewhere. */
	p = EXPECT_OK(mremap(b->p + HUGE_PAGE, 0, 2 * PAGE, MREMAP_MAYMOVE));
	close(find(b, p + PAGE + 3, HUGE_PAGE + PAGE + 3, true));
	EXPECT_OK(munmap(p, PAGE));
	close(find(b, p + PAGE, HUGE_PAGE + PAGE, true));
	EXPECT_ERRNO(try_find_address(p), ENOENT);
	EXPECT_OK(munmap(p + PAGE, PAGE));
	EXPECT_ERRNO(try_find_address(p + PAGE), ENOENT);
}

/* Rights are those of the mapping, which may be less than its protection shows. */
static void test_rights(struct vm_block *b)
{
	int fd;
	char *p;

	check_found(b, find(b, b->p, 0, true), true);
	/* It could be made writable again. */
	EXPECT_OK(mprotect(b->p, b->size, PROT_READ));
	check_found(b, find(b, b->p, 0, true), true);
	EXPECT_OK(mprotect(b->p, b->size, PROT_NONE));
	check_found(b, find(b, b->p, 0, true), true);
	EXPECT_OK(mprotect(b->p, b->size, PROT_READ | PROT_WRITE));

	if (b->shmid >= 0) {
		p = EXPECT_OK(shmat(b->shmid, NULL, SHM_RDONLY));
		check_found(b, find(b, p, 0, false), false);
		EXPECT_OK(shmdt(p));
		return;
	}
	p = EXPECT_OK(mmap(NULL, b->size, PROT_READ, MAP_PRIVATE, b->file, 0));
	check_found(b, find(b, p, 0, false), false);
	EXPECT_OK(munmap(p, b->size));
	p = EXPECT_OK(mmap(NULL, b->size, PROT_READ | PROT_WRITE, MAP_PRIVATE,
			   b->file, 0));
	*p = 3;
	check_found(b, find(b, p, 0, false), false);
	EXPECT_OK(munmap(p, b->size));

	if (b->mounted)
		return;
	fd = EXPECT_OK(try_block_home_fd(b->fd, PMM_HOME_RDONLY));
	p = EXPECT_OK(mmap(NULL, b->size, PROT_READ, MAP_SHARED, fd, 0));
	check_found(b, find(b, p, 0, false), false);
	EXPECT_OK(munmap(p, b->size));
	close(fd);
}

/* ---- by fd ---- */

static void test_fds(struct vm_block *b)
{
	int found, again, readonly;

	/* A block fd is one, too, and hands on its own rights. */
	found = EXPECT_OK(try_find_fd(b->fd));
	EXPECT_EQ(block_id(found), block_id(b->fd));
	check_found(b, found, true);
	if (b->file < 0)
		return;
	found = EXPECT_OK(try_find_fd(b->file));
	EXPECT_EQ(block_id(found), block_id(b->fd));
	check_found(b, found, true);

	if (b->mounted)
		return;
	readonly = EXPECT_OK(try_block_home_fd(b->fd, PMM_HOME_RDONLY));
	found = EXPECT_OK(try_find_fd(readonly));
	EXPECT(block_state(found) & PMM_BLOCK_READONLY);
	again = EXPECT_OK(try_find_fd(found));
	check_found(b, again, false);
	check_found(b, found, false);
	close(readonly);
}

/* ---- others ---- */

static void child_finds(void *arg)
{
	struct vm_block *b = arg;

	check_found(b, find(b, b->p + PAGE, PAGE, true), true);
	if (b->file >= 0)
		close(EXPECT_OK(try_find_fd(b->file)));
}

/* A mapping's rights are not those of its user, but physical addresses are. */
static void nobody_finds(void *arg)
{
	struct vm_block *b = arg;
	int fd = EXPECT_OK(try_find_address(b->p + HUGE_PAGE));
	struct pmm_block_info info;

	block_info(fd, &info);
	EXPECT_EQ(info.id, block_id(b->fd));
	EXPECT_EQ(info.phys, 0);
	EXPECT(!(info.state & PMM_BLOCK_READONLY));
	close(fd);
}

static void test_fork(struct vm_block *b)
{
	run_as(0, child_finds, b);
	run_as(NOBODY, nobody_finds, b);
	EXPECT(vm_block_intact(b));
}

static void child_finds_nothing(void *arg)
{
	struct vm_block *b = arg;

	EXPECT_OK(munmap(b->p, b->size));
	EXPECT_ERRNO(try_find_address(b->p), ENOENT);
	b->p = EXPECT_OK(mmap(b->p, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS |
			      MAP_FIXED, -1, 0));
	EXPECT_ERRNO(try_find_address(b->p), ENOENT);
	/* An ordinary segment is no block. */
	b->p = segment_sysv(PAGE, 0600, &b->shmid);
	EXPECT_OK(shmctl(b->shmid, IPC_RMID, NULL));
	EXPECT_ERRNO(try_find_address(b->p), ENOENT);
}

static void test_others_memory(struct vm_block *b)
{
	run_as(0, child_finds_nothing, b);
	EXPECT(vm_block_intact(b));
}

/*
 * Everything is closed, and only a mapping is left: the block has no users, lets
 * its home go, and comes back to life when it is found.
 */
static void test_last_mapping(struct vm_block *b)
{
	uint64_t id = block_id(b->fd);
	struct pmm_block_info info;
	unsigned int i;
	int found;

	vm_block_close(b);
	for (i = 0; i < 3; i++) {
		sleep_ms(30);
		found = find(b, b->p, 0, true);
		block_info(found, &info);
		EXPECT_EQ(info.id, id);
		EXPECT_EQ(info.holders, 1);
		EXPECT_EQ(info.length, b->size);
		if (i == 1)
			run_as(0, child_finds, b);
		close(found);
	}
	found = find(b, b->p, 0, true);
	/* Now the fd is all there is, and keeps the home. */
	if (!b->mounted) {
		EXPECT_OK(munmap(b->p, b->size));
		sleep_ms(30);
		b->p = block_map(found, b->size);
	}
	EXPECT(vm_block_intact(b));
	close(found);
}

/* ---- an attach in another process ---- */

struct rendezvous {
	int sockets[2];
	int shmid;
	uint64_t id;
	uint64_t pfn;
};

/* Attached by id, by a process that has nothing else of it. */
static void attacher(void *arg)
{
	struct rendezvous *r = arg;
	struct vm_block b = { .pfn = r->pfn };
	char byte;
	void *p;
	int fd;

	p = EXPECT_OK(shmat(r->shmid, NULL, 0));
	EXPECT_EQ(write(r->sockets[1], "a", 1), 1);
	EXPECT_EQ(read(r->sockets[1], &byte, 1), 1);
	/* Its creator has gone. */
	EXPECT(filled(p, VM_SIZE, 9));
	fd = find(&b, p + PAGE, PAGE, true);
	EXPECT_EQ(block_id(fd), r->id);
	EXPECT_OK(shmdt(p));
	p = block_map(fd, VM_SIZE);
	close(fd);
	EXPECT(filled(p, VM_SIZE, 9));
}

static void creator(void *arg)
{
	struct rendezvous *r = arg;
	int block;
	void *p;

	block = block_sysv(VM_SIZE, 0600, &r->shmid, &p);
	fill(p, VM_SIZE, 9);
	r->id = block_id(block);
	r->pfn = block_pfn(block);
	EXPECT_EQ(write(r->sockets[1], r, sizeof(*r)), sizeof(*r));
	pause();
}

static void test_two_processes(void)
{
	struct rendezvous r;
	int first, second, sockets[2];
	char byte;

	EXPECT_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, r.sockets));
	memcpy(sockets, r.sockets, sizeof(sockets));
	first = child_start(0, creator, &r);
	EXPECT_EQ(read(sockets[0], &r, sizeof(r)), sizeof(r));
	second = child_start(0, attacher, &r);
	EXPECT_EQ(read(sockets[0], &byte, 1), 1);
	EXPECT_OK(shmctl(r.shmid, IPC_RMID, NULL));
	child_kill(first);
	sleep_ms(50);
	EXPECT_EQ(write(sockets[0], "g", 1), 1);
	child_wait(second);
	close(sockets[0]);
	close(sockets[1]);
	wait_pool_whole(5);
}

int main(void)
{
	static const struct {
		const char *name;
		void (*run)(struct vm_block *b);
	} tests[] = {
		{ "offsets", test_offsets },
		{ "rights", test_rights },
		{ "fds", test_fds },
		{ "fork", test_fork },
		{ "other memory", test_others_memory },
		{ "the last mapping", test_last_mapping },
	};
	struct vm_block b;
	unsigned int i, kind;
	const char *name;

	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		for (kind = 0; kind < VM_KINDS; kind++) {
			name = vm_block_create(&b, kind);
			printf("%s: %s\n", tests[i].name, name);
			fflush(stdout);
			tests[i].run(&b);
			vm_block_destroy(&b);
		}
	}
	test_two_processes();
	return 0;
}
