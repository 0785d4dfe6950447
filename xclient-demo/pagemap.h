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
 * struct segment_mapping - where a process has attached a System V segment
 * @pid: the process
 * @start: first address
 * @end: address after the last
 * @pmd_mapped: bytes of it that are mapped by 2 MiB at a time
 */
struct segment_mapping {
	pid_t pid;
	uint64_t start;
	uint64_t end;
	uint64_t pmd_mapped;
};

int segment_mapping_find(struct segment_mapping *mapping, pid_t pid, int shmid);
int segment_mapping_pfns(const struct segment_mapping *mapping, uint64_t *pfns, size_t pages);

#endif
