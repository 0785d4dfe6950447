// SPDX-License-Identifier: GPL-2.0-only
/*
 * Blocks of every kind of home; see vm.h.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "vm.h"

static void create_private(struct vm_block *b)
{
	b->fd = block_alloc(VM_SIZE);
	b->file = EXPECT_OK(try_block_home_fd(b->fd, 0));
	b->p = block_map(b->fd, VM_SIZE);
}

static void create_sysv(struct vm_block *b)
{
	void *p;

	b->fd = block_sysv(VM_SIZE, 0600, &b->shmid, &p);
	EXPECT_OK(shmctl(b->shmid, IPC_RMID, NULL));
	b->p = p;
}

static void create_memfd(struct vm_block *b)
{
	void *p;

	b->fd = block_memfd(VM_SIZE, &b->file, &p);
	b->p = p;
}

static void create_tmpfs(struct vm_block *b)
{
	void *p;

	b->mounted = true;
	b->fd = block_tmpfile("/dev/shm", VM_SIZE, &b->file, &p);
	b->p = p;
}

const char *vm_block_create(struct vm_block *b, unsigned int kind)
{
	static const struct {
		const char *name;
		void (*create)(struct vm_block *b);
	} kinds[VM_KINDS] = {
		{ "private", create_private },
		{ "sysv", create_sysv },
		{ "memfd", create_memfd },
		{ "tmpfs", create_tmpfs },
	};

	b->fd = -1;
	b->file = -1;
	b->shmid = -1;
	b->mounted = false;
	b->size = VM_SIZE;
	kinds[kind].create(b);
	b->pfn = block_pfn(b->fd);
	fill(b->p, b->size, 1);
	return kinds[kind].name;
}

void vm_block_close(struct vm_block *b)
{
	if (b->fd >= 0)
		close(b->fd);
	if (b->file >= 0)
		close(b->file);
	b->fd = -1;
	b->file = -1;
}

void vm_block_destroy(struct vm_block *b)
{
	EXPECT_OK(munmap(b->p, b->size));
	vm_block_close(b);
	wait_pool_whole(5);
}

bool vm_block_intact(const struct vm_block *b)
{
	return filled(b->p, b->size, 1) && maps_block(b->p, b->size, b->pfn);
}

void vm_run(const struct vm_test *tests, size_t nr)
{
	unsigned int kind;
	struct vm_block b;
	const char *name;
	size_t i;

	for (i = 0; i < nr; i++) {
		for (kind = 0; kind < VM_KINDS; kind++) {
			if (!(tests[i].kinds & 1U << kind))
				continue;
			name = vm_block_create(&b, kind);
			printf("%s: %s\n", tests[i].name, name);
			fflush(stdout);
			tests[i].run(&b);
			vm_block_destroy(&b);
		}
	}
}

int access_signal(const void *address, bool write)
{
	volatile char *p = (volatile char *)address;
	int status, pid = EXPECT_OK(fork());

	if (!pid) {
		if (write)
			*p = *p + 1;
		else
			(void)*p;
		_exit(0);
	}
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}
