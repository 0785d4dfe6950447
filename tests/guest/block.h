/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Blocks, as /dev/pmm has them.
 *
 * Functions return only what is good and fail the test otherwise, except those named
 * try_*, which return -1 with errno for the test to look at.
 */
#ifndef PMM_TEST_BLOCK_H
#define PMM_TEST_BLOCK_H

#include <stddef.h>
#include <stdint.h>
#include <linux/pmm.h>

/* One fd of /dev/pmm for the whole program; children inherit it. */
int pmm_fd(void);
/* Until it is asked for again. */
void pmm_close(void);

/* A block fd.  The alignment is the natural one. */
int block_alloc(size_t size);
/* ... with all of the answer in @a, whose in fields the caller has set. */
int try_block_alloc(struct pmm_alloc *a);
void block_info(int block, struct pmm_block_info *info);
uint64_t block_id(int block);
/* First page frame number. */
uint64_t block_pfn(int block);
/* The state bits, PMM_BLOCK_*. */
uint64_t block_state(int block);
/* Wait until its home has gone. */
void wait_homeless(int block);
/* Map the whole block, shared. */
void *block_map(int block, size_t size);

int try_block_adopt(int block, void *address, uint32_t flags);
int try_block_home_fd(int block, uint32_t flags);
int try_block_dmabuf(int block);
/* New block fds. */
int try_find_address(const void *address);
int try_find_fd(int fd);
/* Map the whole of an open file, shared, readable and writable. */
void *map_shared(int fd, size_t size);

#endif /* PMM_TEST_BLOCK_H */
