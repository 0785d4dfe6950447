/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Blocks of every kind of home, for the tests of what the kernel does with their
 * mappings.
 */
#ifndef PMM_TEST_VM_H
#define PMM_TEST_VM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Two folios of 2 MiB and two pages. */
#define VM_SIZE		(2 * HUGE_PAGE + 2 * PAGE)

/**
 * struct vm_block - a block, mapped
 * @fd: the block fd
 * @file: a file of its home that can be mapped, -1 for a SysV segment
 * @shmid: its segment, marked for removal, or -1
 * @mounted: the file is on a mounted file system, so the block fd maps nothing
 * @size: VM_SIZE
 * @pfn: its first page
 * @p: the mapping, shared, readable and writable, filled with fill(, , 1)
 */
struct vm_block {
	int fd;
	int file;
	int shmid;
	bool mounted;
	size_t size;
	uint64_t pfn;
	char *p;
};

#define VM_KINDS	4
/* Sets of kinds. */
#define VM_PRIVATE	(1U << 0)
#define VM_SYSV		(1U << 1)
#define VM_MEMFD	(1U << 2)
#define VM_TMPFS	(1U << 3)
#define VM_ANY		(~0U)

/* By kind, 0 to VM_KINDS - 1, its size sealed; the name of the kind. */
const char *vm_block_create(struct vm_block *b, unsigned int kind);
/* Let go of everything but the mapping, so that only that holds the block. */
void vm_block_close(struct vm_block *b);
/* Unmap what there may be at its first place, close, and see the pool whole. */
void vm_block_destroy(struct vm_block *b);
/* The whole mapping is the block, and holds what it did at first. */
bool vm_block_intact(const struct vm_block *b);

/**
 * struct vm_test - something to try on blocks
 * @name: what to call it
 * @kinds: of homes, VM_*
 * @run: try it; what it changes, it puts back
 */
struct vm_test {
	const char *name;
	unsigned int kinds;
	void (*run)(struct vm_block *b);
};

/* Each test on a new block of each of its kinds. */
void vm_run(const struct vm_test *tests, size_t nr);

/* The signal that a child gets for one access to an address, 0 if none. */
int access_signal(const void *address, bool write);

#endif /* PMM_TEST_VM_H */
