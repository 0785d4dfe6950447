// SPDX-License-Identifier: GPL-2.0-only
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../../drivers/misc/pmm_alloc.h"
#include "alloc_shim.h"

/* From here on memory is mapped: most of it will not be used. */
#define SHIM_LARGE	(1UL << 20)

/* Before each piece. */
struct shim_head {
	size_t mapped;
	size_t pad;
};

long alloc_shim_live;
long alloc_shim_left = -1;

static struct shim_head *shim_get(size_t size)
{
	struct shim_head *head;

	size += sizeof(*head);
	if (size < SHIM_LARGE) {
		head = malloc(size);
		if (head)
			head->mapped = 0;
		return head;
	}
	head = mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (head == MAP_FAILED)
		return NULL;
	head->mapped = size;
	return head;
}

static void *shim_alloc(size_t size, int fill)
{
	struct shim_head *head;

	if (!alloc_shim_left)
		return NULL;
	if (alloc_shim_left > 0)
		alloc_shim_left--;
	head = shim_get(size);
	if (!head)
		return NULL;
	if (!head->mapped || fill)
		memset(head + 1, fill, size);
	alloc_shim_live++;
	return head + 1;
}

void *pmm_shim_alloc(size_t size)
{
	return shim_alloc(size, 0xa5);
}

void *pmm_shim_zalloc(size_t size)
{
	return shim_alloc(size, 0);
}

void pmm_shim_free(void *p)
{
	struct shim_head *head = p;

	if (!p)
		return;
	alloc_shim_live--;
	head--;
	if (head->mapped)
		munmap(head, head->mapped);
	else
		free(head);
}
