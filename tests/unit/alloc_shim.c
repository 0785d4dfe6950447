// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "../../drivers/misc/pmm_alloc.h"
#include "alloc_shim.h"

long alloc_shim_live;
long alloc_shim_left = -1;

void *pmm_shim_alloc(size_t size)
{
	void *p;

	if (!alloc_shim_left)
		return NULL;
	if (alloc_shim_left > 0)
		alloc_shim_left--;
	p = malloc(size);
	if (!p)
		return NULL;
	memset(p, 0xa5, size);
	alloc_shim_live++;
	return p;
}

void pmm_shim_free(void *p)
{
	if (p)
		alloc_shim_live--;
	free(p);
}
