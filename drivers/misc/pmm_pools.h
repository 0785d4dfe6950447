/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The module parameter pools=: which pools of system RAM to make.
 *
 *	pools=NAME:SIZE[:align=SIZE][:below=SIZE][:allocator=NAME][,...]
 *	pools=general:192M,video:64M:align=2M:allocator=tlsf
 *
 * SIZE is a number of bytes, or of KiB, MiB or GiB with a K, M or G behind it.
 * A NAME is letters, digits, '-', '_' and '.', and begins with a letter.
 *
 * Like the allocators this is compiled into the tests, too.
 */
#ifndef PMM_POOLS_H
#define PMM_POOLS_H

#include "pmm_alloc_shim.h"

#define PMM_POOLS_MAX		16
#define PMM_POOL_NAME_LEN	32
#define PMM_POOL_MAX_ALIGN	BIT_ULL(30)

/**
 * struct pmm_pool_spec - one pool, as asked for
 * @name: its name
 * @size: bytes; not zero
 * @align: smallest alignment of its blocks in bytes, a power of two up to
 *	PMM_POOL_MAX_ALIGN, or 0
 * @below: physical address that all its memory is to be below, or 0
 * @allocator: name of its allocator, or empty for the default
 */
struct pmm_pool_spec {
	char name[PMM_POOL_NAME_LEN];
	unsigned long long size;
	unsigned long long align;
	unsigned long long below;
	char allocator[PMM_POOL_NAME_LEN];
};

/**
 * struct pmm_pools - what the parameter says
 * @nr: number of pools
 * @pool: the pools, in the order in which they were given
 * @error: why it was refused; NULL if it was not
 * @position: of the character that was refused, from 1
 */
struct pmm_pools {
	unsigned int nr;
	struct pmm_pool_spec pool[PMM_POOLS_MAX];
	const char *error;
	unsigned int position;
};

int pmm_pools_parse(const char *text, struct pmm_pools *pools);

#endif /* PMM_POOLS_H */
