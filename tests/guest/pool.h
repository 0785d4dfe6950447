/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pool, as /sys/kernel/debug/pmm shows it.
 */
#ifndef PMM_TEST_POOL_H
#define PMM_TEST_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pool {
	uint64_t total;
	uint64_t free;
	uint64_t largest_free;
	uint64_t quarantined;
	uint64_t retired;
	uint64_t blocks;
	uint64_t dirty;
};

/*
 * Of the default type, which is the first; of another, false if there is none.
 * When everything that is free is zeroed: only then the largest range is known.
 */
void pool_read(struct pool *pool);
bool pool_read_type(struct pool *pool, const char *type);
/* Is nothing alive or in quarantine, and everything not retired free? */
bool pool_whole(void);
/* Are so many blocks alive, and nothing in quarantine? */
bool pool_has_blocks(uint64_t n);
/* Wait until it is whole, or fail the test after that many seconds. */
void wait_pool_whole(double seconds);
/* Wait until so many bytes are free, likewise. */
void wait_pool_free(uint64_t bytes, double seconds);
/* The line of a block in "blocks"; false if it has none. */
bool block_line(uint64_t id, char *line, size_t size);

#endif /* PMM_TEST_POOL_H */
