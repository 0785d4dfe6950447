// SPDX-License-Identifier: GPL-2.0-only
/* The allocators' own memory, as they are measured: from the C library. */
#include <stdlib.h>

#include "../drivers/misc/pmm_alloc_shim.h"

void *pmm_shim_alloc(size_t size)
{
	return malloc(size);
}

void *pmm_shim_zalloc(size_t size)
{
	return calloc(1, size);
}

void pmm_shim_free(void *p)
{
	free(p);
}
