/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel says about the pages behind another process's mapping.
 */
#ifndef XCLIENT_PAGEMAP_H
#define XCLIENT_PAGEMAP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A page frame number that stands for a page which is not mapped yet. */
#define PFN_ABSENT UINT64_MAX

/**
 * struct mapping - where a process has mapped shared memory, from its start on
 * @pid: the process
 * @start: first address
 * @end: address after the last
 * @device: with @inode, what is mapped: no two memories have the same
 * @inode: likewise; of a System V segment it is the id
 * @pmd_mapped: bytes of it that are mapped by 2 MiB at a time
 */
struct mapping {
	pid_t pid;
	uint64_t start;
	uint64_t end;
	unsigned int device;
	uint64_t inode;
	uint64_t pmd_mapped;
};

int mapping_find_segment(struct mapping *mapping, pid_t pid, int shmid);
int mapping_find_address(struct mapping *mapping, pid_t pid, uint64_t address);
int mapping_find_same(struct mapping *mapping, pid_t pid, const struct mapping *as);
int mapping_open(const struct mapping *mapping);
int mapping_pfns(const struct mapping *mapping, uint64_t *pfns, size_t pages);

#endif
